/* SPDX-License-Identifier: Apache-2.0 */
/* Q35's memory controller hub: Intel 316966, 5.1; QEMU's 50h and 9Ch; ports CF8h to CFFh. */
#include "devices/q35_mch.h"
#include "core/memory/ports.h"
#include "core/util/bits.h"
#include "devices/pci/ports.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/ports.h"

#define MIB      (1ull << 20)
#define LOW_RAM  (16 * MIB)
#define BIOS     (256u << 10)
enum { EXT_TSEG = 0x50, PCIEXBAR = 0x60, PAM0 = 0x90, SMBASE = 0x9c, SMRAM = 0x9d, ESMRAMC = 0x9e };

/* The machine itself, a CPU, a CPU in SMM, a device. */
static const struct mem_attrs cpu = { .requester = MEM_REQUESTER_CPU }, dma = { .requester = 8 };
static const struct mem_attrs smm = { .requester = MEM_REQUESTER_CPU, .secure = 1 };

static struct machine *m;
static struct mem_space *io;
static struct q35_mch *mch;
static struct pci_ports *ports;
static struct mem_ram *ram, *bios;
static struct line_log reset_line;

static struct device *make(struct machine *machine, void *arg)
{
    struct err e = { 0 };
    struct q35_mch_config c = { .memory = machine->memory, .low_ram = LOW_RAM, .extended_tseg = 4 };

    (void)arg;
    ck_assert_int_eq(machine_add_ram(machine, "ram", LOW_RAM, &c.ram, &e), 0);
    ck_assert_int_eq(machine_add_ram(machine, "bios", BIOS, &c.bios, &e), 0);
    ck_assert_int_eq(mem_add_ram(machine->memory, "low", 0, c.ram, 0, LOW_RAM, 0, NULL, &e), 0);
    ram = c.ram;
    bios = c.bios;
    struct q35_mch *q = q35_mch_create(machine, "mch", &c, &e);
    ck_assert_msg(q != NULL, "%s", e.text);
    return &q->dev;
}

static void fill(void)
{
    for (uint32_t at = 0; at < LOW_RAM; at += 0x1000)
        ram->host[at] = 0x11;
    for (uint32_t at = 0; at < BIOS; at += 0x1000)
        bios->host[at] = (uint8_t)(0x80 | at >> 12);
}

static void begin(void)
{
    struct err e = { 0 };

    io = mem_space_create("io");
    m = device_generic_machine();
    mch = (struct q35_mch *)make(m, NULL);
    ports = pci_ports_create(m, "ports", io, &mch->bus, &e);
    ck_assert_msg(ports != NULL, "%s", e.text);
    irq_connect(&ports->reset, line_log_set, &reset_line, 0);
    machine_reset(m);
}

static void setup(void)
{
    reset_line = (struct line_log){ 0 };
    begin();
    fill();
}

static void teardown(void)
{
    mem_space_destroy(io);
    machine_destroy(m);
}

static void replace_machine(void)
{
    struct machine *old = m;
    struct mem_space *old_io = io;

    begin();
    device_generic_copy(old, m);
    mem_space_destroy(old_io);
    machine_destroy(old);
}

static uint32_t get(uint32_t offset, unsigned size)
{
    return pci_config_read(&mch->bus, 0, offset, size);
}

static void put(uint32_t offset, unsigned size, uint32_t v)
{
    pci_config_write(&mch->bus, 0, offset, size, v);
}

/* What `who` reads at `at`; 0x100 where nothing is. */
static unsigned byte(pa_t at, const struct mem_attrs *who)
{
    uint64_t v;
    return mem_load(m->memory, at, 1, &v, who) == MEM_OK ? (unsigned)v : 0x100;
}

/* What QEMU's q35 shows after reset, but for the size of TSEG. */
static const struct { uint32_t offset; unsigned size; uint32_t value; } resets[] = {
    { 0x00, 4, 0x29c08086 }, { 0x08, 4, 0x06000000 }, { 0x2c, 4, 0x11001af4 }, { 0x50, 2, 4 },
    { 0x60, 4, 0xb0000000 }, { 0x64, 4, 0 }, { 0x90, 4, 0 }, { 0x94, 4, 0 }, { 0x9c, 1, 0 },
    { 0x9d, 1, 0x02 }, { 0x9e, 1, 0x38 },
};
START_TEST(reset_values)
{
    ck_assert_uint_eq(get(resets[_i].offset, resets[_i].size), resets[_i].value);
    for (uint32_t at = 0x40; at < 0x100; at += 4)
        put(at, 4, 0xffffffff);
    machine_reset(m);
    ck_assert_uint_eq(get(resets[_i].offset, resets[_i].size), resets[_i].value);
}
END_TEST

