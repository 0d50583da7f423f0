/* SPDX-License-Identifier: Apache-2.0 */
/* Serial ATA AHCI 1.3.1 (ports, command lists, FISes), ACS-3 (disks), MMC-6 and SPC-4 (CD-ROM
 * drives). */
#include "devices/ahci.h"
#define REGS (CARD_BAR + 5u * CARD_BAR_STEP)
#include "test/devices/card_fixture.h"

enum { R_CAP = 0, R_GHC = 4, R_IS = 8, R_PI = 0xc,
       R_VS = 0x10 };
enum { P_CLB = 0, P_FB = 8, P_IS = 0x10, P_IE = 0x14, P_CMD = 0x18, P_TFD = 0x20, P_SIG = 0x24,
       P_SSTS = 0x28, P_SCTL = 0x2c, P_SERR = 0x30, P_SACT = 0x34, P_CI = 0x38 };
enum { LISTS = CARD_RAM, AREAS = CARD_RAM + 0x10000, TABLES = CARD_RAM + 0x20000,
       DATA = CARD_RAM + 0x100000 };
enum { DISK_PORT = 0, CD_PORT = 2, DISK = 1 << 20, DISC = 64 * 2048 };
enum { DHRS = 1, PSS = 2, SDBS = 8, DPS = 0x20, OFS = 1 << 24, HBFS = 1 << 29, TFES = 1 << 30 };
#define LONG_ENOUGH (100 * PS_PER_US)

static struct ahci *ahci;
static struct block *disk, *disc;

static struct pci_function *card_make(struct machine *m)
{
    const struct ahci_options o = { .devfn = PCI_DEVFN(31, 2) };
    struct err e = { 0 };

    ahci = ahci_create(m, "ahci", &x.bus, &o, &e);
    ck_assert_msg(ahci != NULL, "%s", e.text);
    if (!disk)
        ck_assert(block_create_memory(&disk, DISK, &e) == 0 &&
                  block_create_memory(&disc, DISC, &e) == 0);
    ck_assert_int_eq(ahci_attach(ahci, DISK_PORT, disk, false, "SERIAL", &e), 0);
    ck_assert_int_eq(ahci_attach(ahci, CD_PORT, disc, true, NULL, &e), 0);
    return ahci_function(ahci);
}

static uint32_t port(unsigned p, uint32_t reg)
{
    return 0x100 + 0x80 * p + reg;
}
static pa_t area(unsigned p)
{
    return AREAS + 0x100 * p;
}
static pa_t table(unsigned slot)
{
    return TABLES + 0x1000 * slot;
}

static void start_port(unsigned p)
{
    wr(port(p, P_CLB), LISTS + 0x400 * p);
    wr(port(p, P_FB), (uint32_t)area(p));
    wr(port(p, P_CMD), 1 << 4);
    wr(port(p, P_CMD), 1 << 4 | 1);
    wr(port(p, P_SERR), 0xffffffff);
    wr(port(p, P_IS), 0xffffffff);
}
static void setup(void)
{
    disk = disc = NULL;
    make_card();
    card_enable(&x);
    start_port(DISK_PORT);
    start_port(CD_PORT);
}
static void teardown(void)
{
    card_close(&x);
    (void)block_close(disk, NULL);
    (void)block_close(disc, NULL);
}

struct command {
    uint8_t code, device;
    uint16_t features, count;
    uint64_t lba;
    uint32_t bytes;              /* of the buffer at DATA, in one piece */
    bool write;
    const uint8_t *packet;
    uint32_t packet_bytes;
};

static void put_command(unsigned p, unsigned slot, const struct command *c)
{
    uint8_t *h = card_ram(&x, LISTS + 0x400 * p + 32 * slot), *t = card_ram(&x, table(slot));

    memset(h, 0, 32);
    memset(t, 0, 0x100);
    st_le32(h, 5u | (c->packet ? 1 << 5 : 0) | (c->write ? 1 << 6 : 0) | (c->bytes ? 1u << 16 : 0));
    st_le64(h + 8, table(slot));
    t[0] = 0x27;
    t[1] = 0x80;
    t[2] = c->code;
    t[3] = (uint8_t)c->features;
    t[7] = c->device;
    t[11] = (uint8_t)(c->features >> 8);
    for (unsigned i = 0; i < 3; i++) {
        t[4 + i] = (uint8_t)(c->lba >> 8 * i);
        t[8 + i] = (uint8_t)(c->lba >> (24 + 8 * i));
    }
    st_le16(t + 12, c->count);
    if (c->packet)
        memcpy(t + 0x40, c->packet, c->packet_bytes);
    st_le64(t + 0x80, DATA);
    st_le32(t + 0x8c, c->bytes - 1);
}

