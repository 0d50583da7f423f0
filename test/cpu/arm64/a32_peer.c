/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random AArch32 instructions from the tables, here and under QEMU's user-mode emulator: registers, flags, FPSCR and
 * memory must be the same. Left out: what changes the control flow or the system, what reads relative to the PC (the code
 * around differs), and what either refuses, since UNPREDICTABLE instructions may be UNDEFINED.
 */
#include "core/util/hash.h"
#include "cpu/arm64/a32/a32_impl.h"
#include "test/cpu/arm64/fixture.h"
#include "test/cpu/arm64/peer/a32/record.h"
#include <stdlib.h>
#include <unistd.h>

#ifndef A32_PEER
#define A32_PEER NULL
#endif
enum { SAMPLES = 12, VALUES = 14 };
#define RAM(p, va) ((p)->ram->host + ((va) - PE_RAM))

static uint64_t next_random(void *arg)
{
    uint64_t *state = arg;
    return *state = hash_add(*state, 1);
}

/* ---- instructions and operands ---- */
static bool taken(const struct insn_desc *d, const struct insn_regs *regs)
{
    if (d->branch != INSN_NO_BRANCH || d->klass == INSN_system || d->klass == INSN_hint || d->klass == INSN_csr ||
        d->klass == INSN_fence || d->klass == INSN_lr || d->klass == INSN_sc || d->klass == INSN_nop)
        return false;
    for (unsigned i = 0; i < 4; i++)
        if (regs->src[i] == 15 || regs->dst[i] == 15)
            return false;
    return strcmp(d->name, "setend") != 0 && strcmp(d->name, "adr") != 0;
}

static uint32_t operand(uint64_t *seed, bool memory)
{
    static const uint32_t edges[VALUES] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x8000, 0x7fff, 0xffff,
                                            0x80008000, 0x7fff7fff, 31, 32, 33, 255 };
    uint64_t r = next_random(seed);
    if (memory) /* small offsets, and addresses in the middle of the window */
        return r >> 62 == 0 ? r & 63 : A32_DATA + A32_WINDOW / 2 + (r & (r >> 62 == 1 ? 0x3ff : 0x3f8));
    return r >> 62 == 0 ? edges[(r >> 32) % VALUES] : r >> 62 == 1 ? r & 31 : (uint32_t)r;
}

static uint64_t number(uint64_t *seed)
{
    static const uint64_t edges[] = { 0, 1ull << 63, 0x3ff0000000000000, 0x7ff0000000000000, 0x7ff8000000000001,
                                      0x7ff0000000000001, 1, 0x3f8000003f800000, 0x7f8000007f800001,
                                      0x7fc00000ff800000, 0x180000001, 0x4f000000cf000000, 0x3c003c007c007e00 };
    uint64_t r = next_random(seed), kind = next_random(seed) % 8, e = r >> 20 & 15;
    if (kind < 2)
        return edges[r % ARRAY_LEN(edges)];
    if (kind < 5) /* singles about 1 */
        return (r & 0x807fffff807fffff) | (120 + e) << 23 | (128 - e) << 55;
    return kind == 5 ? (r & 0x800fffffffffffff) | (1016 + e) << 52 : r;
}

static void start(FILE *f, uint64_t *seed, bool thumb, uint32_t word, uint32_t length, bool memory, bool fp)
{
    struct a32_start s = { .thumb = thumb, .word = word, .length = length };
    for (unsigned i = 0; i < 15; i++)
        s.r[i] = operand(seed, memory);
    for (unsigned i = 0; i < 32; i++)
        s.d[i] = number(seed);
    s.cpsr = next_random(seed) & 0xf80f0000;
    s.fpscr = fp && next_random(seed) % 2 ? next_random(seed) & 0x03c00000 : 0; /* DN, FZ, RMode */
    ck_assert_uint_eq(fwrite(&s, sizeof(s), 1, f), 1);
}

