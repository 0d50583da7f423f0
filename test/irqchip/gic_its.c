/* SPDX-License-Identifier: Apache-2.0 */
/* LPIs and the ITS: tables in memory, commands, MSIs (IHI 0069H, chapter 5). */
#include "test/irqchip/gicv3_fixture.h"
#include "irqchip/gic_its.h"
#include "core/memory/dma.h"

enum { ITS = 0x08080000, TRANSLATER = ITS + 0x10040 };
enum { PROP = RAM + 0x10000, PEND = RAM + 0x20000, DEVICES = RAM + 0x80000, COLLECTIONS = RAM + 0x90000,
       QUEUE = RAM + 0xa0000, ITT = RAM + 0xb0000, LEVEL1 = RAM + 0xc0000, LEVEL2 = RAM + 0xd0000 };
enum { LPI = 8192, DEV = 0x0108, QUEUE_PAGES = 1 };
enum { MOVI = 1, INT = 3, CLEAR = 4, SYNC = 5, MAPD = 8, MAPC = 9, MAPTI = 10, MAPI = 11, INV = 12,
       INVALL = 13, MOVALL = 14, DISCARD = 15 };

#define DEV_OP(op, dev) ((uint64_t)(dev) << 32 | (op))

static struct gic_its *its;

static void its_make(struct machine *machine, struct gicv3 *gic)
{
    struct err e = { 0 };

    its = gic_its_create(machine, "its", gic, machine->memory, ITS, &e);
    ck_assert_msg(its != NULL, "%s", e.text);
}

static void configure(void)
{
    config = (struct gicv3_config){ .n_cpus = 4, .n_spis = 32, .mpidr = mpidr, .lpis = true,
                                    .priority_bits = 5 };
}

static void start(void)
{
    m = device_generic_machine();
    g = gic_make(m);
    its_make(m, g);
    memset(out, 0, sizeof(out));
    machine_reset(m);
}

static void setup(void)
{
    configure();
    start();
}

/* What was kept up to date equals what is built anew. */
static void go_on_in_a_copy(void)
{
    struct machine *fresh = device_generic_machine();
    struct gicv3 *copy = gic_make(fresh);

    its_make(fresh, copy);
    machine_reset(fresh);
    device_generic_copy(m, fresh);
    for (uint32_t i = 0; i < config.n_cpus; i++) {
        struct derived a = derived_of(g, i), b = derived_of(copy, i);
        ck_assert_msg(memcmp(&a, &b, sizeof(a)) == 0, "CPU %u: best %llu, restored %llu", i,
                      (unsigned long long)a.best[1], (unsigned long long)b.best[1]);
    }
    machine_destroy(m);
    m = fresh;
    g = copy;
}

static void lpi_config(uint32_t intid, uint8_t byte) { store_n(PROP + intid - LPI, 1, byte, false); }
static uint64_t pend_base(uint32_t cpu) { return PEND + 0x10000ull * cpu; }

static void lpis_on(uint32_t cpu)
{
    store_n(rd_base(cpu) + 0x70, 8, PROP | 15, false);
    store_n(rd_base(cpu) + 0x78, 8, pend_base(cpu), false);
    store(rd_base(cpu), 1);
}

static uint64_t creadr(void) { return load_n(ITS + 0x90, 8, false); }

static void queue_command(uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3)
{
    uint64_t at = load_n(ITS + 0x88, 8, false), word[4] = { w0, w1, w2, w3 };

    for (uint32_t i = 0; i < 4; i++)
        store_n(QUEUE + at + 8 * i, 8, word[i], false);
    store_n(ITS + 0x88, 8, (at + 32) % (QUEUE_PAGES * 4096), false);
}

/* Given and, as the queue is short, executed. */
static void command(uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3)
{
    queue_command(w0, w1, w2, w3);
    ck_assert_uint_eq(creadr(), load_n(ITS + 0x88, 8, false));
}

