/* SPDX-License-Identifier: Apache-2.0 */
/* Entry to and return from exceptions and interrupts: manual, chapter "Exceptions and Interrupts"; timer, messages. */
#include "core/event/clock.h"
#include "test/cpu/loongarch/fixture.h"
#include <string.h>

enum { BASE = 0x20000 }; /* EENTRY */

static struct core ready(void)
{
    struct core c = core_create("max");
    SET_CSR(c, EENTRY, BASE);
    SET_CSR(c, TLBRENTRY, 0x30000);
    SET_CSR(c, ECFG, 7ull << 16); /* VS = 7: 512 bytes apart */
    c.la->cpu.pc = 0x1234;
    return c;
}

static void raise(struct core *c, enum la_ecode code, uint64_t badv)
{
    la_raise(c->la, code, badv);
    la_take_exception(&c->la->cpu);
    c->la->cpu.exit = 0;
}

/* Table of exceptions: Ecode, EsubCode, whether BADV and TLBEHI record the address. */
START_TEST(general_exceptions)
{
    static const struct { enum la_ecode code; unsigned ecode, esub; bool badv, tlbehi; } rows[] = {
        { LA_PIL, 1, 0, true, true },    { LA_PIS, 2, 0, true, true },   { LA_PIF, 3, 0, true, true },
        { LA_PME, 4, 0, true, true },    { LA_PNR, 5, 0, true, true },   { LA_PNX, 6, 0, true, true },
        { LA_PPI, 7, 0, true, true },    { LA_ADEF, 8, 0, true, false }, { LA_ADEM, 8, 1, true, false },
        { LA_ALE, 9, 0, true, false },   { LA_BCE, 10, 0, true, false }, { LA_SYS, 11, 0, false, false },
        { LA_BRK, 12, 0, false, false }, { LA_INE, 13, 0, false, false }, { LA_IPE, 14, 0, false, false },
        { LA_FPD, 15, 0, false, false }, { LA_SXD, 16, 0, false, false }, { LA_ASXD, 17, 0, false, false },
        { LA_FPE, 18, 0, false, false }, { LA_VFPE, 18, 1, false, false }, { LA_WPEF, 19, 0, false, false },
        { LA_WPEM, 19, 1, false, false },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct core c = ready();
        SET_CSR(c, CRMD, 0x2b7); /* WE, DATF 1, PG, IE, PLV3 */
        SET_CSR(c, TLBEHI, 0x2000);
        SET_CSR(c, BADV, 0x77);
        raise(&c, rows[i].code, 0x7f1234567abc);
        ck_assert_msg(CSR(c, ESTAT) >> 16 == (rows[i].ecode | rows[i].esub << 6), "row %zu: %#llx", i,
                      (unsigned long long)CSR(c, ESTAT));
        ck_assert_uint_eq(CSR(c, CRMD), 0xb0);
        ck_assert_uint_eq(CSR(c, PRMD), 0xf);
        ck_assert_uint_eq(CSR(c, ERA), 0x1234);
        ck_assert_uint_eq(CSR(c, BADV), rows[i].badv ? 0x7f1234567abc : 0x77);
        ck_assert_uint_eq(CSR(c, TLBEHI), rows[i].tlbehi ? 0x7f1234566000 : 0x2000);
        ck_assert_uint_eq(c.la->cpu.pc, BASE + rows[i].ecode * 512);
        la_ertn(c.la);
        ck_assert_uint_eq(c.la->cpu.pc, 0x1234);
        ck_assert_uint_eq(CSR(c, CRMD), 0x2b7);
        core_destroy(&c);
    }
}
END_TEST

START_TEST(one_entry_when_vs_is_0)
{
    struct core c = ready();
    SET_CSR(c, ECFG, 0);
    raise(&c, LA_SYS, 0);
    ck_assert_uint_eq(c.la->cpu.pc, BASE);
    core_destroy(&c);
}
END_TEST

