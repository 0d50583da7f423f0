/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_UTIL_LOG_H
#define ORRERY_CORE_UTIL_LOG_H
/*
 * Log categories and levels. A log belongs to one machine; there is no global one.
 *
 * Each room declares its categories once, in a table; log_add_categories()
 * joins the tables when the machine is built. On a good run nothing is printed:
 * the default level is LOG_WARN. Two channels stand beside the levels:
 *   GUEST       the guest did what the architecture forbids or leaves undefined
 *   UNMODELLED  the guest used something that exists on hardware and not here
 * Both are counted always and printed once per site (log_once) at LOG_WARN of
 * their own switch, so that a noisy guest cannot flood the terminal.
 *
 * Messages go to one FILE (stderr unless told otherwise) as
 *   "[  12.345678901] plic: warn: text". Nothing here can reach the guest.
 */
#include "core/util/types.h"
#include <stdarg.h>
#include <stdio.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_channel { LOG_NORMAL, LOG_GUEST, LOG_UNMODELLED, LOG_CHANNELS };

struct log;

/* A category's number is its place of declaration; `log_add_category` returns it. */
typedef uint16_t log_cat_t;

/* `out` stays the caller's. `now` (may be NULL until set) gives the time of a message. */
struct log *log_create(FILE *out);
void log_destroy(struct log *log);
void log_set_clock(struct log *log, ps_t (*now)(const void *arg), const void *arg);

/* `name` must outlive the log. Returns the existing number if the name is known. */
log_cat_t log_add_category(struct log *log, const char *name);

/*
 * "warn", "plic=debug,virtio=info", "guest=off": returns 0, or ERR_ARG (see err.h)
 * with the nearest names in `e`. Applies to categories added later, too.
 */
struct err;
int log_configure(struct log *log, const char *spec, struct err *e) MUST_CHECK;

bool log_is_on(const struct log *log, log_cat_t cat, enum log_level level);
void log_print(struct log *log, log_cat_t cat, enum log_level level, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/*
 * Count on a channel and print once per (category, `site`), where `site` is a
 * string literal naming the rule broken ("PLIC claim of an unknown context").
 */
void log_channel(struct log *log, enum log_channel ch, log_cat_t cat, const char *site,
                 const char *fmt, va_list ap);
uint64_t log_channel_count(const struct log *log, enum log_channel ch);

#endif