static uint64_t dev_op(uint32_t op, uint32_t dev) { return (uint64_t)dev << 32 | op; }
static void mapd(uint32_t dev, uint64_t itt, uint32_t bits, bool v)
{
    command(dev_op(MAPD, dev), bits - 1, itt | (uint64_t)v << 63, 0);
}
static void mapc(uint32_t icid, uint32_t cpu, bool v)
{
    command(MAPC, 0, icid | (uint64_t)cpu << 16 | (uint64_t)v << 63, 0);
}
static void mapti(uint32_t dev, uint32_t event, uint32_t intid, uint32_t icid)
{
    command(dev_op(MAPTI, dev), (uint64_t)intid << 32 | event, icid, 0);
}
static void event_command(uint32_t op, uint32_t dev, uint32_t event)
{
    command(dev_op(op, dev), event, 0, 0);
}

static void its_on(void)
{
    all_on();
    for (uint32_t i = 0; i < 4; i++)
        lpis_on(i);
    store_n(ITS + 0x100, 8, BIT(63) | DEVICES, false);      /* 16 pages of 4 KiB: 8192 devices */
    store_n(ITS + 0x108, 8, BIT(63) | COLLECTIONS, false);
    store_n(ITS + 0x100, 8, BIT(63) | DEVICES | 15, false);
    store_n(ITS + 0x80, 8, BIT(63) | QUEUE | (QUEUE_PAGES - 1), false);
    store(ITS, 1);
}

static void msi(uint32_t dev, uint32_t event)
{
    struct dma d = { .space = m->memory, .requester = dev, .enabled = true };

    ck_assert_int_eq(dma_send_msi(&d, TRANSLATER, event), MEM_OK);
}

/* ---- LPIs without an ITS ---- */
START_TEST(pending_table_is_read)
{
    all_on();
    lpi_config(LPI + 3, 0xa1);
    lpi_config(LPI + 100, 0x81);
    lpi_config(LPI + 101, 0x00); /* not enabled */
    store_n(pend_base(1) + 1024, 1, 1 << 3, false);
    store_n(pend_base(1) + 1024 + 12, 1, 3 << 4, false);
    store_n(pend_base(1) + 100, 1, 0xff, false); /* INTIDs that are not LPIs */
    lpis_on(1);
    ck_assert_uint_eq(load(rd_base(1)), 3);
    ck_assert(out[1][GROUP1_NS] && !out[0][GROUP1_NS]);
    go_on_in_a_copy();
    ck_assert_uint_eq(get(1, ICC_IAR1), LPI + 100);
    ck_assert_uint_eq(get(1, ICC_RPR), 0x80);
    put(1, ICC_EOIR1, LPI + 100);
    ck_assert_uint_eq(get(1, ICC_IAR1), LPI + 3);
    put(1, ICC_EOIR1, LPI + 3);
    ck_assert_uint_eq(get(1, ICC_IAR1), 1023);
    ck_assert_uint_eq(get(1, ICC_RPR), 0xff);
    /* Disabled, what is left is written back: 101 was never taken. */
    store(rd_base(1), 0);
    ck_assert_uint_eq(load(rd_base(1)), 2);
    ck_assert_uint_eq(load_n(pend_base(1) + 1024, 1, false), 0);
    ck_assert_uint_eq(load_n(pend_base(1) + 1024 + 12, 1, false), 1 << 5);
}
END_TEST

