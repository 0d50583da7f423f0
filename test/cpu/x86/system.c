/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may execute what, and what is left of a system instruction that faults: SDM volume 2, CLAC, STAC, MONITOR, MWAIT,
 * SYSRET; volume 3, 7.7.1 (IRET and NMIs), 7.14.5 (IST); alignment checks, table 7-7. MSRs: volume 4; APM volume 2, appendix A.
 */
#include "core/util/bits.h"
#include "cpu/x86/translate_impl.h"
#include "test/cpu/x86/tables.h"

enum { RCX = 1, RSP = 4, RSI = 6, RDI = 7, BUFFER = 0x100000 };

/* The vector that ended one instruction; -1: none did. */
static int vector_of(struct pc *p, const uint8_t *insn, size_t n)
{
    uint8_t code[16];
    memset(code, 0x90, sizeof(code));
    memcpy(code, insn, n);
    code[14] = 0xeb, code[15] = 0xfe; /* jmp $ */
    for (unsigned v = 0; v < 32; v++)
        pc_put(p, HANDLER + 16 * v, 1, 0xf4);
    pc_run(p, CODE, code, sizeof(code), 4);
    va_t pc = p->c->cpu.pc;
    return pc >= HANDLER && pc < HANDLER + 16 * 32 ? (int)((pc - HANDLER) / 16) : -1;
}

/* At level 3: #UD, where other instructions of the system are #GP. */
static const struct {
    const char *cpu;
    uint8_t insn[3];
    int vector;
} privileged[] = {
    { "max", { 0x0f, 0x01, 0xca }, 6 },            /* CLAC */
    { "max", { 0x0f, 0x01, 0xcb }, 6 },            /* STAC */
    { "max", { 0x0f, 0x01, 0xc8 }, 6 },            /* MONITOR */
    { "max", { 0x0f, 0x01, 0xc9 }, 6 },            /* MWAIT */
    { "skylake-server", { 0x0f, 0x01, 0xc8 }, 6 },
    { "max", { 0x0f, 0x01, 0xd1 }, 6 },            /* XSETBV: CR4.OSXSAVE is 0 */
    { "max", { 0x90, 0x0f, 0x06 }, 13 },           /* CLTS */
};

START_TEST(user)
{
    struct pc p;
    pc_create(&p, privileged[_i].cpu, NULL, 0);
    enter_protected(&p, 3);
    ck_assert_int_eq(vector_of(&p, privileged[_i].insn, 3), privileged[_i].vector);
    pc_destroy(&p);
}
END_TEST

/* HWCR: 10 MonMwaitUserEn, 9 MonMwaitDis (APM volume 2, 3.2.10). */
START_TEST(monitor_of_users)
{
    static const uint8_t monitor[] = { 0x0f, 0x01, 0xc8 };
    uint32_t r[4];
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 3);
    ck_assert(x86_write_msr(p.c, 0xc0010015, 1u << 10));
    p.c->gpr[0] = BUFFER;
    ck_assert_int_eq(vector_of(&p, monitor, sizeof(monitor)), -1);
    enter_protected(&p, 0);
    ck_assert(x86_write_msr(p.c, 0xc0010015, 1u << 9));
    ck_assert_int_eq(vector_of(&p, monitor, sizeof(monitor)), 6);
    x86_cpuid(p.c, 1, 0, r);
    ck_assert_uint_eq(r[2] & 1u << 3, 0);
    pc_destroy(&p);
}
END_TEST

/* A faulting IRET unblocks NMIs all the same. */
START_TEST(iret_unblocks)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    p.c->nmi_blocked = 1;
    pc_put(&p, STACK0 + 4, 4, 0); /* CS null */
    ck_assert(!x86_iret(p.c, 4));
    ck_assert_int_eq(pc_fault(&p, NULL), X86_GP);
    ck_assert_uint_eq(p.c->nmi_blocked, 0);
    pc_destroy(&p);
}
END_TEST

/* An address that is not canonical: Intel checks it before the level changes, AMD goes there. */
START_TEST(sysret)
{
    static const char *const cpus[] = { "skylake-server", "zen4" };
    struct pc p;
    pc_create(&p, cpus[_i], NULL, 0);
    enter_long(&p, 0);
    p.c->efer |= X86_EFER_SCE;
    p.c->star = (uint64_t)DATA0 << 48;
    p.c->gpr[RCX] = 0x800000000000;
    x86_helper_sysret(&p.c->cpu, 3, 8, 0, 0);
    ck_assert_int_eq(pc_fault(&p, NULL), _i == 0 ? X86_GP : -1);
    ck_assert_uint_eq(x86_cpl(p.c), _i == 0 ? 0 : 3);
    if (_i == 1)
        ck_assert_uint_eq(p.c->cpu.pc, 0x800000000000);
    pc_destroy(&p);
}
END_TEST

