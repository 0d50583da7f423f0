/* SPDX-License-Identifier: Apache-2.0 */
/* Intel 290550 (PIIX3) and 290562 (PIIX4); ATA/ATAPI-6 T13 1410D, chapters 7 and 9; SFF-8038i 1.0 (bus master). */
#include "devices/piix.h"
#include "core/memory/ports.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/devices/pci_card.h"

enum { DISK = 1 << 20, DISC = 64 * 2048, PRDT = CARD_RAM + 0x1000, DATA = CARD_RAM + 0x10000, MASTER = 0xc000, PMBASE = 0x600 };
enum { PRIMARY = 0x1f0, SECONDARY = 0x170, ERROR = 1, COUNT, LOW, MID, HIGH, DEVICE, STATUS };
enum { DRDY_DSC = 0x50, DRQ = 0x58, FAILED = 0x51 };

static struct card x;
static struct card_spaces spaces;
static struct piix *piix;
static struct block *disk, *disc;
static bool irq[2];
static unsigned smis;

static void set_irq(void *arg, uint32_t number, bool level)
{
    (void)arg;
    irq[number] = level;
}
static void smi(void *arg, bool all)
{
    (void)arg, (void)all;
    smis++;
}

enum part { CHANNEL, ISA, IDE, POWER };
static struct device *make_part(struct machine *m, enum part part)
{
    struct err e = { 0 };
    struct ata_drive *d;

    card_keep(&spaces, &x);
    card_open(&x, m);
    const struct ich9_pm_config pm = { .io = x.io, .pm1_only = true, .smm = true, .smi = smi };
    const struct piix_config c = { .bus = &x.bus, .io = x.io, .pm = ich9_pm_create(m, "pm", &pm, &e), .smm = true };
    ck_assert_msg(c.pm != NULL && (piix = piix_create(m, "piix", &c, &e)) != NULL, "%s", e.text);
    for (unsigned i = 0; i < 2; i++)
        irq_connect(&piix->channel[i]->irq, set_irq, NULL, i);
    if (!disk)
        ck_assert(block_create_memory(&disk, DISK, &e) == 0 && block_create_memory(&disc, DISC, &e) == 0);
    ck_assert_int_eq(ide_attach(piix->channel[0], 0, disk, false, "SERIAL", &e), 0);
    ck_assert_int_eq(ide_attach(piix->channel[1], -1, disc, true, NULL, &e), 0);
    d = &piix->channel[1]->drive[0];
    ck_assert(ata_is_present(d) && d->packet);
    x.f = &piix->ide->pci;
    return part == CHANNEL ? &piix->channel[0]->dev : part == ISA ? &piix->dev : part == IDE ? &piix->ide->dev : &piix->power->dev;
}
static struct device *make(struct machine *m, void *arg)
{
    return make_part(m, *(const enum part *)arg);
}

static void config(unsigned function, uint32_t at, unsigned size, uint32_t value)
{
    pci_config_write(&x.bus, PCI_DEVFN(PIIX_SLOT, function), at, size, value);
}
static uint32_t in(unsigned port, unsigned size)
{
    return mem_port_in(x.io, (uint16_t)port, size, &(struct mem_attrs){ 0 });
}
static void out(unsigned port, unsigned size, uint32_t value)
{
    mem_port_out(x.io, (uint16_t)port, size, value, &(struct mem_attrs){ 0 });
}

static void setup(void)
{
    disk = disc = NULL;
    memset(&x, 0, sizeof(x));
    memset(irq, 0, sizeof(irq));
    smis = 0;
    (void)make_part(device_generic_machine(), CHANNEL);
    machine_reset(x.m);
    config(1, 0x20, 4, MASTER);
    config(1, 0x40, 4, 0x80008000);
    config(1, 4, 2, 5);
}
static void teardown(void)
{
    card_close(&x);
    (void)block_close(disk, NULL);
    (void)block_close(disc, NULL);
}

