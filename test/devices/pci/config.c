/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules on one function that software can see by configuration accesses alone: power states (PCI
 * Bus Power Management 1.2), what a function-level reset leaves (PCI Express Base 5.0, 6.6.2), when
 * INTx is quiet (PCI Local Bus 3.0, 6.8), the lists of capabilities, the expansion ROM; and
 * messages that software sends back into the function.
 */
#include "test/devices/pci/function.h"

enum { CAP_POWER = 0x01, CAP_MSI = 0x05, CAP_EXPRESS = 0x10, CAP_MSIX = 0x11 };
enum { SLOT = 6, LINE = (6 + 0) % 4 /* INTA */ };

struct world {
    struct machine *m;
    struct mem_ram *ram, *rom;
    struct pci_ecam *host;
    struct card *card;
    bool line[4];
    unsigned rings;
};
static struct err e;

/* A doorbell: each write makes the function send a message. */
static enum mem_result bell_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                 const struct mem_attrs *attrs)
{
    (void)arg, (void)offset, (void)size, (void)attrs;
    *value = 0x600d;
    return MEM_OK;
}
static enum mem_result bell_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                  const struct mem_attrs *attrs)
{
    struct world *w = arg;
    (void)offset, (void)size, (void)value, (void)attrs;
    w->rings++;
    pci_send_msix(&w->card->f, 0);
    pci_send_msi(&w->card->f, 0);
    return MEM_OK;
}
static const struct mmio_ops bell = { .read = bell_read, .write = bell_write, .sizes = 1 | 2 | 4 };

static void set_line(void *sink, uint32_t number, bool level)
{
    ((struct world *)sink)->line[number] = level;
}

static struct card *make_card(struct world *w, const char *id)
{
    static const struct pci_ids ids = { .vendor = 0x1234, .device = 1, .class_code = 0xff0000 };
    struct card *c = device_create(w->m, &card_ops, id, &e);

    ck_assert_msg(c != NULL, "%s", e.text);
    pci_init(&c->f, &c->dev, NULL, &ids, 1);
    return c;
}

static void open_world(struct world *w)
{
    const struct pci_ecam_map map = { .config = ECAM, .config_size = 1 << 20, .io = IO, .io_size = 0x10000,
                                      .range = { { MEM32, 0x10000000 } }, .n_ranges = 1 };
    *w = (struct world){ .m = device_generic_machine() };
    ck_assert_int_eq(machine_add_ram(w->m, "ram", 1 << 16, &w->ram, &e), 0);
    ck_assert_int_eq(machine_add_ram(w->m, "rom", 1 << 14, &w->rom, &e), 0);
    ck_assert_int_eq(mem_add_ram(w->m->memory, "ram", RAM, w->ram, 0, 1 << 16, 0, NULL, &e), 0);
    w->rom->host[1] = 0xaa;
    w->host = pci_ecam_create(w->m, "pci", w->m->memory, &map, &e);
    ck_assert_msg(w->host != NULL, "%s", e.text);
    for (uint32_t i = 0; i < 4; i++)
        irq_connect(&w->host->intx[i], set_line, w, i);
    w->card = make_card(w, "card");
    struct pci_function *f = &w->card->f;
    ck_assert_int_eq(pci_add_bar(f, 0, PCI_BAR_MEM32, false, 0x1000, &bell, w, &e), 0);
    ck_assert_int_eq(pci_add_bar_ram(f, PCI_ROM_BAR, PCI_BAR_ROM, false, w->rom, &e), 0);
    ck_assert_int_gt(pci_add_power(f, &e), 0);
    ck_assert_int_gt(pci_add_express(f, &e), 0);
    ck_assert_int_gt(pci_add_msi(f, 1, &e), 0);
    ck_assert_int_gt(pci_add_msix(f, 3, -2, 0, 0x800, &e), 0);
    ck_assert_int_eq(pci_plug(&w->host->bus, f, PCI_DEVFN(SLOT, 0), &e), 0);
    machine_reset(w->m);
}