/* The TSS ends before IST1: #TS with its selector and EXT, as nothing of the program's is to blame. */
START_TEST(no_ist)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_long(&p, 0);
    p.c->seg[X86_SEG_TR].limit = 0x23;
    x86_deliver_interrupt(p.c, 9);
    ck_assert_uint_eq(p.c->cpu.pc, HANDLER + 16 * 10);
    ck_assert_uint_eq(pc_get(&p, p.c->gpr[RSP], 8), LONG_TSS | 1);
    pc_destroy(&p);
}
END_TEST

/* LAR and LSL of what is not told leave their destination alone, of a 32-bit one the upper half too (SDM volume 2). */
static const struct {
    uint8_t insn[4];
    uint16_t sel;
    uint64_t rax;
} looks[] = {
    { { 0x0f, 0x02, 0xc1 }, 0, 0x1122334455667788 },          /* lar eax, ecx: null */
    { { 0x0f, 0x03, 0xc1 }, GATE64, 0x1122334455667788 },     /* lsl: a gate has no limit */
    { { 0x0f, 0x02, 0xc1 }, CODE64, 0x00af9a00 },
    { { 0x0f, 0x03, 0xc1 }, DATA0, 0xffffffff },
    { { 0x66, 0x0f, 0x02, 0xc1 }, CODE64, 0x1122334455669a00 },
    { { 0x66, 0x0f, 0x02, 0xc1 }, 0, 0x1122334455667788 },
};

START_TEST(look)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_long(&p, 0);
    p.c->gpr[0] = 0x1122334455667788;
    p.c->gpr[RCX] = looks[_i].sel;
    ck_assert_int_eq(vector_of(&p, looks[_i].insn, looks[_i].insn[0] == 0x66 ? 4 : 3), -1);
    ck_assert_uint_eq(p.c->gpr[0], looks[_i].rax);
    pc_destroy(&p);
}
END_TEST

/* VCVTPS2PH to memory, overflow unmasked: #XM, and nothing is written (SDM volume 1, 11.5.4). */
START_TEST(store_after_check)
{
    static const uint8_t code[] = { 0xc4, 0xe3, 0x79, 0x1d, 0x06, 0x00 };
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    p.c->cr4 |= X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT | X86_CR4_OSXSAVE;
    p.c->xcr0[0] = 7;
    x86_set_mxcsr(p.c, 0x1f80 & ~(1u << 10));
    p.c->gpr[RSI] = BUFFER;
    for (unsigned i = 0; i < 4; i++)
        p.c->v[0][0].w[i] = 0x7149f2ca; /* 1e30 */
    ck_assert_int_eq(vector_of(&p, code, sizeof(code)), 19);
    ck_assert_uint_eq(pc_get(&p, BUFFER, 8), 0);
    pc_destroy(&p);
}
END_TEST

/* FWAIT with an error pending and CR0.NE = 0 waits for an interrupt; its own trap, or a shadow, is no reason to wait for ever. */
static unsigned ferrs;
static void ferr(void *arg, bool on)
{
    (void)arg;
    ferrs += on;
}
static bool ignne(void *arg)
{
    (void)arg;
    return false;
}

START_TEST(wait_is_over)
{
    static const uint8_t code[] = { 0x9b, 0xf4 };
    struct exec_limits limits = { .time = PS_NEVER };
    struct cpu *cpu;
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    p.c->wiring.ferr = ferr;
    p.c->wiring.ignne = ignne;
    p.c->fcw = 0x37e;
    p.c->fsw = 0x8081;
    p.vector = 0x30;
    ferrs = 0;
    pc_put(&p, HANDLER + 16, 1, 0xf4);
    pc_put(&p, HANDLER + 16 * 0x30, 1, 0xf4);
    memcpy(pc_at(&p, CODE), code, sizeof(code));
    mem_ram_written(p.ram, CODE, sizeof(code));
    if (_i == 0) {
        x86_set_rflags(p.c, 2 | X86_TF);
    } else {
        x86_set_rflags(p.c, 2 | X86_IF);
        p.c->shadow = X86_SHADOW_STI;
        x86_cpu_set_input(p.c, X86_INTR, true);
    }
    x86_update_mode(p.c);
    limits.insns = cpu_insns(&p.c->cpu) + 10;
    (void)exec_run(p.exec, &limits, &cpu);
    ck_assert_uint_eq(ferrs, 1);
    ck_assert_uint_eq(p.c->cpu.pc, HANDLER + 16 * (_i == 0 ? 1 : 0x30) + 1);
    ck_assert_uint_eq(pc_get(&p, p.c->gpr[RSP], 4), CODE + (_i == 0)); /* the interrupt: before FWAIT, which begins anew */
    pc_destroy(&p);
}
END_TEST

