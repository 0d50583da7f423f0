/* SPDX-License-Identifier: Apache-2.0 */
/* AArch32 at EL0: translation of every form, values, conditions, interworking, syndromes (Arm ARM, F5, F6, D24.2.40). */
#include "core/util/hash.h"
#include "cpu/arm64/a32/a32_impl.h"
#include "cpu/arm64/bits.h"
#include "test/cpu/arm64/fixture.h"

#define PE_SVC 0xef000000u /* A32 */

static enum exec_mode mode_of(int i)
{
    return i == 0 ? EXEC_INTERP : EXEC_JIT;
}

/* EL0 in A32 or T32 (thumb) at PE_CODE until an exception waits where it was taken. PSTATE is `cpsr`. */
static void run_user(struct pe *p, const void *code, size_t bytes, uint32_t cpsr)
{
    struct exec_limits limits = { .time = PS_NEVER, .insns = 1000000 };
    struct cpu *cpu;
    memcpy(p->ram->host + (PE_CODE - PE_RAM), code, bytes);
    mem_ram_written(p->ram, PE_CODE - PE_RAM, bytes);
    a64_set_el(p->a, 1, 1);
    a64_update_mode(p->a);
    a64_exception_return(p->a, cpsr | 0x10, PE_CODE);
    p->a->cpu.run = CPU_RUNNING;
    enum exec_reason why = exec_run(p->exec, &limits, &cpu);
    ck_assert_msg(why == EXEC_DEADLOCK && p->a->cpu.run == CPU_IDLE, "ended with %d", (int)why);
}

static void run_a32(struct pe *p, const void *code, size_t bytes, uint32_t cpsr)
{
    run_user(p, code, bytes, cpsr);
    ck_assert_uint_eq(p->a->el, 1);
}

static struct pe create(int i)
{
    struct pe p = pe_create("max,el2=off,el3=off", mode_of(i));
    p.a->sctlr[1] |= 1u << 5; /* CP15BEN */
    return p;
}

/* ---- every form ---- */
static uint64_t next_random(void *arg)
{
    uint64_t *state = arg;
    return *state = hash_add(*state, 1);
}

static const uint32_t a32_modes[] = {
    A64_MODE_A32, A64_MODE_A32 | A64_MODE_FP_OFF, A64_MODE_A32 | A64_MODE_BE | A64_MODE_ALIGN,
    A64_MODE_A32 | A64_MODE_PASS, A64_MODE_A32 | A64_MODE_FAIL,
    A64_MODE_A32 | A64_MODE_ITD | A64_MODE_A32_COUNT, A64_MODE_A32 | A64_MODE_STEP | A64_MODE_BREAK | A64_MODE_WATCH, A64_MODE_A32 | A64_MODE_TRAPS,
};

static void translate(struct pe *p, uint32_t mode, const uint8_t *code, uint32_t bytes, const char *name)
{
    struct arena arena;
    struct ir_unit *u;
    struct err e = { 0 };
    arena_init(&arena, 0);
    ck_assert(ir_unit_create(&u, &arena, &a64_guest, mode, &e) == 0);
    a32_translate(&p->a->cpu, u, 0, code, bytes, NULL);
    ck_assert_msg(ir_finish(u, &e) == 0, "%s, mode %#x: %s", name, mode, e.text);
    ck_assert_msg(ir_verify(u, &e) == 0, "%s, mode %#x: %s", name, mode, e.text);
    arena_destroy(&arena);
}

/* In an IT block of EQ, its first, and in every mode of the list. */
static void in_modes(struct pe *p, uint32_t word, unsigned bytes, bool thumb, const char *name)
{
    uint8_t code[4];
    if (bytes == 2 || !thumb)
        st_le32(code, word);
    else
        st_le32(code, word >> 16 | word << 16);
    for (size_t m = 0; m < ARRAY_LEN(a32_modes); m++) {
        uint32_t mode = a32_modes[m] | (thumb ? A64_MODE_T32 : 0);
        translate(p, mode, code, bytes, name);
        if (thumb)
            translate(p, mode | 0x0cu << A64_MODE_IT_SHIFT, code, bytes, name);
    }
}

