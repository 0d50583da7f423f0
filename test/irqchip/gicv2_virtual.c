/* SPDX-License-Identifier: Apache-2.0 */
/* GICv2 with Virtualization Extensions: Arm IHI 0048B, chapter 5. */
#include "test/irqchip/gicv2_machine.h"

static const struct gicv2_config virtualized = { .n_cpus = 2, .n_spis = 64, .virtualization = true };

/* Fields of a list register. */
#define PENDING   0x10000000u
#define ACTIVE    0x20000000u
#define GRP1      0x40000000u
#define HW(pid)   (0x80000000u | (uint32_t)(pid) << 10)
#define EOI       0x00080000u
#define SOURCE(c) ((uint32_t)(c) << 10)
#define PRIO(p)   ((uint32_t)((p) >> 3) << 23)

static void setup(void)
{
    start(&virtualized);
    cpu = 1;
}

static uint32_t get_h(uint32_t reg) { return get(H_BASE + reg); }
static void put_h(uint32_t reg, uint32_t v) { put(H_BASE + reg, v); }
static uint32_t get_v(uint32_t reg) { return get(V_BASE + reg); }
static void put_v(uint32_t reg, uint32_t v) { put(V_BASE + reg, v); }
static uint32_t get_lr(uint32_t i) { return get_h(GICH_LR + 4 * i); }
static void put_lr(uint32_t i, uint32_t v) { put_h(GICH_LR + 4 * i, v); }
static bool virq(void) { return lines(cpu)->virq.level; }
static bool vfiq(void) { return lines(cpu)->vfiq.level; }
static bool maintenance(void) { return lines(cpu)->maintenance.level; }

/* The interface on, with these bits of GICV_CTLR; all priorities. */
static void enter_guest(uint32_t ctlr)
{
    put_h(GICH_HCR, 1);
    put_v(GICC_CTLR, ctlr);
    put_v(GICC_PMR, 0xf8);
}

/* ---- 5.3, 5.5: registers after reset, and what stays of all ones ---- */
static const struct { pa_t at; uint32_t reset, ones; } registers[] = {
    { H_BASE + GICH_HCR, 0, 0xf80000ff }, { H_BASE + GICH_VTR, 0x90000003, 0x90000003 },
    { H_BASE + GICH_VMCR, 0x004c0000, 0xfffc021f }, { H_BASE + GICH_MISR, 0, 0 },
    { H_BASE + GICH_EISR, 0, 0 }, { H_BASE + GICH_ELRSR, 0xf, 0xf }, { H_BASE + 0x34, 0, 0 },
    { H_BASE + GICH_APR, 0, 0xffffffff }, { H_BASE + GICH_LR, 0, 0xff8fffff },
    { H_BASE + GICH_LR + 12, 0, 0xff8fffff }, { H_BASE + GICH_LR + 16, 0, 0 },
    { V_BASE + GICC_CTLR, 0, 0x21f }, { V_BASE + GICC_PMR, 0, 0xf8 }, { V_BASE + GICC_BPR, 2, 7 },
    { V_BASE + GICC_ABPR, 3, 7 }, { V_BASE + GICC_IAR, 1023, 1023 }, { V_BASE + GICC_RPR, 0xff, 0xff },
    { V_BASE + GICC_HPPIR, 1023, 1023 }, { V_BASE + GICC_APR, 0, 0xffffffff },
    { V_BASE + GICC_APR + 4, 0, 0 }, { V_BASE + GICC_IIDR, 0x0002043b, 0x0002043b },
};
START_TEST(registers_after_reset)
{
    ck_assert_uint_eq(get(registers[_i].at), registers[_i].reset);
    put(registers[_i].at, 0xffffffff);
    ck_assert_uint_eq(get(registers[_i].at), registers[_i].ones);
    cpu = 0; /* banked */
    ck_assert_uint_eq(get(registers[_i].at), registers[_i].reset);
    replace_machine();
    cpu = 1;
    ck_assert_uint_eq(get(registers[_i].at), registers[_i].ones);
    machine_reset(m);
    ck_assert_uint_eq(get(registers[_i].at), registers[_i].reset);
}
END_TEST

