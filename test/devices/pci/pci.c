/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCI functions and the ECAM bridge against PCI Local Bus 3.0 (header, BARs 6.2.5, MSI 6.8),
 * PCI Express Base 5.0 (7.2.2 ECAM, 7.5.3.4 FLR) and power management 1.2.
 */
#include "core/util/bytes.h"
#include "test/devices/pci/function.h"

enum { MSI = 0x28000000 };
#define MEM64 0x400000000ull

struct world {
    struct machine *m;
    struct mem_ram *ram;
    struct pci_ecam *host;
    struct card *a, *b;
    bool line[4];
    unsigned edges, messages, resets;
    uint64_t message_at, message;
};
static struct world w;
static struct err e;

static enum mem_result bar_read(void *arg, uint64_t offset, unsigned size, uint64_t *value, const struct mem_attrs *at)
{
    (void)size, (void)at;
    *value = (uintptr_t)arg + offset;
    return MEM_OK;
}
static enum mem_result bar_write(void *arg, uint64_t offset, unsigned size, uint64_t value, const struct mem_attrs *at)
{
    (void)arg, (void)size, (void)at;
    w.messages++;
    w.message_at = offset;
    w.message = value;
    return MEM_OK;
}
static const struct mmio_ops bar_mmio = { .read = bar_read, .write = bar_write, .sizes = 1 | 2 | 4 };
static void line_set(void *sink, uint32_t number, bool level)
{
    (void)sink;
    w.line[number] = level;
    w.edges++;
}
static void was_reset(struct pci_function *f)
{
    (void)f;
    w.resets++;
}
static const struct pci_ops ops = { .reset = was_reset };

static struct card *new_card(const char *id, int devfn, bool multifunction)
{
    const struct pci_ids ids = { .vendor = 0x1234, .device = 0x5678, .subsystem_vendor = 0x9abc,
                                 .subsystem = 0xdef0, .class_code = 0x020000, .revision = 3,
                                 .multifunction = multifunction };
    struct card *c = device_create(w.m, &card_ops, id, &e);
    ck_assert(c != NULL);
    pci_init(&c->f, &c->dev, &ops, &ids, 1);
    ck_assert_int_eq(pci_add_bar(&c->f, 0, PCI_BAR_MEM32, false, 0x1000, &bar_mmio, (void *)0x100, &e), 0);
    ck_assert_int_eq(pci_add_bar(&c->f, 1, PCI_BAR_IO, false, 0x20, &bar_mmio, (void *)0x200, &e), 0);
    ck_assert_int_eq(pci_add_bar(&c->f, 2, PCI_BAR_MEM64, true, 0x10000, &bar_mmio, (void *)0x300, &e), 0);
    ck_assert_int_ge(pci_add_power(&c->f, &e), 0x40);
    ck_assert_int_ge(pci_add_express(&c->f, &e), 0x40);
    ck_assert_int_ge(pci_add_msi(&c->f, 4, &e), 0x40);
    ck_assert_int_ge(pci_add_msix(&c->f, 70, -5, 0, 0x800, &e), 0x40);
    ck_assert_int_eq(pci_plug(&w.host->bus, &c->f, devfn, &e), 0);
    return c;
}

static void open_world(void)
{
    const struct pci_ecam_map map = { .config = ECAM, .config_size = 2 << 20, .io = IO, .io_size = 0x10000,
                                      .range = { { MEM32, 0x40000000 }, { MEM64, 1ull << 34 } }, .n_ranges = 2 };
    memset(&w, 0, sizeof(w));
    w.m = device_generic_machine();
    ck_assert_int_eq(machine_add_ram(w.m, "ram", 1 << 20, &w.ram, &e), 0);
    ck_assert_int_eq(mem_add_ram(w.m->memory, "ram", RAM, w.ram, 0, 1 << 20, 0, NULL, &e), 0);
    ck_assert_int_eq(mem_add_mmio(w.m->memory, "msi", MSI, 0x1000, 0, &bar_mmio, NULL, NULL, &e), 0);
    w.host = pci_ecam_create(w.m, "pci", w.m->memory, &map, &e);
    ck_assert_msg(w.host != NULL, "%s", e.text);
    for (uint32_t i = 0; i < 4; i++)
        irq_connect(&w.host->intx[i], line_set, NULL, i);
    w.a = new_card("a", -1, false);
    w.b = new_card("b", PCI_DEVFN(5, 0), false);
    machine_reset(w.m);
}
static void close_world(void) { machine_destroy(w.m); }