/* PTZ: the table is zero and need not be read. IDbits bounds the LPIs. The bases are locked while on. */
START_TEST(bases)
{
    all_on();
    lpi_config(LPI, 0xa1);
    lpi_config(LPI + 8192, 0xa1);
    store_n(pend_base(0) + 1024, 1, 1, false);
    store_n(rd_base(0) + 0x70, 8, 0xffffffffffffffff, false);
    ck_assert_uint_eq(load_n(rd_base(0) + 0x70, 8, false), 0x070fffffffffff9f);
    store_n(rd_base(0) + 0x78, 8, 0xffffffffffffffff, false);
    ck_assert_uint_eq(load_n(rd_base(0) + 0x78, 8, false), 0x070fffffffff0f80);
    store_n(rd_base(0) + 0x70, 8, PROP | 13, false);
    store_n(rd_base(0) + 0x78, 8, pend_base(0) | BIT(62), false);
    store(rd_base(0), 1);
    ck_assert(!out[0][GROUP1_NS]);
    store_n(rd_base(0) + 0x70, 8, 0, false);
    ck_assert_uint_eq(load_n(rd_base(0) + 0x70, 8, false), PROP | 13);
    gicv3_set_lpi(g, 0, LPI + 8192, true); /* 16384: a 15th bit */
    gicv3_set_lpi(g, 0, LPI - 1, true);
    gicv3_set_lpi(g, 0, 65536, true);
    gicv3_set_lpi(g, 9, LPI, true);
    gicv3_set_lpi(g, 1, LPI, true); /* LPIs of CPU 1 are off */
    ck_assert(!out[0][GROUP1_NS] && !out[1][GROUP1_NS]);
    gicv3_set_lpi(g, 0, LPI, true);
    ck_assert(out[0][GROUP1_NS]);
}
END_TEST

/* An LPI is chosen among the others by priority. */
START_TEST(lpis_among_spis)
{
    its_on();
    irq_on(0, 40, 1, 0x80);
    lpi_config(LPI + 5, 0x81);
    lpi_config(LPI + 6, 0x79);
    lpi_config(LPI + 7, 0x89);
    gicv3_set_spi(g, 8, true);
    for (uint32_t i = 5; i <= 7; i++)
        gicv3_set_lpi(g, 0, LPI + i, true);
    static const uint32_t order[] = { LPI + 6, 40, LPI + 5, LPI + 7, 1023 };
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        ck_assert_uint_eq(get(0, ICC_HPPIR1), order[i]);
        ck_assert_uint_eq(get(0, ICC_IAR1), order[i]);
        if (order[i] == 40)
            gicv3_set_spi(g, 8, false);
        put(0, ICC_EOIR1, order[i]);
    }
    put(0, ICC_IGRPEN1, 0);
    gicv3_set_lpi(g, 0, LPI + 5, true);
    ck_assert(!out[0][GROUP1_NS]);
}
END_TEST

/* ---- registers ---- */
static const struct { uint32_t at; unsigned n; uint64_t reads; } registers[] = {
    { 0x00, 4, 0x80000000 },         /* Quiescent */
    { 0x04, 4, 0x43b },
    { 0x08, 8, 0x1f0001efb1 },       /* 16 bits of all IDs, entries of 12 bytes, physical */
    { 0x80, 8, 0 }, { 0x88, 8, 0 }, { 0x90, 8, 0 },
    { 0x100, 8, 0x0107000000000200 },/* devices, 8 bytes, 64 KiB pages */
    { 0x108, 8, 0x0407000000000200 },/* collections */
    { 0x110, 8, 0 }, { 0x138, 8, 0 },
    { 0xffe0, 4, 0x94 }, { 0xffe8, 4, 0x3b },
};
START_TEST(its_registers)
{
    ck_assert_uint_eq(load_n(ITS + registers[_i].at, registers[_i].n, false), registers[_i].reads);
}
END_TEST

/* BASERs keep type and entry size; a base written while enabled is ignored. */
START_TEST(its_bases)
{
    store_n(ITS + 0x100, 8, ~0ull, false);
    ck_assert_uint_eq(load_n(ITS + 0x100, 8, false), 0xf9e7ffffffffffff);
    store_n(ITS + 0x110, 8, ~0ull, false);
    ck_assert_uint_eq(load_n(ITS + 0x110, 8, false), 0);
    store(ITS, 1);
    ck_assert_uint_eq(load(ITS), 1);
    store_n(ITS + 0x100, 8, 0, false);
    ck_assert_uint_eq(load_n(ITS + 0x100, 8, false), 0xf9e7ffffffffffff);
    store(ITS, 0);
    ck_assert_uint_eq(load(ITS), 0x80000000);
    store_n(ITS + 0x100, 8, 0, false);
    ck_assert_uint_eq(load_n(ITS + 0x100, 8, false), 0x0107000000000000);
}
END_TEST

