/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BACKEND_OPTION_H
#define ORRERY_DEVICES_BACKEND_OPTION_H
/*
 * Option strings as QEMU spells them: "first,key=value,flag,noflag", a comma in
 * a value doubled. What is accepted is a table of keys with their place in a
 * struct; anything else is refused with the nearest keys named.
 */
#include "core/util/err.h"

enum option_kind {
    OPTION_TEXT,    /* char array of `size` bytes: too long is refused */
    OPTION_BOOL,    /* bool: on off yes no true false; "key" = on, "nokey" = off */
    OPTION_NUMBER,  /* int 0 .. INT32_MAX, decimal or 0x */
    OPTION_CHOICE,  /* int: index in `choices` */
    OPTION_LIST,    /* struct option_list: the key may be repeated */
    OPTION_IGNORED, /* accepted, means nothing here */
    OPTION_REFUSED, /* known; `reason` says why not */
};

#define OPTION_LIST_MAX 32
struct option_list {
    unsigned n;
    char text[OPTION_LIST_MAX][256];
};

struct option_desc {
    const char *key;
    enum option_kind kind;
    uint32_t at, size;             /* place in the target */
    const char *const *choices;    /* ends with NULL */
    const char *reason;
};

#define OPT_AT_(tag, m)  .at = offsetof(struct tag, m), .size = sizeof(((struct tag *)0)->m)
#define OPT_TEXT(tag, k, m)      { .key = k, .kind = OPTION_TEXT, OPT_AT_(tag, m) }
#define OPT_BOOL(tag, k, m)      { .key = k, .kind = OPTION_BOOL, OPT_AT_(tag, m) }
#define OPT_NUMBER(tag, k, m)    { .key = k, .kind = OPTION_NUMBER, OPT_AT_(tag, m) }
#define OPT_CHOICE(tag, k, m, c) { .key = k, .kind = OPTION_CHOICE, OPT_AT_(tag, m), .choices = c }
#define OPT_LIST(tag, k, m)      { .key = k, .kind = OPTION_LIST, OPT_AT_(tag, m) }
#define OPT_IGNORED(k)           { .key = k, .kind = OPTION_IGNORED }
#define OPT_REFUSED(k, r)        { .key = k, .kind = OPTION_REFUSED, .reason = r }

/*
 * Read `spec` into `target`, whose defaults the caller has set. `first`: the key of
 * a first item without '=' (NULL: none). ERR_ARG, or ERR_UNSUPPORTED for OPTION_REFUSED.
 */
int option_read(const struct option_desc *table, size_t n, void *target, const char *spec,
                const char *first, struct err *e) MUST_CHECK;

/*
 * The next item of `*spec` up to a single comma, its doubled commas made one, into
 * `item`. False at the end. `*fits` is cleared if `size` is too small.
 */
bool option_next(const char **spec, char *item, size_t size, bool *fits);

#endif