/* PxTFD afterwards. */
static uint32_t execute(unsigned p, const struct command *c)
{
    put_command(p, 0, c);
    wr(port(p, P_IS), 0xffffffff);
    wr(port(p, P_CI), 1);
    card_run(&x, LONG_ENOUGH);
    uint32_t tfd = rd(port(p, P_TFD));
    if (tfd & 1) { /* 6.2.2.1: a restart goes on from an error */
        ck_assert_uint_eq(rd(port(p, P_IS)) & TFES, TFES);
        wr(port(p, P_CMD), 1 << 4);
        wr(port(p, P_CMD), 1 << 4 | 1);
    } else {
        ck_assert_uint_eq(rd(port(p, P_CI)), 0);
    }
    return tfd;
}
#define DO(...) execute(DISK_PORT, &(struct command){ __VA_ARGS__ })

static uint32_t packet(const uint8_t *cdb, uint32_t n, uint32_t bytes, bool dma)
{
    return execute(CD_PORT, &(struct command){ .code = 0xa0, .features = dma, .bytes = bytes, .packet = cdb,
                                               .packet_bytes = n, .lba = 0xfffe00 });
}
#define PACKET(bytes, ...) packet((const uint8_t[16]){ __VA_ARGS__ }, 16, (bytes), true)
static void expect_sense(uint8_t key, uint8_t asc, uint8_t ascq)
{
    const uint8_t *b = card_ram(&x, DATA);
    ck_assert_uint_eq(PACKET(18, 0x03, 0, 0, 0, 18), 0x50);
    ck_assert_msg(b[2] == key && b[12] == asc && b[13] == ascq,
                  "sense %x/%02x/%02x, not %x/%02x/%02x", b[2], b[12], b[13], key, asc, ascq);
}

START_TEST(generic)
{
    check_generic();
    (void)block_close(disk, NULL);
    (void)block_close(disc, NULL);
    disk = disc = NULL;
}
END_TEST

START_TEST(identity)
{
    ck_assert_uint_eq(card_config(&x, 0, 4), 0x29228086);
    ck_assert_uint_eq(card_config(&x, 8, 4), 0x01060102);
    ck_assert_uint_eq(card_config(&x, 0x90, 2), 0x0040);
    uint32_t cap = rd(R_CAP);
    ck_assert_uint_eq(cap & 31, 5);
    ck_assert_uint_eq(cap >> 8 & 31, 31);
    ck_assert_uint_eq(cap >> 30, 3);     /* 64 bits, NCQ */
    ck_assert_uint_eq(cap >> 18 & 1, 1); /* AHCI only, so AE is 1 for ever */
    ck_assert_uint_eq(rd(R_GHC), 0x80000000);
    ck_assert_uint_eq(rd(R_PI), 0x3f);
    ck_assert_uint_eq(rd(R_VS), 0x00010301);
    /* the same through the index and data pair */
    struct mem_attrs none = { 0 };
    uint64_t v = 0;
    ck_assert(mem_store(x.io, CARD_IO + 0x10, 4, R_VS, &none) == MEM_OK);
    ck_assert(mem_load(x.io, CARD_IO + 0x14, 4, &v, &none) == MEM_OK);
    ck_assert_uint_eq(v, 0x00010301);
}
END_TEST

/* ACS-3, table 206, as PxSIG has it; a port without a drive has no link. */
START_TEST(signatures)
{
    wr(R_GHC, 1);
    ck_assert_uint_eq(rd(R_GHC), 0x80000000);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_SIG)), 0x00000101);
    ck_assert_uint_eq(rd(port(CD_PORT, P_SIG)), 0xeb140101);
    ck_assert_uint_eq(rd(port(1, P_SIG)), 0xffffffff);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_SSTS)), 0x113);
    ck_assert_uint_eq(rd(port(1, P_SSTS)), 0);
    ck_assert_uint_eq(rd(port(1, P_TFD)), 0x7f);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_TFD)), 0x0150);
    /* COMRESET: down while DET is 1; then PxSERR.DIAG.X and PxIS.PCS */
    wr(port(DISK_PORT, P_SERR), 0xffffffff);
    wr(port(DISK_PORT, P_SCTL), 1);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_SSTS)), 0);
    wr(port(DISK_PORT, P_SCTL), 0);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_SSTS)), 0x113);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_SERR)) >> 26 & 1, 1);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_IS)) & 0x40, 0x40);
    wr(port(DISK_PORT, P_SERR), 1 << 26);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_IS)) & 0x40, 0);
    /* the first FIS waits for FRE */
    memset(card_ram(&x, area(DISK_PORT)), 0, 0x100);
    wr(port(DISK_PORT, P_CMD), 1 << 4);
    ck_assert_uint_eq(ld_le32(card_ram(&x, area(DISK_PORT) + 0x40)), 0x01500034);
}
END_TEST