/* A refill leaves ESTAT, BADV, ERA and PRMD alone, and ends in mapped addresses, whatever was before. */
START_TEST(refill)
{
    struct core c = ready();
    SET_CSR(c, CRMD, 0xb4);
    SET_CSR(c, PRMD, 2);
    SET_CSR(c, ERA, 0x55);
    SET_CSR(c, BADV, 0x66);
    SET_CSR(c, TLBREHI, 0xe);
    raise(&c, LA_TLBR, 0x40005678);
    ck_assert_uint_eq(CSR(c, ESTAT), 0);
    ck_assert_uint_eq(CSR(c, CRMD), 0xa8);
    ck_assert_uint_eq(CSR(c, TLBRPRMD), 4);
    ck_assert_uint_eq(CSR(c, TLBRERA), 0x1235);
    ck_assert_uint_eq(CSR(c, TLBRBADV), 0x40005678);
    ck_assert_uint_eq(CSR(c, TLBREHI), 0x4000400e);
    ck_assert_uint_eq(CSR(c, PRMD), 2);
    ck_assert_uint_eq(CSR(c, ERA), 0x55);
    ck_assert_uint_eq(CSR(c, BADV), 0x66);
    ck_assert_uint_eq(c.la->cpu.pc, 0x30000);
    la_ertn(c.la);
    ck_assert_uint_eq(CSR(c, CRMD), 0xb4);
    ck_assert_uint_eq(CSR(c, TLBRERA), 0x1234);
    ck_assert_uint_eq(c.la->cpu.pc, 0x1234);
    core_destroy(&c);
}
END_TEST

START_TEST(machine_error)
{
    struct core c = ready();
    SET_CSR(c, MERRENTRY, 0x40000);
    SET_CSR(c, CRMD, 0x2b7);
    raise(&c, LA_MERR, 0);
    ck_assert_uint_eq(CSR(c, CRMD), 0x8);
    ck_assert_uint_eq(CSR(c, MERRCTL), 1 | 3 << 2 | 1 << 4 | 1 << 6 | 1 << 8 | 1 << 9 | 1 << 11);
    ck_assert_uint_eq(c.la->cpu.pc, 0x40000);
    la_ertn(c.la);
    ck_assert_uint_eq(CSR(c, CRMD), 0x2b7);
    ck_assert_uint_eq(CSR(c, MERRCTL) & 1, 0);
    ck_assert_uint_eq(c.la->cpu.pc, 0x1234);
    core_destroy(&c);
}
END_TEST

/* Debug mode runs as PLV0, is not interrupted, and notes what happens in it. */
START_TEST(debug_mode)
{
    struct core c = ready();
    SET_CSR(c, CRMD, 0xb7);
    raise(&c, LA_DBCL, 0);
    ck_assert_uint_eq(CSR(c, DBG), 1 | 1 << 1 | 1 << 9 | 0xc << 16);
    ck_assert_uint_eq(CSR(c, DERA), 0x1234);
    ck_assert_uint_eq(la_plv(c.la), 0);
    SET_CSR(c, ECFG, 3);
    SET_CSR(c, ESTAT, 3);
    ck_assert_int_eq(la_pending_interrupt(c.la), -1);
    c.la->cpu.pc = 0x9000;
    raise(&c, LA_TLBR, 0);
    ck_assert_uint_eq(CSR(c, DBG) >> 16, 7);
    ck_assert_uint_eq(CSR(c, DERA), 0x1234);
    la_ertn(c.la);
    ck_assert_uint_eq(c.la->cpu.pc, 0x1234);
    ck_assert_uint_eq(la_plv(c.la), 3);
    ck_assert_int_eq(la_pending_interrupt(c.la), 1);
    core_destroy(&c);
}
END_TEST

START_TEST(ertn_clears_llbit_but_for_klo)
{
    struct core c = ready();
    c.la->cpu.reserved = true;
    SET_CSR(c, LLBCTL, 4);
    la_ertn(c.la);
    ck_assert_uint_eq(CSR(c, LLBCTL), 1); /* KLO works once */
    la_ertn(c.la);
    ck_assert_uint_eq(CSR(c, LLBCTL), 0);
    core_destroy(&c);
}
END_TEST

/* In 32-bit address mode the high halves recorded are 0. */
START_TEST(va32)
{
    struct core c = ready();
    SET_CSR(c, MISC, 1 << 3);
    SET_CSR(c, CRMD, 0xb7);
    c.la->cpu.pc = 0xffffffff80001000;
    raise(&c, LA_ALE, 0xffffffff80002001);
    ck_assert_uint_eq(CSR(c, ERA), 0x80001000);
    ck_assert_uint_eq(CSR(c, BADV), 0x80002001);
    core_destroy(&c);
}
END_TEST

