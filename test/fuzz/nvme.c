/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile drivers of the NVMe controller: commands that are half sense and half not, with PRP
 * lists and SGLs that loop, end in registers or nowhere; queues within each other; doorbells,
 * registers and resets in between.
 */
#include "devices/nvme.h"
#include "test/fuzz/pci_card.h"

enum { R_CC = 0x14, R_CSTS = 0x1c, R_AQA = 0x24, R_ASQ = 0x28, R_ACQ = 0x30, DOORBELL = 0x1000 };
enum { QUEUES = 4, DEPTH = 16, RINGS = CARD_RAM, LISTS = CARD_RAM + 0x20000, LIST_PAGES = 16 };

static uint32_t tail[QUEUES], seen[QUEUES];

static void build(struct fuzz *f)
{
    const struct nvme_options o = { .serial = "fuzz", .devfn = -1 };
    struct block *disk;
    struct err e = { 0 };

    card_open(&f->x, fuzz_machine());
    struct nvme *n = nvme_create(f->x.m, "nvme", &f->x.bus, &o, &e);
    for (uint32_t i = 1; n && i < 3; i++)
        card_must(block_create_memory(&disk, 1 << 20, &e) == 0 &&
                      nvme_add_namespace(n, i, disk, i == 1 ? 512 : 4096, &e) == 0, "disk", &e);
    card_must(n != NULL, "nvme", &e);
    f->x.f = nvme_function(n);
}

static pa_t sq(uint32_t q)
{
    return RINGS + 0x2000 * q;
}
static pa_t cq(uint32_t q)
{
    return RINGS + 0x2000 * q + 0x1000;
}

static void put(struct fuzz *f, uint32_t q, const uint8_t s[64])
{
    memcpy(card_ram(&f->x, sq(q) + 64 * tail[q]), s, 64);
    tail[q] = (tail[q] + 1) % DEPTH;
    fuzz_store(f, CARD_BAR + DOORBELL + 8 * q, 4, tail[q]);
}

static void start(struct fuzz *f)
{
    f->started++;
    fuzz_store(f, CARD_BAR + R_CC, 4, 0);
    fuzz_store(f, CARD_BAR + R_AQA, 4, (DEPTH - 1) << 16 | (DEPTH - 1));
    fuzz_store(f, CARD_BAR + R_ASQ, 8, sq(0));
    fuzz_store(f, CARD_BAR + R_ACQ, 8, cq(0));
    fuzz_store(f, CARD_BAR + R_CC, 4, 0x00460001 | (fuzz_one_in(f, 8) ? fuzz_next(f) % 5 << 7 : 0));
    memset(tail, 0, sizeof(tail));
    memset(seen, 0, sizeof(seen));
    for (uint32_t q = 1; q < QUEUES; q++) {
        uint8_t s[64] = { 5 };
        st_le64(s + 24, fuzz_one_in(f, 30) ? fuzz_address(f) & ~0xfffull : cq(q));
        st_le32(s + 40, (DEPTH - 1) << 16 | q);
        st_le32(s + 44, fuzz_next(f) % 70 << 16 | 3);
        put(f, 0, s);
        s[0] = 1;
        st_le64(s + 24, fuzz_one_in(f, 30) ? fuzz_address(f) & ~0xfffull : sq(q));
        st_le32(s + 44, q << 16 | 1);
        put(f, 0, s);
        card_run(&f->x, 30 * PS_PER_US);
        fuzz_store(f, CARD_BAR + DOORBELL + 4, 4, (2 * q) % DEPTH);
    }
    if (fuzz_one_in(f, 2))
        card_enable_msix(&f->x);
}