static uint32_t get(struct world *w, uint32_t offset, unsigned size)
{
    return pci_config_read(&w->host->bus, PCI_DEVFN(SLOT, 0), offset, size);
}
static void put(struct world *w, uint32_t offset, unsigned size, uint32_t value)
{
    pci_config_write(&w->host->bus, PCI_DEVFN(SLOT, 0), offset, size, value);
}
static uint64_t load(struct world *w, pa_t at)
{
    uint64_t v = 0;
    ck_assert_int_eq(mem_load(w->m->memory, at, 4, &v, &(struct mem_attrs){ 0 }), MEM_OK);
    return v;
}
static void store(struct world *w, pa_t at, uint64_t v)
{
    ck_assert_int_eq(mem_store(w->m->memory, at, 4, v, &(struct mem_attrs){ 0 }), MEM_OK);
}
static uint32_t cap(struct world *w, uint8_t id)
{
    uint32_t at = get(w, 0x34, 1);
    for (unsigned n = 0; at && get(w, at, 1) != id && n < 48; n++)
        at = get(w, at + 1, 1);
    return at;
}

/* Power management 1.2, 3.2.4: a state that is not offered is not entered; D1 and D2 are not. */
START_TEST(power_states)
{
    static const struct { uint32_t from, written, now; } rows[] = {
        { 0, 1, 0 }, { 0, 2, 0 }, { 0, 3, 3 }, { 3, 1, 3 }, { 3, 2, 3 }, { 3, 0, 0 },
    };
    struct world w;
    open_world(&w);
    uint32_t at = cap(&w, CAP_POWER);
    ck_assert_uint_eq(get(&w, at + 2, 2) & 0x0600, 0); /* 3.2.3: neither D1 nor D2 */
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        put(&w, at + 4, 2, rows[i].from);
        put(&w, at + 4, 2, rows[i].written);
        ck_assert_msg((get(&w, at + 4, 2) & 3) == rows[i].now, "row %zu", i);
        put(&w, at + 4, 4, rows[i].from); /* in a wider access, too */
        put(&w, at + 4, 4, rows[i].written);
        ck_assert_msg((get(&w, at + 4, 2) & 3) == rows[i].now, "row %zu", i);
        put(&w, at + 4, 1, 0);
    }
    machine_destroy(w.m);
}
END_TEST

/* 6.8: one of INTx, MSI and MSI-X at a time. Outside D0 (PM 1.2, 5.4.1) there is only PME. */
START_TEST(intx_is_quiet)
{
    static const struct { uint8_t cap; uint32_t offset, on, off; } rows[] = {
        { CAP_MSI, 2, 0x0001, 0 }, { CAP_MSIX, 2, 0x8000, 0 }, { CAP_POWER, 4, 3, 0 },
    };
    struct world w;
    open_world(&w);
    pci_set_intx(&w.card->f, true);
    ck_assert(w.line[LINE]);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint32_t at = cap(&w, rows[i].cap) + rows[i].offset;
        put(&w, at, 2, rows[i].on);
        ck_assert_msg(!w.line[LINE], "row %zu", i);
        ck_assert_uint_eq(get(&w, 0x06, 2) & 8, 8); /* 7.5.1.1.4: pending inside all the same */
        put(&w, at, 2, rows[i].off);
        ck_assert_msg(w.line[LINE], "row %zu", i);
    }
    put(&w, cap(&w, CAP_MSIX) & ~3u, 4, 0x80000000); /* by a wider access */
    ck_assert(!w.line[LINE]);
    machine_destroy(w.m);
}
END_TEST

/* 6.6.2: Max_Payload_Size is among what the reset does not touch. */
START_TEST(function_level_reset)
{
    struct world w;
    open_world(&w);
    uint32_t control = cap(&w, CAP_EXPRESS) + 8, power = cap(&w, CAP_POWER) + 4;
    uint32_t initial = get(&w, control, 2);
    ck_assert_uint_eq(initial, 0x2810); /* 7.5.3.4: relaxed ordering, no snoop, 512-byte reads */
    put(&w, control, 2, 0x502f);
    put(&w, power, 2, 3);
    put(&w, 0x3c, 1, 0x77);
    put(&w, control, 2, 0xd02f);
    ck_assert_uint_eq(get(&w, control, 2), (initial & ~0xe0u) | 0x20);
    ck_assert(get(&w, power, 2) == 8 && get(&w, 0x3c, 1) == 0); /* No_Soft_Reset, D0 */
    machine_reset(w.m); /* a reset of the machine takes it, too */
    ck_assert_uint_eq(get(&w, control, 2), initial);
    machine_destroy(w.m);
}
END_TEST

