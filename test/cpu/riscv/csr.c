/* SPDX-License-Identifier: Apache-2.0 */
/* Control and status registers: who may, what sticks, what is not there (privileged ISA 1.13). */
#include "test/cpu/riscv/fixture.h"

/* ---- WARL: what reads back after all ones, and after zero, were written in M mode ---- */
static const struct {
    uint32_t csr;
    uint64_t ones, zero;
} warl[] = {
    /* FS dirty -> SD; MPP 3; no big-endian bits; UXL = SXL = 2 read-only; VS, XS 0 */
    { RV_MSTATUS, 0x8000000a007e79aaull, 0x0000000a00000000ull },
    { RV_SSTATUS, 0x80000002000c6122ull, 0x0000000200000000ull },
    { RV_MEDELEG, 0xb3ff, 0 },
    { RV_MIDELEG, 0x2222, 0 },
    { RV_MIE, 0x2aaa, 0 },
    { RV_MSCRATCH, ~0ull, 0 },
    { RV_SSCRATCH, ~0ull, 0 },
    { RV_MEPC, ~1ull, 0 },
    { RV_SEPC, ~1ull, 0 },
    { RV_MTVAL, ~0ull, 0 },
    { RV_MENVCFG, 0xe0000000000000f1ull, 0 }, /* STCE PBMTE ADUE CBZE CBCFE CBIE FIOM */
    { RV_SENVCFG, 0xf1, 0 },
    { RV_FCSR, 0xff, 0 },
    { RV_FRM, 7, 0 },
    { RV_FFLAGS, 0x1f, 0 },
    { RV_MCOUNTEREN, 0x7ffff, 0 }, /* CY TM IR and 16 programmable */
    { RV_SCOUNTEREN, 0x7ffff, 0 },
    { RV_MCOUNTINHIBIT, 0x7fffd, 0 },
    { RV_MHPMEVENT3, 0xf0000000ffffffffull, 0 },
    { RV_PMPADDR0, 0x003fffffffffffffull, 0 },
    { RV_TSELECT, 3, 0 },
    { RV_TDATA3, 0, 0 },
    { RV_STIMECMP, ~0ull, 0 },
    { RV_MISA, 0x800000000014112full, 0x800000000014112full }, /* RV64 ABCDFIMSU */
};

START_TEST(legal_values_stick)
{
    struct hart h = hart_create("rv64");
    set_csr(h.rv, RV_MSTATUS, F_PUT(0ull, RV_MSTATUS_FS, RV_FS_INITIAL));
    csr_put(h.rv, warl[_i].csr, ~0ull);
    ck_assert_msg(csr(h.rv, warl[_i].csr) == warl[_i].ones, "CSR 0x%03x: %016llx, not %016llx",
                  warl[_i].csr, (unsigned long long)csr(h.rv, warl[_i].csr),
                  (unsigned long long)warl[_i].ones);
    csr_put(h.rv, warl[_i].csr, 0);
    if (warl[_i].csr != RV_FCSR && warl[_i].csr != RV_FRM && warl[_i].csr != RV_FFLAGS)
        set_csr(h.rv, RV_MSTATUS, 0);
    ck_assert_msg(csr(h.rv, warl[_i].csr) == warl[_i].zero, "CSR 0x%03x: %016llx, not %016llx",
                  warl[_i].csr, (unsigned long long)csr(h.rv, warl[_i].csr),
                  (unsigned long long)warl[_i].zero);
    hart_destroy(&h);
}
END_TEST