/* Segments: register, place, and where the BIOS's byte of it is (bytes 80h | page of 64). */
static const struct { unsigned pam, shift; uint32_t base, size; } segments[] = {
    { 0, 4, 0xf0000, 0x10000 }, { 1, 0, 0xc0000, 0x4000 }, { 1, 4, 0xc4000, 0x4000 },
    { 2, 0, 0xc8000, 0x4000 }, { 2, 4, 0xcc000, 0x4000 }, { 3, 0, 0xd0000, 0x4000 },
    { 3, 4, 0xd4000, 0x4000 }, { 4, 0, 0xd8000, 0x4000 }, { 4, 4, 0xdc000, 0x4000 },
    { 5, 0, 0xe0000, 0x4000 }, { 5, 4, 0xe4000, 0x4000 }, { 6, 0, 0xe8000, 0x4000 },
    { 6, 4, 0xec000, 0x4000 },
};
START_TEST(programmable_attributes)
{
    uint32_t base = segments[_i].base, last = base + segments[_i].size - 0x1000;
    unsigned rom = base < 0xe0000 ? 0xff : 0x80 | ((base - 0xc0000) >> 12 & 0xff);

    for (unsigned a = 0; a < 4; a++) {
        put(PAM0 + segments[_i].pam, 1, a << segments[_i].shift);
        replace_machine();
        ram->host[base] = 0x22;
        ck_assert_uint_eq(byte(base, &cpu), a & 1 ? 0x22 : rom);
        ck_assert_uint_eq(byte(base, &dma), a & 1 ? 0x22 : rom);
        (void)mem_store(m->memory, base, 1, 0x33, &cpu);
        ck_assert_uint_eq(ram->host[base], a & 2 ? 0x33 : 0x22);
        ck_assert_uint_eq(byte(last, &cpu), a & 1 ? 0x11 : base < 0xe0000 ? 0xff
                                                          : 0x80 | ((last - 0xc0000) >> 12 & 0xff));
        for (unsigned i = 0; i < ARRAY_LEN(segments); i++) /* the others are as they were */
            if (i != (unsigned)_i)
                ck_assert_uint_ne(byte(segments[i].base, &cpu), 0x11);
    }
    ck_assert_uint_eq(byte(0xbf000, &cpu), 0xff);
    ck_assert_uint_eq(byte(0x100000, &cpu), 0x11);
}
END_TEST

/* SeaBIOS writes dwords over PAM0-3 and PAM4-6 with its neighbours. */
START_TEST(attributes_by_dwords)
{
    put(PAM0, 4, 0x33333330);
    put(PAM0 + 4, 4, 0x00333333);
    for (unsigned i = 0; i < ARRAY_LEN(segments); i++)
        ck_assert_uint_eq(byte(segments[i].base, &cpu), 0x11);
    ck_assert_uint_eq(get(PAM0, 4), 0x33333330);
}
END_TEST