/* ---- commands ---- */
START_TEST(msi_becomes_an_lpi)
{
    its_on();
    lpi_config(LPI + 9, 0xa1);
    mapd(DEV, ITT, 5, true);
    mapc(3, 2, true);
    mapti(DEV, 7, LPI + 9, 3);
    go_on_in_a_copy();
    msi(DEV, 7);
    ck_assert(out[2][GROUP1_NS] && !out[0][GROUP1_NS]);
    ck_assert_uint_eq(get(2, ICC_IAR1), LPI + 9);
    put(2, ICC_EOIR1, LPI + 9);
    msi(DEV, 8);       /* not mapped */
    msi(DEV, 32);      /* beyond the 5 bits */
    msi(DEV + 1, 7);
    msi(0x1ffff, 7);
    ck_assert(!out[2][GROUP1_NS]);
    event_command(DISCARD, DEV, 7);
    msi(DEV, 7);
    ck_assert(!out[2][GROUP1_NS]);
    store(ITS, 0);
    msi(DEV, 7);
    ck_assert(!out[2][GROUP1_NS]);
}
END_TEST

START_TEST(mapi_int_clear)
{
    its_on();
    lpi_config(LPI + 1, 0xa1);
    mapd(DEV, ITT, 16, true);
    mapc(0, 0, true);
    command(dev_op(MAPI, DEV), LPI + 1, 0, 0); /* the INTID is the EventID */
    event_command(INT, DEV, LPI + 1);
    ck_assert(out[0][GROUP1_NS]);
    event_command(CLEAR, DEV, LPI + 1);
    ck_assert(!out[0][GROUP1_NS]);
    event_command(INT, DEV, LPI + 1);
    mapd(DEV, 0, 1, false); /* what is pending stays so */
    ck_assert(out[0][GROUP1_NS]);
    event_command(CLEAR, DEV, LPI + 1);
    ck_assert(out[0][GROUP1_NS]);
}
END_TEST

/* DISCARD takes the pending state with it. */
START_TEST(discard)
{
    its_on();
    lpi_config(LPI, 0xa1);
    mapd(DEV, ITT, 1, true);
    mapc(0, 0, true);
    mapti(DEV, 0, LPI, 0);
    msi(DEV, 0);
    ck_assert(out[0][GROUP1_NS]);
    event_command(DISCARD, DEV, 0);
    ck_assert(!out[0][GROUP1_NS]);
    event_command(INT, DEV, 0);
    ck_assert(!out[0][GROUP1_NS]);
}
END_TEST

/* The configuration of a pending LPI counts as it was read, until INV or INVALL. */
START_TEST(invalidation)
{
    its_on();
    mapd(DEV, ITT, 2, true);
    mapc(0, 0, true);
    mapti(DEV, 0, LPI, 0);
    mapti(DEV, 1, LPI + 1, 0);
    lpi_config(LPI, 0xa0);
    msi(DEV, 0);
    ck_assert(!out[0][GROUP1_NS]);
    lpi_config(LPI, 0xa1);
    event_command(INV, DEV, 0);
    ck_assert(out[0][GROUP1_NS]);
    lpi_config(LPI + 1, 0x91);
    msi(DEV, 1);
    ck_assert_uint_eq(get(0, ICC_HPPIR1), LPI + 1);
    lpi_config(LPI, 0x80);
    lpi_config(LPI + 1, 0);
    go_on_in_a_copy();
    ck_assert_uint_eq(get(0, ICC_HPPIR1), LPI + 1);
    command(INVALL, 0, 0, 0);
    ck_assert(!out[0][GROUP1_NS]);
    lpi_config(LPI, 0x81);
    command(INVALL, 0, 0, 0);
    ck_assert_uint_eq(get(0, ICC_IAR1), LPI);
}
END_TEST