#define EVERY(prefix, PREFIX, bytes, thumb, table)                                                 \
    for (uint16_t form = 0; form < PREFIX##_FORM_COUNT; form++)                                    \
        for (unsigned i = 0; i < 6; i++) {                                                         \
            struct prefix##_decoded d;                                                             \
            uint32_t word = prefix##_random_insn(form, next_random, &seed);                        \
            if (word == 0 || !prefix##_decode(word, ~0ull, &d))                                    \
                continue;                                                                          \
            ck_assert_msg(p.a->a32_tables->table[d.id].fn != NULL, "%s has no semantics",          \
                          prefix##_insn_descs[form].name);                                         \
            in_modes(&p, word, bytes, thumb, prefix##_insn_descs[form].name);                      \
        }

START_TEST(every_form_in_every_mode)
{
    struct pe p = create(0);
    uint64_t seed = 42;
    EVERY(a32, A32, 4, false, a32)
    EVERY(t32, T32, 4, true, t32)
    EVERY(t16, T16, 2, true, t16)
    EVERY(a32v, A32V, 4, false, vfp)
    pe_destroy(&p);
}
END_TEST

/* ---- values: one A32 instruction on r0 = a, r1 = b, r2 = c; r3 is the result ---- */
enum { N = 1u << 31, Z = 1u << 30, C = 1u << 29, V = 1u << 28, Q = 1u << 27 };
static const struct {
    uint32_t word, cpsr, a, b, c, r3, flags;
    const char *text;
} values[] = {
    { 0xe0903001, 0, 0xffffffff, 1, 0, 0, Z | C, "adds r3, r0, r1" },
    { 0xe0903001, 0, 0x7fffffff, 1, 0, 0x80000000, N | V, "adds r3, r0, r1" },
    { 0xe0503001, 0, 3, 5, 0, 0xfffffffe, N, "subs r3, r0, r1" },
    { 0xe0b03001, C, 0xffffffff, 0, 0, 0, Z | C, "adcs r3, r0, r1" },
    { 0xe0d03001, 0, 5, 4, 0, 0, Z | C, "sbcs r3, r0, r1: without carry one less" },
    { 0xe0f03001, C, 1, 0x80000000, 0, 0x7fffffff, C | V, "rscs r3, r0, r1" },
    { 0xe1b03110, V, 0x80000001, 32, 0, 0, Z | C | V, "lsls r3, r0, r1: by 32, bit 0 goes to C" },
    { 0xe1b03060, C, 3, 0, 0, 0x80000001, N | C, "rrxs r3, r0" },
    { 0xe1b03020, 0, 0x80000000, 0, 0, 0, Z | C, "lsrs r3, r0, #32" },
    { 0xe1b03040, 0, 0x80000000, 0, 0, 0xffffffff, N | C, "asrs r3, r0, #32" },
    { 0xe3b034ff, V, 0, 0, 0, 0xff000000, N | C | V, "movs r3, #0xff000000: the rotation sets C, V stays" },
    { 0x03a03007, 0, 0, 0, 0, 0x33333333, 0, "moveq r3, #7 with Z = 0" },
    { 0x03a03007, Z, 0, 0, 0, 7, Z, "moveq r3, #7 with Z = 1" },
    { 0xe6503f91, 0, 0xff01ff01, 0x01010101, 0, 0x00020002, 0, "uadd8 r3, r0, r1" },
    { 0xe6a33010, 0, 0x1000, 0, 0, 7, Q, "ssat r3, #4, r0" },
    { 0xe6e33010, 0, 0xffffffff, 0, 0, 0, Q, "usat r3, #3, r0: negative" },
    { 0xe1003051, 0, 0x7fffffff, 0x7fffffff, 0, 0x7fffffff, Q, "qadd r3, r1, r0" },
    { 0xe7032110, 0, 0x80008000, 0x80008000, 0, 0x80000000, Q, "smlad r3, r0, r1, r2" },
    { 0xe713f110, 0, 0x80000000, 0xffffffff, 0, 0x80000000, 0, "sdiv r3, r0, r1" },
    { 0xe733f110, 0, 5, 0, 0, 0, 0, "udiv r3, r0, r1: by zero" },
    { 0xe7a33850, 0, 0x00ab0000, 0, 0, 0xfffffffb, 0, "sbfx r3, r0, #16, #4" },
    { 0xe6ff3f30, 0, 0x12345678, 0, 0, 0x1e6a2c48, 0, "rbit r3, r0" },
    { 0xe6bf3f30, 0, 0x12345678, 0, 0, 0x78563412, 0, "rev r3, r0" },
    { 0xe16f3f10, 0, 0x00010000, 0, 0, 15, 0, "clz r3, r0" },
    { 0xe7832110, 0, 0x01020304, 0x04030201, 2, 10, 0, "usada8 r3, r0, r1, r2: 3 + 1 + 1 + 3 + 2" },
};

START_TEST(values_of_single_instructions)
{
    struct pe p = create(_i);
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        uint8_t code[8];
        st_le32(code, values[i].word);
        st_le32(code + 4, PE_SVC);
        memset(p.a->x, 0, sizeof(p.a->x));
        p.a->x[0] = values[i].a;
        p.a->x[1] = values[i].b;
        p.a->x[2] = values[i].c;
        p.a->x[3] = 0x33333333;
        run_a32(&p, code, 8, values[i].cpsr);
        ck_assert_msg(p.a->esr[1] >> 26 == A64_EC_SVC32, "%s: ESR %llx", values[i].text,
                      (unsigned long long)p.a->esr[1]);
        ck_assert_msg(p.a->x[3] == values[i].r3, "%s: r3 = %llx, not %x", values[i].text,
                      (unsigned long long)p.a->x[3], values[i].r3);
        ck_assert_msg((p.a->spsr[1] & 0xf8000000) == values[i].flags, "%s: flags %llx, not %x", values[i].text,
                      (unsigned long long)p.a->spsr[1] >> 27, values[i].flags >> 27);
    }
    pe_destroy(&p);
}
END_TEST

/* ---- exceptions: ESR, and where ELR points, from PE_CODE ---- */
static const struct {
    bool thumb;
    uint32_t word;
    unsigned ec;
    uint32_t iss;
    bool il;
    uint32_t elr;
    const char *text;
} syndromes[] = {
    { false, 0xef123456, 0x11, 0x3456, true, 4, "svc #0x123456" },
    { true, 0xdf12, 0x11, 0x12, false, 2, "svc #0x12, 16 bits" },
    { false, 0xe1212374, 0x38, 0x1234, true, 0, "bkpt #0x1234" },
    { true, 0xbe12, 0x38, 0x12, false, 0, "bkpt #0x12, 16 bits" },
    { false, 0xe7f000f0, 0x00, 0, true, 0, "udf" },
    { true, 0xde00, 0x00, 0, true, 0, "udf, 16 bits" },
    { false, 0xec510f1e, 0x04, 1u << 24 | 0xeu << 20 | 1u << 16 | 1u << 10 | 14u << 1 | 1, true, 0,
      "mrrc p15, 1, r0, r1, c14: CNTVCT" },
    { false, 0xee1e0f10, 0x03, 1u << 24 | 0xeu << 20 | 14u << 10 | 1, true, 0, "mrc p15, 0, r0, c14, c0, 0: CNTFRQ" },
    { false, 0xee100f10, 0x00, 0, true, 0, "mrc p15, 0, r0, c0, c0, 0: MIDR" },
    { false, 0xee310a20, 0x07, 1u << 24 | 0xeu << 20, true, 0, "vadd.f32 s0, s2, s1, FP off" },
    { false, 0xf1010200, 0x00, 0, true, 0, "setend be, SED = 1" },
    { false, 0xee070f95, 0x00, 0, true, 0, "mcr p15, 0, r0, c7, c5, 4 (CP15ISB), CP15BEN = 0" },
    { false, 0xe89c0003, 0x24, 0x21, true, 0, "ldm r12, {r0, r1}, misaligned" },
};

START_TEST(syndromes_of_exceptions)
{
    struct pe p = create(_i);
    p.a->cpacr_el1 = 0;
    p.a->cntkctl_el1 = 0;
    p.a->sctlr[1] = (p.a->sctlr[1] & ~(1ull << 5)) | 1u << 8;
    for (size_t i = 0; i < ARRAY_LEN(syndromes); i++) {
        uint8_t code[4];
        st_le32(code, syndromes[i].word);
        p.a->x[12] = PE_DATA + 2;
        p.a->esr[1] = 0;
        run_a32(&p, code, 4, syndromes[i].thumb ? 0x20 : 0);
        uint64_t esr = (uint64_t)syndromes[i].ec << 26 | (syndromes[i].il ? 1u << 25 : 0) | syndromes[i].iss;
        ck_assert_msg(p.a->esr[1] == esr, "%s: ESR %llx, not %llx", syndromes[i].text,
                      (unsigned long long)p.a->esr[1], (unsigned long long)esr);
        ck_assert_msg(p.a->elr[1] == PE_CODE + syndromes[i].elr, "%s: ELR %llx", syndromes[i].text,
                      (unsigned long long)p.a->elr[1]);
        ck_assert_msg(p.a->cpu.pc == PE_VECTORS + 0x604, "%s: vector %llx", syndromes[i].text,
                      (unsigned long long)p.a->cpu.pc);
    }
    pe_destroy(&p);
}
END_TEST

/*
 * ITSTATE is in the SPSR of a fault inside an IT block, and a return there goes on with it: F1.2.3. The
 * load fails only where its condition holds.
 */
START_TEST(faults_inside_it_blocks)
{
    static const uint16_t code[] = {
        0xbf06,         /* itte eq: ITSTATE 0000 0110 */
        0x2001,         /* moveq r0, #1 */
        0x680a,         /* ldreq r2, [r1] */
        0x2002,         /* movne r0, #2 */
        0xdf00,         /* svc 0 */
    };
    struct pe p = create(_i);
    for (unsigned z = 0; z < 2; z++) {
        p.a->x[0] = 0;
        p.a->x[1] = PE_DATA + 1; /* misaligned: stage 1 is off, so that this faults */
        run_a32(&p, code, sizeof(code), 0x20 | (z ? Z : 0u));
        if (!z) {
            ck_assert_uint_eq(p.a->esr[1] >> 26, A64_EC_SVC32);
            ck_assert_uint_eq(p.a->x[0], 2);
            ck_assert_uint_eq(p.a->spsr[1] & 0x0600fc00, 0);
            continue;
        }
        ck_assert_uint_eq(p.a->esr[1] >> 26, A64_EC_DABORT_LOWER);
        ck_assert_uint_eq(p.a->elr[1], PE_CODE + 4);
        /* after one step of 0000 0110: 0000 1100, bits 15:10 and 26:25 */
        ck_assert_uint_eq(p.a->spsr[1] & 0x0600fc00, 3u << 10);
        ck_assert_uint_eq(p.a->x[0], 1);
        /* return behind the load with ITSTATE advanced: 0001 1000, NE */
        p.a->x[0] = 0;
        struct exec_limits limits = { .time = PS_NEVER, .insns = 1000000 };
        struct cpu *cpu;
        a64_exception_return(p.a, 0x30 | Z | 6u << 10, PE_CODE + 6);
        p.a->cpu.run = CPU_RUNNING;
        ck_assert_int_eq(exec_run(p.exec, &limits, &cpu), EXEC_DEADLOCK);
        ck_assert_uint_eq(p.a->x[0], 0);
        ck_assert_uint_eq(p.a->elr[1], PE_CODE + 10);
    }
    pe_destroy(&p);
}
END_TEST

/* AArch32.CheckForSVCTrap(): a trapped SVC is yet to be executed, with its own ITSTATE. */
START_TEST(svc_inside_it_blocks)
{
    static const uint16_t code[] = {
        0xbf04, /* itt eq: ITSTATE 0000 0100, 0000 1000 at the second */
        0xdf05, /* svceq 5 */
        0x2001, /* moveq r0, #1 */
    };
    for (unsigned trapped = 0; trapped < 2; trapped++) {
        struct pe p = pe_create("max,pauth=off", mode_of(_i));
        p.a->hcr_el2 = A64_HCR_RW;
        p.a->scr_el3 = A64_SCR_RW | A64_SCR_NS | A64_SCR_FGTEN;
        p.a->hfgitr_el2 = trapped ? 1ull << 52 : 0;
        p.a->vbar[2] = PE_VECTORS;
        run_user(&p, code, sizeof(code), 0x20 | Z);
        unsigned el = trapped ? 2 : 1;
        ck_assert_uint_eq(p.a->esr[el], (uint64_t)A64_EC_SVC32 << 26 | 5);
        ck_assert_uint_eq(p.a->elr[el], PE_CODE + (trapped ? 2 : 4));
        ck_assert_uint_eq(p.a->spsr[el] & 0x0600fc00, (trapped ? 1u : 2u) << 10);
        pe_destroy(&p);
    }
}
END_TEST

/* BLX to T32, BX back by LR, POP into the PC; a conditional floating-point instruction and its flags. */
START_TEST(interworking)
{
    static const uint32_t code[] = {
        0xfa000003,             /* 0: blx 0x14 (T32) */
        0xe3a01007,             /* 4: mov r1, #7 */
        0xef000000,             /* 8: svc 0 */
        0, 0,
        0x2005b500,             /* 14: push {lr}; movs r0, #5 */
        0xbd00bf00,             /* 18: nop; pop {pc} */
    };
    struct pe p = create(_i);
    p.a->x[13] = PE_DATA + 64;
    run_a32(&p, code, sizeof(code), 0);
    ck_assert_uint_eq(p.a->x[0], 5);
    ck_assert_uint_eq(p.a->x[1], 7);
    ck_assert_uint_eq(p.a->x[13], PE_DATA + 64);
    ck_assert_uint_eq(p.a->x[14], PE_CODE + 4);
    ck_assert_uint_eq(p.a->spsr[1] & 0x20, 0);
    pe_destroy(&p);
}
END_TEST

START_TEST(floating_point)
{
    static const uint32_t code[] = {
        0xee210a20,             /* vmul.f32 s0, s2, s1: 1.5 * 2 */
        0xeeb40a62,             /* vcmp.f32 s0, s5 */
        0xeef1fa10,             /* vmrs apsr_nzcv, fpscr */
        0x0e301a20,             /* vaddeq.f32 s2, s0, s1 */
        0x1e302a20,             /* vaddne.f32 s4, s0, s1 */
        0xf2044d46,             /* vadd.f32 q2, q2, q3: a denormal and zero, flushed */
        0xef000000,
    };
    struct pe p = create(_i);
    memset(p.a->v, 0, sizeof(p.a->v));
    p.a->v[0] = (union ir_vec){ .w = { 0, 0x40000000, 0x3fc00000, 0 } };
    p.a->v[1] = (union ir_vec){ .w = { 0x11111111, 0x40400000, 0, 0 } };
    p.a->v[2] = (union ir_vec){ .w = { 1, 0x3f800000, 0x7f800001, 0x80000000 } };
    run_a32(&p, code, sizeof(code), 0);
    ck_assert_uint_eq(p.a->v[0].w[0], 0x40400000); /* 3 */
    ck_assert_uint_eq(p.a->v[0].w[2], 0x40a00000); /* equal: 5 */
    ck_assert_uint_eq(p.a->v[1].w[0], 0x11111111);
    ck_assert_uint_eq(p.a->v[2].w[0], 0);          /* flushed */
    ck_assert_uint_eq(p.a->v[2].w[1], 0x3f800000);
    ck_assert_uint_eq(p.a->v[2].w[2], 0x7fc00000); /* the default NaN */
    ck_assert_uint_eq(p.a->v[2].w[3], 0);          /* -0 + 0 */
    ck_assert_uint_eq(a64_get_fpsr(p.a), 0x60000081); /* ZC; IDC, IOC */
    ck_assert_uint_eq(p.a->spsr[1] & 0xf0000000, Z | C);
    pe_destroy(&p);
}
END_TEST

/* HSTR_EL2.T<n> for EL0 comes behind EL1's controls (D1.3.5.6). */
static const struct {
    uint32_t word;
    unsigned n, el, ec;
    bool open; /* as far as EL1 is concerned */
    const char *text;
} hstr[] = {
    { 0xee190f1d, 9, 1, 0x03, false, "mrc PMCCNTR, PMUSERENR_EL0.EN = 0" },
    { 0xee190f1d, 9, 2, 0x03, true, "mrc PMCCNTR" },
    { 0xee1d0f50, 13, 2, 0x03, true, "mrc TPIDRURW" },
    { 0xee1d0f50, 9, 1, 0x11, true, "mrc TPIDRURW, another Tn" },
    { 0xee070f95, 7, 1, 0x00, false, "CP15ISB, CP15BEN = 0" },
    { 0xee070f95, 7, 2, 0x03, true, "CP15ISB" },
};

START_TEST(hstr_el2)
{
    for (size_t i = 0; i < ARRAY_LEN(hstr); i++) {
        const uint32_t code[] = { hstr[i].word, PE_SVC };
        struct pe p = pe_create("max,el3=off", mode_of(_i));
        p.a->hcr_el2 = B(31);
        p.a->hstr_el2 = B(hstr[i].n);
        p.a->pmuserenr = hstr[i].open;
        p.a->sctlr[1] |= hstr[i].open ? A64_SCTLR_CP15BEN : 0;
        run_user(&p, code, sizeof(code), 0);
        ck_assert_msg(p.a->el == hstr[i].el && p.a->esr[p.a->el] >> 26 == hstr[i].ec, "%s: EL%u, ESR %llx",
                      hstr[i].text, (unsigned)p.a->el, (unsigned long long)p.a->esr[p.a->el]);
        pe_destroy(&p);
    }
}
END_TEST

/* SCTLR_EL1.ITD = 1 (D24.2.145): an IT block of one 16-bit instruction, and not of each; the condition fails. */
static const struct {
    uint16_t it;
    uint32_t word; /* hw1 in the upper half of 32-bit ones */
    bool allowed;
    const char *text;
} restricted[] = {
    { 0xbf08, 0x2001, true, "it eq; moveq r0, #1" },
    { 0xbf08, 0x4611, true, "moveq r1, r2" },
    { 0xbf08, 0x6808, true, "ldreq r0, [r1]" },
    { 0xbf08, 0xa800, true, "addeq r0, sp, #0" },
    { 0xbf04, 0x2001, false, "itt eq" },
    { 0xbf0c, 0x2001, false, "ite eq" },
    { 0xbf08, 0xf04f0001, false, "moveq.w r0, #1" },
    { 0xbf08, 0xc803, false, "ldmeq r0!, {r0, r1}" },
    { 0xbf08, 0xe7fe, false, "beq" },
    { 0xbf08, 0xb401, false, "pusheq {r0}" },
    { 0xbf08, 0xa000, false, "addeq r0, pc, #0" },
    { 0xbf08, 0x4800, false, "ldreq r0, [pc]" },
    { 0xbf08, 0x4478, false, "addeq r0, pc" },
    { 0xbf08, 0x4778, false, "bxeq pc" },
    { 0xbf08, 0x468f, false, "moveq pc, r1" },
};

START_TEST(it_blocks_under_itd)
{
    for (size_t i = 0; i < ARRAY_LEN(restricted); i++)
        for (unsigned itd = 0; itd < 2; itd++) {
            struct pe p = create(_i);
            uint8_t code[10];
            unsigned n = 2;
            st_le16(code, restricted[i].it);
            if (restricted[i].word >> 16)
                st_le16(code + n, (uint16_t)(restricted[i].word >> 16)), n += 2;
            st_le16(code + n, (uint16_t)restricted[i].word);
            st_le16(code + n + 2, 0xbf00); /* nop: in the block too where that has two */
            st_le16(code + n + 4, 0xdf00); /* svc 0 */
            p.a->sctlr[1] |= itd ? A64_SCTLR_ITD : 0;
            run_a32(&p, code, n + 6, 0x20);
            unsigned ec = itd && !restricted[i].allowed ? A64_EC_UNKNOWN : A64_EC_SVC32;
            ck_assert_msg(p.a->esr[1] >> 26 == ec, "%s, ITD = %u: ESR %llx", restricted[i].text, itd,
                          (unsigned long long)p.a->esr[1]);
            pe_destroy(&p);
        }
}
END_TEST

/* RestoredITBits(): SPSR_EL1's IT[7:2], IT[1:0] and T; what a return leaves in PSTATE.IT. */
static const struct {
    uint32_t spsr;
    bool itd;
    unsigned it;
} restored[] = {
    { 0x20 | 2u << 10, false, 0x08 },                 /* eq, one left */
    { 0x20 | 1u << 10 | 2u << 25, false, 0x06 },
    { 0x20 | 1u << 10 | 2u << 25, true, 0 },          /* two left: ITD */
    { 0x20 | 2u << 10, true, 0x08 },
    { 0 | 2u << 10, false, 0 },                       /* A32 */
    { 0x20 | 4u << 10, false, 0 },                    /* 0001 0000: reserved */
};

START_TEST(itstate_restored)
{
    struct pe p = create(0);
    p.a->sctlr[1] |= restored[_i].itd ? A64_SCTLR_ITD : 0;
    a64_set_el(p.a, 1, 1);
    a64_update_mode(p.a);
    a64_exception_return(p.a, restored[_i].spsr | 0x10, PE_CODE);
    ck_assert_uint_eq(p.a->it, restored[_i].it);
    pe_destroy(&p);
}
END_TEST

/* MSR and MRS of CPSR in User mode: SSBS (23) and DIT (21), G8.2.33. */
START_TEST(cpsr_ssbs_and_dit)
{
    static const uint32_t code[] = { 0xe124f000 /* msr cpsr_s, r0 */, 0xe10f1000 /* mrs r1, cpsr */, PE_SVC };
    struct pe p = create(_i);
    p.a->x[0] = 0xffffffff;
    run_a32(&p, code, sizeof(code), 0);
    ck_assert_uint_eq(p.a->x[1] & 0x00ff0000, 0x00af0000); /* and GE */
    ck_assert_uint_eq(p.a->spsr[1] & (1u << 23 | 1u << 24 | 1u << 22), 1u << 23 | 1u << 24); /* PAN is not its to write */
    pe_destroy(&p);
}
END_TEST

/* VCVT between half precision and fixed point: F6.1.81, op = 0x. Sources in d1, results in d0. */
static const struct {
    uint32_t word;
    uint16_t from[4], to[4];
    uint32_t fpsr;
} halves[] = {
    { 0xf3b80c11, { 0x0100, 0x0180, 0xffff, 0x0001 }, { 0x3c00, 0x3e00, 0x5c00, 0x1c00 }, 0x10 }, /* vcvt.f16.u16 #8 */
    { 0xf2bc0d11, { 0x3e00, 0xbe00, 0x7bff, 0x2800 }, { 0x0018, 0xffe8, 0x7fff, 0x0000 }, 0x11 }, /* vcvt.s16.f16 #4 */
    { 0xf3bf0d11, { 0x3c00, 0xbc00, 0x7e00, 0x7bff }, { 0x0002, 0x0000, 0x0000, 0xffff }, 0x01 }, /* vcvt.u16.f16 #1 */
};

START_TEST(vectors_of_fixed_point)
{
    for (size_t i = 0; i < ARRAY_LEN(halves); i++) {
        const uint32_t code[] = { halves[i].word, PE_SVC };
        struct pe p = create(_i);
        memset(p.a->v, 0, sizeof(p.a->v));
        a64_set_fpsr(p.a, 0);
        for (unsigned k = 0; k < 4; k++)
            p.a->v[0].h[4 + k] = halves[i].from[k];
        run_a32(&p, code, sizeof(code), 0);
        ck_assert_uint_eq(p.a->esr[1] >> 26, A64_EC_SVC32);
        for (unsigned k = 0; k < 4; k++)
            ck_assert_uint_eq(p.a->v[0].h[k], halves[i].to[k]);
        ck_assert_uint_eq(a64_get_fpsr(p.a) & 0x9f, halves[i].fpsr);
        pe_destroy(&p);
    }
    const uint32_t code[] = { halves[0].word, PE_SVC };
    struct pe p = pe_create("cortex-a72,el2=off,el3=off", mode_of(_i)); /* no FEAT_FP16 */
    run_a32(&p, code, sizeof(code), 0);
    ck_assert_uint_eq(p.a->esr[1] >> 26, A64_EC_UNKNOWN);
    pe_destroy(&p);
}
END_TEST

/* MEM_ACCESS (D13.12): loads and stores whose condition holds, a list or pair is one. */
START_TEST(accesses_are_counted)
{
    static const uint32_t code[] = {
        0xe5910000, /* ldr r0, [r1] */
        0x05910000, /* ldreq: fails */
        0x15910000, /* ldrne */
        0xe5810000, /* str r0, [r1] */
        0xe891000c, /* ldm r1, {r2, r3} */
        0xe1a00000, /* nop */
        0xed910a00, /* vldr s0, [r1] */
        PE_SVC,
    };
    struct pe p = create(_i);
    p.a->x[1] = PE_DATA;
    p.a->pmevtyper[0] = 0x13;
    p.a->pmcnten = p.a->pmcr = 1;
    a64_pmu_loaded(p.a);
    run_a32(&p, code, sizeof(code), 0);
    ck_assert_uint_eq(p.a->esr[1] >> 26, A64_EC_SVC32);
    ck_assert_uint_eq(p.a->pmevcntr[0], 5);
    pe_destroy(&p);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("a32");
    TCase *c = tcase_create("a32");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, every_form_in_every_mode);
    tcase_add_loop_test(c, values_of_single_instructions, 0, 2);
    tcase_add_loop_test(c, syndromes_of_exceptions, 0, 2);
    tcase_add_loop_test(c, faults_inside_it_blocks, 0, 2);
    tcase_add_loop_test(c, svc_inside_it_blocks, 0, 2);
    tcase_add_loop_test(c, interworking, 0, 2);
    tcase_add_loop_test(c, floating_point, 0, 2);
    tcase_add_loop_test(c, hstr_el2, 0, 2);
    tcase_add_loop_test(c, it_blocks_under_itd, 0, 2);
    tcase_add_loop_test(c, itstate_restored, 0, ARRAY_LEN(restored));
    tcase_add_loop_test(c, accesses_are_counted, 0, 2);
    tcase_add_loop_test(c, cpsr_ssbs_and_dit, 0, 2);
    tcase_add_loop_test(c, vectors_of_fixed_point, 0, 2);
    suite_add_tcase(s, c);
    return s;
}
