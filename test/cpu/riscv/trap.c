/* SPDX-License-Identifier: Apache-2.0 */
/* Trap entry, delegation, vectors, interrupt priority: privileged ISA 1.13, machine and supervisor
 * level. */
#include "test/cpu/riscv/fixture.h"
#include "test/device_generic.h"

#define PC 0x80001234ull

static void trap(struct rv_cpu *rv, uint64_t cause, uint64_t tval)
{
    rv->cpu.pc = PC;
    rv_raise(rv, cause, tval);
    rv_take_exception(&rv->cpu);
}

/* An exception goes to S if it is delegated and did not come from M. */
static const struct {
    uint64_t from, cause, medeleg, to;
} entries[] = {
    { RV_U, RV_CAUSE_ECALL_U, 0, RV_M },
    { RV_U, RV_CAUSE_ECALL_U, 1 << 8, RV_S },
    { RV_S, RV_CAUSE_LOAD_PAGE, 1 << 13, RV_S },
    { RV_S, RV_CAUSE_LOAD_PAGE, 0xb3ff & ~(1 << 13), RV_M },
    { RV_M, RV_CAUSE_LOAD_PAGE, 1 << 13, RV_M },
    { RV_S, RV_CAUSE_ECALL_S, 1 << 9, RV_S },
    { RV_M, RV_CAUSE_ECALL_M, 0xb3ff, RV_M },
};

START_TEST(exception_entry)
{
    struct hart h = hart_create("rv64");
    struct rv_cpu *rv = h.rv;
    set_csr(rv, RV_MEDELEG, entries[_i].medeleg);
    set_csr(rv, RV_MTVEC, 0x1001); /* vectored: exceptions go to the base all the same */
    set_csr(rv, RV_STVEC, 0x2001);
    set_csr(rv, RV_MSTATUS, F_MASK(RV_MSTATUS_MIE) | F_MASK(RV_MSTATUS_SIE));
    rv_set_priv(rv, entries[_i].from);
    trap(rv, entries[_i].cause, 0xabc);
    ck_assert_uint_eq(rv->priv, entries[_i].to);
    bool to_s = entries[_i].to == RV_S;
    ck_assert_uint_eq(rv->cpu.pc, to_s ? 0x2000 : 0x1000);
    ck_assert_uint_eq(to_s ? rv->sepc : rv->mepc, PC);
    ck_assert_uint_eq(to_s ? rv->scause : rv->mcause, entries[_i].cause);
    ck_assert_uint_eq(to_s ? rv->stval : rv->mtval, 0xabc);
    if (to_s) {
        ck_assert_uint_eq(F_GET(rv->mstatus, RV_MSTATUS_SPP), entries[_i].from);
        ck_assert_uint_eq(F_GET(rv->mstatus, RV_MSTATUS_SPIE), 1);
        ck_assert_uint_eq(F_GET(rv->mstatus, RV_MSTATUS_SIE), 0);
        ck_assert_uint_eq(F_GET(rv->mstatus, RV_MSTATUS_MIE), 1);
    } else {
        ck_assert_uint_eq(F_GET(rv->mstatus, RV_MSTATUS_MPP), entries[_i].from);
        ck_assert_uint_eq(F_GET(rv->mstatus, RV_MSTATUS_MPIE), 1);
        ck_assert_uint_eq(F_GET(rv->mstatus, RV_MSTATUS_MIE), 0);
        ck_assert_uint_eq(F_GET(rv->mstatus, RV_MSTATUS_SIE), 1);
    }
    hart_destroy(&h);
}
END_TEST

/* Order MEI MSI MTI SEI SSI STI LCOFI; M's interrupts before any of S. */
static const struct {
    uint64_t pending, mideleg, priv;
    bool mie, sie;
    int taken;
} choices[] = {
    { 0xaaa, 0, RV_M, true, false, RV_IRQ_MEI },
    { 0x2aa, 0, RV_M, true, false, RV_IRQ_MSI },
    { 0x2a2, 0, RV_M, true, false, RV_IRQ_MTI },
    { 0x222, 0, RV_M, true, false, RV_IRQ_SEI },
    { 0x022, 0, RV_M, true, false, RV_IRQ_SSI },
    { 0x2020, 0, RV_M, true, false, RV_IRQ_STI },
    { 0x2000, 0, RV_M, true, false, RV_IRQ_LCOFI },
    { 0xaaa, 0, RV_M, false, false, -1 },   /* MIE off */
    { 0x222, 0x222, RV_M, true, true, -1 }, /* delegated ones never reach M */
    { 0x2a2, 0x222, RV_M, true, true, RV_IRQ_MTI },
    { 0x222, 0x222, RV_S, false, false, -1 }, /* SIE off in S */
    { 0x222, 0x222, RV_S, false, true, RV_IRQ_SEI },
    { 0x022, 0x222, RV_S, false, true, RV_IRQ_SSI },
    { 0x222, 0x222, RV_U, false, false, RV_IRQ_SEI }, /* lower privilege: always enabled */
    { 0x0a0, 0x222, RV_S, false, false, RV_IRQ_MTI }, /* M's, below M: always enabled */
    { 0x0a0, 0x222, RV_S, false, true, RV_IRQ_MTI },
};

