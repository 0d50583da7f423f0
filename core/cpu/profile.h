/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_CPU_PROFILE_H
#define ORRERY_CORE_CPU_PROFILE_H
/*
 * CPU profiles: what a CPU of a name offers, read into the ISA's config struct.
 *
 * A profile is an INI text, cpu/<isa>/profiles/<name>.ini, built in by orrery_profiles()
 * (core/cpu/profiles.cmake); its first comment describes it in one line. Section [cpu] has
 * lines `property = value` and, from the reader itself,
 *     base = NAME              all of another profile's [cpu] first; stands before the rest
 *     <list> = a b -c          switches on (and, with a minus, off), any number of lines
 * where <list> is the ISA's word for it (extensions, features). An ISA may have one more
 * section of its own (`table`), for what is a table in the manual. Further sections, of
 * timing models, are not looked at here.
 *
 * On the command line QEMU's syntax follows the name: "NAME,clock=1000000,+zba,-c,sv48=on,sse";
 * upper case counts as lower, a leading "x-" is passed over; _ counts as -, in files as well. A
 * property is one of
 *     number    decimal, 0x or 0 in front, in a range
 *     switch    on off, true false, yes no, 1 0
 *     text      whatever its function accepts
 * and the ISA's table says which, so that messages can name what was meant and `-cpu help`
 * what can be switched.
 *
 * The config is the caller's: plain data that may be copied, `char name[CPU_PROFILE_NAME]` as its
 * first member. Nothing is allocated that stays. Construction only.
 */
#include "core/util/err.h"

#define CPU_PROFILE_NAME 32

struct cpu_profile {
    const char *name, *text;
};

struct cpu_property {
    const char *name;
    /* A number: where in the config, of 4 or 8 bytes (`size`), in which range. */
    uint32_t at, size;
    uint64_t least, most;
    /*
     * A switch: 0, or ERR_UNSUPPORTED for what is not modelled. `arg` is the row's; is_on may be
     * NULL for another name of what has a row of its own: it is accepted and not listed.
     */
    int (*turn)(void *config, uint32_t arg, bool on, struct err *e);
    bool (*is_on)(const void *config, uint32_t arg);
    uint32_t arg;
    /* A text. The error names `key`, `value` and what is accepted. */
    int (*set)(void *config, const char *key, const char *value, struct err *e);
};
#define CPU_NUMBER(tag, name_, m, lo, hi)                                                          \
    { .name = (name_), .at = offsetof(struct tag, m), .size = sizeof(((struct tag *)0)->m),       \
      .least = (lo), .most = (hi) }
#define CPU_SWITCH(name_, turn_, is_on_, arg_)                                                     \
    { .name = (name_), .turn = (turn_), .is_on = (is_on_), .arg = (arg_) }
#define CPU_TEXT(name_, set_) { .name = (name_), .set = (set_) }

/* All CPUs of an ISA; constant. Of two rows of one name the first counts. */
struct cpu_profiles {
    const char *what;                      /* in messages: "a RISC-V CPU" */
    const char *list;                      /* "extensions"; NULL: no such lines */
    const char *table;                     /* "cpuid": the section `row` is called for; NULL: none */
    const struct cpu_profile *profiles;    /* ends with a NULL name */
    const struct cpu_property *properties; /* ends with a NULL name */
    size_t size;                           /* of the config */
    void (*defaults)(void *config);        /* of a zeroed config, before the file; NULL: zeros */
    /* A line of section `table`; ERR_ABSENT: no such key. */
    int (*row)(void *config, const char *key, const char *value, struct err *e);
    /* Behind the last property: what follows from others, what must go together. NULL: nothing. */
    int (*settle)(void *config, struct err *e);
};

/*
 * Fill in `config` from "NAME,property,...". `path` is a directory with more profiles, looked at
 * first, or NULL. ERR_ABSENT and ERR_ARG name the nearest profile or property, ERR_FORMAT the
 * line, ERR_UNSUPPORTED what is not modelled.
 */
int cpu_profile_parse(const struct cpu_profiles *all, void *config, const char *spec,
                      const char *path, struct err *e) MUST_CHECK;

/* A built-in profile or NULL; its text has the sections of timing models. */
const struct cpu_profile *cpu_profile_find(const struct cpu_profiles *all, const char *name);

/*
 * Calls `each` for all switches of built-in profile `name` that can be turned the other way, in the
 * table's order, with their state. ERR_* of a profile that is refused.
 */
int cpu_profile_switches(const struct cpu_profiles *all, const char *name,
                         void (*each)(void *arg, const char *name, bool on), void *arg,
                         struct err *e) MUST_CHECK;

/*
 * The decoder's set of extensions: bit i for ext_names[i] where names[x] is the same word and bit x of
 * `has`, of `n` features, is set.
 */
uint64_t cpu_decode_bits(const char *const *ext_names, unsigned n_ext, const char *const *names,
                         const uint64_t *has, unsigned n);

/* For texts that take more than a number or a switch. */
bool cpu_parse_bool(const char *value, bool *on);
bool cpu_parse_u64(const char *value, uint64_t *number);

#endif