/*
 * 3.3.5: PCS and PRCS reflect PxSERR. 10.3.1: what a driver starts without a drive does nothing, and is no mistake of its:
 * only by PxSSTS and PxSIG does it learn that there is none. A drive that is there must not be busy, and FRE comes first.
 */
START_TEST(starts)
{
    uint64_t errors = x.f->dev->guest_errors;

    wr(R_GHC, 1);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_SERR)), 1 << 26 | 1 << 16);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_IS)), 1 << 22 | 1 << 6);
    ck_assert_uint_eq(rd(port(1, P_SERR)) | rd(port(1, P_IS)), 0);
    start_port(1);
    ck_assert_uint_eq(x.f->dev->guest_errors, errors);
    put_command(1, 0, &(struct command){ .code = 0xec, .bytes = 512 });
    wr(port(1, P_CI), 1);
    card_run(&x, LONG_ENOUGH);
    ck_assert_uint_eq(rd(port(1, P_CI)), 1); /* it waits for ever */
    ck_assert_uint_eq(rd(port(1, P_TFD)), 0x7f);
    wr(port(DISK_PORT, P_CMD), 1);
    ck_assert_uint_eq(x.f->dev->guest_errors, errors + 1);
}
END_TEST

/* 3.3.7, CCS: after ST was set slot 0 has the highest priority, then the slot behind the last one. */
START_TEST(priority)
{
    put_command(DISK_PORT, 0, &(struct command){ .code = 0xe5 });
    put_command(DISK_PORT, 1, &(struct command){ .code = 0xe5 });
    put_command(DISK_PORT, 2, &(struct command){ .code = 0xe5 });
    wr(port(DISK_PORT, P_CI), 3);
    card_run(&x, LONG_ENOUGH);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_CMD)) >> 8 & 31, 1); /* 0, 1 */
    wr(port(DISK_PORT, P_CI), 7);
    card_run(&x, LONG_ENOUGH);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_CMD)) >> 8 & 31, 1); /* 2, 0, 1 */
    wr(port(DISK_PORT, P_CMD), 1 << 4);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_CMD)) >> 8 & 31, 0);
}
END_TEST

/* ACS-3, 7.12: PIO data-in ends with a PIO Setup FIS, without a register FIS. */
START_TEST(identify)
{
    const uint8_t *b = card_ram(&x, DATA), *fis = card_ram(&x, area(DISK_PORT) + 0x20);
    uint8_t sum = 0;

    ck_assert_uint_eq(DO(.code = 0xec, .bytes = 512), 0x50);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_IS)) & (DHRS | PSS), PSS);
    ck_assert_uint_eq(fis[0], 0x5f);
    ck_assert_uint_eq(fis[1], 0x60);
    ck_assert_uint_eq(fis[15], 0x50);
    ck_assert_uint_eq(ld_le16(fis + 16), 512);
    ck_assert_uint_eq(ld_le32(card_ram(&x, LISTS + 4)), 512); /* PRDBC */
    for (unsigned i = 0; i < 512; i++)
        sum = (uint8_t)(sum + b[i]);
    ck_assert_uint_eq(sum, 0);
    ck_assert_mem_eq(b + 20, "ESIRLA", 6);   /* "SERIAL" */
    ck_assert_uint_eq(ld_le32(b + 120), DISK / 512);
    ck_assert_uint_eq(ld_le64(b + 200), DISK / 512);
    ck_assert_uint_eq(ld_le16(b + 150), 31); /* queue depth */
    ck_assert_uint_eq(ld_le16(b + 338), 1);  /* TRIM */
    /* a packet device refuses, with its signature */
    ck_assert_uint_eq(execute(CD_PORT, &(struct command){ .code = 0xec, .bytes = 512 }) & 0x4ff,
                      0x451);
    ck_assert_uint_eq(card_ram(&x, area(CD_PORT) + 0x40)[5], 0x14);
    ck_assert_uint_eq(card_ram(&x, area(CD_PORT) + 0x40)[6], 0xeb);
    ck_assert_uint_eq(execute(CD_PORT, &(struct command){ .code = 0xa1, .bytes = 512 }), 0x50);
    ck_assert_uint_eq(ld_le16(b), 0x85c0);
}
END_TEST