/* MOVI moves the event and what is pending of it; MOVALL all that is pending; SYNC is no error. */
START_TEST(moves)
{
    its_on();
    mapd(DEV, ITT, 2, true);
    mapc(0, 0, true);
    mapc(1, 3, true);
    for (uint32_t i = 0; i < 3; i++) {
        lpi_config(LPI + i, 0xa1);
        mapti(DEV, i, LPI + i, 0);
        msi(DEV, i);
    }
    command(dev_op(MOVI, DEV), 1, 1, 0);
    ck_assert_uint_eq(get(3, ICC_HPPIR1), LPI + 1);
    ck_assert_uint_eq(get(0, ICC_HPPIR1), LPI);
    command(MOVALL, 0, 0 << 16, 3 << 16);
    ck_assert(!out[0][GROUP1_NS]);
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(get(3, ICC_IAR1), LPI + i);
        put(3, ICC_EOIR1, LPI + i);
    }
    msi(DEV, 1);
    msi(DEV, 2);
    ck_assert(out[3][GROUP1_NS] && out[0][GROUP1_NS]);
    command(SYNC, 0, 3 << 16, 0);
}
END_TEST

/*
 * Every LPI there is pending, all alike: INVALL that disables them and MOVALL pass over them once.
 * Seeking the best anew for each looks at 57344 * 57344 / 2 of them.
 */
START_TEST(all_lpis_at_once)
{
    enum { ALL = 65536 - LPI };

    its_on();
    mapc(0, 0, true);
    mapc(1, 3, true);
    for (uint32_t i = 0; i < ALL; i++)
        lpi_config(LPI + i, 0xa1);
    for (uint32_t i = ALL; i-- > 0;)
        gicv3_set_lpi(g, 0, LPI + i, true);
    for (uint32_t k = 0; k < 8; k++) {
        command(MOVALL, 0, (k & 1 ? 3 : 0) << 16, (k & 1 ? 0 : 3) << 16);
        ck_assert_uint_eq(get(k & 1 ? 0 : 3, ICC_HPPIR1), LPI);
        ck_assert_uint_eq(get(k & 1 ? 3 : 0, ICC_HPPIR1), 1023);
    }
    go_on_in_a_copy();
    for (uint32_t i = 0; i < ALL; i++)
        lpi_config(LPI + i, i == ALL - 1 ? 0xa1 : 0xa0);
    command(INVALL, 0, 0, 0);
    ck_assert_uint_eq(get(0, ICC_HPPIR1), 65535);
    go_on_in_a_copy();
}
END_TEST

/* A base written again while the ITS is on does not turn the queue back. */
START_TEST(base_while_enabled)
{
    its_on();
    mapc(0, 0, true);
    uint64_t base = load_n(ITS + 0x80, 8, false), at = creadr();
    ck_assert_uint_ne(at, 0);
    store_n(ITS + 0x80, 8, base, false);
    ck_assert_uint_eq(creadr(), at);
    store_n(ITS + 0x80, 8, base ^ 0x10000, false);
    ck_assert_uint_eq(load_n(ITS + 0x80, 8, false), base);
    ck_assert_uint_eq(creadr(), at);
}
END_TEST