START_TEST(reserved_values_are_not_taken)
{
    struct hart h = hart_create("rv64");
    set_csr(h.rv, RV_MSTATUS, F_PUT(0ull, RV_MSTATUS_MPP, RV_S));
    set_csr(h.rv, RV_MSTATUS, F_PUT(0ull, RV_MSTATUS_MPP, 2));
    ck_assert_uint_eq(F_GET(csr(h.rv, RV_MSTATUS), RV_MSTATUS_MPP), RV_S);
    set_csr(h.rv, RV_MTVEC, 0x80000001);
    set_csr(h.rv, RV_MTVEC, 0x90000003); /* mode 3 is reserved: base taken, mode kept */
    ck_assert_uint_eq(csr(h.rv, RV_MTVEC), 0x90000001);
    set_csr(h.rv, RV_MENVCFG, F_PUT(0ull, RV_ENVCFG_CBIE, 3));
    set_csr(h.rv, RV_MENVCFG, F_PUT(0ull, RV_ENVCFG_CBIE, 2));
    ck_assert_uint_eq(F_GET(csr(h.rv, RV_MENVCFG), RV_ENVCFG_CBIE), 3);
    hart_destroy(&h);
}
END_TEST

/* satp: an unsupported MODE makes the write have no effect. */
START_TEST(satp_modes)
{
    static const struct {
        const char *cpu;
        uint64_t mode;
        bool taken;
    } rows[] = {
        { "rv64", 8, true },          { "rv64", 9, true },        { "rv64", 10, true },
        { "rv64", 11, false },        { "rv64", 1, false },       { "rv64,sv57=off", 10, false },
        { "rv64,sv57=off", 9, true }, { "sifive-u54", 9, false }, { "sifive-u54", 8, true },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct hart h = hart_create(rows[i].cpu);
        set_csr(h.rv, RV_SATP, rows[i].mode << 60 | 0x12345);
        ck_assert_msg(csr(h.rv, RV_SATP) == (rows[i].taken ? rows[i].mode << 60 | 0x12345 : 0),
                      "%s, mode %u", rows[i].cpu, (unsigned)rows[i].mode);
        hart_destroy(&h);
    }
    struct hart h = hart_create("rv64"); /* ASIDLEN 16; the U54 has none */
    set_csr(h.rv, RV_SATP, 8ull << 60 | 0xffffull << 44);
    ck_assert_uint_eq(F_GET(csr(h.rv, RV_SATP), RV_SATP_ASID), 0xffff);
    hart_destroy(&h);
    h = hart_create("sifive-u54");
    set_csr(h.rv, RV_SATP, 8ull << 60 | 0xffffull << 44);
    ck_assert_uint_eq(F_GET(csr(h.rv, RV_SATP), RV_SATP_ASID), 0);
    hart_destroy(&h);
}
END_TEST

/* ---- who may: U, S, M; reading and writing; counters and timer closed below M ---- */
static const struct {
    uint32_t csr;
    uint8_t read, write;
} rights[] = {
    /* bit p: privilege p may */
    { RV_MSTATUS, 0x8, 0x8 },   { RV_MEPC, 0x8, 0x8 },     { RV_PMPCFG0, 0x8, 0x8 },
    { RV_MHARTID, 0x8, 0 },     { RV_SSTATUS, 0xa, 0xa },  { RV_SATP, 0xa, 0xa },
    { RV_STVEC, 0xa, 0xa },     { RV_SIP, 0xa, 0xa },      { RV_FCSR, 0xb, 0xb },
    { RV_CYCLE, 0x8, 0 },       { RV_TIME, 0x8, 0 },       { RV_INSTRET, 0x8, 0 },
    { RV_HPMCOUNTER3, 0x8, 0 }, { RV_STIMECMP, 0x8, 0x8 }, { RV_SCOUNTOVF, 0xa, 0 },
    { RV_MCYCLE, 0x8, 0x8 },    { RV_TDATA1, 0x8, 0x8 },   { RV_MSECCFG, 0x8, 0x8 },
};

