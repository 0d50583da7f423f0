/* SPDX-License-Identifier: Apache-2.0 */
/* GICv2m: Arm Server Base System Architecture, appendix "GICv2m Architecture". */
#include "irqchip/gicv2.h"
#include "irqchip/gicv2m.h"
#include "core/memory/dma.h"
#include "test/irqchip/gicv2_machine.h"

#define M_BASE 0x08020000ull
enum { MSI_TYPER = 0x008, MSI_SETSPI_NS = 0x040, MSI_IIDR = 0xfcc };

static struct gicv2m *frame;

/* SPIs 16 to 31: INTIDs 48 to 63. */
static struct gicv2m *wired(struct machine *machine, struct gicv2 *of)
{
    struct err e = { 0 };
    struct gicv2m *made = gicv2m_create(machine, "v2m", 16, 16, &e);

    ck_assert_msg(made != NULL, "%s", e.text);
    for (uint32_t i = 0; i < 16; i++)
        irq_connect(&made->spi[i], gicv2_set_spi, of, 16 + i);
    return made;
}

static void setup(void)
{
    struct err e = { 0 };

    start(&plain);
    frame = wired(m, gic);
    ck_assert_int_eq(device_map(&frame->dev, m->memory, M_BASE, &e), 0);
    machine_reset(m);
}

START_TEST(registers)
{
    ck_assert_uint_eq(get(M_BASE + MSI_TYPER), 48u << 16 | 16);
    put(M_BASE + MSI_TYPER, 0);
    ck_assert_uint_eq(get(M_BASE + MSI_TYPER), 48u << 16 | 16);
    ck_assert_uint_eq(get(M_BASE + MSI_SETSPI_NS), 0); /* write-only */
    ck_assert_uint_eq(get(M_BASE + MSI_IIDR), 0x05100000);
    ck_assert_uint_eq(get(M_BASE + 0xffc), 0);
}
END_TEST

static const struct { uint32_t data; bool there; } messages[] = {
    { 47, false }, { 48, true }, { 63, true }, { 64, false }, { 0, false }, { 1023, false },
    { 31, false }, { 0xfffffc00 | 48, true }, /* 9:0 alone are the number */
};
START_TEST(message_makes_an_edge)
{
    uint32_t intid = messages[_i].data & 0x3ff;

    enable_all(1);
    for (uint32_t i = 48; i < 64; i++)
        make_edge(i);
    if (messages[_i].there)
        set_up(intid, 0x80);
    put(M_BASE + MSI_SETSPI_NS, messages[_i].data);
    ck_assert_int_eq(irq(), messages[_i].there);
    ck_assert_uint_eq(frame->dev.guest_errors, !messages[_i].there);
    for (uint32_t i = 32; i < 96; i++)
        ck_assert_int_eq(get_bit(GICD_ISPENDR, i), messages[_i].there && i == intid);
    if (!messages[_i].there)
        return;
    ck_assert_uint_eq(get_c(GICC_IAR), intid);
    put_sized(M_BASE + MSI_SETSPI_NS, 2, intid); /* half-words are taken; again while active */
    ck_assert(!irq());
    put_c(GICC_EOIR, intid);
    ck_assert(irq());
}
END_TEST

/* As a PCI function sends it. */
START_TEST(message_of_a_device)
{
    struct dma dma = { .space = m->memory, .requester = 0x0008, .enabled = true };

    enable_all(1);
    make_edge(50);
    set_up(50, 0x80);
    ck_assert_int_eq(dma_send_msi(&dma, M_BASE + MSI_SETSPI_NS, 50), MEM_OK);
    ck_assert_uint_eq(get_c(GICC_IAR), 50);
}
END_TEST

START_TEST(level_triggered_is_not_told)
{
    enable_all(1);
    set_up(48, 0x80);
    put(M_BASE + MSI_SETSPI_NS, 48);
    ck_assert(!irq());
}
END_TEST

START_TEST(ranges_are_checked)
{
    static const uint32_t wrong[][2] = { { 0, 0 }, { 0, 989 }, { 988, 1 }, { 1, 988 },
                                         { UINT32_MAX, 2 }, { 2, UINT32_MAX } };
    struct err e = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        ck_assert_ptr_null(gicv2m_create(m, "other", wrong[i][0], wrong[i][1], &e));
    ck_assert_ptr_nonnull(gicv2m_create(m, "other", 0, 988, &e));
}
END_TEST

static struct device *make(struct machine *machine, void *arg)
{
    (void)arg;
    return &wired(machine, create(machine, &plain))->dev;
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .keeps_state = true });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("irqchip.gicv2m");
    TCase *t = tcase_create("gicv2m"), *u = tcase_create("generic");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, registers);
    tcase_add_loop_test(t, message_makes_an_edge, 0, (int)ARRAY_LEN(messages));
    tcase_add_test(t, message_of_a_device);
    tcase_add_test(t, level_triggered_is_not_told);
    tcase_add_test(t, ranges_are_checked);
    suite_add_tcase(s, t);
    tcase_add_test(u, generic);
    suite_add_tcase(s, u);
    return s;
}