/* Each way to write 5 sectors at 100, and each to read them. */
static const struct { uint8_t write, read; } ways[] = {
    { 0x30, 0x20 }, { 0x34, 0x24 }, { 0xca, 0xc8 }, { 0x35, 0x25 },
    { 0x3d, 0x25 }, { 0xc5, 0xc4 }, { 0x39, 0x29 },
};
START_TEST(transfers)
{
    uint8_t *b = card_ram(&x, DATA), want[2560], got[2560];

    for (unsigned i = 0; i < sizeof(want); i++)
        want[i] = b[i] = (uint8_t)(i * 7 + _i);
    ck_assert_uint_eq(DO(.code = 0xc6, .count = 4),
                      0x50); /* DRQ blocks of 4 sectors: the last is shorter */
    ck_assert_uint_eq(DO(.code = ways[_i].write, .device = 0x40, .lba = 100, .count = 5,
                         .bytes = 2560, .write = true),
                      0x50);
    ck_assert_int_eq(block_read(disk, 100 * 512, got, sizeof(got), NULL), 0);
    ck_assert_mem_eq(got, want, sizeof(want));
    memset(b, 0, sizeof(want));
    ck_assert_uint_eq(
        DO(.code = ways[_i].read, .device = 0x40, .lba = 100, .count = 5, .bytes = 2560), 0x50);
    ck_assert_mem_eq(b, want, sizeof(want));
}
END_TEST

START_TEST(faults)
{
    uint64_t end = DISK / 512;
    ck_assert_uint_eq(DO(.code = 0x25, .device = 0x40, .lba = end - 1, .count = 1, .bytes = 512),
                      0x50);
    ck_assert_uint_eq(DO(.code = 0x25, .device = 0x40, .lba = end - 1, .count = 2, .bytes = 1024),
                      0x1051);                       /* IDNF */
    ck_assert_uint_eq(rd(port(DISK_PORT, P_CI)), 0); /* the restart took it back */
    ck_assert_uint_eq(DO(.code = 0xc8, .device = 0, .lba = 1, .count = 1, .bytes = 512),
                      0x1051); /* CHS */
    ck_assert_uint_eq(DO(.code = 0xff), 0x0451);
    ck_assert_uint_eq(DO(.code = 0x00), 0x0451);
    /* a buffer that is too short */
    ck_assert_uint_eq(DO(.code = 0x25, .device = 0x40, .count = 2, .bytes = 512) & 1, 1);
    /* one that is not there: the bus failed */
    put_command(DISK_PORT, 0,
                &(struct command){ .code = 0x25, .device = 0x40, .count = 1, .bytes = 512 });
    st_le64(card_ram(&x, table(0) + 0x80), 0x1000);
    wr(port(DISK_PORT, P_CI), 1);
    card_run(&x, LONG_ENOUGH);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_IS)) & HBFS, HBFS);
    wr(port(DISK_PORT, P_CMD), 1 << 4);
    wr(port(DISK_PORT, P_CMD), 1 << 4 | 1);
    /* a command list that is not there */
    wr(port(DISK_PORT, P_IS), 0xffffffff);
    wr(port(DISK_PORT, P_CLB), 0x1000);
    wr(port(DISK_PORT, P_CI), 1);
    card_run(&x, LONG_ENOUGH);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_IS)) & HBFS, HBFS);
}
END_TEST

/* 5.6.4: PxSACT and PxCI together; Set Device Bits ends each, log 10h tells which failed. */
START_TEST(queued)
{
    const uint8_t *sdb = card_ram(&x, area(DISK_PORT) + 0x58), *b = card_ram(&x, DATA);

    for (unsigned slot = 0; slot < 32; slot++)
        put_command(DISK_PORT, slot, &(struct command){ .code = 0x60, .device = 0x40, .features = 1, .lba = slot,
                                                        .count = (uint16_t)(slot << 3), .bytes = 512 });
    wr(port(DISK_PORT, P_SACT), 0xffffffff);
    wr(port(DISK_PORT, P_CI), 0xffffffff);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_SACT)), 0xffffffff);
    card_run(&x, LONG_ENOUGH);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_SACT)) | rd(port(DISK_PORT, P_CI)), 0);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_IS)) & (SDBS | TFES), SDBS);
    ck_assert_uint_eq(sdb[0], 0xa1);
    ck_assert_uint_eq(sdb[1], 0x40);
    st_le32(card_ram(&x, DATA), 0x12345678);
    put_command(DISK_PORT, 3, &(struct command){ .code = 0x61, .device = 0xc0, .features = 1, .lba = 9,
                                                 .count = 3 << 3, .bytes = 512, .write = true });
    put_command(DISK_PORT, 7, &(struct command){ .code = 0x60, .device = 0x40, .features = 1, .lba = DISK,
                                                 .count = 7 << 3, .bytes = 512 });
    put_command(
        DISK_PORT, 9,
        &(struct command){
            .code = 0x60, .device = 0x40, .features = 1, .lba = 1, .count = 9 << 3, .bytes = 512 });
    wr(port(DISK_PORT, P_SACT), 1 << 3 | 1 << 7 | 1 << 9);
    wr(port(DISK_PORT, P_CI), 1 << 3 | 1 << 7 | 1 << 9);
    card_run(&x, LONG_ENOUGH);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_IS)) & TFES, TFES);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_SACT)), 1 << 7 | 1 << 9);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_CI)), 1 << 9); /* not sent: the port has stopped */
    ck_assert_uint_eq(rd(port(DISK_PORT, P_TFD)) & 0xff01, 0x1001);
    wr(port(DISK_PORT, P_CMD), 1 << 4);
    wr(port(DISK_PORT, P_CMD), 1 << 4 | 1);
    ck_assert_uint_eq(DO(.code = 0x2f, .lba = 0x10, .count = 1, .bytes = 512), 0x50);
    ck_assert_uint_eq(b[0], 7);
    ck_assert_uint_eq(b[3], 0x10);
    ck_assert_uint_eq(ld_le32(b + 4) & 0xffffff, DISK & 0xffffff);
    ck_assert_uint_eq(DO(.code = 0x47, .lba = 0x10, .count = 1, .bytes = 512), 0x50);
    ck_assert_uint_eq(b[0], 0x80); /* read once, it is over */
    ck_assert_uint_eq(DO(.code = 0x25, .device = 0x40, .lba = 9, .count = 1, .bytes = 512), 0x50);
    ck_assert_uint_eq(ld_le32(b), 0x12345678);
}
END_TEST