START_TEST(privilege_matrix)
{
    static const uint64_t privs[] = { RV_U, RV_S, RV_M };
    struct hart h = hart_create("rv64");
    set_csr(h.rv, RV_MSTATUS, F_PUT(0ull, RV_MSTATUS_FS, RV_FS_INITIAL));
    for (size_t p = 0; p < ARRAY_LEN(privs); p++) {
        uint32_t index;
        rv_set_priv(h.rv, privs[p]);
        const struct rv_csr *c = rv_csr_find(h.rv->config, rights[_i].csr, &index);
        ck_assert_ptr_nonnull(c);
        ck_assert_msg(rv_csr_may(h.rv, c, index, false) == (rights[_i].read >> privs[p] & 1),
                      "read of %s at %u", c->name, (unsigned)privs[p]);
        ck_assert_msg(rv_csr_may(h.rv, c, index, true) == (rights[_i].write >> privs[p] & 1),
                      "write of %s at %u", c->name, (unsigned)privs[p]);
    }
    hart_destroy(&h);
}
END_TEST

/* mcounteren opens a counter to S, scounteren too to U; stimecmp needs TM and STCE; TVM closes
 * satp. */
START_TEST(gates_of_lower_privilege)
{
    struct hart h = hart_create("rv64");
    uint64_t v;
    set_csr(h.rv, RV_MCOUNTEREN, 7);
    rv_set_priv(h.rv, RV_S);
    ck_assert(csr_get(h.rv, RV_CYCLE, &v) && csr_get(h.rv, RV_TIME, &v) &&
              !csr_get(h.rv, RV_HPMCOUNTER3, &v));
    ck_assert(!csr_get(h.rv, RV_STIMECMP, &v));
    set_csr(h.rv, RV_SCOUNTEREN, 2);
    rv_set_priv(h.rv, RV_U);
    ck_assert(!csr_get(h.rv, RV_CYCLE, &v) && csr_get(h.rv, RV_TIME, &v));
    rv_set_priv(h.rv, RV_M);
    set_csr(h.rv, RV_MENVCFG, F_MASK(RV_ENVCFG_STCE));
    rv_set_priv(h.rv, RV_S);
    ck_assert(csr_get(h.rv, RV_STIMECMP, &v) && csr_get(h.rv, RV_SATP, &v));
    rv_set_priv(h.rv, RV_M);
    set_csr(h.rv, RV_MSTATUS, F_MASK(RV_MSTATUS_TVM));
    rv_set_priv(h.rv, RV_S);
    ck_assert(!csr_get(h.rv, RV_SATP, &v) && !csr_put(h.rv, RV_SATP, 0));
    rv_set_priv(h.rv, RV_M);
    ck_assert(csr_get(h.rv, RV_SATP, &v));
    hart_destroy(&h);
}
END_TEST

START_TEST(fp_registers_need_fs)
{
    struct hart h = hart_create("rv64");
    uint64_t v;
    ck_assert(!csr_get(h.rv, RV_FCSR, &v) && !csr_put(h.rv, RV_FRM, 1));
    set_csr(h.rv, RV_MSTATUS, F_PUT(0ull, RV_MSTATUS_FS, RV_FS_CLEAN));
    set_csr(h.rv, RV_FCSR, 0xff);
    ck_assert_uint_eq(csr(h.rv, RV_FRM), 7);
    ck_assert_uint_eq(csr(h.rv, RV_FFLAGS), 0x1f);
    ck_assert_uint_eq(F_GET(csr(h.rv, RV_MSTATUS), RV_MSTATUS_FS), RV_FS_DIRTY);
    set_csr(h.rv, RV_FFLAGS, 0);
    ck_assert_uint_eq(csr(h.rv, RV_FCSR), 7 << 5);
    hart_destroy(&h);
}
END_TEST