/* Length, address as written: where the window is. */
static const struct { uint64_t bar, base, size; } windows[] = {
    { 0xb0000001, 0xb0000000, 256 * MIB }, { 0xe0000001, 0xe0000000, 256 * MIB },
    { 0xb8000003, 0xb8000000, 128 * MIB }, { 0xbc000005, 0xbc000000, 64 * MIB },
    { 0xbc000003, 0xb8000000, 128 * MIB }, /* too fine for its length */
    { 0x800000001, 0x800000000, 256 * MIB },
    { 0xb0000000, 0, 0 }, { 0xb0000007, 0, 0 },
};
START_TEST(ecam)
{
    uint64_t v, base = windows[_i].base, size = windows[_i].size;

    put(PCIEXBAR, 4, 0xa0000001);
    put(PCIEXBAR + 4, 4, (uint32_t)(windows[_i].bar >> 32));
    put(PCIEXBAR, 4, (uint32_t)windows[_i].bar);
    replace_machine();
    if (size == 0) {
        ck_assert_uint_eq(byte(0xb0000000, &cpu), 0x100);
        return;
    }
    ck_assert_int_eq(mem_load(m->memory, base, 4, &v, &cpu), MEM_OK);
    ck_assert_uint_eq(v, 0x29c08086);
    ck_assert_int_eq(mem_load(m->memory, base + 0x8000, 4, &v, &cpu), MEM_OK);
    ck_assert_uint_eq(v, 0xffffffff); /* no device there */
    ck_assert_uint_eq(byte(base + size - 1, &cpu), 0xff);
    ck_assert_uint_eq(byte(base + size, &cpu), 0x100);
    ck_assert_uint_eq(byte(base - 1, &cpu), 0x100);
}
END_TEST

START_TEST(compatible_smram)
{
    ram->host[0xa0000] = 0x5a;
    ck_assert_uint_eq(byte(0xa0000, &smm), 0xff);
    put(SMRAM, 1, 0x4a); /* D_OPEN, G_SMRAME */
    ck_assert_uint_eq(byte(0xa0000, &cpu), 0x5a);
    ck_assert_uint_eq(byte(0xa0000, &smm), 0x5a);
    put(SMRAM, 1, 0x0a);
    replace_machine();
    ram->host[0xa0000] = 0x5a;
    ck_assert_uint_eq(byte(0xa0000, &cpu), 0xff);
    ck_assert_uint_eq(byte(0xa0000, &dma), 0xff);
    ck_assert_uint_eq(byte(0xa0000, &smm), 0x5a);
    ck_assert_int_eq(mem_store(m->memory, 0xbffff, 1, 0x77, &smm), MEM_OK);
    ck_assert_uint_eq(ram->host[0xbffff], 0x77);
    put(ESMRAMC, 1, 0x80); /* H_SMRAME: it moves up */
    ck_assert_uint_eq(byte(0xa0000, &smm), 0xff);
    ck_assert_uint_eq(byte(0xfeda0000, &smm), 0x5a);
    ck_assert_uint_eq(byte(0xfedbffff, &smm), 0x77);
    ck_assert_uint_eq(byte(0xfeda0000, &cpu), 0x100);
    ck_assert_uint_eq(mch->dev.unmodelled_count, 0);
    put(SMRAM, 1, 0x2a);
    ck_assert_uint_eq(mch->dev.unmodelled_count, 1);
}
END_TEST

/* D_LCK clears D_OPEN, leaves D_CLS, and makes ESMRAMC read-only, until a reset. */
START_TEST(smram_lock)
{
    put(ESMRAMC, 1, 0x01);
    put(SMRAM, 1, 0x5a);
    ck_assert_uint_eq(get(SMRAM, 1), 0x1a);
    replace_machine();
    put(SMRAM, 1, 0x00);
    put(ESMRAMC, 1, 0x86);
    ck_assert_uint_eq(get(SMRAM, 1), 0x1a);
    ck_assert_uint_eq(get(ESMRAMC, 1), 0x39);
    put(SMRAM, 1, 0x60);
    ck_assert_uint_eq(get(SMRAM, 1), 0x3a);
    machine_reset(m);
    ck_assert_uint_eq(get(SMRAM, 1), 0x02);
    put(ESMRAMC, 1, 0x86);
    ck_assert_uint_eq(get(ESMRAMC, 1), 0xbe);
}
END_TEST