START_TEST(generic)
{
    disk = disc = NULL;
    for (enum part part = CHANNEL; part <= POWER; part++)
        device_generic_test(&(struct device_generic){ .make = make, .arg = &part, .steps = 200 });
    card_keep(&spaces, &x);
    card_drop(&spaces);
    (void)block_close(disk, NULL);
    (void)block_close(disc, NULL);
}
END_TEST

/* 290550, table 3 and on; 290562, 7.1 */
START_TEST(identity)
{
    static const uint32_t ids[] = { 0x70008086, 0x70108086, 0xffffffff, 0x71138086 }, classes[] = { 0x0601, 0x0101, 0, 0x0680 };
    for (unsigned f = 0; f < 4; f++) {
        ck_assert_uint_eq(pci_config_read(&x.bus, PCI_DEVFN(PIIX_SLOT, f), 0, 4), ids[f]);
        if (classes[f])
            ck_assert_uint_eq(pci_config_read(&x.bus, PCI_DEVFN(PIIX_SLOT, f), 10, 2), classes[f]);
    }
}
END_TEST

/* 2.2.6: bit 7 set: not routed; reserved interrupts are none. Device 1's INTA is line A, device 2's is B. */
START_TEST(routes)
{
    ck_assert_uint_eq(x.bus.intx_map(piix, PCI_DEVFN(1, 0), 0), 0);
    ck_assert_uint_eq(x.bus.intx_map(piix, PCI_DEVFN(2, 0), 0), 1);
    ck_assert_uint_eq(x.bus.intx_map(piix, PCI_DEVFN(4, 0), 1), 0);
    ck_assert_uint_eq(x.bus.intx_map(piix, PCI_DEVFN(0, 0), 0), 3);
    x.bus.intx(piix, 1, true);
    ck_assert(!piix->pic[11].level);
    config(0, 0x61, 1, 0x0b);
    ck_assert(piix->pic[11].level);
    config(0, 0x61, 1, 0x0d); /* the coprocessor's */
    ck_assert(!piix->pic[11].level && !piix->pic[13].level);
    config(0, 0x61, 1, 0x0a);
    ck_assert(piix->pic[10].level);
    x.bus.intx(piix, 1, false);
    ck_assert(!piix->pic[10].level);
}
END_TEST

/* 2.3.9: a channel is there with IDETIM's bit 15 and I/O space. */
START_TEST(decoding)
{
    ck_assert_uint_eq(in(PRIMARY + STATUS, 1), DRDY_DSC);
    config(1, 0x40, 2, 0);
    ck_assert_uint_eq(in(PRIMARY + STATUS, 1), 0xff);
    ck_assert_uint_eq(in(SECONDARY + MID, 1), 0x14);
    config(1, 4, 2, 4);
    ck_assert_uint_eq(in(SECONDARY + MID, 1), 0xff);
}
END_TEST

/* 9.12: signatures; a device that is not there shows nothing. */
START_TEST(signatures)
{
    out(PRIMARY + 0x206, 1, 4);
    ck_assert_uint_eq(in(PRIMARY + STATUS, 1), 0x80);
    out(PRIMARY + 0x206, 1, 0);
    ck_assert_uint_eq(in(PRIMARY + COUNT, 4), 0x00000101); /* count, LBA */
    ck_assert_uint_eq(in(SECONDARY + COUNT, 4), 0xeb140101);
    ck_assert_uint_eq(in(SECONDARY + STATUS, 1), 0);
    out(PRIMARY + DEVICE, 1, 0x10);
    ck_assert_uint_eq(in(PRIMARY + STATUS, 1), 0);
}
END_TEST

static void command(unsigned base, uint8_t code, uint32_t lba, uint8_t count)
{
    out(base + COUNT, 1, count);
    out(base + LOW, 1, lba & 0xff);
    out(base + MID, 1, lba >> 8 & 0xff);
    out(base + HIGH, 1, lba >> 16 & 0xff);
    out(base + DEVICE, 1, 0xe0 | lba >> 24);
    out(base + STATUS, 1, code);
}