/* Each is skipped; the queue goes on. */
static const struct { uint64_t word[4]; } errors[] = {
    { { 0x00, 0, 0, 0 } }, { { 0x02, 0, 0, 0 } }, { { 0xff, 0, 0, 0 } }, { { 0x29, 0, BIT(63), 0 } },
    { { DEV_OP(MAPD, 0x10000), 0, ITT | BIT(63), 0 } },
    { { DEV_OP(MAPD, 0x2000), 0, ITT | BIT(63), 0 } },       /* beyond the table */
    { { DEV_OP(MAPD, DEV), 16, ITT | BIT(63), 0 } },         /* 17 bits of EventID */
    { { MAPC, 0, 0 | 4 << 16 | BIT(63), 0 } },                     /* no CPU 4 */
    { { MAPC, 0, 1 | 0xfffffffffull << 16 | BIT(63), 0 } },
    { { MAPC, 0, 512 | BIT(63), 0 } },                             /* beyond the table */
    { { DEV_OP(MAPTI, DEV), (uint64_t)LPI << 32 | 4, 0, 0 } },
    { { DEV_OP(MAPTI, DEV), (uint64_t)8191 << 32, 0, 0 } },
    { { DEV_OP(MAPTI, DEV), (uint64_t)65536 << 32, 0, 0 } },
    { { DEV_OP(MAPTI, DEV + 1), (uint64_t)LPI << 32, 0, 0 } },
    { { DEV_OP(MAPI, DEV), 0, 0, 0 } },
    { { DEV_OP(MOVI, DEV), 0, 9, 0 } },                      /* collection 9 is not mapped */
    { { DEV_OP(INT, DEV), 1, 0, 0 } }, { { DEV_OP(INV, DEV), 0xffffffff, 0, 0 } },
    { { INVALL, 0, 9, 0 } }, { { MOVALL, 0, 0, 4 << 16 } }, { { SYNC, 0, 4 << 16, 0 } },
};
START_TEST(commands_in_error)
{
    struct device *dev = device_find(m, "its");

    its_on();
    lpi_config(LPI + 2, 0xa1);
    mapd(DEV, ITT, 2, true);
    mapc(0, 0, true);
    mapti(DEV, 0, LPI + 2, 0);
    ck_assert_uint_eq(dev->guest_errors, 0);
    command(errors[_i].word[0], errors[_i].word[1], errors[_i].word[2], errors[_i].word[3]);
    ck_assert_uint_eq(dev->guest_errors, 1);
    msi(DEV, 0);
    ck_assert_uint_eq(get(0, ICC_IAR1), LPI + 2);
}
END_TEST

/* 5.2.1: two levels: DeviceID 0x108 lies in page 0 (512 entries), 0x1234 in page 9. */
START_TEST(two_level_devices)
{
    its_on();
    store(ITS, 0);
    store_n(ITS + 0x100, 8, BIT(63) | BIT(62) | LEVEL1, false);
    store(ITS, 1);
    mapc(0, 0, true);
    lpi_config(LPI, 0xa1);
    mapd(0x1234, ITT, 1, true); /* no page yet: in error */
    mapti(0x1234, 0, LPI, 0);
    msi(0x1234, 0);
    ck_assert(!out[0][GROUP1_NS]);
    store_n(LEVEL1 + 8 * 9, 8, BIT(63) | LEVEL2, false);
    mapd(0x1234, ITT, 1, true);
    mapti(0x1234, 0, LPI, 0);
    ck_assert_uint_ne(load_n(LEVEL2 + 8 * 0x34, 8, false), 0);
    msi(0x1234, 0);
    ck_assert(out[0][GROUP1_NS]);
}
END_TEST

/* Tables where no RAM is, or over the registers themselves: errors, nothing worse. */
static const uint64_t places[] = { 0, ITS, ITS + 0x10000, GICR, GICD, RAM + RAM_SIZE - 4, 0xfffffffff000 };
START_TEST(tables_out_of_memory)
{
    uint64_t at = places[_i];

    its_on();
    for (uint32_t k = 0; k < 3; k++) {
        store(ITS, 0);
        store_n(ITS + 0x100, 8, BIT(63) | (k == 0 ? at : DEVICES), false);
        store_n(ITS + 0x108, 8, BIT(63) | (k == 1 ? at : COLLECTIONS), false);
        store_n(ITS + 0x80, 8, BIT(63) | (k == 2 ? at : QUEUE) | 0xff, false);
        store_n(ITS + 0x88, 8, 0, false);
        store(ITS, 1);
        for (uint32_t op = 0; op < 16; op++)
            queue_command(dev_op(op, DEV), (uint64_t)LPI << 32, at | BIT(63), 0);
        msi(DEV, 0);
    }
    store(rd_base(0), 0);
    store_n(rd_base(0) + 0x70, 8, at | 15, false);
    store_n(rd_base(0) + 0x78, 8, at, false);
    store(rd_base(0), 1);
    gicv3_set_lpi(g, 0, LPI, true);
    store(rd_base(0), 0);
}
END_TEST