/* ---- interrupts ---- */

START_TEST(highest_number_first)
{
    static const struct { uint64_t lines, lie; bool ie; int taken; } rows[] = {
        { 0, 0x1fff, true, -1 },
        { BIT(2), BIT(2), true, 2 },         { BIT(2), BIT(3), true, -1 },     { BIT(2), BIT(2), false, -1 },
        { BIT(2) | BIT(9), 0x1fff, true, 9 }, { BIT(12) | BIT(9), 0x1fff, true, 12 },
        { BIT(3) | BIT(12), 0xfff, true, 3 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct core c = ready();
        for (uint32_t n = 2; n < 13; n++)
            if (rows[i].lines >> n & 1)
                la_cpu_set_irq(&c.la->cpu, n, true);
        SET_CSR(c, ECFG, rows[i].lie | 7ull << 16);
        SET_CSR(c, CRMD, 8 | (rows[i].ie ? 4 : 0));
        ck_assert_uint_eq(CSR(c, ESTAT), rows[i].lines);
        ck_assert_msg(la_pending_interrupt(c.la) == rows[i].taken, "row %zu", i);
        ck_assert(la_has_work(&c.la->cpu) == ((rows[i].lines & rows[i].lie) != 0)); /* IDLE asks not for IE */
        if (rows[i].taken >= 0) {
            ck_assert(la_take_interrupt(&c.la->cpu));
            ck_assert_uint_eq(c.la->cpu.pc, BASE | (64 + (unsigned)rows[i].taken) * 512);
            ck_assert_uint_eq(CSR(c, ESTAT), rows[i].lines); /* Ecode 0 */
            ck_assert(!la_take_interrupt(&c.la->cpu));
        }
        core_destroy(&c);
    }
}
END_TEST

/* Software sets IS[1:0] and nothing else: SWI1 goes first. */
START_TEST(software_interrupts)
{
    struct core c = ready();
    SET_CSR(c, EENTRY, 0x100000);
    SET_CSR(c, ESTAT, ~0ull);
    ck_assert_uint_eq(CSR(c, ESTAT), 3);
    SET_CSR(c, ECFG, 3 | 7ull << 16);
    SET_CSR(c, CRMD, 0xc);
    ck_assert(la_take_interrupt(&c.la->cpu));
    ck_assert_uint_eq(c.la->cpu.pc, 0x100000 + 0x8200);
    core_destroy(&c);
}
END_TEST

/* "Message-Interrupts": the highest one not below the threshold; reading MSGIR takes it. */
START_TEST(messages)
{
    struct core c = ready();
    SET_CSR(c, EENTRY, 0x100000);
    ck_assert(la_cpu_message(&c.la->cpu, 0x21));
    ck_assert(la_cpu_message(&c.la->cpu, 0x35));
    ck_assert(la_cpu_message(&c.la->cpu, 0x02));
    SET_CSR(c, MSGIE, 0x10);
    ck_assert_uint_eq(CSR(c, ESTAT), BIT(14));
    ck_assert_uint_eq(la_csr_read(c.la, LA_CSR_MSGIS0), BIT(0x21) | BIT(0x35) | BIT(2));
    la_cpu_set_irq(&c.la->cpu, 12, true);
    SET_CSR(c, CRMD, 0xc);
    SET_CSR(c, ECFG, 0x1fff | 7ull << 16);
    ck_assert_int_eq(la_pending_interrupt(c.la), 12);
    SET_CSR(c, ECFG, 0x5fff | 7ull << 16);
    ck_assert_int_eq(la_pending_interrupt(c.la), 14); /* before line interrupts */
    ck_assert(la_take_interrupt(&c.la->cpu));
    ck_assert_uint_eq(c.la->cpu.pc, 0x100000 + 78 * 512);
    ck_assert_uint_eq(la_csr_peek(c.la, LA_CSR_MSGIR), 0x35);
    ck_assert_uint_eq(CSR(c, MSGIR), 0x35);
    ck_assert_uint_eq(CSR(c, MSGIR), 0x21);
    ck_assert_uint_eq(CSR(c, MSGIR), 0xffffffff80000000);
    ck_assert_uint_eq(CSR(c, ESTAT), BIT(12));
    SET_CSR(c, MSGIE, 0);
    ck_assert_uint_eq(CSR(c, MSGIR), 2);
    core_destroy(&c);
    c = core_create("la464");
    ck_assert(!la_cpu_message(&c.la->cpu, 1));
    core_destroy(&c);
}
END_TEST

START_TEST(nmi_is_taken_once)
{
    struct core c = ready();
    SET_CSR(c, CRMD, 8);
    la_cpu_set_irq(&c.la->cpu, 13, true);
    ck_assert(la_take_interrupt(&c.la->cpu));
    ck_assert(!la_take_interrupt(&c.la->cpu));
    ck_assert_uint_eq(CSR(c, ESTAT), BIT(13));
    la_cpu_set_irq(&c.la->cpu, 13, false);
    ck_assert_uint_eq(CSR(c, ESTAT), 0);
    core_destroy(&c);
}
END_TEST

/* ---- timer: 100 MHz, so that a tick is 10 ns ---- */

static void to_tick(struct core *c, uint64_t tick)
{
    ps_t when = ev_tick_time((struct ev_clock){ c->la->config->counter_hz }, tick);
    ev_run(c->machine->queue, when);
    ev_set_now(c->machine->queue, when);
    c->la->cpu.cycles_end = (int64_t)ev_ticks(c->la->cpu.clock, when);
    c->la->cpu.budget = 0;
}

START_TEST(one_shot_timer)
{
    struct core c = ready();
    ck_assert_uint_eq(c.la->config->counter_hz, 100000000);
    SET_CSR(c, TCFG, 0x1000 | 1);
    ck_assert_uint_eq(CSR(c, TVAL), 0x1000);
    to_tick(&c, 0xfff);
    ck_assert_uint_eq(CSR(c, TVAL), 1);
    ck_assert_uint_eq(CSR(c, ESTAT), 0);
    to_tick(&c, 0x1000);
    ck_assert_uint_eq(CSR(c, ESTAT), BIT(11));
    ck_assert_uint_eq(CSR(c, TVAL), BIT(48) - 1);
    ck_assert_uint_eq(CSR(c, TCFG), 0x1001);
    SET_CSR(c, TICLR, 1);
    ck_assert_uint_eq(CSR(c, ESTAT), 0);
    to_tick(&c, 0x5000);
    ck_assert_uint_eq(CSR(c, ESTAT), 0);
    core_destroy(&c);
}
END_TEST

START_TEST(periodic_timer)
{
    struct core c = ready();
    to_tick(&c, 100);
    SET_CSR(c, TCFG, 0x1000 | 3);
    to_tick(&c, 100 + 0x1000);
    ck_assert_uint_eq(CSR(c, ESTAT), BIT(11));
    ck_assert_uint_eq(CSR(c, TVAL), 0x1000);
    to_tick(&c, 100 + 0x2001);
    ck_assert_uint_eq(CSR(c, TVAL), 0xfff);
    SET_CSR(c, TICLR, 0);
    ck_assert_uint_eq(CSR(c, ESTAT), BIT(11));
    SET_CSR(c, TICLR, 1);
    ck_assert_uint_eq(CSR(c, ESTAT), 0);
    to_tick(&c, 100 + 0x2fff);
    ck_assert_uint_eq(CSR(c, ESTAT), 0);
    to_tick(&c, 100 + 0x3000);
    ck_assert_uint_eq(CSR(c, ESTAT), BIT(11));
    SET_CSR(c, TICLR, 1);
    SET_CSR(c, TCFG, 0x1000); /* stopped */
    to_tick(&c, 100 + 0x9000);
    ck_assert_uint_eq(CSR(c, ESTAT), 0);
    ck_assert_uint_eq(CSR(c, TVAL), 0x1000);
    core_destroy(&c);
}
END_TEST

/* ---- whatever a guest writes ---- */

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
    return *state;
}