static uint64_t load(pa_t at, unsigned size)
{
    uint64_t v = 0;
    ck_assert_int_eq(mem_load(w.m->memory, at, size, &v, &(struct mem_attrs){ 0 }), MEM_OK);
    return v;
}
static void store(pa_t at, unsigned size, uint64_t v)
{
    ck_assert_int_eq(mem_store(w.m->memory, at, size, v, &(struct mem_attrs){ 0 }), MEM_OK);
}
/* Configuration space: bus << 20 | device << 15 | function << 12 | register. */
static pa_t cfg(unsigned device, unsigned reg) { return ECAM + (device << 15) + reg; }
static unsigned cap(unsigned device, uint8_t id)
{
    unsigned at = (unsigned)load(cfg(device, 0x34), 1);
    while (at && load(cfg(device, at), 1) != id)
        at = (unsigned)load(cfg(device, at + 1), 1);
    return at;
}

START_TEST(header_and_enumeration)
{
    open_world();
    ck_assert_uint_eq(load(cfg(0, 0), 4), 0x00081b36); /* the bridge */
    ck_assert_uint_eq(load(cfg(0, 8), 4) >> 8, 0x060000);
    ck_assert_uint_eq(load(cfg(1, 0), 4), 0x56781234);
    ck_assert_uint_eq(load(cfg(1, 8), 4), 0x02000003);
    ck_assert_uint_eq(load(cfg(1, 0x2c), 4), 0xdef09abc);
    ck_assert_uint_eq(load(cfg(1, 0x3d), 1), 1);
    ck_assert_uint_eq(load(cfg(5, 2), 2), 0x5678);
    ck_assert_uint_eq(load(cfg(2, 0), 4), 0xffffffff);              /* nobody */
    ck_assert_uint_eq(load(cfg(1, 0x1000), 2), 0xffff);             /* function 1 */
    ck_assert_uint_eq(load(ECAM + (1 << 20), 4), 0xffffffff);       /* bus 1 */
    store(cfg(2, 4), 2, 7);
    store(cfg(1, 0), 4, 0);                                          /* read-only */
    ck_assert_uint_eq(load(cfg(1, 0), 4), 0x56781234);
    store(cfg(1, 4), 2, 0xffff);
    ck_assert_uint_eq(load(cfg(1, 4), 2), 0x0547);                   /* I/O memory master parity SERR INTx */
    store(cfg(1, 0x3c), 1, 0xa5);
    ck_assert_uint_eq(load(cfg(1, 0x3c), 1), 0xa5);
    ck_assert_uint_eq(load(cfg(1, 6), 2) & 0x10, 0x10);              /* capabilities */
    ck_assert(cap(1, 1) && cap(1, 5) && cap(1, 0x10) && cap(1, 0x11) && !cap(1, 9));
    ck_assert_uint_eq(load(cfg(1, 0xffc), 4), 0);
    close_world();
}
END_TEST

