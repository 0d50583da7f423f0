/* SPDX-License-Identifier: Apache-2.0 */
/* Loongson 3A5000 manual, chapter "Inter-processor interrupts and communication". */
#include "irqchip/loongarch_ipi.h"
#include "core/util/bits.h"
#include "irqchip/eiointc.h"
#include "test/irqchip/iocsr_fixture.h"

enum { STATUS = 0x1000, ENABLE = 0x1004, SET = 0x1008, CLEAR = 0x100c, MAILBOX = 0x1020, IPI_SEND = 0x1040,
       MAIL_SEND = 0x1048, ANY_SEND = 0x1158 };
enum { CPUS = 4 };

/* With gaps, as topologies that are no powers of two have them. */
static const uint32_t ids[CPUS] = { 0, 1, 4, 5 };
static bool line[CPUS];

#define ipi ((struct loongarch_ipi *)part)

static void sink(void *arg, uint32_t number, bool level)
{
    (void)arg;
    line[number] = level;
}

/* An EIOINTC stands beside it: for ANY_SEND. */
static struct device *part_create(struct machine *machine, struct err *e)
{
    struct loongarch_ipi *made = loongarch_ipi_create(machine, "ipi", ids, CPUS, e);
    struct eiointc *other = eiointc_create(machine, "eiointc", ids, CPUS, 0, e);

    if (!made || !other || loongarch_ipi_map(made, machine->memory, e) < 0 || eiointc_map(other, machine->memory, e) < 0)
        return NULL;
    for (uint32_t i = 0; i < CPUS; i++)
        irq_connect(&made->core[i].out, sink, NULL, i);
    return &made->dev;
}

static uint64_t send(uint32_t core, uint32_t low, uint32_t keep, uint32_t data)
{
    return (uint64_t)data << 32 | 1u << 31 | (uint64_t)keep << 27 | core << 16 | low;
}