/* 4.2.3.3: pieces of any even length; the I bit of one sets PxIS.DPS. */
START_TEST(scattered)
{
    uint8_t want[512];
    for (unsigned i = 0; i < sizeof(want); i++)
        want[i] = (uint8_t)(i ^ 0x5a);
    ck_assert_int_eq(block_write(disk, 0, want, sizeof(want), NULL), 0);
    put_command(DISK_PORT, 5,
                &(struct command){ .code = 0xc8, .device = 0x40, .count = 1, .bytes = 2 });
    uint8_t *t = card_ram(&x, table(5));
    st_le32(card_ram(&x, LISTS + 32 * 5), 5 | 3 << 16);
    static const struct { uint64_t at; uint32_t n; } pieces[] = { { DATA + 2, 2 }, { DATA + 0x1000, 300 }, { DATA + 0x2ffe, 210 } };
    for (unsigned i = 0; i < 3; i++) {
        st_le64(t + 0x80 + 16 * i, pieces[i].at);
        st_le32(t + 0x8c + 16 * i, (pieces[i].n - 1) | (i == 1 ? 0x80000000u : 0));
    }
    wr(port(DISK_PORT, P_CI), 1 << 5);
    card_run(&x, LONG_ENOUGH);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_TFD)), 0x50);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_IS)) & (DPS | OFS), DPS);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_CMD)) >> 8 & 31, 5); /* CCS */
    ck_assert_mem_eq(card_ram(&x, DATA + 2), want, 2);
    ck_assert_mem_eq(card_ram(&x, DATA + 0x1000), want + 2, 300);
    ck_assert_mem_eq(card_ram(&x, DATA + 0x2ffe), want + 302, 210);
}
END_TEST

/* 10.4.1: SRST on, with C in the header, then off. */
START_TEST(soft_reset)
{
    put_command(DISK_PORT, 0, &(struct command){ 0 });
    uint8_t *t = card_ram(&x, table(0));
    t[1] = 0;
    t[15] = 4;
    st_le32(card_ram(&x, LISTS), 5 | 1 << 10 | 1 << 8);
    wr(port(DISK_PORT, P_CI), 1);
    card_run(&x, LONG_ENOUGH);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_CI)), 0);
    t[15] = 0;
    st_le32(card_ram(&x, LISTS), 5);
    wr(port(DISK_PORT, P_CI), 1);
    card_run(&x, LONG_ENOUGH);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_TFD)), 0x0150);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_SIG)), 0x101);
}
END_TEST

/* 10.7: PxIS through PxIE to IS, IS through GHC.IE to the pin or a message. */
START_TEST(interrupts)
{
    unsigned line = (31 + 0) % 4;
    ck_assert_uint_eq(DO(.code = 0xe5), 0x50);
    ck_assert(!x.intx[line]);
    wr(port(DISK_PORT, P_IE), DHRS);
    ck_assert_uint_eq(rd(R_IS), 1);
    wr(R_GHC, 2);
    ck_assert(x.intx[line]);
    wr(R_IS, 1);
    ck_assert(x.intx[line]); /* the port still asks */
    wr(port(DISK_PORT, P_IS), DHRS);
    wr(R_IS, 1);
    ck_assert(!x.intx[line]);
    card_enable_msi(&x);
    ck_assert_uint_eq(DO(.code = 0xe5), 0x50);
    ck_assert_uint_eq(x.messages, 1);
    ck_assert_uint_eq(x.message, 0x77);
}
END_TEST