/* A long burst is worked off in time, and survives a snapshot in the middle. */
START_TEST(long_queue)
{
    its_on();
    store(ITS, 0);
    store_n(ITS + 0x80, 8, BIT(63) | QUEUE | 15, false);
    for (uint32_t i = 0; i < 2047; i++)
        store_n(QUEUE + 32 * i, 8, SYNC, false);
    store_n(ITS + 0x88, 8, 32 * 2047, false);
    ck_assert_uint_eq(creadr(), 0);
    store(ITS, 1);
    ck_assert_uint_gt(creadr(), 0);
    ck_assert_uint_lt(creadr(), 32 * 2047);
    go_on_in_a_copy();
    ev_run(m->queue, ev_now(m->queue) + PS_PER_MS);
    ck_assert_uint_eq(creadr(), 32 * 2047);
    store_n(ITS + 0x88, 8, 0, false); /* wraps */
    ck_assert_uint_eq(creadr(), 0);
    store_n(ITS + 0x88, 8, 0x10000, false); /* beyond: ignored */
    ck_assert_uint_eq(creadr(), 0);
}
END_TEST

/* ---- fuzz: registers, queue, tables ---- */
static uint64_t random_word(uint64_t *state)
{
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    uint64_t v = *state ^ *state >> 29;
    switch (v >> 60) {
    case 0 ... 4: return v & 0xf;
    case 5 ... 7: return BIT(63) | (RAM + (v & 0xfffc0));
    case 8: return BIT(63) | ITS;
    case 9: return (uint64_t)LPI << 32 | (v & 7);
    default: return v;
    }
}

/* Commands that mostly lead somewhere: few devices, events, LPIs, collections, and all CPUs. */
static void fill_queue(uint64_t *r)
{
    static const uint8_t ops[] = { MOVI, INT, CLEAR, SYNC, MAPD, MAPC, MAPTI, MAPTI, MAPI, INV, INVALL,
                                   MOVALL, DISCARD, INT };

    for (uint32_t at = 0; at < QUEUE_PAGES * 4096; at += 32) {
        uint64_t v = random_word(r), w = random_word(r), valid = (uint64_t)((v >> 8 & 15) != 0) << 63;
        uint32_t op = v % 256 ? ops[w % ARRAY_LEN(ops)] : v >> 16 & 0xff, event = w >> 8 & 15;
        uint64_t cpu = (w >> 16 & 3) << 16, dev = w >> 24 & 3;
        const uint64_t word[4] = {
            DEV_OP(op, dev), (uint64_t)(LPI + (w >> 32 & 63)) << 32 | (op == MAPD ? 3 : event),
            valid | (op == MAPD ? ITT + 0x1000 * dev : cpu | (w >> 40 & 3)), (w >> 48 & 3) << 16 };
        for (uint32_t i = 0; i < 4; i++)
            store_n(QUEUE + at + 8 * i, 8, word[i], false);
    }
    for (uint32_t i = 0; i < 64; i++)
        lpi_config(LPI + i, (uint8_t)(random_word(r) | 1));
}