/* ---- alignment ---- */
static const struct {
    uint8_t insn[6];
    uint8_t n;
    int vector;
} alignment[] = {
    { { 0x8b, 0x06 }, 2, 17 },                   /* mov eax, [esi] */
    { { 0xa5 }, 1, 17 },                         /* movsd */
    { { 0xf3, 0xa5 }, 2, 17 },                   /* rep movsd */
    { { 0xf3, 0xab }, 2, 17 },                   /* rep stosd */
    { { 0xf3, 0xa7 }, 2, 17 },                   /* repe cmpsd */
    { { 0xf3, 0xa4 }, 2, -1 },                   /* rep movsb */
    { { 0x6d }, 1, 17 },                         /* insd: before the port is read */
    { { 0x0f, 0xb1, 0x06 }, 3, 17 },             /* cmpxchg [esi], eax */
    { { 0x0f, 0xab, 0x06 }, 3, 17 },             /* bts [esi], eax */
    { { 0xf0, 0x11, 0x06 }, 3, 17 },             /* lock adc [esi], eax */
    { { 0xf0, 0x01, 0x06 }, 3, 17 },             /* lock add [esi], eax */
    { { 0x60 }, 1, 17 },                         /* pushad */
    { { 0x61 }, 1, 17 },                         /* popad */
    { { 0xc8, 0x00, 0x00, 0x00 }, 4, 17 },       /* enter 0, 0 */
    { { 0x0f, 0x01, 0x06 }, 3, 17 },             /* sgdt [esi] */
    { { 0x0f, 0x01, 0x46, 0x01 }, 4, -1 },       /* sgdt [esi + 1]: then its base is aligned */
    { { 0xdd, 0x76, 0x03 }, 3, -1 },             /* fnsave [esi + 3]: registers are not what is checked */
    { { 0xd9, 0x76, 0x01 }, 3, 17 },             /* fnstenv [esi + 1] */
};

START_TEST(aligned)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 3);
    p.c->cr0 |= X86_CR0_AM;
    x86_set_rflags(p.c, 2 | X86_AC | X86_IOPL);
    p.c->gpr[0] = 0;
    p.c->gpr[RCX] = 2;
    p.c->gpr[RSP] = BUFFER + 0x2002;
    p.c->gpr[RSI] = BUFFER + 1;
    p.c->gpr[RDI] = BUFFER + 0x1001;
    x86_update_mode(p.c);
    ck_assert_int_eq(vector_of(&p, alignment[_i].insn, alignment[_i].n), alignment[_i].vector);
    pc_destroy(&p);
}
END_TEST

/* ---- MSRs ---- */
static const struct {
    const char *cpu;
    uint32_t msr;
    uint64_t value;
    bool good;
} writes[] = {
    { "skylake-server", 0x48, 7, true },           { "skylake-server", 0x48, 8, false },      /* IA32_SPEC_CTRL */
    { "zen4", 0x48, 7, true },                     { "zen4", 0x48, 1u << 10, false },
    { "skylake-server", 0x2ff, 0xc06, true },      { "skylake-server", 0x2ff, 0xc02, false }, /* IA32_MTRR_DEF_TYPE: no such type */
    { "skylake-server", 0x2ff, 0x1000, false },    { "skylake-server", 0x402, 0, true },      /* IA32_MC0_ADDR */
    { "skylake-server", 0x402, 1, true },          { "skylake-server", 0x401, 1, false },     /* IA32_MC0_STATUS */
    { "skylake-server", 0x140, 1, true },          { "skylake-server", 0x140, 2, false },     /* MSR_MISC_FEATURES_ENABLES */
    { "zen4", 0x140, 0, false },
    { "skylake-server", 0x1d9, 0x1803, true },     { "skylake-server", 0x1d9, 0x40, false },  /* IA32_DEBUGCTL: no TR */
    { "skylake-server", 0x1c8, 0x3ff, true },      { "skylake-server", 0x1c8, 0x400, false }, /* MSR_LBR_SELECT */
    { "skylake-server", 0x1c9, 31, true },         { "skylake-server", 0x1c9, 32, false },    /* MSR_LASTBRANCH_TOS */
    { "skylake-server", 0x69f, 0xffff800000000000, true },                                    /* the last entry: canonical */
    { "skylake-server", 0x69f, 0x800000000000, false }, { "skylake-server", 0x6a0, 0, false },
    { "skylake-server", 0x1db, 0, false },         { "zen4", 0x1db, 0, false },               /* the processor's */
    /* Branches that are not recorded cannot be asked for */
    { "sapphire-rapids", 0x1d9, 0x1002, true },    { "sapphire-rapids", 0x1d9, 1, false },
    { "sapphire-rapids", 0x1d9, 0x800, false },    { "sapphire-rapids", 0x680, 0, false },
    { "zen4", 0x1d9, 0x3f, true },                 { "zen4", 0x1d9, 0x40, false },
    { "zen4", 0x1c8, 0, false },
};