/* A message that is written to IS, where the port's interrupt is told anew. */
START_TEST(message_loops)
{
    card_enable_msi(&x);
    card_configure(&x, x.f->msi_cap + 4u, 4, REGS + R_IS);
    wr(port(DISK_PORT, P_IE), DHRS);
    wr(R_GHC, 2);
    put_command(DISK_PORT, 0, &(struct command){ .code = 0xe5 });
    wr(port(DISK_PORT, P_CI), 1);
    card_run(&x, LONG_ENOUGH);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_TFD)), 0x50);
    ck_assert_uint_eq(rd(R_IS), 1);
}
END_TEST

START_TEST(settings)
{
    const uint8_t *b = card_ram(&x, DATA), *d2h = card_ram(&x, area(DISK_PORT) + 0x40);
    ck_assert_uint_eq(DO(.code = 0xef, .features = 0x82), 0x50); /* write cache off */
    ck_assert_uint_eq(DO(.code = 0xef, .features = 0x03, .count = 0x42), 0x50);
    ck_assert_uint_eq(DO(.code = 0xef, .features = 0x03, .count = 0x47), 0x451);
    ck_assert_uint_eq(DO(.code = 0xef, .features = 0x99), 0x451);
    ck_assert_uint_eq(DO(.code = 0xec, .bytes = 512), 0x50);
    ck_assert_uint_eq(ld_le16(b + 170) & 0x20, 0);
    ck_assert_uint_eq(ld_le16(b + 176), 0x043f);                 /* Ultra DMA 2 */
    ck_assert_uint_eq(DO(.code = 0xe0), 0x50);
    ck_assert_uint_eq(DO(.code = 0xe5), 0x50);
    ck_assert_uint_eq(d2h[12], 0x00);                            /* standby */
    ck_assert_uint_eq(DO(.code = 0xc6, .count = 3), 0x451);      /* no power of two */
    ck_assert_uint_eq(DO(.code = 0xf8, .device = 0x40), 0x50);
    ck_assert_uint_eq(ld_le32(d2h + 4) & 0xffffff, DISK / 512 - 1);
    ck_assert_uint_eq(DO(.code = 0xea), 0x50);
}
END_TEST

/* 7.48: SMART; RETURN STATUS leaves C24Fh where it is. */
START_TEST(smart)
{
    const uint8_t *b = card_ram(&x, DATA), *d2h = card_ram(&x, area(DISK_PORT) + 0x40);
    uint8_t sum = 0;
    ck_assert_uint_eq(DO(.code = 0xb0, .features = 0xd0, .lba = 0xc24f00, .bytes = 512), 0x50);
    for (unsigned i = 0; i < 512; i++)
        sum = (uint8_t)(sum + b[i]);
    ck_assert_uint_eq(sum, 0);
    ck_assert_uint_eq(b[2], 5);
    ck_assert_uint_eq(DO(.code = 0xb0, .features = 0xda, .lba = 0xc24f00), 0x50);
    ck_assert_uint_eq(d2h[5] | d2h[6] << 8, 0xc24f);
    ck_assert_uint_eq(DO(.code = 0xb0, .features = 0xda, .lba = 0), 0x451);
    ck_assert_uint_eq(DO(.code = 0xb0, .features = 0xd9, .lba = 0xc24f00), 0x50);
    ck_assert_uint_eq(DO(.code = 0xb0, .features = 0xda, .lba = 0xc24f00), 0x451);
}
END_TEST

/* 7.5: 64 ranges in a block; those of length 0 are none */
START_TEST(trim)
{
    memset(card_ram(&x, DATA), 0, 512);
    st_le64(card_ram(&x, DATA), 10ull | 4ull << 48);
    ck_assert_uint_eq(DO(.code = 0x06, .features = 1, .count = 1, .bytes = 512, .write = true),
                      0x50);
    st_le64(card_ram(&x, DATA + 8), (DISK / 512 - 1) | 2ull << 48);
    ck_assert_uint_eq(DO(.code = 0x06, .features = 1, .count = 1, .bytes = 512, .write = true),
                      0x1051);
    ck_assert_uint_eq(DO(.code = 0x06, .features = 0, .count = 1, .bytes = 512, .write = true),
                      0x451);
}
END_TEST

/* ---- CD-ROM ---- */