/* 5.3.3: GICH_VMCR and the guest's registers are the same. */
START_TEST(vmcr_is_the_guests_registers)
{
    put_h(GICH_VMCR, 0xa0000000 | 5u << 21 | 6u << 18 | 0x213);
    ck_assert_uint_eq(get_v(GICC_CTLR), 0x213);
    ck_assert_uint_eq(get_v(GICC_PMR), 0xa0);
    ck_assert_uint_eq(get_v(GICC_BPR), 5);
    ck_assert_uint_eq(get_v(GICC_ABPR), 6);
    put_v(GICC_CTLR, 0x00c);
    put_v(GICC_PMR, 0x5f);
    put_v(GICC_BPR, 0);  /* 5 bits of priority: at least 2 */
    put_v(GICC_ABPR, 1); /* and 3 */
    ck_assert_uint_eq(get_h(GICH_VMCR), 0x58000000 | 2u << 21 | 3u << 18 | 0x00c);
    put_h(GICH_VMCR, 0);
    ck_assert_uint_eq(get_h(GICH_VMCR), 2u << 21 | 3u << 18);
}
END_TEST

/* ---- signalling ---- */
static const struct { uint32_t lr, ctlr; bool virq, vfiq; uint32_t iar, aiar; } signals[] = {
    { PENDING | PRIO(0x80) | 40, 0x1, true, false, 40, 1023 },
    { PENDING | PRIO(0x80) | 40, 0x9, false, true, 40, 1023 },
    { PENDING | PRIO(0x80) | 40, 0x2, false, false, 1023, 1023 },
    { PENDING | GRP1 | PRIO(0x80) | 40, 0x3, true, false, 1022, 40 },
    { PENDING | GRP1 | PRIO(0x80) | 40, 0xf, true, false, 40, 40 },
    { PENDING | GRP1 | PRIO(0x80) | 40, 0x1, false, false, 1023, 1023 },
    { PENDING | SOURCE(5) | PRIO(0x80) | 3, 0x1, true, false, 5 << 10 | 3, 1023 },
    { PENDING | HW(50) | PRIO(0x80) | 40, 0x1, true, false, 40, 1023 },
    { PENDING | PRIO(0xf8) | 40, 0x1, false, false, 1023, 1023 }, /* not above the mask */
    { ACTIVE | PRIO(0x80) | 40, 0x1, false, false, 1023, 1023 },
    { ACTIVE | PENDING | PRIO(0x80) | 40, 0x1, false, false, 1023, 1023 },
    { PRIO(0x80) | 40, 0x1, false, false, 1023, 1023 },
};
START_TEST(signalling)
{
    enter_guest(signals[_i].ctlr);
    put_lr(2, signals[_i].lr);
    ck_assert_int_eq(virq(), signals[_i].virq);
    ck_assert_int_eq(vfiq(), signals[_i].vfiq);
    ck_assert(!lines(0)->virq.level && !irq());
    put_h(GICH_HCR, 0); /* off: nothing is signalled or acknowledged */
    ck_assert(!virq() && !vfiq());
    ck_assert_uint_eq(get_v(GICC_IAR), 1023);
    put_h(GICH_HCR, 1);
    replace_machine();
    bool alias = signals[_i].aiar == 40;
    ck_assert_uint_eq(get_v(alias ? GICC_AHPPIR : GICC_AIAR), alias ? 40 : 1023);
    ck_assert_uint_eq(get_v(alias ? GICC_AIAR : GICC_IAR), alias ? 40 : signals[_i].iar);
    bool taken = alias || signals[_i].iar < 1020 || (signals[_i].iar & 0x3ff) < 16;
    ck_assert_uint_eq(get_lr(2), taken ? (signals[_i].lr & ~PENDING) | ACTIVE : signals[_i].lr);
    ck_assert_uint_eq(get_h(GICH_APR), taken ? 0x10000 : 0); /* 0x80 >> 3 */
    ck_assert(!virq() && !vfiq());
}
END_TEST

/* The highest priority of the enabled groups, of equals the first list register. */
START_TEST(order_of_list_registers)
{
    enter_guest(0x1);
    put_lr(0, PENDING | PRIO(0x40) | 60);
    put_lr(1, PENDING | GRP1 | PRIO(0x00) | 61);
    put_lr(2, PENDING | PRIO(0x20) | 62);
    put_lr(3, PENDING | PRIO(0x20) | 63);
    ck_assert_uint_eq(get_v(GICC_HPPIR), 62);
    ck_assert_uint_eq(get_v(GICC_IAR), 62);
    ck_assert_uint_eq(get_v(GICC_RPR), 0x20);
    ck_assert(!virq()); /* 63 is no higher */
    ck_assert_uint_eq(get_v(GICC_HPPIR), 63);
    put_v(GICC_CTLR, 0x3);
    ck_assert(virq());
    ck_assert_uint_eq(get_v(GICC_AIAR), 61);
    ck_assert_uint_eq(get_h(GICH_APR), 0x11);
    put_v(GICC_EOIR, 61);
    put_v(GICC_EOIR, 62);
    ck_assert_uint_eq(get_h(GICH_APR), 0);
    ck_assert_uint_eq(get_v(GICC_IAR), 63);
    put_v(GICC_EOIR, 63);
    ck_assert_uint_eq(get_v(GICC_IAR), 60);
}
END_TEST

