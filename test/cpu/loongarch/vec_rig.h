/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CPU_LOONGARCH_VEC_RIG_H
#define ORRERY_TEST_CPU_LOONGARCH_VEC_RIG_H
/* A machine of one "max" CPU and some RAM, on which single vector instructions run, under either executor. */
#include "core/device/machine.h"
#include "core/exec/exec.h"
#include "core/memory/ram.h"
#include "core/memory/space.h"
#include "core/timing/model.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include "cpu/loongarch/loongarch_impl.h"
#include "test/check_main.h"
#include <string.h>

#define VEC_RAM      0x10000000ull
#define VEC_RAM_SIZE 0x400000ull
#define VEC_DATA     0x300000ull /* offset of what loads and stores reach; code is below */
#define VEC_ENTRY    0x3ff000ull /* of exceptions: a branch to itself */

typedef unsigned __int128 uwide;
typedef __int128 wide;

/* A register of 256 bits; LSX has the first 16 bytes. */
union vec {
    uint8_t b[32];
    union ir_vec half[2];
};

struct vec_rig {
    struct machine *m;
    struct mem_ram *ram;
    struct exec *x;
    struct mem_space *iocsr;
    struct la_cpu *la;
    uint64_t at, seed;
};

static const enum exec_mode vec_modes[] = { EXEC_INTERP, EXEC_JIT };

static inline struct vec_rig vec_open(enum exec_mode mode)
{
    struct vec_rig g = { .seed = 1 };
    struct err e = { 0 };
    struct exec_options o = { .mode = mode, .verify = true };
    struct la_config config;
    ck_assert_int_eq(machine_create(&g.m, stderr, &e), 0);
    ck_assert_int_eq(machine_add_ram(g.m, "ram", VEC_RAM_SIZE, &g.ram, &e), 0);
    ck_assert_int_eq(mem_add_ram(g.m->memory, "ram", VEC_RAM, g.ram, 0, VEC_RAM_SIZE, 0, NULL, &e), 0);
    ck_assert_int_eq(exec_create(&g.x, g.m, &o, &e), 0);
    ck_assert_msg(la_config_parse(&config, "max", NULL, &e) == 0, "%s", e.text);
    ck_assert_msg(la_cpu_create(&g.la, g.m, &config, 0, 0, &e) == 0, "%s", e.text);
    g.iocsr = mem_space_create("iocsr");
    ck_assert_ptr_nonnull(g.iocsr);
    la_cpu_set_iocsr(g.la, g.iocsr);
    ck_assert_msg(tm_create(&g.la->cpu.tm, "functional", NULL, 0, &e) == 0, "%s", e.text);
    ck_assert_msg(exec_add_cpu(g.x, &g.la->cpu, &e) == 0, "%s", e.text);
    machine_reset(g.m);
    return g;
}

static inline void vec_close(struct vec_rig *g)
{
    struct tm_cpu *tm = g->la->cpu.tm;
    exec_destroy(g->x);
    machine_destroy(g->m);
    mem_space_destroy(g->iocsr);
    tm_destroy(tm);
}

/* Runs `word` and a branch to itself at a place of its own, under `fcsr` and `euen`; false: it raised an exception. */
static inline bool vec_try_with(struct vec_rig *g, uint32_t word, uint64_t fcsr, uint64_t euen)
{
    struct cpu *cpu = &g->la->cpu, *at;
    va_t pc = VEC_RAM + g->at;
    st_le32(g->ram->host + g->at, word);
    st_le32(g->ram->host + g->at + 4, 0x50000000);
    mem_ram_written(g->ram, g->at, 8);
    g->at = (g->at + 8) % VEC_DATA;
    st_le32(g->ram->host + VEC_ENTRY, 0x50000000);
    g->la->csr.eentry = VEC_RAM + VEC_ENTRY;
    g->la->csr.euen = euen;
    la_set_fcsr(g->la, 0, fcsr);
    la_update_mode(g->la);
    cpu->pc = pc;
    struct exec_limits limits = { .time = exec_time(g->x) + 1000000, .insns = cpu_insns(cpu) + 2 };
    exec_run(g->x, &limits, &at);
    return cpu->pc == pc + 4;
}