/* SPC-4, 5.14: after a reset the first command meets a unit attention; some do not look. */
START_TEST(cd_attention)
{
    ck_assert_uint_eq(PACKET(36, 0x12, 0, 0, 0, 36), 0x50);
    ck_assert_uint_eq(PACKET(0, 0x00) & 0xff01, 0x6401);
    expect_sense(6, 0x29, 0);
    ck_assert_uint_eq(PACKET(0, 0x00), 0x50);
    expect_sense(0, 0, 0);
    ck_assert_uint_eq(PACKET(0, 0x99) & 0xff01, 0x5401);
    expect_sense(5, 0x20, 0);
}
END_TEST

static void ready(void)
{
    (void)PACKET(0, 0x00);
    ck_assert_uint_eq(PACKET(0, 0x00), 0x50);
}

START_TEST(cd_reads)
{
    uint8_t *b = card_ram(&x, DATA), sector[2048];

    ready();
    for (unsigned i = 0; i < sizeof(sector); i++)
        sector[i] = (uint8_t)(i * 3);
    ck_assert_int_eq(block_write(disc, 5 * 2048, sector, 2048, NULL), 0);
    ck_assert_uint_eq(PACKET(8, 0x25), 0x50);
    ck_assert_uint_eq(ld_be32(b), 63);
    ck_assert_uint_eq(ld_be32(b + 4), 2048);
    ck_assert_uint_eq(PACKET(4096, 0x28, 0, 0, 0, 0, 4, 0, 0, 2), 0x50);
    ck_assert_mem_eq(b + 2048, sector, 2048);
    memset(b, 0, 4096);
    ck_assert_uint_eq(PACKET(2048, 0xa8, 0, 0, 0, 0, 5, 0, 0, 0, 1), 0x50);
    ck_assert_mem_eq(b, sector, 2048);
    memset(b, 0, 4096); /* by PIO, in blocks of no more than 510 bytes */
    ck_assert_uint_eq(execute(CD_PORT, &(struct command){ .code = 0xa0, .bytes = 2048, .lba = 510 << 8, .packet_bytes = 12,
        .packet = (const uint8_t[12]){ 0x28, 0, 0, 0, 0, 5, 0, 0, 1 } }), 0x50);
    ck_assert_mem_eq(b, sector, 2048);
    ck_assert_uint_eq(ld_le16(card_ram(&x, area(CD_PORT) + 0x30)), 2048 % 510);
    ck_assert_uint_eq(card_ram(&x, area(CD_PORT) + 0x40)[12], 3); /* interrupt reason: done */
    ck_assert_uint_eq(PACKET(4096, 0x28, 0, 0, 0, 0, 63, 0, 0, 2) & 0xff01, 0x5401);
    expect_sense(5, 0x21, 0);
    ck_assert_uint_eq(PACKET(2048, 0xbe, 0, 0, 0, 0, 5, 0, 0, 1, 0x10), 0x50);
    ck_assert_mem_eq(b, sector, 2048);
    ck_assert_uint_eq(PACKET(2352, 0xbe, 0, 0, 0, 0, 5, 0, 0, 1, 0xf8) & 1, 1);
    expect_sense(5, 0x24, 0);
}
END_TEST

/* MMC-6, 6.25: track 1 at 00:02:00, the lead-out behind 64 sectors: 00:02:64 */
START_TEST(cd_contents)
{
    static const uint8_t blocks[] = { 0, 18, 1, 1,    0,    0x14, 1, 0, 0, 0,
                                      0, 0,  0, 0x14, 0xaa, 0,    0, 0, 0, 64 };
    static const uint8_t minutes[] = { 0, 18, 1, 1,    0,    0x14, 1, 0, 0, 0,
                                       2, 0,  0, 0x14, 0xaa, 0,    0, 0, 2, 64 };
    const uint8_t *b = card_ram(&x, DATA);

    ready();
    ck_assert_uint_eq(PACKET(20, 0x43, 0, 0, 0, 0, 0, 0, 0, 20), 0x50);
    ck_assert_mem_eq(b, blocks, sizeof(blocks));
    ck_assert_uint_eq(PACKET(20, 0x43, 2, 0, 0, 0, 0, 0, 0, 20), 0x50);
    ck_assert_mem_eq(b, minutes, sizeof(minutes));
    ck_assert_uint_eq(PACKET(20, 0x43, 0, 0, 0, 0, 0, 5, 0, 20) & 1, 1); /* no such track... */
    ck_assert_uint_eq(PACKET(20, 0x43, 0, 0, 0, 0, 0, 0xaa, 0, 20), 0x50);
    ck_assert_uint_eq(b[1], 10);
    ck_assert_uint_eq(PACKET(16, 0x46, 0, 0, 0, 0, 0, 0, 0, 16), 0x50);
    ck_assert_uint_eq(ld_be16(b + 6), 0x0008); /* CD-ROM */
    ck_assert_uint_eq(PACKET(64, 0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 64), 0x50);
    ck_assert_uint_eq(ld_be16(b), 28);
    ck_assert_uint_eq(b[8], 0x2a);
    ck_assert_uint_eq(PACKET(64, 0x5a, 0, 0xea, 0, 0, 0, 0, 0, 64) & 1, 1);
    expect_sense(5, 0x39, 0);
    ck_assert_uint_eq(PACKET(34, 0x51, 0, 0, 0, 0, 0, 0, 0, 34), 0x50);
    ck_assert_uint_eq(b[2] & 3, 2);
}
END_TEST