/* ---- what firmware probes by trap: these must be illegal ---- */
static const struct {
    const char *cpu;
    uint32_t csr;
} absent[] = {
    { "rv64", 0x3c0 }, /* pmpaddr16 with 16 entries */
    { "rv64", 0x3a1 }, /* odd pmpcfg on RV64 */
    { "rv64", 0x3a4 }, /* pmpcfg4 */
    { "rv64", 0x600 },
    { "rv64", 0x680 },
    { "rv64", 0x280 }, /* hypervisor */
    { "rv64", 0xfb0 },
    { "rv64", 0xdb0 },
    { "rv64", 0x35c }, /* mtopi, stopi, mtopei */
    { "rv64", 0x30c },
    { "rv64", 0x10c }, /* mstateen0, sstateen0 */
    { "rv64", 0x321 },
    { "rv64", 0x350 },
    { "rv64", 0x150 }, /* mcyclecfg, miselect, siselect */
    { "rv64", 0x740 },
    { "rv64", 0x744 },
    { "rv64", 0x015 }, /* mnscratch, mnstatus, seed */
    { "rv64", 0x7a8 },
    { "rv64", 0x5a8 },
    { "rv64", 0x008 }, /* mcontext, scontext, vstart */
    { "rv64", 0xc80 },
    { "rv64", 0x31a }, /* RV32 high halves */
    { "rv64", 0x34a },
    { "rv64", 0x34b }, /* mtinst, mtval2 come with H */
    { "rv64,sstc=off", RV_STIMECMP },
    { "rv64,sscofpmf=off", RV_SCOUNTOVF },
    { "rv64,zicntr=off", RV_TIME },
    { "rv64,sdtrig=off", RV_TSELECT },
    { "rv64,pmp=off", RV_PMPCFG0 },
    { "rv64,smepmp=off", RV_MSECCFG },
    { "rv64,f=off,d=off,zfa=off", RV_FCSR },
    { "sifive-u54", RV_STIMECMP },
};

START_TEST(absent_registers)
{
    struct hart h = hart_create(absent[_i].cpu);
    uint64_t v;
    ck_assert_msg(!csr_get(h.rv, absent[_i].csr, &v), "%s has 0x%03x", absent[_i].cpu,
                  absent[_i].csr);
    hart_destroy(&h);
}
END_TEST

START_TEST(rows_are_sorted)
{
    for (uint32_t i = 1; i < rv_n_csrs; i++)
        ck_assert_msg(rv_csrs[i - 1].number < rv_csrs[i].number, "%s", rv_csrs[i].name);
}
END_TEST

/* ---- interrupts through the CSRs ---- */
START_TEST(sip_and_sie_are_views)
{
    struct hart h = hart_create("rv64");
    set_csr(h.rv, RV_MIDELEG, 0x222);
    set_csr(h.rv, RV_MIE, 0xaaa);
    ck_assert_uint_eq(csr(h.rv, RV_SIE), 0x222);
    set_csr(h.rv, RV_SIE, 0);
    ck_assert_uint_eq(csr(h.rv, RV_MIE), 0x888);
    set_csr(h.rv, RV_MIP, ~0ull); /* SSIP, STIP, SEIP and LCOFIP are writable */
    ck_assert_uint_eq(csr(h.rv, RV_MIP), 0x2222);
    set_csr(h.rv, RV_SIP, 0); /* only SSIP (LCOFIP is not delegated) */
    ck_assert_uint_eq(csr(h.rv, RV_MIP), 0x2220);
    rv_cpu_set_irq(&h.rv->cpu, RV_IRQ_MEI, true);
    rv_cpu_set_irq(&h.rv->cpu, RV_IRQ_MTI, true);
    set_csr(h.rv, RV_MIP, 0); /* lines are not writable */
    ck_assert_uint_eq(csr(h.rv, RV_MIP), 0x880);
    set_csr(h.rv, RV_MIDELEG, 0);
    ck_assert_uint_eq(csr(h.rv, RV_SIP), 0);
    hart_destroy(&h);
}
END_TEST

/* SEIP = line or software; a set-bits write must not make the line's level stick. */
START_TEST(external_line_does_not_stick)
{
    struct hart h = hart_create("rv64");
    uint32_t index;
    const struct rv_csr *mip = rv_csr_find(h.rv->config, RV_MIP, &index);
    rv_cpu_set_irq(&h.rv->cpu, RV_IRQ_SEI, true);
    ck_assert_uint_eq(csr(h.rv, RV_MIP), 0x200);
    rv_csr_write(h.rv, mip, index, mip->modify(h.rv, index) | 2);
    rv_cpu_set_irq(&h.rv->cpu, RV_IRQ_SEI, false);
    ck_assert_uint_eq(csr(h.rv, RV_MIP), 2);
    hart_destroy(&h);
}
END_TEST