/* Sizes 1, 2, 8 MiB, and the extended one below the end of low RAM. */
static const struct { unsigned esmramc; uint64_t size; } tsegs[] = {
    { 0x01, 1 * MIB }, { 0x03, 2 * MIB }, { 0x05, 8 * MIB }, { 0x07, 4 * MIB }, { 0x00, 0 },
};
START_TEST(tseg)
{
    pa_t base = LOW_RAM - tsegs[_i].size;

    put(ESMRAMC, 1, tsegs[_i].esmramc);
    ck_assert_uint_eq(byte(LOW_RAM - 0x1000, &cpu), 0x11); /* not without G_SMRAME */
    put(SMRAM, 1, 0x0a);
    replace_machine();
    fill();
    ck_assert_uint_eq(byte(base - 0x1000, &cpu), 0x11);
    if (tsegs[_i].size == 0)
        return;
    ck_assert_uint_eq(byte(base, &cpu), 0x100);
    ck_assert_uint_eq(byte(LOW_RAM - 0x1000, &cpu), 0x100);
    ck_assert_uint_eq(byte(base, &dma), 0x100);
    ck_assert_int_eq(mem_store(m->memory, base, 1, 0x99, &cpu), MEM_NOTHING);
    ck_assert_uint_eq(byte(base, &smm), 0x11);
    ck_assert_uint_eq(byte(LOW_RAM - 0x1000, &smm), 0x11);
    ck_assert_int_eq(mem_store(m->memory, base, 1, 0x99, &smm), MEM_OK);
    ck_assert_uint_eq(ram->host[base], 0x99);
}
END_TEST

START_TEST(extended_tseg_is_asked_for)
{
    put(EXT_TSEG, 2, 0x1234);
    ck_assert_uint_eq(get(EXT_TSEG, 2), 0x1234);
    put(EXT_TSEG, 2, 0xffff);
    ck_assert_uint_eq(get(EXT_TSEG, 2), 4);
}
END_TEST

START_TEST(smram_at_smbase)
{
    put(SMBASE, 1, 0x02); /* not before it was asked for */
    ck_assert_uint_eq(get(SMBASE, 1), 0);
    put(SMBASE, 1, 0xff);
    ck_assert_uint_eq(get(SMBASE, 1), 0x01);
    ck_assert_uint_eq(byte(0x30000, &cpu), 0x11);
    put(SMBASE, 1, 0x00);
    ck_assert_uint_eq(get(SMBASE, 1), 0x01);
    put(SMBASE, 1, 0x02);
    ck_assert_uint_eq(get(SMBASE, 1), 0x02);
    replace_machine();
    fill();
    ck_assert_uint_eq(byte(0x30000, &cpu), 0x100);
    ck_assert_uint_eq(byte(0x4f000, &cpu), 0x100);
    ck_assert_uint_eq(byte(0x2f000, &cpu), 0x11);
    ck_assert_uint_eq(byte(0x50000, &cpu), 0x11);
    ck_assert_uint_eq(byte(0x30000, &smm), 0x11);
    put(SMBASE, 1, 0x00);
    ck_assert_uint_eq(byte(0x30000, &cpu), 0x100); /* locked */
    machine_reset(m);
    ck_assert_uint_eq(byte(0x30000, &cpu), 0x11);
}
END_TEST

START_TEST(mechanism_1)
{
    ck_assert_uint_eq(mem_port_in(io, 0xcfc, 4, NULL), 0xffffffff); /* not enabled */
    mem_port_out(io, 0xcf8, 4, 0x80000000, NULL);
    ck_assert_uint_eq(mem_port_in(io, 0xcf8, 4, NULL), 0x80000000);
    ck_assert_uint_eq(mem_port_in(io, 0xcfc, 4, NULL), 0x29c08086);
    ck_assert_uint_eq(mem_port_in(io, 0xcfe, 2, NULL), 0x29c0);
    ck_assert_uint_eq(inb(io, 0xcfd), 0x80);
    mem_port_out(io, 0xcf8, 4, 0x80000093, NULL);
    ck_assert_uint_eq(mem_port_in(io, 0xcf8, 4, NULL), 0x80000090);
    mem_port_out(io, 0xcf8, 4, 0x80000091, NULL); /* bits 1:0 choose the byte as the port's own do: QEMU's way */
    outb(io, 0xcfc, 0x33); /* PAM1 */
    replace_machine();
    ck_assert_uint_eq(get(PAM0, 4), 0x3300);
    mem_port_out(io, 0xcf8, 4, 0x80000800, NULL); /* 00:01.0: nobody */
    ck_assert_uint_eq(mem_port_in(io, 0xcfc, 4, NULL), 0xffffffff);
    mem_port_out(io, 0xcf8, 4, 0x80010000, NULL); /* bus 1 */
    ck_assert_uint_eq(mem_port_in(io, 0xcfc, 4, NULL), 0xffffffff);
    /* Bytes and words are not CONFIG_ADDRESS. */
    outb(io, 0xcf8, 0x12);
    outb(io, 0xcfb, 0);
    mem_port_out(io, 0xcfa, 2, 0, NULL);
    ck_assert_uint_eq(mem_port_in(io, 0xcf8, 4, NULL), 0x80010000);
    ck_assert_uint_eq(inb(io, 0xcf8), 0xff);
}
END_TEST

