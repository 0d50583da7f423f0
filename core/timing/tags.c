/* SPDX-License-Identifier: Apache-2.0 */
#include "core/timing/inorder_impl.h"
#include "core/util/bits.h"
#include <stdlib.h>
#include <string.h>

int tm_tags_init(struct tm_tags *t, const char *what, uint64_t entries, uint64_t ways,
                 struct err *e)
{
    if (ways == 0 || entries % ways != 0 || !is_pow2(entries / ways))
        return err_set(e, ERR_ARG, "%s: %llu entries in %llu ways; the number of sets must be a "
                       "power of two", what, (unsigned long long)entries, (unsigned long long)ways);
    t->tags = malloc(entries * sizeof(*t->tags));
    if (t->tags == NULL)
        return err_set(e, ERR_NOMEM, "%s: no memory for %llu entries", what,
                       (unsigned long long)entries);
    t->bytes = (uint32_t)(entries * sizeof(*t->tags));
    t->ways = (uint32_t)ways;
    t->set_mask = (uint32_t)(entries / ways - 1);
    tm_tags_reset(t);
    return 0;
}

void tm_tags_reset(struct tm_tags *t)
{
    memset(t->tags, 0xff, t->bytes);
}

void tm_tags_free(struct tm_tags *t)
{
    free(t->tags);
    t->tags = NULL;
}

bool tm_tags_search(struct tm_tags *t, uint64_t *set, uint64_t tag)
{
    uint32_t i = 1, last = t->ways - 1;
    while (i < last && set[i] != tag)
        i++;
    if (i > last)
        i = last; /* one way */
    bool hit = set[i] == tag;
    memmove(set + 1, set, i * sizeof(*set));
    set[0] = tag;
    return hit;
}