/* Sstc: with STCE, STIP is the comparison and not writable. */
START_TEST(stimecmp_drives_stip)
{
    struct hart h = hart_create("rv64");
    set_csr(h.rv, RV_MIP, 0x20);
    ck_assert_uint_eq(csr(h.rv, RV_MIP), 0x20);
    set_csr(h.rv, RV_MENVCFG, F_MASK(RV_ENVCFG_STCE));
    ck_assert_uint_eq(csr(h.rv, RV_MIP), 0); /* stimecmp is at its maximum */
    set_csr(h.rv, RV_STIMECMP, 0);
    ck_assert_uint_eq(csr(h.rv, RV_MIP), 0x20);
    set_csr(h.rv, RV_MIP, 0);
    ck_assert_uint_eq(csr(h.rv, RV_MIP), 0x20);
    set_csr(h.rv, RV_STIMECMP, 10); /* 10 MHz: due after 1 us */
    ck_assert_uint_eq(csr(h.rv, RV_MIP), 0);
    ev_run(h.machine->queue, PS_PER_US - 1);
    ck_assert_uint_eq(csr(h.rv, RV_MIP), 0);
    ev_run(h.machine->queue, PS_PER_US);
    ck_assert_uint_eq(csr(h.rv, RV_MIP), 0x20);
    hart_destroy(&h);
}
END_TEST

/* A time base that its owner sets (ACLINT: mtime is writable): STIP follows both ways. */
static uint64_t base;
static uint64_t based_read(void *arg, ps_t now)
{
    (void)arg;
    return now / (PS_PER_US / 10) + base;
}
static ps_t based_when(void *arg, uint64_t ticks)
{
    (void)arg;
    return (ticks - base) * (PS_PER_US / 10);
}
START_TEST(stimecmp_follows_a_jump_of_time)
{
    static const struct rv_time_ops ops = { based_read, based_when, NULL };
    struct hart h = hart_create("rv64");

    rv_cpu_set_time(h.rv, &ops);
    base = 100;
    set_csr(h.rv, RV_MENVCFG, F_MASK(RV_ENVCFG_STCE));
    set_csr(h.rv, RV_STIMECMP, 1000);
    ck_assert_uint_eq(csr(h.rv, RV_MIP), 0);
    base = 5000;
    rv_cpu_time_jumped(h.rv);
    ck_assert_uint_eq(csr(h.rv, RV_MIP), 0x20);
    base = 990;
    rv_cpu_time_jumped(h.rv);
    ck_assert_uint_eq(csr(h.rv, RV_MIP), 0);
    ev_run(h.machine->queue, PS_PER_US - 1);
    ck_assert_uint_eq(csr(h.rv, RV_MIP), 0);
    ev_run(h.machine->queue, PS_PER_US);
    ck_assert_uint_eq(csr(h.rv, RV_MIP), 0x20);
    hart_destroy(&h);
}
END_TEST

/* ---- PMP: locks, reserved combinations, Smepmp ---- */
START_TEST(pmp_locks)
{
    struct hart h = hart_create("rv64,smepmp=off");
    set_csr(h.rv, RV_PMPADDR0, 0x1000);
    set_csr(h.rv, RV_PMPCFG0,
            0x8f0f02ull); /* entry 0: W without R is reserved; 2: locked TOR RWX */
    ck_assert_uint_eq(csr(h.rv, RV_PMPCFG0), 0x8f0f00);
    set_csr(h.rv, RV_PMPADDR0 + 1, 7); /* bottom of a locked TOR: locked with it */
    set_csr(h.rv, RV_PMPADDR0 + 2, 7);
    set_csr(h.rv, RV_PMPADDR0, 7);
    ck_assert_uint_eq(csr(h.rv, RV_PMPADDR0 + 1), 0);
    ck_assert_uint_eq(csr(h.rv, RV_PMPADDR0 + 2), 0);
    ck_assert_uint_eq(csr(h.rv, RV_PMPADDR0), 7);
    set_csr(h.rv, RV_PMPCFG0, 0);
    ck_assert_uint_eq(csr(h.rv, RV_PMPCFG0), 0x8f0000);
    hart_destroy(&h);
}
END_TEST