/* Group priority: Group 0 above GICV_BPR, Group 1 from GICV_ABPR, or with CBPR as Group 0. */
static const struct { uint32_t grp1, ctlr; uint8_t bpr, abpr; uint32_t rpr; } points[] = {
    { 0, 0x7, 2, 3, 0xe8 }, { 0, 0x7, 4, 3, 0xe0 }, { 0, 0x7, 7, 3, 0x00 },
    { GRP1, 0x7, 2, 3, 0xe8 }, { GRP1, 0x7, 2, 7, 0x80 }, { GRP1, 0x17, 5, 3, 0xc0 },
};
START_TEST(binary_points)
{
    enter_guest(points[_i].ctlr);
    put_v(GICC_BPR, points[_i].bpr);
    put_v(GICC_ABPR, points[_i].abpr);
    put_lr(0, PENDING | points[_i].grp1 | PRIO(0xe8) | 40);
    ck_assert_uint_eq(get_v(GICC_IAR), 40);
    ck_assert_uint_eq(get_v(GICC_RPR), points[_i].rpr);
}
END_TEST

/* ---- ends ---- */

/* HW: the guest's end deactivates the physical interrupt, too. */
START_TEST(end_of_hardware_interrupt)
{
    enable_all(0x201); /* the hypervisor splits the end */
    set_up(50, 0x80);
    spi(50, true);
    ck_assert_uint_eq(get_c(GICC_IAR), 50);
    put_c(GICC_EOIR, 50);
    ck_assert(get_bit(GICD_ISACTIVER, 50) && !irq());
    enter_guest(1);
    put_lr(0, PENDING | HW(50) | PRIO(0x80) | 27);
    ck_assert_uint_eq(get_v(GICC_IAR), 27);
    ck_assert(get_bit(GICD_ISACTIVER, 50));
    replace_machine();
    put_v(GICC_EOIR, 27);
    ck_assert(!get_bit(GICD_ISACTIVER, 50) && irq());
    ck_assert_uint_eq(get_lr(0), HW(50) | PRIO(0x80) | 27);
    ck_assert_uint_eq(get_h(GICH_ELRSR), 0xf);
}
END_TEST

/* The guest's EOImode: the end drops the priority, GICV_DIR deactivates. */
START_TEST(split_end)
{
    enter_guest(0x201);
    put_lr(1, PENDING | PRIO(0x80) | 40);
    ck_assert_uint_eq(get_v(GICC_IAR), 40);
    put_v(GICC_EOIR, 40);
    ck_assert_uint_eq(get_v(GICC_RPR), 0xff);
    ck_assert_uint_eq(get_lr(1), ACTIVE | PRIO(0x80) | 40);
    put_lr(1, ACTIVE | PENDING | PRIO(0x80) | 40);
    put_v(GICC_DIR, 40);
    ck_assert_uint_eq(get_lr(1), PENDING | PRIO(0x80) | 40);
    ck_assert(virq());
    ck_assert_uint_eq(get_h(GICH_HCR), 1);
    put_v(GICC_DIR, 41); /* in no list register */
    ck_assert_uint_eq(get_h(GICH_HCR), 1 | 1u << 27);
    put_v(GICC_CTLR, 1);
    put_v(GICC_DIR, 41); /* not meant for this mode */
    ck_assert_uint_eq(get_h(GICH_HCR), 1 | 1u << 27);
}
END_TEST

/* EOICount: ends of what stands in no list register, if a priority dropped; the count wraps. */
START_TEST(ends_are_counted)
{
    enter_guest(1);
    put_v(GICC_EOIR, 40);
    ck_assert_uint_eq(get_h(GICH_HCR) >> 27, 0); /* nothing ran */
    for (uint32_t i = 1; i <= 33; i++) {
        put_h(GICH_APR, 1);
        put_v(GICC_EOIR, 1023);
        ck_assert_uint_eq(get_h(GICH_APR), 1);
        put_v(GICC_EOIR, 40);
        ck_assert_uint_eq(get_h(GICH_APR), 0);
        ck_assert_uint_eq(get_h(GICH_HCR) >> 27, i % 32);
    }
}
END_TEST