START_TEST(bars)
{
    open_world();
    static const struct { unsigned reg; uint32_t sized; } rows[] = {
        { 0x10, 0xfffff000 }, { 0x14, 0xffffffe1 }, { 0x18, 0xffff000c }, { 0x1c, 0xffffffff },
        { 0x20, 0xfffff000 /* MSI-X: 70 vectors, pending bits at 2 KiB */ }, { 0x24, 0 }, { 0x30, 0 },
    };
    store(cfg(1, 4), 2, 7); /* decoding on while sizing: RAM must stay visible */
    store(RAM, 4, 0x11223344);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        store(cfg(1, rows[i].reg), 4, 0xffffffff);
        ck_assert_uint_eq(load(cfg(1, rows[i].reg), 4), rows[i].sized);
        ck_assert_uint_eq(load(RAM, 4), 0x11223344);
    }
    store(cfg(1, 0x10), 4, RAM); /* not in a window */
    ck_assert_uint_eq(load(RAM, 4), 0x11223344);
    ck_assert_uint_eq(load(MEM32, 4), 0xffffffff); /* nobody answers in the window */
    store(cfg(1, 0x10), 4, MEM32 + 0x5000);
    ck_assert_uint_eq(load(MEM32 + 0x5010, 4), 0x110);
    store(cfg(1, 0x10), 4, MEM32 + 0x7000); /* moved */
    ck_assert_uint_eq(load(MEM32 + 0x5010, 4), 0xffffffff);
    ck_assert_uint_eq(load(MEM32 + 0x7010, 4), 0x110);
    store(cfg(1, 0x14), 4, 0x1000);
    ck_assert_uint_eq(load(IO + 0x1004, 4), 0x204);
    ck_assert_uint_eq(load(IO + 0x1020, 1), 0xff);
    store(cfg(1, 0x18), 4, 0x20000);
    store(cfg(1, 0x1c), 4, MEM64 >> 32);
    ck_assert_uint_eq(load(MEM64 + 0x20008, 4), 0x308);
    store(cfg(1, 4), 2, 5); /* memory decoding off */
    ck_assert_uint_eq(load(MEM32 + 0x7010, 4), 0xffffffff);
    ck_assert_uint_eq(load(IO + 0x1004, 4), 0x204);
    store(cfg(1, 4), 2, 6); /* I/O decoding off */
    ck_assert_uint_eq(load(IO + 0x1004, 4), 0xffffffff);
    ck_assert_uint_eq(load(MEM32 + 0x7010, 4), 0x110);
    store(cfg(1, cap(1, 1) + 4), 2, 3); /* D3hot: configuration only */
    ck_assert_uint_eq(load(MEM32 + 0x7010, 4), 0xffffffff);
    store(cfg(1, cap(1, 1) + 4), 2, 0); /* back, nothing lost */
    ck_assert_uint_eq(load(MEM32 + 0x7010, 4), 0x110);
    close_world();
}
END_TEST

START_TEST(intx)
{
    open_world();
    /* INTA of device 1 is line 1; of device 5 line (5 + 0) mod 4 = 1, too: shared. */
    pci_set_intx(&w.a->f, true);
    ck_assert(w.line[1] && !w.line[0] && !w.line[2] && !w.line[3]);
    ck_assert_uint_eq(load(cfg(1, 6), 2) & 8, 8);
    pci_set_intx(&w.b->f, true);
    pci_set_intx(&w.a->f, false);
    ck_assert(w.line[1]);
    store(cfg(5, 4), 2, 0x400); /* INTx off: the line falls, the status stays */
    ck_assert(!w.line[1]);
    ck_assert_uint_eq(load(cfg(5, 6), 2) & 8, 8);
    store(cfg(5, 4), 2, 0);
    ck_assert(w.line[1]);
    pci_set_intx(&w.b->f, false);
    ck_assert(!w.line[1]);
    ck_assert_uint_eq(w.edges, 4);
    close_world();
}
END_TEST