static inline bool vec_try(struct vec_rig *g, uint32_t word, uint64_t fcsr)
{
    return vec_try_with(g, word, fcsr, LA_EUEN_FPE | LA_EUEN_SXE | LA_EUEN_ASXE);
}

/* Of the last exception: Ecode, EsubCode above it. */
static inline unsigned vec_ecode(const struct vec_rig *g)
{
    return (unsigned)(F_GET(g->la->csr.estat, LA_ESTAT_ECODE) | F_GET(g->la->csr.estat, LA_ESTAT_ESUB) << 6);
}

static inline uint64_t vec_random(struct vec_rig *g)
{
    return g->seed = hash_add(g->seed, 1);
}

/* Random lanes of 1 << lane bytes (0..4), many of them at the ends of their range. */
static inline union vec vec_lanes(struct vec_rig *g, unsigned lane)
{
    union vec v;
    unsigned size = 1u << lane;
    for (unsigned n = 0; n < 32; n += 8)
        st_le(v.b + n, vec_random(g), 8);
    uint64_t r = vec_random(g);
    for (unsigned n = 0; n < 32; n += size, r = r >> 4 | r << 60) {
        uwide sign = (uwide)1 << (8 * size - 1);
        const uwide edges[8] = { 0, 1, sign, sign - 1, ~(uwide)0, sign + 1, 2, 3 };
        if (r & 8)
            memcpy(v.b + n, &edges[r & 7], size);
    }
    return v;
}

static inline uwide vec_get(const union vec *v, unsigned lane, unsigned n)
{
    uwide x = 0;
    memcpy(&x, v->b + (n << lane), 1u << lane);
    return x;
}
static inline void vec_set(union vec *v, unsigned lane, unsigned n, uwide x)
{
    memcpy(v->b + (n << lane), &x, 1u << lane);
}
static inline wide vec_signed(uwide x, unsigned bits)
{
    return bits == 128 ? (wide)x : (wide)(x << (128 - bits)) >> (128 - bits);
}

/* Registers of the test: the destination is 0, the operands 1 (rj), 2 (rk), 3 (ra). */
enum { VEC_D, VEC_J, VEC_K, VEC_A, VEC_REGS };
#define VEC_FIELDS_JK (VEC_J << 5 | VEC_K << 10)

static inline void vec_put_regs(struct vec_rig *g, const union vec v[VEC_REGS])
{
    for (unsigned n = 0; n < VEC_REGS; n++) {
        g->la->v[n][0] = v[n].half[0];
        g->la->v[n][1] = v[n].half[1];
    }
}

/* The destination is `e`, its high half untouched by LSX. */
static inline void vec_check(struct vec_rig *g, const char *name, uint32_t word, bool lasx, const union vec v[VEC_REGS],
                             const union vec *e)
{
    const union ir_vec *got[2] = { &g->la->v[VEC_D][0], &g->la->v[VEC_D][1] };
    for (unsigned h = 0; h < 2; h++) {
        const union ir_vec *want = h == 0 || lasx ? &e->half[h] : &v[VEC_D].half[1];
#define LL(x) (unsigned long long)(x).half[h].d[1], (unsigned long long)(x).half[h].d[0]
        ck_assert_msg(memcmp(got[h], want, 16) == 0,
                      "%s %08x, half %u: d %016llx%016llx j %016llx%016llx k %016llx%016llx a %016llx%016llx give "
                      "%016llx%016llx, not %016llx%016llx",
                      name, word, h, LL(v[VEC_D]), LL(v[VEC_J]), LL(v[VEC_K]), LL(v[VEC_A]),
                      (unsigned long long)got[h]->d[1], (unsigned long long)got[h]->d[0],
                      (unsigned long long)want->d[1], (unsigned long long)want->d[0]);
#undef LL
    }
}

static inline void vec_run(struct vec_rig *g, const char *name, uint32_t word, bool lasx, const union vec v[VEC_REGS],
                           const union vec *e)
{
    vec_put_regs(g, v);
    ck_assert_msg(vec_try(g, word, 0), "%s %08x raised an exception", name, word);
    vec_check(g, name, word, lasx, v, e);
}

#endif