/* ---- 5.3.4: maintenance ---- */
START_TEST(end_is_reported)
{
    enter_guest(1);
    put_lr(3, PENDING | EOI | PRIO(0x80) | 40);
    ck_assert(!maintenance());
    ck_assert_uint_eq(get_v(GICC_IAR), 40);
    put_v(GICC_EOIR, 40);
    ck_assert(maintenance());
    ck_assert_uint_eq(get_h(GICH_MISR), 1);
    ck_assert_uint_eq(get_h(GICH_EISR), 8);
    ck_assert_uint_eq(get_h(GICH_ELRSR), 7);
    replace_machine();
    put_h(GICH_HCR, 0);
    ck_assert(!maintenance());
    put_h(GICH_HCR, 1);
    ck_assert(maintenance());
    put_lr(3, 0);
    ck_assert(!maintenance());
    ck_assert_uint_eq(get_h(GICH_EISR), 0);
    ck_assert_uint_eq(get_h(GICH_ELRSR), 0xf);
}
END_TEST

/* Enables of GICH_HCR; list registers 0 and 1; GICV_CTLR; what GICH_MISR says. */
static const struct { uint32_t hcr, lr0, lr1, ctlr, misr; } causes[] = {
    { 0x02, 0, 0, 0, 0x02 }, { 0x02, PENDING, 0, 0, 0x02 }, { 0x02, ACTIVE, PENDING, 0, 0 },
    { 0x04, 0, 0, 0, 0 }, { 0x08000004, 0, 0, 0, 0x04 },
    { 0x08, 0, 0, 0, 0x08 }, { 0x08, ACTIVE, 0, 0, 0x08 }, { 0x08, 0, PENDING | ACTIVE, 0, 0 },
    { 0x10, 0, 0, 0, 0 }, { 0x10, 0, 0, 1, 0x10 }, { 0x20, 0, 0, 0, 0x20 }, { 0x20, 0, 0, 1, 0 },
    { 0x40, 0, 0, 1, 0 }, { 0x40, 0, 0, 2, 0x40 }, { 0x80, 0, 0, 1, 0x80 }, { 0x80, 0, 0, 2, 0 },
    { 0xfe, 0, 0, 3, 0x5a }, { 0x00, 0, 0, 3, 0 },
};
START_TEST(maintenance_causes)
{
    put_lr(0, causes[_i].lr0);
    put_lr(1, causes[_i].lr1);
    put_v(GICC_CTLR, causes[_i].ctlr);
    put_h(GICH_HCR, causes[_i].hcr);
    ck_assert_uint_eq(get_h(GICH_MISR), causes[_i].misr);
    ck_assert(!maintenance());
    put_h(GICH_HCR, causes[_i].hcr | 1);
    ck_assert_int_eq(maintenance(), causes[_i].misr != 0);
    ck_assert(!lines(0)->maintenance.level);
}
END_TEST

/* ---- generic ---- */
static struct device *make(struct machine *machine, void *arg)
{
    static const char *const frames[] = { "gic-hyp", "gic-vcpu" };

    (void)create(machine, &virtualized);
    return device_find(machine, frames[*(const int *)arg]);
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .arg = &_i });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("irqchip.gicv2_virtual");
    TCase *t = tcase_create("virtual"), *u = tcase_create("generic");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, registers_after_reset, 0, (int)ARRAY_LEN(registers));
    tcase_add_test(t, vmcr_is_the_guests_registers);
    tcase_add_loop_test(t, signalling, 0, (int)ARRAY_LEN(signals));
    tcase_add_test(t, order_of_list_registers);
    tcase_add_loop_test(t, binary_points, 0, (int)ARRAY_LEN(points));
    tcase_add_test(t, end_of_hardware_interrupt);
    tcase_add_test(t, split_end);
    tcase_add_test(t, ends_are_counted);
    tcase_add_test(t, end_is_reported);
    tcase_add_loop_test(t, maintenance_causes, 0, (int)ARRAY_LEN(causes));
    suite_add_tcase(s, t);
    tcase_set_timeout(u, 60);
    tcase_add_loop_test(u, generic, 0, 2);
    suite_add_tcase(s, u);
    return s;
}