/* The tray, the lock, and discs that come and go. */
START_TEST(cd_media)
{
    const uint8_t *b = card_ram(&x, DATA);
    struct err e = { 0 };

    ready();
    ck_assert_uint_eq(PACKET(8, 0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8), 0x50);
    ck_assert_uint_eq(b[4], 2); /* new medium, since the reset */
    ck_assert_uint_eq(b[5], 2);
    ck_assert_uint_eq(PACKET(0, 0x1e, 0, 0, 0, 1), 0x50);
    ck_assert_uint_eq(PACKET(0, 0x1b, 0, 0, 0, 2) & 1, 1);
    expect_sense(5, 0x53, 2);
    ck_assert_uint_eq(PACKET(0, 0x1e), 0x50);
    ck_assert_uint_eq(PACKET(0, 0x1b, 0, 0, 0, 2), 0x50);
    ck_assert_uint_eq(PACKET(0, 0x00) & 1, 1);
    expect_sense(2, 0x3a, 2);
    ck_assert_uint_eq(PACKET(8, 0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8), 0x50);
    ck_assert_uint_eq(b[4], 3);
    ck_assert_uint_eq(b[5], 1);
    ck_assert_uint_eq(PACKET(0, 0x1b, 0, 0, 0, 3), 0x50);
    ck_assert_uint_eq(PACKET(0, 0x00) & 1, 1);
    expect_sense(6, 0x28, 0);
    ck_assert_int_eq(ahci_set_medium(ahci, CD_PORT, NULL, &e), 0);
    ck_assert_uint_eq(PACKET(8, 0x25) & 1, 1);
    expect_sense(2, 0x3a, 1);
    ck_assert_int_eq(ahci_set_medium(ahci, CD_PORT, disc, &e), 0);
    ck_assert_uint_eq(PACKET(8, 0x25) & 1, 1);
    expect_sense(6, 0x28, 0);
    ck_assert_uint_eq(PACKET(8, 0x25), 0x50);
    ck_assert_int_eq(ahci_set_medium(ahci, DISK_PORT, NULL, &e), ERR_ARG);
    ck_assert_int_eq(ahci_attach(ahci, CD_PORT, NULL, true, NULL, &e), ERR_ARG);
    ck_assert_int_eq(ahci_attach(ahci, 6, NULL, true, NULL, &e), ERR_LIMIT);
    ck_assert_int_eq(ahci_attach(ahci, -1, NULL, false, NULL, &e), ERR_ARG);
}
END_TEST

START_TEST(snapshot)
{
    put_command(
        DISK_PORT, 0,
        &(struct command){
            .code = 0x35, .device = 0x40, .lba = 3, .count = 1, .bytes = 512, .write = true });
    st_le32(card_ram(&x, DATA), 0xfeedface);
    wr(port(DISK_PORT, P_CI), 1);
    move_card();
    card_run(&x, LONG_ENOUGH);
    ck_assert_uint_eq(rd(port(DISK_PORT, P_TFD)), 0x50);
    uint8_t got[4];
    ck_assert_int_eq(block_read(disk, 3 * 512, got, 4, NULL), 0);
    ck_assert_uint_eq(ld_le32(got), 0xfeedface);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("ahci");
    TCase *t = tcase_create("generic"), *c = tcase_create("ahci");

    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, identity);
    tcase_add_test(c, signatures);
    tcase_add_test(c, starts);
    tcase_add_test(c, priority);
    tcase_add_test(c, identify);
    tcase_add_loop_test(c, transfers, 0, ARRAY_LEN(ways));
    tcase_add_test(c, faults);
    tcase_add_test(c, queued);
    tcase_add_test(c, scattered);
    tcase_add_test(c, soft_reset);
    tcase_add_test(c, interrupts);
    tcase_add_test(c, message_loops);
    tcase_add_test(c, settings);
    tcase_add_test(c, smart);
    tcase_add_test(c, trim);
    tcase_add_test(c, cd_attention);
    tcase_add_test(c, cd_reads);
    tcase_add_test(c, cd_contents);
    tcase_add_test(c, cd_media);
    tcase_add_test(c, snapshot);
    suite_add_tcase(s, c);
    return s;
}
