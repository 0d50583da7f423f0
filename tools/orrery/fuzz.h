/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_ORRERY_FUZZ_H
#define ORRERY_TOOLS_ORRERY_FUZZ_H
/*
 * orrery fuzz: random programs through two machines that differ in their executor.
 *
 * fuzz.c runs them, compares, and makes a program that shows a difference small;
 * fuzz_report.c says which encodings were executed. What an ISA must bring is one
 * `struct fuzz_isa`: how to build a CPU with its memory map, and how to fill a
 * machine's memory with a program. All of a program follows from one random stream,
 * so (seed, number of the program) names it.
 */
#include "core/exec/exec.h"
#include "core/util/hash.h"

#define FUZZ_SLOTS  2048u
#define FUZZ_CAUSES 64u

struct fuzz_random {
    uint64_t state;
};

static inline uint64_t fuzz_next(struct fuzz_random *r)
{
    r->state += 0x9e3779b97f4a7c15ull;
    return hash_mix(r->state);
}

/* 0..n-1; n below 2^32 */
static inline uint32_t fuzz_below(struct fuzz_random *r, uint32_t n)
{
    return (uint32_t)(((fuzz_next(r) >> 32) * n) >> 32);
}

static inline bool fuzz_one_in(struct fuzz_random *r, uint32_t n)
{
    return fuzz_below(r, n) == 0;
}

/*
 * What page `at` of RAM, an offset, is mapped to: pages of the data area change places, so that neighbours in virtual memory have
 * addends of their own in the software TLB. `key` in bytes, a multiple of the page; from fuzz_scatter_key, in pages.
 */
static inline uint32_t fuzz_scatter(uint32_t at, uint32_t area, uint32_t bytes, uint32_t key)
{
    return at - area < bytes ? area + ((at - area) ^ (key & (bytes - 1))) : at;
}

static inline uint32_t fuzz_scatter_key(struct fuzz_random *r)
{
    return fuzz_one_in(r, 3) ? 0 : fuzz_below(r, 16);
}

/* fuzz_value.c: a value worth trying, of a format with `e` exponent and `m` fraction bits. */
uint64_t fuzz_float_of(struct fuzz_random *r, unsigned e, unsigned m);
/* Where conversions to integers overflow: 2^n and 2^n - 1 (or what is nearest) for their widths. */
uint64_t fuzz_integer_edge(struct fuzz_random *r, unsigned e, unsigned m);
/* An integer: what is the same for all ISAs, or one of the `n` in `own`. */
uint64_t fuzz_integer(struct fuzz_random *r, const uint64_t *own, uint32_t n);

/* One instruction of the program proper. */
#define FUZZ_INSN_BYTES 16
struct fuzz_slot {
    uint32_t offset;  /* in RAM */
    uint32_t base;    /* `fix`: the ISA's */
    uint8_t code[FUZZ_INSN_BYTES], length, fix;
    bool dropped;     /* a no-operation stands there instead */
};

/* What a machine's RAM holds before a run. */
struct fuzz_program {
    uint8_t *image;   /* isa->ram_bytes */
    struct fuzz_slot slot[FUZZ_SLOTS];
    uint32_t n_slots;
};

struct fuzz_isa {
    const char *name, *default_cpu;
    /*
     * The machine: RAM (a power of two) at `ram` and again at `alias`, a device that answers
     * for 1 MiB at `device`, but not to every other 2 KiB.
     */
    uint64_t ram_bytes, ram, alias, device;
    uint32_t code, code_bytes;        /* offsets in RAM of the program proper */
    uint16_t n_forms;
    const struct insn_desc *descs;    /* by form */
    const char *const *cause_names;   /* FUZZ_CAUSES; NULL: there is none of this number */
    bool bytes;                       /* instructions are strings of bytes, not numbers */
    unsigned illegal;                 /* the cause of an illegal instruction */
    /* The CPU and what interrupts it. */
    int (*build)(struct machine *m, const char *cpu, struct cpu **out, struct err *e);
    void (*generate)(const struct cpu *cpu, struct fuzz_program *p, struct fuzz_random *r);
    /* A no-operation of `length` bytes. */
    void (*nop)(unsigned length, uint8_t *code);
    unsigned (*cause)(const struct cpu *cpu); /* of the recorded exception: 0..FUZZ_CAUSES-1 */
    /* Why this encoding cannot retire on `cpu`; NULL: it must. *by_trap: but it must trap. */
    const char *(*excused)(const struct cpu *cpu, uint16_t form, bool *by_trap);
};

extern const struct fuzz_isa fuzz_riscv64, fuzz_arm64, fuzz_x86_64, fuzz_loongarch64;

struct fuzz_coverage {
    uint64_t *retired, *illegal, *trapped; /* by form; illegal are not in trapped */
    uint64_t undecodable;                  /* words that no row matches */
    uint64_t cause[FUZZ_CAUSES];           /* exceptions, as the ISA numbers them */
    uint64_t program;                      /* instructions of programs retired or trapped */
};

struct fuzz_totals {
    uint64_t programs, instructions, seed;
    uint64_t blocks, regions, dropped; /* translated code */
    double seconds;
};

/* Number of encodings that were never executed and are not excused. */
unsigned fuzz_missing(const struct fuzz_isa *isa, const struct cpu *cpu, const struct fuzz_coverage *c);
/* The table, or JSON for a name that ends in .json. */
int fuzz_write_report(const struct fuzz_isa *isa, const struct cpu *cpu, const struct fuzz_coverage *c,
                      const struct fuzz_totals *t, const char *path, struct err *e) MUST_CHECK;
void fuzz_print_summary(const struct fuzz_isa *isa, const struct cpu *cpu,
                        const struct fuzz_coverage *c, const struct fuzz_totals *t, FILE *out);

#endif