START_TEST(msix)
{
    open_world();
    unsigned c = cap(1, 0x11);
    ck_assert_uint_eq(load(cfg(1, c + 2), 2), 69);
    ck_assert_uint_eq(load(cfg(1, c + 4), 4), 4);          /* table: BAR 4, offset 0 */
    ck_assert_uint_eq(load(cfg(1, c + 8), 4), 0x800 | 4);
    store(cfg(1, 0x20), 4, MEM32 + 0x10000);
    store(cfg(1, 4), 2, 6);
    pa_t table = MEM32 + 0x10000, pba = table + 0x800;
    ck_assert_uint_eq(load(table + 16 * 69 + 12, 4), 1);    /* masked after reset */
    store(table + 16 * 66, 8, MSI + 0x10);
    store(table + 16 * 66 + 8, 4, 0xabcd);
    ck_assert_uint_eq(load(table + 16 * 66, 4), MSI + 0x10);
    pci_send_msix(&w.a->f, 66);                             /* not enabled: nothing */
    ck_assert_uint_eq(load(pba + 8, 8), 0);
    store(cfg(1, c + 2), 2, 0x8000);
    ck_assert(pci_msix_enabled(&w.a->f));
    pci_send_msix(&w.a->f, 66);                             /* masked: pending */
    ck_assert_uint_eq(load(pba + 8, 8), 1 << 2);
    ck_assert_uint_eq(w.messages, 0);
    store(pba + 8, 8, 0);                                   /* read-only */
    ck_assert_uint_eq(load(pba + 8, 8), 1 << 2);
    store(table + 16 * 66 + 12, 4, 0);
    ck_assert(w.messages == 1 && w.message_at == 0x10 && w.message == 0xabcd);
    ck_assert_uint_eq(load(pba + 8, 8), 0);
    store(cfg(1, c + 2), 2, 0xc000);                        /* function mask */
    pci_send_msix(&w.a->f, 66);
    pci_send_msix(&w.a->f, 70);                             /* no such vector */
    ck_assert_uint_eq(w.messages, 1);
    store(cfg(1, c + 2), 2, 0x8000);
    ck_assert_uint_eq(w.messages, 2);
    store(cfg(1, 4), 2, 2);                                 /* no bus master: lost */
    pci_send_msix(&w.a->f, 66);
    ck_assert_uint_eq(w.messages, 2);
    close_world();
}
END_TEST

START_TEST(msi)
{
    open_world();
    unsigned c = cap(1, 5);
    ck_assert_uint_eq(load(cfg(1, c + 2), 2), 0x0184);      /* 64 bits, maskable, up to 4 */
    store(cfg(1, 4), 2, 4);
    store(cfg(1, c + 4), 4, MSI + 0x20);
    store(cfg(1, c + 12), 2, 0x4043);
    store(cfg(1, c + 2), 2, 0x0021);                        /* on, 4 granted */
    pci_send_msi(&w.a->f, 2);
    ck_assert(w.messages == 1 && w.message_at == 0x20 && w.message == 0x4042);
    store(cfg(1, c + 2), 2, 0x0001);                        /* one granted: the data stands */
    pci_send_msi(&w.a->f, 2);
    ck_assert(w.messages == 2 && w.message == 0x4043);
    store(cfg(1, c + 16), 4, 0xffffffff);
    ck_assert_uint_eq(load(cfg(1, c + 16), 4), 0xf);
    pci_send_msi(&w.a->f, 0);
    ck_assert_uint_eq(load(cfg(1, c + 20), 4), 1);
    store(cfg(1, c + 16), 4, 0);
    ck_assert_uint_eq(w.messages, 3);
    ck_assert_uint_eq(load(cfg(1, c + 20), 4), 0);
    close_world();
}
END_TEST

START_TEST(dma_and_resets)
{
    open_world();
    uint32_t word = 0x55;
    ck_assert_int_eq(dma_write(&w.a->f.dma, RAM, &word, 4), MEM_NOTHING);
    store(cfg(1, 4), 2, 4);
    ck_assert_int_eq(dma_write(&w.a->f.dma, RAM, &word, 4), MEM_OK);
    ck_assert_uint_eq(load(RAM, 4), 0x55);
    ck_assert_uint_eq(w.b->f.dma.requester, 5 << 3);
    /* A function-level reset: as after power-on, and the device is told. */
    unsigned c = cap(1, 0x10);
    store(cfg(1, 0x10), 4, MEM32);
    pci_set_intx(&w.a->f, true);
    ck_assert_uint_eq(load(cfg(1, c + 4), 4) >> 28 & 1, 1);
    store(cfg(1, c + 8), 2, 0x8000);
    ck_assert_uint_eq(w.resets, 1);
    ck_assert_uint_eq(load(cfg(1, c + 8), 2) & 0x8000, 0);
    ck_assert(load(cfg(1, 4), 2) == 0 && load(cfg(1, 0x10), 4) == 0 && !w.line[1]);
    ck_assert_int_eq(dma_write(&w.a->f.dma, RAM, &word, 4), MEM_NOTHING);
    close_world();
}
END_TEST