/* Any values in any registers, and what works on them: nothing is checked but that the host comes through. */
START_TEST(random_states)
{
    struct core c = core_create("max,lvz=on");
    uint64_t state = 0x9e3779b97f4a7c15ull ^ test_fuzz_seed(), steps = test_fuzz_steps(20000);
    uint32_t number;
    la_watch_changed(c.la);
    for (uint64_t i = 0; i < steps; i++) {
        uint64_t r = next_random(&state), value = next_random(&state) >> (r >> 32 & 63);
        struct cpu_map map = { .size = 1 };
        va_t va = next_random(&state) >> (r >> 40 & 63);
        switch (r % 8) {
        case 0: case 1: case 2:
            if (la_csr_number(&c.la->cpu, (uint32_t)(r >> 8 & 0xff), &number))
                la_csr_write(c.la, number, value);
            break;
        case 3:
            la_walk(&c.la->cpu, va, (enum cpu_access)(r >> 8 & 1 ? CPU_LOAD : CPU_STORE), 0, r >> 9 & 1, &map);
            if (c.la->cpu.exit & CPU_EXIT_EXCEPTION)
                la_take_exception(&c.la->cpu);
            c.la->cpu.exit = 0;
            break;
        case 4: mmu_la_tlb_invalidate(&c.la->tlb, (unsigned)(r >> 8 & 7), (uint16_t)value, la_tlb_gid(c.la), va); break;
        case 5: {
            struct mmu_la_entry e = { .vppn = va, .elo = { value, r }, .ps = (uint8_t)(r >> 16), .asid = (uint16_t)value,
                                      .gid = la_tlb_gid(c.la), .valid = r >> 24 & 1, .global = r >> 25 & 1 };
            mmu_la_tlb_fill(&c.la->tlb, &e, (uint8_t)c.la->csr.stlbps);
            break;
        }
        case 6: la_ertn(c.la); break;
        default:
            la_cpu_set_irq(&c.la->cpu, 2 + (uint32_t)(r >> 8) % 12, r >> 16 & 1);
            la_take_interrupt(&c.la->cpu);
            break;
        }
        ck_assert(la_at_guest_bank(c.la) == la_is_guest(c.la));
    }
    core_destroy(&c);
}
END_TEST

