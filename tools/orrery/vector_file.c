/* SPDX-License-Identifier: Apache-2.0 */
/* Files of test vectors: which there are, what their names say, and what is in them once unpacked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>
#include "tools/orrery/vector.h"

#define LARGEST (1u << 30) /* of a file unpacked */

static const char *const endings[] = { ".MOO", ".MOO.gz", ".json", ".json.gz" };

/* Where the ending begins; NULL: it is none of ours. */
static const char *ending_of(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        size_t m = strlen(endings[i]);
        if (n > m && strcasecmp(name + n - m, endings[i]) == 0)
            return name + n - m;
    }
    return NULL;
}

bool vector_is_file(const char *name)
{
    const char *end = ending_of(name);
    if (end == NULL || end - name >= (int)sizeof(((struct vector_file *)0)->opcode))
        return false;
    /* hexadecimal digits, then maybe a dot and the digit of ModRM.reg */
    size_t digits = strspn(name, "0123456789ABCDEFabcdef");
    const char *rest = name + digits;
    return digits >= 2 && digits % 2 == 0 && (rest == end || (rest[0] == '.' && rest[1] >= '0' && rest[1] <= '7' && rest + 2 == end));
}

enum vector_cpu vector_cpu_named(const char *name)
{
    static const struct {
        const char *name;
        enum vector_cpu cpu;
    } known[] = { { "8088", VC_8086 }, { "8086", VC_8086 }, { "186 ", VC_186 }, { "C286", VC_286 }, { "386E", VC_386 } };
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (strcmp(name, known[i].name) == 0)
            return known[i].cpu;
    return 0;
}

/* gzopen reads what is not packed as it is. */
static int read_all(const char *path, uint8_t **data, size_t *n, struct err *e)
{
    size_t room = 0;
    int got = 0, code;
    gzFile f = gzopen(path, "rb");
    if (f == NULL)
        return err_set(e, ERR_IO, "cannot open it");
    *n = 0;
    do {
        if (*n + (1 << 20) > room) {
            room = 2 * room + (4 << 20);
            uint8_t *more = room > LARGEST ? NULL : realloc(*data, room);
            if (more == NULL) {
                gzclose(f);
                return err_set(e, ERR_LIMIT, "unpacked it is larger than %u bytes", LARGEST);
            }
            *data = more;
        }
        got = gzread(f, *data + *n, 1 << 20);
        *n += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    const char *what = gzerror(f, &code);
    int rc = got < 0 ? err_set(e, ERR_IO, "%s", what) : 0;
    gzclose(f);
    return rc;
}

int vector_load(struct vector_file *out, const char *path, struct err *e)
{
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    const char *end = ending_of(name);
    uint8_t *data = NULL;
    size_t n = 0;

    *out = (struct vector_file){ .n = 0 };
    snprintf(out->opcode, sizeof(out->opcode), "%.*s", (int)(end - name), name);
    int rc = read_all(path, &data, &n, e);
    if (rc == 0)
        rc = strncasecmp(end, ".MOO", 4) == 0 ? vector_load_moo(out, data, n, e)
                                              : vector_load_json(out, (const char *)data, n, e);
    free(data);
    return rc < 0 ? err_context(e, "%s", path) : 0;
}

void vector_free(struct vector_file *f)
{
    for (uint32_t i = 0; i < f->n; i++) {
        free(f->vectors[i].before.ram);
        free(f->vectors[i].after.ram);
    }
    free(f->vectors);
    *f = (struct vector_file){ .n = 0 };
}