#define ALL(prefix, PREFIX, thumb, length, fp)                                                     \
    for (unsigned i = 0; i < SAMPLES * PREFIX##_FORM_COUNT * ((fp) ? 8 : 1); i++) {                \
        struct prefix##_decoded d;                                                                 \
        struct insn_regs regs;                                                                     \
        uint32_t word = prefix##_random_insn((uint16_t)(i % PREFIX##_FORM_COUNT), next_random, &seed); \
        if (word == 0 || !prefix##_decode(word, ~0ull, &d))                                        \
            continue;                                                                              \
        prefix##_insn_regs(&d, &regs);                                                             \
        if (taken(&prefix##_insn_descs[d.form], &regs))                                            \
            start(f, &seed, thumb, word, length, prefix##_insn_descs[d.form].mem != 0, fp);        \
    }

static void make_file(const char *name)
{
    uint64_t seed = 2024;
    FILE *f = fopen(name, "wb");
    ck_assert_ptr_nonnull(f);
    ALL(a32, A32, false, 4, false)
    ALL(t32, T32, true, 4, false)
    ALL(t16, T16, true, 2, false)
    ALL(a32v, A32V, false, 4, true)
    ck_assert_int_eq(fclose(f), 0);
}

/* ---- our side ---- */
/* RAM for EL0 at its place; EL1, which may not execute what EL0 writes, has its vectors 1 GiB above. */
static void map(struct pe *p)
{
    uint64_t *l1 = (uint64_t *)(void *)RAM(p, PE_TABLES);
    memset(l1, 0, 4096);
    l1[1] = PE_RAM | 1 | 1u << 10 | 3u << 8 | 1u << 6;
    l1[2] = PE_RAM | 1 | 1u << 10 | 3u << 8;
    p->a->mair[1] = 0xff;
    p->a->tcr[1] = 32 | 1u << 23;
    p->a->ttbr0[1] = PE_TABLES;
    p->a->vbar[1] = PE_VECTORS + (1u << 30);
    p->a->sctlr[1] |= A64_SCTLR_M;
}

static void run(struct pe *p, const struct a32_start *s, struct a32_end *e)
{
    struct exec_limits limits = { .time = PS_NEVER, .insns = 1000000 };
    uint8_t *code = RAM(p, A32_CODE);
    struct cpu *cpu;
    memset(e, 0, sizeof(*e));
    a32_fill(RAM(p, A32_DATA));
    st_le32(code, s->length == 2 ? s->word | 0xdf000000 : s->thumb ? s->word << 16 | s->word >> 16 : s->word);
    st_le32(code + 4, s->thumb ? 0xdf00 : 0xef000000);
    mem_ram_written(p->ram, 0, PE_SIZE);
    a64_set_el(p->a, 1, 1);
    a64_update_mode(p->a);
    a64_exception_return(p->a, 0x10 | (s->thumb ? 0x20u : 0u) | s->cpsr, A32_CODE);
    for (unsigned i = 0; i < 15; i++)
        p->a->x[i] = s->r[i];
    memcpy(p->a->v, s->d, sizeof(s->d));
    p->a->fpcr = s->fpscr;
    a64_set_fpsr(p->a, 0);
    a64_update_mode(p->a);
    p->a->cpu.run = CPU_RUNNING;
    (void)exec_run(p->exec, &limits, &cpu);
    e->signal = p->a->esr[1] >> 26 != A64_EC_SVC32;
    for (unsigned i = 0; i < 15; i++)
        e->r[i] = (uint32_t)p->a->x[i];
    e->cpsr = p->a->spsr[1] & 0xf80f0000;
    e->fpscr = (uint32_t)(p->a->fpcr | a64_get_fpsr(p->a));
    memcpy(e->d, p->a->v, sizeof(e->d));
    e->data = a32_sum(RAM(p, A32_DATA));
}

static unsigned compare(const struct a32_start *s, const struct a32_end *ours, const struct a32_end *peer)
{
    if (ours->signal || peer->signal)
        return 0;
    bool same = memcmp(ours->r, peer->r, sizeof(ours->r)) == 0 && ours->cpsr == peer->cpsr &&
                ours->fpscr == peer->fpscr && memcmp(ours->d, peer->d, sizeof(ours->d)) == 0 &&
                ours->data == peer->data;
    if (same)
        return 0;
    printf("%s %08x differs:", s->thumb ? "T32" : "A32", s->word);
    for (unsigned i = 0; i < 15; i++)
        if (ours->r[i] != peer->r[i])
            printf(" r%u %x, peer %x;", i, ours->r[i], peer->r[i]);
    for (unsigned i = 0; i < 32; i++)
        if (ours->d[i] != peer->d[i])
            printf(" d%u %llx, peer %llx;", i, (unsigned long long)ours->d[i], (unsigned long long)peer->d[i]);
    printf(" cpsr %x, peer %x; fpscr %x, peer %x; memory %x, peer %x\n", ours->cpsr, peer->cpsr, ours->fpscr,
           peer->fpscr, ours->data, peer->data);
    fflush(stdout);
    return 1;
}

/*
 * Literals; LDRD with writeback to what it loads: UNPREDICTABLE, and the peer does it otherwise. VJCVT of a positive
 * denormal that is flushed: FPToFixedJS (J1.3) says Z = 0, the peer 1.
 */
static bool left_out(const struct a32_start *s)
{
    unsigned n = s->word >> 16 & 15;
    if (s->length == 2)
        return s->word >> 11 == 9;
    if (s->thumb && (s->word & 0xfe1f0000) == 0xf81f0000)
        return true;
    if ((s->word & 0x0fbf0fd0) == 0x0eb90bc0 && (s->fpscr & A64_FPCR_FZ))
        return true;
    return s->thumb && (s->word & 0xfe700000) == 0xe8700000 &&
           (n == (s->word >> 12 & 15) || n == (s->word >> 8 & 15));
}

START_TEST(same_as_peer)
{
    char dir[] = "/tmp/a32-peer-XXXXXX", name[64], peer_name[64], command[4096];
    const char *program = A32_PEER;
    if (program == NULL || system("command -v qemu-arm >/dev/null") != 0)
        return; /* nothing to compare with */
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(name, sizeof(name), "%s/start", dir);
    snprintf(peer_name, sizeof(peer_name), "%s/end", dir);
    make_file(name);
    snprintf(command, sizeof(command), "timeout -k 2 300 qemu-arm -cpu max %s %s %s", program, name, peer_name);
    ck_assert_int_eq(system(command), 0);
    FILE *f = fopen(name, "rb"), *peer_file = fopen(peer_name, "rb");
    ck_assert(f != NULL && peer_file != NULL);
    struct pe p = pe_create("max,el2=off,el3=off", _i == 0 ? EXEC_INTERP : EXEC_JIT);
    struct a32_start s;
    struct a32_end ours, peer;
    unsigned n = 0, ran = 0, differ = 0;
    map(&p);
    while (fread(&s, sizeof(s), 1, f) == 1 && fread(&peer, sizeof(peer), 1, peer_file) == 1) {
        n++;
        if (left_out(&s))
            continue;
        run(&p, &s, &ours);
        ran += !ours.signal && !peer.signal;
        differ += compare(&s, &ours, &peer);
    }
    fclose(f);
    fclose(peer_file);
    unlink(name);
    unlink(peer_name);
    rmdir(dir);
    pe_destroy(&p);
    ck_assert_msg(differ == 0, "%u of %u instructions differ", differ, n);
    ck_assert_msg(n > 10000 && ran > n / 2, "only %u of %u instructions ran", ran, n);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("a32_peer");
    TCase *c = tcase_create("a32_peer");
    tcase_set_timeout(c, 500);
    tcase_add_loop_test(c, same_as_peer, 0, 2);
    suite_add_tcase(s, c);
    return s;
}
