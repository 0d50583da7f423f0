/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_ORRERY_VECTOR_H
#define ORRERY_TOOLS_ORRERY_VECTOR_H
/*
 * Test vectors of x86 processors as github.com/SingleStepTests publishes them: registers and memory before and after one
 * instruction in real mode, taken from silicon. Two formats: MOO 1.0 and 1.1 (github.com/dbalsom/moo,
 * doc/moo_format_v1.md) and JSON; both may be gzipped. A file is one opcode, a directory a suite, and metadata.json in it or
 * above names what is undefined.
 *
 * Vectors with descriptor caches (unreal mode) or another mode than real have chunks of their own and are refused.
 */
#include "core/util/err.h"

/* In the order of MOO's RG32. */
enum vector_reg {
    VR_CR0, VR_CR3, VR_EAX, VR_EBX, VR_ECX, VR_EDX, VR_ESI, VR_EDI, VR_EBP, VR_ESP, VR_CS, VR_DS, VR_ES, VR_FS, VR_GS,
    VR_SS, VR_EIP, VR_EFLAGS, VR_DR6, VR_DR7, VR_COUNT
};

/* Whose silicon. */
enum vector_cpu { VC_8086 = 1, VC_186 = 2, VC_286 = 4, VC_386 = 8 };

struct vector_byte {
    uint32_t at;
    uint8_t value;
};

struct vector_state {
    uint32_t present, reg[VR_COUNT]; /* present: bit per register */
    uint32_t n_ram;
    struct vector_byte *ram;
};

struct vector {
    char name[96], hash[72];
    uint32_t index;              /* in its file, from 0 */
    uint8_t bytes[32];           /* the instruction; those that end in HLT have it here too */
    uint32_t n_bytes;
    struct vector_state before, after; /* `after`: what changed */
    uint32_t mask[VR_COUNT];     /* bits of a register that the suite vouches for */
    int exception;               /* -1: none */
};

struct vector_file {
    char opcode[16];             /* from the file's name: "0FAF", "F6.6", with 66 and 67 in front where they are part */
    enum vector_cpu cpu;
    bool halts;                  /* a HLT ends each, and is part of what ran */
    uint32_t n;
    struct vector *vectors;
};

/* Is `name` one of a vector file? */
bool vector_is_file(const char *name);
/* All of `path`. vector_free in any case. */
int vector_load(struct vector_file *out, const char *path, struct err *e) MUST_CHECK;
void vector_free(struct vector_file *f);

/* ---- for the formats ---- */
int vector_load_moo(struct vector_file *out, const uint8_t *data, size_t n, struct err *e) MUST_CHECK;
int vector_load_json(struct vector_file *out, const char *data, size_t n, struct err *e) MUST_CHECK;
/* Processors by the names that files use; 0: not one we know. */
enum vector_cpu vector_cpu_named(const char *name);

/* ---- what differs by specification ---- */
struct vector_suite; /* metadata.json and revocation_list.txt */
int vector_suite_open(struct vector_suite **out, const char *directory, struct err *e) MUST_CHECK;
void vector_suite_close(struct vector_suite *s);
/*
 * Why `v` says nothing of a processor of today; NULL: it does. Else clears in *flags the bits of FLAGS that the instruction
 * leaves undefined.
 */
const char *vector_difference(const struct vector_suite *s, const struct vector_file *f, const struct vector *v,
                              uint32_t *flags);
/* The opcode after prefixes; 0FNNh in the second map. */
unsigned vector_opcode(const struct vector_file *f, const struct vector *v);

/* ---- running ---- */
struct vector_runner;
/* `exec`: "interp", "jit" or "lockstep" (one after the other, which must also agree in what is undefined). */
int vector_runner_create(struct vector_runner **out, const char *cpu, const char *exec, struct err *e) MUST_CHECK;
void vector_runner_destroy(struct vector_runner *r);
/* True: it came out as `v` says. Else `why` says the first difference. */
bool vector_run(struct vector_runner *r, const struct vector_file *f, const struct vector *v, uint32_t flags, char *why,
                size_t size);

#endif