START_TEST(interrupt_choice)
{
    struct hart h = hart_create("rv64");
    struct rv_cpu *rv = h.rv;
    rv->mip_line = choices[_i].pending;
    rv->mie = 0x2aaa;
    rv->mideleg = choices[_i].mideleg;
    rv->priv = choices[_i].priv;
    rv->mstatus = F_PUT(rv->mstatus, RV_MSTATUS_MIE, choices[_i].mie);
    rv->mstatus = F_PUT(rv->mstatus, RV_MSTATUS_SIE, choices[_i].sie);
    ck_assert_int_eq(rv_pending_interrupt(rv), choices[_i].taken);
    ck_assert(rv_has_work(&rv->cpu)); /* WFI ends whatever mstatus says */
    rv->mie = 0;
    ck_assert_int_eq(rv_pending_interrupt(rv), -1);
    ck_assert(!rv_has_work(&rv->cpu));
    hart_destroy(&h);
}
END_TEST

START_TEST(interrupt_vectors)
{
    struct hart h = hart_create("rv64");
    struct rv_cpu *rv = h.rv;
    rv->cpu.pc = PC;
    set_csr(rv, RV_MTVEC, 0x1001);
    set_csr(rv, RV_STVEC, 0x2000);
    set_csr(rv, RV_MIDELEG, 0x222);
    set_csr(rv, RV_MIE, 0xaaa);
    rv_set_priv(rv, RV_S);
    rv_cpu_set_irq(&rv->cpu, RV_IRQ_MTI, true);
    ck_assert(rv_take_interrupt(&rv->cpu));
    ck_assert_uint_eq(rv->cpu.pc, 0x1000 + 4 * RV_IRQ_MTI);
    ck_assert_uint_eq(rv->mcause, RV_CAUSE_INTERRUPT | RV_IRQ_MTI);
    ck_assert_uint_eq(rv->mepc, PC);
    ck_assert_uint_eq(rv->mtval, 0);
    ck_assert(!rv_take_interrupt(&rv->cpu)); /* now in M with MIE off */
    rv_cpu_set_irq(&rv->cpu, RV_IRQ_MTI, false);
    rv_set_priv(rv, RV_U);
    rv_cpu_set_irq(&rv->cpu, RV_IRQ_SEI, true);
    ck_assert(rv_take_interrupt(&rv->cpu));
    ck_assert_uint_eq(rv->cpu.pc, 0x2000); /* direct */
    ck_assert_uint_eq(rv->scause, RV_CAUSE_INTERRUPT | RV_IRQ_SEI);
    ck_assert_uint_eq(rv->priv, RV_S);
    hart_destroy(&h);
}
END_TEST

/* "Reset": M mode, MIE and MPRV clear, PMP off, and the vector of the profile. */
START_TEST(reset_state)
{
    struct hart h = hart_create("rv64");
    ck_assert_uint_eq(h.rv->priv, RV_M);
    ck_assert_uint_eq(h.rv->cpu.pc, 0x1000);
    ck_assert_uint_eq(csr(h.rv, RV_MSTATUS), 0xa00000000ull);
    ck_assert_uint_eq(csr(h.rv, RV_MCAUSE), 0);
    ck_assert_uint_eq(csr(h.rv, RV_PMPCFG0), 0);
    ck_assert_uint_eq(csr(h.rv, RV_MENVCFG), 0); /* ADUE = 0: Linux and OpenSBI decide */
    ck_assert_uint_eq(csr(h.rv, RV_SATP), 0);
    hart_destroy(&h);
}
END_TEST

/* Every byte from the first saved member on is declared, but for what is rebuilt. */
START_TEST(state_is_declared)
{
    static uint8_t covered[sizeof(struct rv_cpu)];
    state_coverage(rv_state, covered, sizeof(covered));
    for (size_t i = offsetof(struct rv_cpu, priv); i < offsetof(struct rv_cpu, pmp); i++)
        ck_assert_msg(covered[i], "byte %zu of struct rv_cpu is not saved", i);
    ck_assert(covered[offsetof(struct rv_cpu, pmp.cfg)] &&
              covered[offsetof(struct rv_cpu, pmp.addr)]);
    ck_assert(covered[offsetof(struct rv_cpu, x)] && covered[offsetof(struct rv_cpu, f)]);
}
END_TEST