START_TEST(generic)
{
    memset(line, 0, sizeof(line));
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

START_TEST(status_and_enable)
{
    store(1, SET, 4, 0x80000001);
    ck_assert_uint_eq(load(1, STATUS, 4), 0x80000001);
    ck_assert(!line[1]);
    store(1, ENABLE, 4, 2);
    ck_assert(!line[1]);
    store(1, ENABLE, 4, 0x80000000);
    ck_assert(line[1]);
    ck_assert_uint_eq(load(1, ENABLE, 4), 0x80000000);
    replace_machine();
    store(1, CLEAR, 4, 0x7fffffff);
    ck_assert(line[1]);
    ck_assert_uint_eq(load(1, STATUS, 4), 0x80000000);
    store(1, CLEAR, 4, 0x80000000);
    ck_assert(!line[1]);
    ck_assert_uint_eq(load(1, SET, 4), 0); /* write-only, both */
    ck_assert_uint_eq(load(1, CLEAR, 4), 0);
    store(1, STATUS, 4, 0xffffffff);
    ck_assert_uint_eq(load(1, STATUS, 4), 0);
    ck_assert_uint_eq(load(1, STATUS, 8), 0x80000000ull << 32);
    for (uint32_t c = 0; c < CPUS; c++)
        ck_assert_uint_eq(load(c, ENABLE, 4), c == 1 ? 0x80000000 : 0);
}
END_TEST

START_TEST(mailboxes_are_each_cores)
{
    for (uint32_t c = 0; c < CPUS; c++)
        for (uint32_t i = 0; i < 4; i++)
            store(c, MAILBOX + 8 * i, 8, 0x1111111122222222ull * (c * 4 + i));
    replace_machine();
    for (uint32_t c = 0; c < CPUS; c++)
        for (uint32_t i = 0; i < 4; i++)
            ck_assert_uint_eq(load(c, MAILBOX + 8 * i, 8), 0x1111111122222222ull * (c * 4 + i));
    store(2, MAILBOX + 12, 4, 0xabcdef01);
    ck_assert_uint_eq(load(2, MAILBOX + 12, 4), 0xabcdef01);
    ck_assert_uint_eq(load(2, MAILBOX + 8, 8), 0xabcdef0133333332);
    machine_reset(m);
    ck_assert_uint_eq(load(2, MAILBOX + 8, 8), 0);
}
END_TEST

/* By number, not by index. */
static const struct { uint32_t core; bool there; uint32_t index; } targets[] = {
    { 0, true, 0 }, { 1, true, 1 }, { 4, true, 2 }, { 5, true, 3 },
    { 2, false, 0 }, { 3, false, 0 }, { 6, false, 0 }, { 1023, false, 0 },
};
START_TEST(sends_go_by_core_number)
{
    uint32_t core = targets[_i].core;
    uint64_t errors = part->guest_errors;

    for (uint32_t c = 0; c < CPUS; c++)
        store(c, ENABLE, 4, 0xffffffff);
    store(3, IPI_SEND, 4, send(core, 3, 0, 0));
    store(3, MAIL_SEND, 8, send(core, 0 << 2, 0, 0x12345678));
    store(3, MAIL_SEND, 8, send(core, 1 << 2, 0, 0x9abcdef0));
    store(3, MAIL_SEND, 8, send(core, 7 << 2, 0, 0x55667788));
    ck_assert_uint_eq(part->guest_errors - errors, targets[_i].there ? 0 : 4);
    for (uint32_t c = 0; c < CPUS; c++) {
        bool hit = targets[_i].there && targets[_i].index == c;
        ck_assert_int_eq(line[c], hit);
        ck_assert_uint_eq(load(c, STATUS, 4), hit ? 8 : 0);
        ck_assert_uint_eq(load(c, MAILBOX, 8), hit ? 0x9abcdef012345678 : 0);
        ck_assert_uint_eq(load(c, MAILBOX + 24, 8), hit ? 0x5566778800000000 : 0);
    }
}
END_TEST

/* "1000b means write the 0-2 bytes": a bit set keeps its byte. */
static const struct { uint32_t keep; uint32_t result; } masks[] = {
    { 0x0, 0xa1b2c3d4 }, { 0x8, 0x11b2c3d4 }, { 0x1, 0xa1b2c344 }, { 0x6, 0xa12233d4 }, { 0xf, 0x11223344 },
};
START_TEST(mail_mask_keeps_bytes)
{
    for (uint32_t half = 0; half < 8; half++) {
        store(0, MAILBOX + half * 4, 4, 0x11223344);
        store(2, MAIL_SEND, 8, send(0, half << 2, masks[_i].keep, 0xa1b2c3d4));
        ck_assert_uint_eq(load(0, MAILBOX + half * 4, 4), masks[_i].result);
    }
}
END_TEST

/* ---- ANY_SEND ---- */
#define EIOINTC_ENABLE 0x1600

START_TEST(any_send_writes_for_the_target)
{
    store(0, ANY_SEND, 8, send(5, ENABLE, 0, 0x10));
    store(0, ANY_SEND, 8, send(5, SET, 0, 0x30));
    ck_assert(line[3] && !line[0]);
    ck_assert_uint_eq(load(3, STATUS, 4), 0x30);
    ck_assert_uint_eq(load(0, STATUS, 4), 0);
    store(3, ANY_SEND, 8, send(0, IPI_SEND, 0, 5u << 16 | 1)); /* a send on behalf of core 0, back */
    ck_assert_uint_eq(load(3, STATUS, 4), 0x32);
}
END_TEST

START_TEST(any_send_mask_leaves_bytes_alone)
{
    store(0, EIOINTC_ENABLE, 4, 0x11223344);
    store(0, ANY_SEND, 8, send(0, EIOINTC_ENABLE, masks[_i].keep, 0xa1b2c3d4));
    ck_assert_uint_eq(load(0, EIOINTC_ENABLE, 4), masks[_i].result);
    store(0, ANY_SEND, 8, send(0, EIOINTC_ENABLE + 4, masks[_i].keep, 0xffffffff));
    ck_assert_uint_eq(load(0, EIOINTC_ENABLE + 5, 1), masks[_i].keep >> 1 & 1 ? 0 : 0xff);
}
END_TEST

/* Nothing there, no such width, a send by a send: reported, without effect. */
static const struct { uint32_t core, address, keep; } refused[] = {
    { 0, 0x2000, 0 }, { 0, ANY_SEND, 0 }, { 0, MAIL_SEND, 0 }, { 0, ENABLE, 1 }, { 0, ENABLE + 2, 0 },
    { 9, ENABLE, 0 }, { 0, 0xffff, 0 },
};
START_TEST(any_send_refused)
{
    uint64_t errors = part->guest_errors;

    store(0, ANY_SEND, 8, send(refused[_i].core, refused[_i].address, refused[_i].keep, 0xffffffff));
    ck_assert_uint_gt(part->guest_errors, errors);
    ck_assert_uint_eq(load(0, ENABLE, 4), 0);
}
END_TEST

START_TEST(widths)
{
    uint64_t v;

    ck_assert_int_eq(try_load(0, STATUS, 1, &v), MEM_BAD_SIZE);
    ck_assert_int_eq(try_load(0, STATUS + 2, 4, &v), MEM_BAD_SIZE);
    ck_assert_int_eq(try_store(0, MAIL_SEND, 4, 0), MEM_BAD_SIZE);
    ck_assert_int_eq(try_store(0, IPI_SEND, 8, 0), MEM_BAD_SIZE);
    ck_assert_int_eq(try_load(0, 0x1010, 4, &v), MEM_NOTHING);
    ck_assert_uint_eq(load(0, IPI_SEND, 4), 0); /* write-only, all three */
    ck_assert_uint_eq(load(0, MAIL_SEND, 8), 0);
    ck_assert_uint_eq(load(0, ANY_SEND, 8), 0);
}
END_TEST

START_TEST(bad_arguments_are_named)
{
    struct err e = { 0 };

    ck_assert_ptr_null(loongarch_ipi_create(m, "a", ids, 0, &e));
    ck_assert_ptr_null(loongarch_ipi_create(m, "a", ids, 257, &e));
    ck_assert_ptr_nonnull(strstr(e.text, "1 to 256"));
}
END_TEST

static void start(void)
{
    memset(line, 0, sizeof(line));
    setup();
}

Suite *test_suite(void)
{
    Suite *s = suite_create("irqchip.loongarch_ipi");
    TCase *t = tcase_create("ipi");

    tcase_add_checked_fixture(t, start, teardown);
    tcase_add_test(t, generic);
    tcase_add_test(t, status_and_enable);
    tcase_add_test(t, mailboxes_are_each_cores);
    tcase_add_loop_test(t, sends_go_by_core_number, 0, ARRAY_LEN(targets));
    tcase_add_loop_test(t, mail_mask_keeps_bytes, 0, ARRAY_LEN(masks));
    tcase_add_test(t, any_send_writes_for_the_target);
    tcase_add_loop_test(t, any_send_mask_leaves_bytes_alone, 0, ARRAY_LEN(masks));
    tcase_add_loop_test(t, any_send_refused, 0, ARRAY_LEN(refused));
    tcase_add_test(t, widths);
    tcase_add_test(t, bad_arguments_are_named);
    suite_add_tcase(s, t);
    return s;
}