static void fill(struct block *b, uint64_t at, uint32_t n, uint8_t seed)
{
    uint8_t bytes[4096];
    for (uint32_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(seed + i * 7 + i / 256);
    ck_assert_int_eq(block_write(b, at, bytes, n, NULL), 0);
}

/* 9.5: an interrupt for each block; reading the status takes it back. */
START_TEST(pio_in)
{
    uint8_t want[1024];
    fill(disk, 5 * 512, 1024, 3);
    ck_assert_int_eq(block_read(disk, 5 * 512, want, sizeof(want), NULL), 0);
    command(PRIMARY, 0x20, 5, 2);
    ck_assert_uint_eq(in(PRIMARY + STATUS, 1), 0x80);
    for (unsigned sector = 0; sector < 2; sector++) {
        card_run(&x, IDE_LATENCY);
        ck_assert(irq[0]);
        ck_assert_uint_eq(in(PRIMARY + 0x206, 1), DRQ);
        ck_assert(irq[0]);
        ck_assert_uint_eq(in(PRIMARY + STATUS, 1), DRQ);
        ck_assert(!irq[0]);
        for (unsigned i = 0; i < 256; i += 2)
            ck_assert_uint_eq(in(PRIMARY, 2), ld_le16(want + 512 * sector + i));
        for (unsigned i = 256; i < 512; i += 4)
            ck_assert_uint_eq(in(PRIMARY, 4), ld_le32(want + 512 * sector + i));
    }
    ck_assert_uint_eq(in(PRIMARY + STATUS, 1), DRDY_DSC);
    ck_assert(!irq[0]);
    command(PRIMARY, 0x20, DISK / 512, 1); /* behind the end: IDNF */
    card_run(&x, IDE_LATENCY);
    ck_assert_uint_eq(in(PRIMARY + STATUS, 1), FAILED);
    ck_assert_uint_eq(in(PRIMARY + ERROR, 1), 0x10);
}
END_TEST

/* 9.6: the first block without an interrupt, each later one and the end with. */
START_TEST(pio_out)
{
    uint8_t got[1024];
    command(PRIMARY, 0x30, 9, 2);
    for (unsigned sector = 0; sector < 2; sector++) {
        ck_assert_int_eq(irq[0], sector);
        ck_assert_uint_eq(in(PRIMARY + STATUS, 1), DRQ);
        for (unsigned i = 0; i < 256; i++)
            out(PRIMARY, 2, 0x1000 * sector + i);
    }
    ck_assert(irq[0]);
    ck_assert_uint_eq(in(PRIMARY + STATUS, 1), DRDY_DSC);
    ck_assert_int_eq(block_read(disk, 9 * 512, got, sizeof(got), NULL), 0);
    for (unsigned i = 0; i < 512; i++)
        ck_assert_uint_eq(ld_le16(got + 2 * i), 0x1000 * (i / 256) + i % 256);
}
END_TEST

/* SET MULTIPLE MODE and READ MULTIPLE EXT: 48 bits of address through the registers' previous contents, blocks of two sectors. */
START_TEST(multiple)
{
    command(PRIMARY, 0xc6, 0, 2);
    card_run(&x, IDE_LATENCY);
    fill(disk, 0x123 * 512, 1536, 9);
    out(PRIMARY + COUNT, 1, 0);
    out(PRIMARY + LOW, 1, 0);
    command(PRIMARY, 0x29, 0x123, 3);
    out(PRIMARY + 0x206, 1, 2); /* nIEN */
    card_run(&x, IDE_LATENCY);
    ck_assert(!irq[0]);
    out(PRIMARY + 0x206, 1, 0);
    ck_assert(irq[0]);
    ck_assert_uint_eq(in(PRIMARY + STATUS, 1), DRQ);
    for (unsigned i = 0; i < 512; i++)
        (void)in(PRIMARY, 2);
    ck_assert(irq[0]); /* the last block has one sector */
    ck_assert_uint_eq(in(PRIMARY + STATUS, 1), DRQ);
    for (unsigned i = 0; i < 256; i++)
        (void)in(PRIMARY, 2);
    ck_assert_uint_eq(in(PRIMARY + STATUS, 1), DRDY_DSC);
}
END_TEST

/* SFF-8038i, 1.2 and 3.1: two entries, the bus master before or behind the command. */
START_TEST(dma)
{
    uint8_t want[1024];
    fill(disk, 40 * 512, 1024, 77);
    ck_assert_int_eq(block_read(disk, 40 * 512, want, sizeof(want), NULL), 0);
    st_le32(card_ram(&x, PRDT), DATA);
    st_le32(card_ram(&x, PRDT + 4), 600);
    st_le32(card_ram(&x, PRDT + 8), DATA + 0x2000);
    st_le32(card_ram(&x, PRDT + 12), 0x80000000 | 424);
    out(MASTER + 4, 4, PRDT);
    ck_assert_uint_eq(in(MASTER + 4, 4), PRDT);
    for (unsigned first = 0; first < 2; first++) {
        memset(card_ram(&x, DATA), 0, 0x4000);
        out(MASTER + 2, 1, 0x66);
        if (first)
            out(MASTER, 1, 9);
        command(PRIMARY, 0xc8, 40, 2);
        card_run(&x, 2 * IDE_LATENCY);
        if (!first) {
            ck_assert_uint_eq(in(PRIMARY + STATUS, 1), 0x80);
            out(MASTER, 1, 9);
            card_run(&x, 2 * IDE_LATENCY);
        }
        ck_assert(irq[0]);
        ck_assert_uint_eq(in(MASTER + 2, 1), 0x64); /* interrupt, not active */
        ck_assert_uint_eq(in(PRIMARY + STATUS, 1), DRDY_DSC);
        ck_assert(memcmp(card_ram(&x, DATA), want, 600) == 0 && memcmp(card_ram(&x, DATA + 0x2000), want + 600, 424) == 0);
        out(MASTER, 1, 0);
        out(MASTER + 2, 1, 0x64);
        ck_assert_uint_eq(in(MASTER + 2, 1), 0x60);
    }
    st_le32(card_ram(&x, PRDT + 4), 0x80000000 | 512); /* too short: the command fails */
    out(MASTER, 1, 9);
    command(PRIMARY, 0xc8, 40, 2);
    card_run(&x, 2 * IDE_LATENCY);
    ck_assert_uint_eq(in(PRIMARY + STATUS, 1), FAILED);
    out(MASTER, 1, 0);
    out(MASTER + 4, 4, 0x10000000); /* nothing is there */
    out(MASTER, 1, 9);
    command(PRIMARY, 0xca, 40, 1);
    card_run(&x, 2 * IDE_LATENCY);
    ck_assert_uint_eq(in(MASTER + 2, 1) & 3, 2);
}
END_TEST

static void packet(const uint8_t *cdb, uint32_t limit, bool by_dma)
{
    out(SECONDARY + DEVICE, 1, 0);
    out(SECONDARY + ERROR, 1, by_dma);
    out(SECONDARY + MID, 1, limit & 0xff);
    out(SECONDARY + HIGH, 1, limit >> 8);
    out(SECONDARY + STATUS, 1, 0xa0);
    ck_assert_uint_eq(in(SECONDARY + STATUS, 1), DRQ);
    ck_assert_uint_eq(in(SECONDARY + COUNT, 1), 1); /* the packet is wanted */
    for (unsigned i = 0; i < 12; i += 2)
        out(SECONDARY, 2, ld_le16(cdb + i));
    card_run(&x, 2 * IDE_LATENCY);
}

/* 9.8 to 9.10: blocks of no more than the byte count, then the end, each with an interrupt and its reason. */
START_TEST(packets)
{
    static const uint8_t sense[12] = { 3, 0, 0, 0, 18 }, read[12] = { 0x28, [5] = 3, [8] = 2 }, inquiry[12] = { 0x12, [4] = 5 };
    uint8_t want[4096];
    fill(disc, 3 * 2048, 4096, 5);
    ck_assert_int_eq(block_read(disc, 3 * 2048, want, sizeof(want), NULL), 0);
    packet(sense, 0xfffe, false);
    ck_assert_uint_eq(in(SECONDARY + MID, 2), 18);
    for (unsigned i = 0; i < 9; i++)
        (void)in(SECONDARY, 2);
    ck_assert_uint_eq(in(SECONDARY + COUNT, 1), 3);
    packet(read, 1024, false);
    for (unsigned at = 0; at < sizeof(want); at += 2) {
        if (at % 1024 == 0) {
            ck_assert(irq[1]);
            ck_assert_uint_eq(in(SECONDARY + STATUS, 1), DRQ);
            ck_assert_uint_eq(in(SECONDARY + COUNT, 1), 2);
            ck_assert_uint_eq(in(SECONDARY + MID, 2), 1024);
        }
        ck_assert_uint_eq(in(SECONDARY, 2), ld_le16(want + at));
    }
    ck_assert(irq[1]);
    ck_assert_uint_eq(in(SECONDARY + STATUS, 1), DRDY_DSC);
    ck_assert_uint_eq(in(SECONDARY + COUNT, 1), 3);
    packet(inquiry, 64, false); /* an odd number of bytes comes in words */
    ck_assert_uint_eq(in(SECONDARY + MID, 2), 5);
    for (unsigned i = 0; i < 3; i++)
        (void)in(SECONDARY, 2);
    ck_assert_uint_eq(in(SECONDARY + STATUS, 1), DRDY_DSC);
    st_le32(card_ram(&x, PRDT), DATA);
    st_le32(card_ram(&x, PRDT + 4), 0x80000000 | 4096);
    out(MASTER + 12, 4, PRDT);
    out(MASTER + 8, 1, 9);
    packet(read, 0, true);
    ck_assert_uint_eq(in(SECONDARY + STATUS, 1), DRDY_DSC);
    ck_assert(memcmp(card_ram(&x, DATA), want, sizeof(want)) == 0);
}
END_TEST

/* One region of memory that ends the table. */
static void region(uint32_t at, uint32_t n)
{
    st_le32(card_ram(&x, PRDT), at);
    st_le32(card_ram(&x, PRDT + 4), 0x80000000 | n);
    out(MASTER + 4, 4, PRDT);
}

/* SFF-8038i, 2.2 and 3.1: what BMISX says of a line that is held down, a table that is too long, a command that fails. */
START_TEST(bus_master_status)
{
    out(PRIMARY + 0x206, 1, 2); /* nIEN */
    command(PRIMARY, 0xe5, 0, 0);
    card_run(&x, IDE_LATENCY);
    ck_assert_uint_eq(in(MASTER + 2, 1), 0);
    out(PRIMARY + 0x206, 1, 0);
    ck_assert(irq[0]);
    ck_assert_uint_eq(in(MASTER + 2, 1), 4);
    out(MASTER + 2, 1, 4);
    region(DATA, 1024);
    out(MASTER, 1, 9);
    command(PRIMARY, 0xc8, 0, 1);
    card_run(&x, IDE_LATENCY);
    ck_assert_uint_eq(in(MASTER + 2, 1), 5);
    out(MASTER, 1, 0);
    ck_assert_uint_eq(in(MASTER + 2, 1), 4);
    out(MASTER + 2, 1, 4);
    out(MASTER, 1, 9);
    command(PRIMARY, 0xc8, DISK / 512, 1);
    card_run(&x, IDE_LATENCY);
    ck_assert_uint_eq(in(PRIMARY + STATUS, 1), FAILED);
    ck_assert_uint_eq(in(MASTER + 2, 1), 5);
    uint64_t errors = piix->channel[0]->dev.guest_errors;
    out(MASTER, 1, 0);
    out(MASTER, 1, 1); /* as if to write */
    command(PRIMARY, 0xc8, 0, 1);
    card_run(&x, IDE_LATENCY);
    ck_assert_uint_eq(piix->channel[0]->dev.guest_errors, errors + 1);
}
END_TEST

/* A bus master that is stopped moves nothing; the drive waits. */
START_TEST(stopped)
{
    fill(disk, 0, 512, 8);
    region(DATA, 512);
    out(MASTER, 1, 9);
    command(PRIMARY, 0xc8, 0, 1);
    out(MASTER, 1, 8);
    card_run(&x, 2 * IDE_LATENCY);
    ck_assert_uint_eq(in(PRIMARY + STATUS, 1), 0x80);
    ck_assert_uint_eq(ld_le32(card_ram(&x, DATA)), 0);
    out(MASTER, 1, 9);
    card_run(&x, 2 * IDE_LATENCY);
    ck_assert_uint_eq(in(PRIMARY + STATUS, 1), DRDY_DSC);
    ck_assert_uint_ne(ld_le32(card_ram(&x, DATA)), 0);
}
END_TEST

/* ATA/ATAPI-6, 8.15: no Serial ATA words, word 93; no queues. 6.20: HOB. 9.2: nothing starts under SRST. 9.10: diagnosis. */
START_TEST(parallel)
{
    uint16_t words[256];
    command(PRIMARY, 0xec, 0, 0);
    card_run(&x, IDE_LATENCY);
    for (unsigned i = 0; i < 256; i++)
        words[i] = (uint16_t)in(PRIMARY, 2);
    ck_assert_uint_eq(words[1], DISK / 512 / (16 * 63));
    ck_assert_uint_eq(words[75] | words[76] | words[222], 0);
    ck_assert_uint_eq(words[93], 0x600b);
    command(PRIMARY, 0x60, 0, 0);
    card_run(&x, IDE_LATENCY);
    ck_assert_uint_eq(in(PRIMARY + STATUS, 1), FAILED);
    ck_assert_uint_eq(in(PRIMARY + ERROR, 1), 4);
    out(PRIMARY + COUNT, 1, 0x12);
    out(PRIMARY + COUNT, 1, 0x34);
    out(PRIMARY + 0x206, 1, 0x80);
    ck_assert_uint_eq(in(PRIMARY + COUNT, 1), 0x12);
    out(PRIMARY + DEVICE, 1, 0xe0);
    ck_assert_uint_eq(in(PRIMARY + COUNT, 1), 0x34);
    out(PRIMARY + 0x206, 1, 4);
    out(PRIMARY + STATUS, 1, 0xec);
    out(PRIMARY + 0x206, 1, 0);
    card_run(&x, IDE_LATENCY);
    ck_assert_uint_eq(in(PRIMARY + STATUS, 1), DRDY_DSC);
    out(PRIMARY + DEVICE, 1, 0x10); /* nobody, yet device 0 hears it */
    out(PRIMARY + STATUS, 1, 0x90);
    card_run(&x, IDE_LATENCY);
    ck_assert(irq[0]);
    ck_assert_uint_eq(in(PRIMARY + STATUS, 1), DRDY_DSC);
    ck_assert_uint_eq(in(PRIMARY + ERROR, 1), 1);
}
END_TEST

/* A packet without data needs no bus master. A disc that is taken out ends what was read of it: SPC-4, NOT READY. */
START_TEST(packet_ends)
{
    static const uint8_t sense[12] = { 3, 0, 0, 0, 18 }, ready[12] = { 0 }, read[12] = { 0x28, [8] = 1 };
    packet(sense, 0xfffe, false);
    for (unsigned i = 0; i < 9; i++)
        (void)in(SECONDARY, 2);
    packet(ready, 0, true);
    ck_assert(irq[1]);
    ck_assert_uint_eq(in(SECONDARY + STATUS, 1), DRDY_DSC);
    packet(read, 1024, false);
    atapi_set_medium(&piix->channel[1]->drive[0], NULL);
    for (unsigned i = 0; i < 512; i++)
        (void)in(SECONDARY, 2);
    ck_assert_uint_eq(in(SECONDARY + STATUS, 1), FAILED);
    ck_assert_uint_eq(in(SECONDARY + ERROR, 1), 0x24);
    packet(sense, 0xfffe, false);
    ck_assert_uint_eq(in(SECONDARY, 2), 0x70);
    ck_assert_uint_eq(in(SECONDARY, 2), 0x02);
}
END_TEST

/* What a snapshot may say of a drive that is not there. */
START_TEST(nobody_works)
{
    struct ide_channel *c = piix->channel[0];
    for (unsigned phase = 0; phase < 9; phase++) {
        c->device = 0x10;
        c->phase = (uint8_t)phase;
        c->dev.ops->loaded(c);
        ev_arm(&c->latency, device_now(&c->dev) + 1);
        card_run(&x, IDE_LATENCY);
        for (unsigned i = 0; i < 300; i++) {
            (void)in(PRIMARY, 2);
            out(PRIMARY, 2, i);
        }
        card_run(&x, IDE_LATENCY);
    }
}
END_TEST

/* A command that waits and half a block outlive a snapshot. */
START_TEST(snapshot)
{
    struct card before;
    fill(disk, 0, 512, 1);
    command(PRIMARY, 0x20, 0, 1);
    card_run(&x, IDE_LATENCY);
    for (unsigned i = 0; i < 10; i++)
        (void)in(PRIMARY, 2);
    uint32_t want = in(PRIMARY, 2);
    before = x;
    memset(&x, 0, sizeof(x));
    struct piix *old = piix;
    (void)make_part(device_generic_machine(), CHANNEL);
    machine_reset(x.m);
    device_generic_copy(before.m, x.m);
    ck_assert_uint_eq(piix->channel[0]->at, old->channel[0]->at);
    card_close(&before);
    ck_assert_uint_ne(in(PRIMARY, 2), want);
    for (unsigned i = 12; i < 256; i++)
        (void)in(PRIMARY, 2);
    ck_assert_uint_eq(in(PRIMARY + STATUS, 1), DRDY_DSC);
}
END_TEST

/* 290562, 7.1 and 7.2: PMBASE, the timer, SMI by APM_CNT. */
START_TEST(power)
{
    config(3, 0x40, 4, PMBASE | 1);
    ck_assert_uint_eq(in(PMBASE + 4, 2), 0xffff);
    config(3, 0x80, 1, 1);
    ck_assert_uint_eq(in(PMBASE + 4, 2), 0);
    uint32_t before = in(PMBASE + 8, 4);
    card_run(&x, PS_PER_MS);
    ck_assert_uint_eq(in(PMBASE + 8, 4) - before, 3579);
    ck_assert_uint_eq(in(PMBASE + 0x30, 4), 0xffffffff); /* an ICH9's SMI_EN */
    out(0xb2, 1, 0x55);
    config(3, 0x58, 4, 0x02000000);
    out(0xb2, 1, 0x55);
    ck_assert_uint_eq(smis, 0);
    out(PMBASE + 0x28, 4, 1);
    out(0xb2, 1, 0x55);
    ck_assert_uint_eq(smis, 1);
}
END_TEST

START_TEST(places)
{
    struct err e = { 0 };
    ck_assert_int_eq(ide_attach(piix->channel[0], 0, disk, false, NULL, &e), ERR_ARG);
    ck_assert_int_eq(ide_attach(piix->channel[0], 2, disk, false, NULL, &e), ERR_LIMIT);
    ck_assert_int_eq(ide_attach(piix->channel[0], 1, NULL, false, NULL, &e), ERR_ARG);
    ck_assert_int_eq(ide_attach(piix->channel[0], -1, NULL, true, NULL, &e), 0);
    ck_assert_int_eq(ide_attach(piix->channel[0], -1, NULL, true, NULL, &e), ERR_LIMIT);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("piix");
    TCase *t = tcase_create("generic"), *c = tcase_create("piix");

    tcase_set_timeout(t, 120);
    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, identity);
    tcase_add_test(c, routes);
    tcase_add_test(c, decoding);
    tcase_add_test(c, signatures);
    tcase_add_test(c, pio_in);
    tcase_add_test(c, pio_out);
    tcase_add_test(c, multiple);
    tcase_add_test(c, dma);
    tcase_add_test(c, packets);
    tcase_add_test(c, bus_master_status);
    tcase_add_test(c, stopped);
    tcase_add_test(c, parallel);
    tcase_add_test(c, packet_ends);
    tcase_add_test(c, nobody_works);
    tcase_add_test(c, snapshot);
    tcase_add_test(c, power);
    tcase_add_test(c, places);
    suite_add_tcase(s, c);
    return s;
}