/* Lists of both kinds: each 8 bytes a PRP, each 16 a descriptor; some point at lists. */
static void make_lists(struct fuzz *f)
{
    for (unsigned i = 0; i < 32; i++) {
        uint8_t *at = card_ram(&f->x, LISTS + fuzz_next(f) % (LIST_PAGES * 0x1000 / 16) * 16);
        uint64_t addr =
            fuzz_one_in(f, 6) ? LISTS + fuzz_next(f) % (LIST_PAGES * 256) * 16 : fuzz_address(f);
        st_le64(at, addr);
        if (fuzz_one_in(f, 2)) {
            st_le32(at + 8, (uint32_t)(fuzz_next(f) % 0x3000 >> fuzz_next(f) % 12));
            st_le32(at + 12, (uint32_t)(fuzz_next(f) % 6) << 28);
        } else {
            st_le64(at + 8, fuzz_address(f) & ~0xfffull);
        }
    }
}

static void command(struct fuzz *f, uint32_t q)
{
    static const uint8_t admin[] = { 0, 1, 2, 4, 5, 6, 8, 9, 0xa, 0xc, 0x80, 0x7f },
                         io[] = { 0, 1, 2, 5, 8, 9, 3 };
    uint8_t s[64] = { 0 };

    s[0] = q ? io[fuzz_next(f) % ARRAY_LEN(io)] : admin[fuzz_next(f) % ARRAY_LEN(admin)];
    if (fuzz_one_in(f, 3))
        s[1] = (uint8_t)(fuzz_next(f) % 4 << 6);
    st_le16(s + 2, (uint16_t)fuzz_next(f));
    st_le32(s + 4, fuzz_one_in(f, 10) ? (uint32_t)fuzz_next(f) : (uint32_t)fuzz_next(f) % 4);
    st_le64(s + 24,
            fuzz_one_in(f, 3) ? LISTS + fuzz_next(f) % (LIST_PAGES * 256) * 16 : fuzz_address(f));
    st_le64(s + 32,
            fuzz_one_in(f, 2) ? LISTS + fuzz_next(f) % (LIST_PAGES * 512) * 8 : fuzz_address(f));
    if (s[1])
        st_le64(s + 32, (fuzz_next(f) % 0x1000 & ~15ull) | fuzz_next(f) % 5 << 60);
    for (unsigned i = 40; i < 64; i += 4)
        st_le32(s + i, fuzz_one_in(f, 4) ? (uint32_t)fuzz_next(f) >> fuzz_next(f) % 32
                                         : (uint32_t)fuzz_next(f) % 64);
    if (q && !fuzz_one_in(f, 8)) { /* mostly on the disk */
        st_le32(s + 40, (uint32_t)(fuzz_next(f) % 2000));
        st_le32(s + 44, fuzz_one_in(f, 20));
    }
    put(f, q, s);
}

static void collect(struct fuzz *f, uint32_t q)
{
    for (unsigned i = 0; i < DEPTH; i++) {
        uint16_t status = ld_le16(card_ram(&f->x, cq(q) + 16 * i + 14)) >> 1;
        memset(card_ram(&f->x, cq(q) + 16 * i), 0xff, 16);
        if (status == 0x7fff)
            continue;
        f->done += status == 0;
        f->failed += status != 0;
        seen[q] = (i + 1) % DEPTH;
    }
    fuzz_store(f, CARD_BAR + DOORBELL + 8 * q + 4, 4, fuzz_one_in(f, 60) ? fuzz_next(f) : seen[q]);
}

static void iterate(struct fuzz *f)
{
    uint32_t q = (uint32_t)(fuzz_next(f) % QUEUES);

    if (f->started == 0 || fuzz_one_in(f, 200) || (fuzz_load(f, CARD_BAR + R_CSTS, 4) & 3) != 1)
        start(f);
    if (fuzz_one_in(f, 4))
        make_lists(f);
    for (uint64_t k = 1 + fuzz_next(f) % 3; k; k--)
        command(f, q);
    if (fuzz_one_in(f, 20))
        fuzz_poke(f, 0, fuzz_one_in(f, 2) ? 0x60 : 0x4000);
    card_run(&f->x, 15 * PS_PER_US);
    collect(f, q);
}

int main(int argc, char **argv)
{
    static struct fuzz f;
    return fuzz_run(argc, argv, &f, build, iterate);
}