START_TEST(mseccfg_is_sticky)
{
    struct hart h = hart_create("rv64");
    set_csr(h.rv, RV_MSECCFG, 4);
    ck_assert_uint_eq(csr(h.rv, RV_MSECCFG), 4);
    set_csr(h.rv, RV_PMPCFG0, 0x89); /* locked, but RLB lets it change */
    set_csr(h.rv, RV_PMPCFG0, 0x99);
    ck_assert_uint_eq(csr(h.rv, RV_PMPCFG0), 0x99);
    set_csr(h.rv, RV_MSECCFG, 3); /* MML, MMWP on, RLB off: cannot come back */
    set_csr(h.rv, RV_MSECCFG, 4);
    ck_assert_uint_eq(csr(h.rv, RV_MSECCFG), 3);
    set_csr(h.rv, RV_PMPCFG0 + 2, 0x9c); /* new M-only executable rule: refused under MML */
    ck_assert_uint_eq(csr(h.rv, RV_PMPCFG0 + 2), 0);
    set_csr(h.rv, RV_PMPCFG0 + 2, 0x1c); /* S/U executable: taken */
    ck_assert_uint_eq(csr(h.rv, RV_PMPCFG0 + 2), 0x1c);
    hart_destroy(&h);
}
END_TEST

START_TEST(triggers)
{
    struct hart h = hart_create("rv64");
    ck_assert_uint_eq(csr(h.rv, RV_TDATA1) >> 60, 15);
    ck_assert_uint_eq(csr(h.rv, RV_TINFO) & 0xffff, 0x8040);
    set_csr(h.rv, RV_TDATA1, 2ull << 60 | 0x7f); /* mcontrol is not offered */
    ck_assert_uint_eq(csr(h.rv, RV_TDATA1), 15ull << 60);
    set_csr(h.rv, RV_TDATA1, 6ull << 60 | 0x4f); /* mcontrol6: M, U, load, store, execute */
    ck_assert_uint_eq(csr(h.rv, RV_TDATA1), 6ull << 60 | 0x4f);
    ck_assert_uint_eq(h.rv->mode & (RV_MODE_TRIG_FETCH | RV_MODE_TRIG_DATA),
                      0); /* M with MIE = 0 */
    rv_set_priv(h.rv, RV_U);
    ck_assert_uint_eq(h.rv->mode & (RV_MODE_TRIG_FETCH | RV_MODE_TRIG_DATA),
                      RV_MODE_TRIG_FETCH | RV_MODE_TRIG_DATA);
    hart_destroy(&h);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/riscv/csr");
    TCase *t = tcase_create("csr");
    tcase_add_loop_test(t, legal_values_stick, 0, ARRAY_LEN(warl));
    tcase_add_test(t, reserved_values_are_not_taken);
    tcase_add_test(t, satp_modes);
    tcase_add_loop_test(t, privilege_matrix, 0, ARRAY_LEN(rights));
    tcase_add_test(t, gates_of_lower_privilege);
    tcase_add_test(t, fp_registers_need_fs);
    tcase_add_loop_test(t, absent_registers, 0, ARRAY_LEN(absent));
    tcase_add_test(t, rows_are_sorted);
    tcase_add_test(t, sip_and_sie_are_views);
    tcase_add_test(t, external_line_does_not_stick);
    tcase_add_test(t, stimecmp_drives_stip);
    tcase_add_test(t, stimecmp_follows_a_jump_of_time);
    tcase_add_test(t, pmp_locks);
    tcase_add_test(t, mseccfg_is_sticky);
    tcase_add_test(t, triggers);
    suite_add_tcase(s, t);
    return s;
}