/* PCI Local Bus 3.0, 6.2.5.2: the ROM has an enable bit beside that of the command register. */
START_TEST(rom)
{
    struct world w;
    open_world(&w);
    put(&w, 0x30, 4, 0xfffffffe);
    ck_assert_uint_eq(get(&w, 0x30, 4), 0xffffc000);
    put(&w, 0x30, 4, MEM32 + 0x8000);
    put(&w, 0x04, 2, 2);
    ck_assert_uint_eq(load(&w, MEM32 + 0x8000), 0xffffffff);
    put(&w, 0x30, 1, 1); /* the enable bit alone */
    ck_assert_uint_eq(load(&w, MEM32 + 0x8000), 0xaa00);
    (void)mem_store(w.m->memory, MEM32 + 0x8000, 4, 0, &(struct mem_attrs){ 0 });
    ck_assert_uint_eq(load(&w, MEM32 + 0x8000), 0xaa00);
    put(&w, 0x04, 2, 0);
    ck_assert_uint_eq(load(&w, MEM32 + 0x8000), 0xffffffff);
    machine_destroy(w.m);
}
END_TEST

/* PCI Express 7.6.3: the first extended capability is at 0x100, each points to the next. */
START_TEST(capability_lists)
{
    struct world w;
    open_world(&w);
    struct card *c = make_card(&w, "other");
    ck_assert_int_eq(pci_add_extended(&c->f, 0x0003, 1, 12, &e), 0x100);
    ck_assert_int_eq(pci_add_extended(&c->f, 0x000e, 2, 6, &e), 0x10c);
    ck_assert_int_eq(pci_add_extended(&c->f, 0x001b, 1, 4, &e), 0x114); /* on a DWORD */
    ck_assert_int_eq(pci_add_extended(&c->f, 0x000b, 1, 0xee8, &e), 0x118);
    ck_assert_int_eq(pci_add_extended(&c->f, 0x000b, 1, 4, &e), ERR_LIMIT);
    int first = pci_add_capability(&c->f, 0x09, 3, &e), second = pci_add_capability(&c->f, 0x09, 0xbc, &e);
    ck_assert(first == 0x40 && second == 0x44);
    ck_assert_int_eq(pci_add_capability(&c->f, 0x09, 2, &e), ERR_LIMIT);
    ck_assert_int_eq(pci_plug(&w.host->bus, &c->f, PCI_DEVFN(9, 0), &e), 0);
    static const struct { uint32_t at, word; } rows[] = {
        { 0x100, 0x10c10003 }, { 0x10c, 0x1142000e }, { 0x114, 0x1181001b }, { 0x118, 0x0001000b },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_uint_eq(pci_config_read(&w.host->bus, PCI_DEVFN(9, 0), rows[i].at, 4), rows[i].word);
    ck_assert_uint_eq(pci_config_read(&w.host->bus, PCI_DEVFN(9, 0), 0x40, 2), 0x4409);
    ck_assert_uint_eq(pci_config_read(&w.host->bus, PCI_DEVFN(9, 0), 0x44, 2), 0x0009);
    machine_destroy(w.m);
}
END_TEST

/* What MSI-X cannot be put on. */
START_TEST(msix_places)
{
    static const struct { unsigned vectors; int bar; uint32_t table, pba; int result; } rows[] = {
        { 0, 0, 0, 0x800, ERR_ARG },           { PCI_MSIX_VECTORS + 1, 0, 0, 0x1800, ERR_ARG },
        { 2, 1, 0, 0x800, ERR_ARG /* I/O */ }, { 2, 3, 0, 0x800, ERR_ARG /* none */ },
        { 2, 0, 0, 0x18, ERR_ARG /* overlap */ }, { 2, 0, 4, 0x800, ERR_ARG },
        { 2, 0, 0xfffffff8, 0x800, ERR_ARG /* beyond, modulo 2^32 */ },
        { 2, 0, 0x1000, 0xfffffff8, ERR_ARG }, { 2, -7, 0, 0x800, ERR_ARG },
        { 2, 0, 0x1000, 0x1ff8, 0 },
    };
    struct world w;
    open_world(&w);
    struct card *c = make_card(&w, "other");
    ck_assert_int_eq(pci_add_bar(&c->f, 0, PCI_BAR_MEM32, false, 0x2000, &bell, &w, &e), 0);
    ck_assert_int_eq(pci_add_bar(&c->f, 1, PCI_BAR_IO, false, 0x100, &bell, &w, &e), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int r = pci_add_msix(&c->f, rows[i].vectors, rows[i].bar, rows[i].table, rows[i].pba, &e);
        ck_assert_msg(rows[i].result ? r == rows[i].result : r > 0, "row %zu: %d", i, r);
        ck_assert_msg(rows[i].result == 0 || c->f.msix_vectors == 0, "row %zu left traces", i);
    }
    ck_assert_int_eq(pci_add_msix(&c->f, 2, 0, 0, 0x800, &e), ERR_ARG); /* once */
    machine_destroy(w.m);
}
END_TEST

/* The doorbell's message rings the doorbell: an end must come, and the function goes on. */
START_TEST(messages_in_a_circle)
{
    struct world w;
    open_world(&w);
    put(&w, 0x10, 4, MEM32);
    put(&w, 0x14, 4, MEM32 + 0x1000);
    put(&w, 0x04, 2, 6);
    put(&w, cap(&w, CAP_MSIX) + 2, 2, 0x8000);
    store(&w, MEM32 + 0x1000, MEM32); /* vector 0 to the doorbell */
    store(&w, MEM32 + 0x100c, 0);
    store(&w, MEM32, 1);
    ck_assert_uint_gt(w.rings, 1);
    ck_assert_uint_lt(w.rings, 100);
    ck_assert_uint_gt(w.card->dev.guest_errors, 0);
    store(&w, MEM32 + 0x1000, RAM + 8); /* from now on as it should be */
    store(&w, MEM32 + 0x1008, 0x1234);
    store(&w, MEM32, 1);
    ck_assert_uint_eq(load(&w, RAM + 8), 0x1234);
    put(&w, cap(&w, CAP_MSIX) + 2, 2, 0);
    uint32_t msi = cap(&w, CAP_MSI); /* the same with MSI */
    put(&w, msi + 4, 4, MEM32);
    put(&w, msi + 2, 2, 1);
    unsigned before = w.rings;
    store(&w, MEM32, 1);
    ck_assert(w.rings > before + 1 && w.rings < before + 100);
    machine_destroy(w.m);
}
END_TEST

/* A snapshot made by hand may say anything of read-only registers: lines stay what they are wired to. */
START_TEST(loaded_pin)
{
    struct world w;
    open_world(&w);
    pci_set_intx(&w.card->f, true);
    w.card->f.config[0x3d] = 3;
    pci_loaded(&w.card->f);
    pci_set_intx(&w.card->f, false);
    for (unsigned i = 0; i < 4; i++)
        ck_assert(!w.line[i] && w.host->bus.intx_count[i] == 0);
    ck_assert_uint_eq(get(&w, 0x3d, 1), 1);
    machine_destroy(w.m);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.pci.config");
    TCase *t = tcase_create("config");
    tcase_add_test(t, power_states);
    tcase_add_test(t, intx_is_quiet);
    tcase_add_test(t, function_level_reset);
    tcase_add_test(t, rom);
    tcase_add_test(t, capability_lists);
    tcase_add_test(t, msix_places);
    tcase_add_test(t, messages_in_a_circle);
    tcase_add_test(t, loaded_pin);
    suite_add_tcase(s, t);
    return s;
}