START_TEST(reset_control)
{
    ck_assert_uint_eq(inb(io, 0xcf9), 0);
    outb(io, 0xcf9, 0x02);
    ck_assert_uint_eq(inb(io, 0xcf9), 0x02);
    ck_assert_uint_eq(reset_line.rises, 0);
    mem_port_out(io, 0xcf8, 4, 0x80000600, NULL); /* no byte for CF9 */
    ck_assert_uint_eq(reset_line.rises, 0);
    outb(io, 0xcf9, 0x0e);
    ck_assert_uint_eq(reset_line.rises, 1);
    ck_assert(!reset_line.level);
    ck_assert_uint_eq(inb(io, 0xcf9), 0x0a);
    machine_reset(m);
    ck_assert_uint_eq(inb(io, 0xcf9), 0);
    ck_assert_uint_eq(mem_port_in(io, 0xcf8, 4, NULL), 0);
}
END_TEST

/* Random bytes of configuration space: the map after a restore is the map before. */
START_TEST(any_configuration)
{
    uint64_t x = 1;
    char before[LOW_RAM / 0x4000], after[LOW_RAM / 0x4000];

    for (unsigned i = 0; i < 200; i++) {
        x = x * 6364136223846793005ull + 1442695040888963407ull;
        put(0x50 + (x >> 33) % 0x50, 1, (uint32_t)(x >> 50));
        if (i % 20)
            continue;
        for (pa_t at = 0; at < LOW_RAM; at += 0x4000)
            before[at / 0x4000] = (char)(byte(at, &smm) * 2 + byte(at, &cpu));
        replace_machine();
        fill();
        for (pa_t at = 0; at < LOW_RAM; at += 0x4000)
            after[at / 0x4000] = (char)(byte(at, &smm) * 2 + byte(at, &cpu));
        ck_assert_mem_eq(before, after, LOW_RAM / 0x4000);
    }
}
END_TEST

START_TEST(refused_sizes)
{
    struct err e = { 0 };
    struct q35_mch_config c = { .memory = m->memory, .ram = ram, .low_ram = LOW_RAM + MIB };

    ck_assert_ptr_null(q35_mch_create(m, "other", &c, &e));
    ck_assert_int_eq(e.code, ERR_ARG);
}
END_TEST

static struct device *make_ports(struct machine *machine, void *arg)
{
    struct err e = { 0 };
    struct q35_mch *q = (struct q35_mch *)make(machine, arg);
    struct pci_ports *p = pci_ports_create(machine, "ports", machine->memory, &q->bus, &e);

    ck_assert_msg(p != NULL, "%s", e.text);
    return &p->dev;
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .steps = 64 });
    device_generic_test(&(struct device_generic){ .make = make_ports, .steps = 64 });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.q35_mch");
    TCase *t = tcase_create("generic"), *u = tcase_create("mch");

    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(u, setup, teardown);
    tcase_add_loop_test(u, reset_values, 0, (int)ARRAY_LEN(resets));
    tcase_add_loop_test(u, programmable_attributes, 0, (int)ARRAY_LEN(segments));
    tcase_add_test(u, attributes_by_dwords);
    tcase_add_loop_test(u, ecam, 0, (int)ARRAY_LEN(windows));
    tcase_add_test(u, compatible_smram);
    tcase_add_test(u, smram_lock);
    tcase_add_loop_test(u, tseg, 0, (int)ARRAY_LEN(tsegs));
    tcase_add_test(u, extended_tseg_is_asked_for);
    tcase_add_test(u, smram_at_smbase);
    tcase_add_test(u, mechanism_1);
    tcase_add_test(u, reset_control);
    tcase_add_test(u, any_configuration);
    tcase_add_test(u, refused_sizes);
    suite_add_tcase(s, u);
    return s;
}