START_TEST(msr_writes)
{
    struct pc p;
    pc_create(&p, writes[_i].cpu, NULL, 0);
    ck_assert_int_eq(x86_write_msr(p.c, writes[_i].msr, writes[_i].value), writes[_i].good);
    pc_destroy(&p);
}
END_TEST

/* CPUID faulting (volume 4, MSR_PLATFORM_INFO bit 31): above level 0. */
START_TEST(cpuid_faults)
{
    static const uint8_t cpuid[] = { 0x0f, 0xa2 };
    struct pc p;
    pc_create(&p, "skylake-server", NULL, 0);
    for (unsigned on = 0; on < 2; on++)
        for (unsigned cpl = 0; cpl <= 3; cpl += 3) {
            enter_protected(&p, cpl);
            ck_assert(x86_write_msr(p.c, 0x140, on));
            ck_assert_int_eq(vector_of(&p, cpuid, sizeof(cpuid)), on && cpl == 3 ? 13 : -1);
        }
    pc_destroy(&p);
}
END_TEST

/* IA32_MPERF and IA32_APERF are numbers of their own, each. */
START_TEST(perf_clocks)
{
    uint64_t m, a;
    struct pc p;
    pc_create(&p, "zen4", NULL, 0);
    ck_assert(x86_write_msr(p.c, 0xe7, 1000000));
    ck_assert(x86_write_msr(p.c, 0xe8, 0));
    ck_assert(x86_read_msr(p.c, 0xe7, &m) && x86_read_msr(p.c, 0xe8, &a));
    ck_assert_uint_eq(m, 1000000);
    ck_assert_uint_eq(a, 0);
    ck_assert(x86_write_msr(p.c, 0x10, 5000)); /* the TSC is another one */
    ck_assert(x86_read_msr(p.c, 0xe7, &m));
    ck_assert_uint_eq(m, 1000000);
    pc_destroy(&p);
}
END_TEST

/* IA32_TSC_DEADLINE is a number of the TSC: when that moves, so does the moment. */
static uint64_t deadline, armed;
static bool read_apic(void *arg, uint32_t msr, uint64_t *v)
{
    (void)arg;
    *v = deadline;
    return msr == 0x6e0;
}
static bool write_apic(void *arg, uint32_t msr, uint64_t v)
{
    (void)arg;
    armed += msr == 0x6e0 && v == deadline;
    return true;
}

START_TEST(moved_deadline)
{
    static const uint32_t msrs[] = { 0x10, 0x3b };
    static const struct x86_apic_ops ops = { .read_msr = read_apic, .write_msr = write_apic };
    struct pc p;
    pc_create(&p, "skylake-server", NULL, 0);
    x86_cpu_set_apic(p.c, &ops);
    deadline = armed = 0;
    ck_assert(x86_write_msr(p.c, msrs[_i], 1u << 20));
    ck_assert_uint_eq(armed, 0);
    deadline = 1u << 30;
    ck_assert(x86_write_msr(p.c, msrs[_i], 1u << 21));
    ck_assert_uint_eq(armed, 1);
    pc_destroy(&p);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("x86 system instructions");
    TCase *t = tcase_create("system");
    tcase_add_loop_test(t, user, 0, (int)ARRAY_LEN(privileged));
    tcase_add_test(t, monitor_of_users);
    tcase_add_test(t, iret_unblocks);
    tcase_add_loop_test(t, sysret, 0, 2);
    tcase_add_test(t, no_ist);
    tcase_add_loop_test(t, look, 0, (int)ARRAY_LEN(looks));
    tcase_add_test(t, store_after_check);
    tcase_add_loop_test(t, wait_is_over, 0, 2);
    tcase_add_loop_test(t, aligned, 0, (int)ARRAY_LEN(alignment));
    tcase_add_loop_test(t, msr_writes, 0, (int)ARRAY_LEN(writes));
    tcase_add_test(t, cpuid_faults);
    tcase_add_test(t, perf_clocks);
    tcase_add_loop_test(t, moved_deadline, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
