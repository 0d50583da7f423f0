/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile drivers of the AHCI adapter: a disk and a CD-ROM drive get commands of the table and
 * others, with command lists, tables and PRDTs that are cut short, loop or lie in registers.
 */
#include "devices/ahci.h"
#include "test/fuzz/pci_card.h"

enum { REGS = CARD_BAR + 5 * CARD_BAR_STEP, P_CLB = 0, P_FB = 8, P_IS = 0x10, P_IE = 0x14,
       P_CMD = 0x18, P_TFD = 0x20, P_SCTL = 0x2c, P_SERR = 0x30, P_SACT = 0x34, P_CI = 0x38 };
enum { LISTS = CARD_RAM, AREAS = CARD_RAM + 0x10000, TABLES = CARD_RAM + 0x20000, PORTS = 3 };

static struct ahci *ahci;
static struct block *disc;

static void build(struct fuzz *f)
{
    const struct ahci_options o = { .devfn = -1 };
    struct block *disk;
    struct err e = { 0 };

    card_open(&f->x, fuzz_machine());
    ahci = ahci_create(f->x.m, "ahci", &f->x.bus, &o, &e);
    card_must(ahci && block_create_memory(&disk, 1 << 20, &e) == 0 &&
                  block_create_memory(&disc, 1 << 20, &e) == 0 &&
                  ahci_attach(ahci, 0, disk, false, NULL, &e) == 0 &&
                  ahci_attach(ahci, 1, disc, true, NULL, &e) == 0,
              "ahci", &e);
    f->x.f = ahci_function(ahci);
}

static void wr(struct fuzz *f, unsigned p, uint32_t reg, uint64_t v)
{
    fuzz_store(f, REGS + 0x100 + 0x80 * p + reg, 4, v & 0xffffffff);
}
static uint32_t rd(struct fuzz *f, unsigned p, uint32_t reg)
{
    return (uint32_t)fuzz_load(f, REGS + 0x100 + 0x80 * p + reg, 4);
}

static void start(struct fuzz *f, unsigned p)
{
    f->started++;
    wr(f, p, P_CMD, 0);
    if (fuzz_one_in(f, 10)) {
        wr(f, p, P_SCTL, 1);
        wr(f, p, P_SCTL, 0);
    }
    wr(f, p, P_CLB, fuzz_one_in(f, 30) ? fuzz_address(f) : LISTS + 0x400u * p);
    wr(f, p, P_CLB + 4, 0);
    wr(f, p, P_FB, fuzz_one_in(f, 30) ? fuzz_address(f) : AREAS + 0x100u * p);
    wr(f, p, P_FB + 4, 0);
    wr(f, p, P_SERR, ~0ull);
    wr(f, p, P_IE, fuzz_next(f));
    wr(f, p, P_CMD, 1 << 4 | (fuzz_one_in(f, 10) ? 8 : 0));
    wr(f, p, P_CMD, 1 << 4 | 1);
    fuzz_store(f, REGS + 4, 4, 2);
}

static void put_fis(struct fuzz *f, unsigned p, uint8_t *t)
{
    static const uint8_t often[] = { 0x20, 0x24, 0x25, 0x30, 0x34, 0x35, 0x3d, 0x60,
                                     0x61, 0xc8, 0xca, 0xc4, 0xc5, 0xc6, 0xec, 0xef,
                                     0xb0, 0x06, 0x2f, 0x47, 0xea, 0xe5, 0x90, 0xa1 };

    for (unsigned i = 0; i < 16; i++)
        t[i] = (uint8_t)fuzz_next(f);
    t[0] = fuzz_one_in(f, 100) ? t[0] : 0x27;
    t[1] = fuzz_one_in(f, 60) ? 0 : 0x80;
    t[15] = fuzz_one_in(f, 2) ? 4 : 0;
    t[2] = fuzz_one_in(f, 10)              ? t[2]
           : p == 1 && !fuzz_one_in(f, 10) ? 0xa0
                                           : often[fuzz_next(f) % ARRAY_LEN(often)];
    t[7] |= 0x40;
    if (!fuzz_one_in(f, 6)) { /* on the disk, a little */
        t[5] &= 7;
        t[6] = t[8] = t[9] = t[10] = t[11] = t[13] = 0;
        t[7] &= 0xf0;
        t[12] &= 31;
        t[3] &= 31;
    }
    if (t[2] == 0xb0) {
        static const uint8_t sub[] = { 0xd0, 0xd1, 0xd2, 0xd5, 0xd8, 0xd9, 0xda };
        t[3] = sub[fuzz_next(f) % ARRAY_LEN(sub)];
        t[5] = 0x4f;
        t[6] = 0xc2;
    }
    if (t[2] == 0xa0)
        t[3] = (uint8_t)fuzz_one_in(f, 2);
}