START_TEST(places)
{
    open_world();
    struct card *c = device_create(w.m, &card_ops, "c", &e);
    const struct pci_ids ids = { .vendor = 1, .device = 2, .multifunction = true };
    pci_init(&c->f, &c->dev, NULL, &ids, 0);
    ck_assert_int_eq(pci_plug(&w.host->bus, &c->f, PCI_DEVFN(1, 0), &e), ERR_LIMIT); /* taken */
    ck_assert(strstr(e.text, "taken by a") != NULL);
    ck_assert_int_eq(pci_plug(&w.host->bus, &c->f, PCI_DEVFN(1, 3), &e), ERR_ARG);   /* a is alone */
    ck_assert(strstr(e.text, "multifunction") != NULL);
    ck_assert_int_eq(pci_add_bar(&c->f, 0, PCI_BAR_MEM32, false, 0x1800, &bar_mmio, NULL, &e), ERR_ARG);
    ck_assert_int_eq(pci_add_bar(&c->f, 5, PCI_BAR_MEM64, false, 0x1000, &bar_mmio, NULL, &e), ERR_ARG);
    ck_assert_int_eq(pci_add_bar(&c->f, 2, PCI_BAR_MEM64, false, 0x1000, &bar_mmio, NULL, &e), 0);
    ck_assert_int_eq(pci_add_bar(&c->f, 3, PCI_BAR_MEM32, false, 0x1000, &bar_mmio, NULL, &e), ERR_ARG);
    ck_assert_int_eq(pci_plug(&w.host->bus, &c->f, -1, &e), 0); /* the first free place */
    ck_assert_uint_eq(c->f.devfn, PCI_DEVFN(2, 0));
    close_world();
}
END_TEST

/* Random software: no access may do harm, and RAM is never hidden. */
START_TEST(random_accesses)
{
    uint64_t s = 7;
    open_world();
    store(RAM, 4, 0xfeedface);
    for (unsigned i = 0; i < 200000; i++) {
        s = s * 6364136223846793005ull + 1442695040888963407ull;
        unsigned size = 1u << (s >> 60) % 3, reg = (unsigned)(s >> 20) & ((s >> 63) ? 0xff : 0xfff) & ~(size - 1);
        pa_t at = (s >> 40) % 8 ? cfg((unsigned)(s >> 33) % 7, reg)
                  : (s >> 50) & 1 ? MEM32 + ((s >> 8) & 0xfffffc) : IO + ((s >> 8) & 0xfffc);
        uint64_t v;
        (void)mem_store(w.m->memory, at, size, s >> 7, &(struct mem_attrs){ 0 });
        (void)mem_load(w.m->memory, at, size, &v, &(struct mem_attrs){ 0 });
        pci_send_msix(s >> 12 & 1 ? &w.a->f : &w.b->f, (unsigned)(s >> 13) % 80);
        pci_set_intx(&w.b->f, s >> 14 & 1);
        if (i % 1000 == 0) {
            pci_loaded(&w.a->f);
            pci_loaded(&w.b->f);
        }
    }
    ck_assert_uint_eq(load(RAM, 4), 0xfeedface);
    close_world();
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.pci");
    TCase *t = tcase_create("pci");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, header_and_enumeration);
    tcase_add_test(t, bars);
    tcase_add_test(t, intx);
    tcase_add_test(t, msix);
    tcase_add_test(t, msi);
    tcase_add_test(t, dma_and_resets);
    tcase_add_test(t, places);
    tcase_add_test(t, random_accesses);
    suite_add_tcase(s, t);
    return s;
}