/* True: a CPU took an LPI. */
static bool poke(uint64_t *r)
{
    static const uint32_t its_bases_at[] = { 0x80, 0x100, 0x108 };
    uint64_t v = random_word(r), w = random_word(r);
    uint32_t cpu = (uint32_t)(v % 4), what = w >> 32 & 63;
    uint64_t taken = 0;

    if (what < 16)
        store_n(ITS + 0x88, 8, what ? w & 0xfe0 : v & 0xfffe0, false);
    else if (what < 32)
        store(ITS + 0x10040, what & 7 ? w & 15 : (uint32_t)v);
    else if (what < 48)
        put(cpu, ICC_EOIR1, taken = get(cpu, ICC_IAR1));
    else if (what < 56)
        ev_run(m->queue, ev_now(m->queue) + PS_PER_US);
    else if (what < 59)
        store(rd_base(cpu), (v >> 8 & 3) != 0);
    else if (what < 61)
        store_n(rd_base(cpu) + (v & 8 ? 0x70 : 0x78), 8, random_word(r), false);
    else if (what < 62)
        store(GICD, w & 0xff ? w >> 8 & 7 : w >> 8 & 0x7f); /* DS, seldom */
    else if (w & 1)
        store(ITS, (v & 7) != 0);
    else
        store_n(ITS + its_bases_at[(w >> 1) % ARRAY_LEN(its_bases_at)], 8, v, false);
    return taken >= LPI;
}

START_TEST(fuzz)
{
    uint64_t r = test_fuzz_seed() + (uint64_t)_i + 1, steps = test_fuzz_steps(4000), taken = 0;

    if (_i & 1) {
        machine_destroy(m);
        config.security = true;
        start();
    }
    for (uint32_t i = 0; i < RAM_SIZE; i += 8)
        store_n(RAM + i, 8, random_word(&r), false);
    for (uint64_t i = 0; i < steps; i++) {
        if (i % 100 == 0) {
            store(ITS, 0);
            for (uint32_t c = 0; c < config.n_cpus; c++)
                store(rd_base(c), 0);
            its_on();
            fill_queue(&r);
        }
        taken += poke(&r);
        if (i % 2000 == 1999)
            go_on_in_a_copy();
    }
    ck_assert_uint_gt(taken, steps / 200); /* a fuzzer that mostly misses tests nothing */
}
END_TEST

static struct device *make(struct machine *machine, void *arg)
{
    (void)arg;
    its_make(machine, gic_make(machine));
    return device_find(machine, "its");
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .steps = 1000 });
}
END_TEST

START_TEST(needs_lpis)
{
    struct machine *other = device_generic_machine();
    struct err e = { 0 };

    config.lpis = false;
    ck_assert_ptr_null(gic_its_create(other, "its", gic_make(other), other->memory, ITS, &e));
    ck_assert_int_eq(e.code, ERR_ARG);
    machine_destroy(other);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("gic_its");
    TCase *t = tcase_create("gic_its");

    tcase_add_checked_fixture(t, setup, gic_teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, pending_table_is_read);
    tcase_add_test(t, bases);
    tcase_add_test(t, lpis_among_spis);
    tcase_add_loop_test(t, its_registers, 0, (int)ARRAY_LEN(registers));
    tcase_add_test(t, its_bases);
    tcase_add_test(t, msi_becomes_an_lpi);
    tcase_add_test(t, mapi_int_clear);
    tcase_add_test(t, discard);
    tcase_add_test(t, invalidation);
    tcase_add_test(t, moves);
    tcase_add_test(t, all_lpis_at_once);
    tcase_add_test(t, base_while_enabled);
    tcase_add_loop_test(t, commands_in_error, 0, (int)ARRAY_LEN(errors));
    tcase_add_test(t, two_level_devices);
    tcase_add_loop_test(t, tables_out_of_memory, 0, (int)ARRAY_LEN(places));
    tcase_add_test(t, long_queue);
    tcase_add_loop_test(t, fuzz, 0, 6);
    tcase_add_test(t, generic);
    tcase_add_test(t, needs_lpis);
    suite_add_tcase(s, t);
    return s;
}