static void put_packet(struct fuzz *f, uint8_t *c)
{
    static const uint8_t often[] = { 0x00, 0x03, 0x12, 0x1b, 0x1e, 0x25, 0x28, 0x28, 0xa8,
                                     0x2b, 0x43, 0x46, 0x4a, 0x51, 0x5a, 0xad, 0xbd, 0xbe };

    for (unsigned i = 0; i < 16; i++)
        c[i] = fuzz_one_in(f, 2) ? 0 : (uint8_t)fuzz_next(f);
    if (!fuzz_one_in(f, 10))
        c[0] = often[fuzz_next(f) % ARRAY_LEN(often)];
    if (!fuzz_one_in(f, 4))
        c[2] = c[3] = c[4] = c[6] = c[7] = 0;
}

static void issue(struct fuzz *f, unsigned p)
{
    unsigned slot = (unsigned)(fuzz_next(f) % 32), pieces = (unsigned)(fuzz_next(f) % 8);
    uint8_t *h = card_ram(&f->x, LISTS + 0x400 * p + 32 * slot);
    pa_t table = TABLES + 0x400 * slot;
    uint8_t *t = card_ram(&f->x, table);

    st_le32(h, (fuzz_one_in(f, 60) ? (uint32_t)fuzz_next(f) & 31 : 5) |
                   (p == 1 || fuzz_one_in(f, 9) ? 1 << 5 : 0) |
                   (uint32_t)(fuzz_one_in(f, 40) ? fuzz_next(f) & 0xffff : pieces) << 16 |
                   (fuzz_one_in(f, 4) ? 1 << 10 : 0));
    st_le64(h + 8, fuzz_one_in(f, 60) ? fuzz_address(f) : table);
    put_fis(f, p, t);
    put_packet(f, t + 0x40);
    for (unsigned i = 0; i < 8; i++) {
        st_le64(t + 0x80 + 16 * i, fuzz_address(f));
        st_le32(t + 0x8c + 16 * i, (uint32_t)(fuzz_next(f) >> (fuzz_one_in(f, 50) ? 32 : 50)));
    }
    if (t[2] == 0x60 || t[2] == 0x61) {
        t[12] = (uint8_t)(slot << 3);
        wr(f, p, P_SACT, 1u << slot);
    }
    wr(f, p, P_CI, 1u << slot);
}

static void iterate(struct fuzz *f)
{
    unsigned p = (unsigned)(fuzz_next(f) % PORTS);

    if (f->started < PORTS || fuzz_one_in(f, 100))
        start(f, p);
    for (uint64_t k = 1 + fuzz_next(f) % 3; k; k--)
        issue(f, p);
    if (fuzz_one_in(f, 30))
        fuzz_poke(f, 5, fuzz_one_in(f, 2) ? 0x400 : 0x1000);
    if (fuzz_one_in(f, 50)) {
        struct err e = { 0 };
        card_must(ahci_set_medium(ahci, 1, fuzz_one_in(f, 2) ? NULL : disc, &e) == 0, "disc", &e);
    }
    card_run(&f->x, 30 * PS_PER_US);
    bool failed = rd(f, p, P_IS) & (1u << 30 | 1u << 29 | 1u << 27);
    f->failed += failed;
    f->done += !failed && p < 2;
    wr(f, p, P_IS, ~0ull);
    fuzz_store(f, REGS + 8, 4, 0xff);
    if (failed)
        start(f, p);
}

int main(int argc, char **argv)
{
    static struct fuzz f;
    return fuzz_run(argc, argv, &f, build, iterate);
}