/* A hart in mid-flight, saved and restored into a fresh machine, is the same hart. */
START_TEST(save_and_restore)
{
    struct hart a = hart_create("rv64"), b = hart_create("rv64");
    for (unsigned i = 1; i < 32; i++)
        a.rv->x[i] = i * 0x0123456789abcdefull, a.rv->f[i] = ~a.rv->x[i];
    set_csr(a.rv, RV_PMPADDR0, 0x12345);
    set_csr(a.rv, RV_PMPCFG0, 0x1f);
    set_csr(a.rv, RV_MSECCFG, 2);
    set_csr(a.rv, RV_MENVCFG, F_MASK(RV_ENVCFG_STCE));
    set_csr(a.rv, RV_STIMECMP, 1000);
    set_csr(a.rv, RV_MHPMEVENT3, 2);
    set_csr(a.rv, RV_SATP, 9ull << 60 | 0x77);
    set_csr(a.rv, RV_MSTATUS, F_PUT(0ull, RV_MSTATUS_FS, RV_FS_CLEAN));
    set_csr(a.rv, RV_FCSR, 0x9f); /* rounding mode 4 */
    rv_cpu_set_irq(&a.rv->cpu, RV_IRQ_SEI, true);
    rv_set_priv(a.rv, RV_S);
    device_generic_copy(a.machine, b.machine);
    ck_assert_uint_eq(b.rv->mode, a.rv->mode); /* what is not saved was rebuilt */
    ck_assert_uint_eq(b.rv->cpu.fp_mode, a.rv->cpu.fp_mode);
    ck_assert(b.rv->programmed && b.rv->pmp.mmwp && b.rv->pmp.count == 16);
    ck_assert(ev_is_armed(&b.rv->stimecmp_timer));
    hart_destroy(&a);
    hart_destroy(&b);
}
END_TEST

/* Sscofpmf: a counter of cycles overflows while the hart waits. */
START_TEST(overflow_while_waiting)
{
    struct hart h = hart_create("max");
    struct ev_queue *q = h.machine->queue;
    set_csr(h.rv, RV_MHPMEVENT3, 1);
    set_csr(h.rv, RV_MHPMCOUNTER3, 0ull - 1000);
    h.rv->cpu.run = CPU_IDLE;
    ev_run(q, ev_tick_time(h.rv->cpu.clock, 999));
    ck_assert(!(csr(h.rv, RV_MIP) >> RV_IRQ_LCOFI & 1));
    ev_run(q, ev_tick_time(h.rv->cpu.clock, 1001));
    ck_assert(csr(h.rv, RV_MIP) >> RV_IRQ_LCOFI & 1);
    hart_destroy(&h);
}
END_TEST

START_TEST(debugger_registers)
{
    struct hart h = hart_create("rv64");
    static const struct {
        const char *name;
        uint16_t number;
    } rows[] = {
        { "zero", 0 },
        { "a0", 10 },
        { "t6", 31 },
        { "pc", 32 },
        { "ft0", 33 },
        { "ft11", 64 },
        { "fflags", 66 },
        { "fcsr", 68 },
        { "mstatus", 65 + 0x300 },
        { "pmpaddr15", 65 + 0x3bf },
        { "pmpcfg2", 65 + 0x3a2 },
        { "mhpmcounter31", 65 + 0xb1f },
        { "priv", 4161 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct cpu_reg *r = cpu_find_reg(&h.rv->cpu, rows[i].name);
        ck_assert_msg(r != NULL && r->gdb_number == rows[i].number, "%s", rows[i].name);
    }
    const struct cpu_reg *pc = cpu_find_reg(&h.rv->cpu, "pc");
    const struct cpu_reg *zero = cpu_find_reg(&h.rv->cpu, "zero");
    const struct cpu_reg *hart = cpu_find_reg(&h.rv->cpu, "mhartid");
    ck_assert(pc->set(&h.rv->cpu, pc->arg, 0x80000000) &&
              pc->get(&h.rv->cpu, pc->arg) == 0x80000000);
    ck_assert(zero->set(&h.rv->cpu, zero->arg, 5) && zero->get(&h.rv->cpu, zero->arg) == 0);
    ck_assert(!hart->set(&h.rv->cpu, hart->arg, 5));
    hart_destroy(&h);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/riscv/trap");
    TCase *t = tcase_create("trap");
    tcase_add_loop_test(t, exception_entry, 0, ARRAY_LEN(entries));
    tcase_add_loop_test(t, interrupt_choice, 0, ARRAY_LEN(choices));
    tcase_add_test(t, interrupt_vectors);
    tcase_add_test(t, reset_state);
    tcase_add_test(t, state_is_declared);
    tcase_add_test(t, save_and_restore);
    tcase_add_test(t, overflow_while_waiting);
    tcase_add_test(t, debugger_registers);
    suite_add_tcase(s, t);
    return s;
}