/* ---- performance counters, snapshots ---- */

/* What does not count needs nobody to look when it will have overflowed. */
START_TEST(counters_at_rest)
{
    struct core c = ready();
    enum { PLV0 = 1 << 16, PLV3 = 1 << 19, PMIE = 1 << 20, INSNS = 1 };
    la_csr_write(c.la, LA_CSR_PMCFG0 + 1, BIT(63) - 5000);
    SET_CSR(c, PMCFG0, PLV0 | PMIE | INSNS);
    ck_assert(ev_is_armed(&c.la->pmu_due));
    SET_CSR(c, PMCFG0, PLV3 | PMIE | INSNS);
    ck_assert(!ev_is_armed(&c.la->pmu_due));
    SET_CSR(c, CRMD, 8 | 3);
    ck_assert(ev_is_armed(&c.la->pmu_due));
    SET_CSR(c, CRMD, 8);
    ck_assert(!ev_is_armed(&c.la->pmu_due));
    core_destroy(&c);
}
END_TEST

START_TEST(snapshots_are_not_trusted)
{
    struct core c = ready();
    memset(&c.la->csr, 0xff, sizeof(c.la->csr));
    memset(&c.la->other, 0xff, sizeof(c.la->other));
    la_isa.loaded(&c.la->cpu);
    ck_assert_uint_eq(CSR(c, ASID), 0xa03ff);
    ck_assert_uint_eq(CSR(c, CRMD), 0x3ff);
    ck_assert_uint_eq(CSR(c, RVACFG), 0xf);
    core_destroy(&c);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/loongarch/exception");
    TCase *t = tcase_create("exceptions");
    tcase_add_test(t, general_exceptions);
    tcase_add_test(t, one_entry_when_vs_is_0);
    tcase_add_test(t, refill);
    tcase_add_test(t, machine_error);
    tcase_add_test(t, debug_mode);
    tcase_add_test(t, ertn_clears_llbit_but_for_klo);
    tcase_add_test(t, va32);
    suite_add_tcase(s, t);
    t = tcase_create("interrupts");
    tcase_add_test(t, highest_number_first);
    tcase_add_test(t, software_interrupts);
    tcase_add_test(t, messages);
    tcase_add_test(t, nmi_is_taken_once);
    tcase_add_test(t, one_shot_timer);
    tcase_add_test(t, periodic_timer);
    tcase_add_test(t, counters_at_rest);
    tcase_add_test(t, snapshots_are_not_trusted);
    suite_add_tcase(s, t);
    t = tcase_create("random");
    tcase_add_test(t, random_states);
    suite_add_tcase(s, t);
    return s;
}
