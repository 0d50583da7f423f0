/* SPDX-License-Identifier: Apache-2.0 */
/* NVM Express Base 1.4: registers (3.1), queues (4.1), data pointers (4.3, 4.4), commands (5, 6).
 */
#include "devices/nvme.h"
#define REGS CARD_BAR
#include "test/devices/card_fixture.h"

enum { R_CAP = 0, R_VS = 8, R_INTMS = 0xc, R_INTMC = 0x10, R_CC = 0x14,
       R_CSTS = 0x1c, R_AQA = 0x24, R_ASQ = 0x28, R_ACQ = 0x30, DOORBELL = 0x1000 };
enum { ASQ = CARD_RAM, ACQ = CARD_RAM + 0x1000, SQ1 = CARD_RAM + 0x2000, CQ1 = CARD_RAM + 0x3000,
       LIST = CARD_RAM + 0x10000, DATA = CARD_RAM + 0x100000, DEPTH = 8, CC_ON = 0x00460001 };
enum { DISK = 1 << 20 };
#define LONG_ENOUGH (50 * PS_PER_MS)

static struct nvme *nvme;
static struct block *disk, *second;

struct entry {
    uint8_t opcode, flags;
    uint32_t nsid, cdw10, cdw11, cdw12;
    uint64_t prp1, prp2;
};
struct completion {
    uint32_t result;
    uint16_t head, sqid, cid, status; /* without the phase */
};
static struct ring {
    pa_t sq, cq;
    uint32_t depth, tail, head, phase;
} ring[2];
static uint16_t next_cid;

static struct pci_function *card_make(struct machine *m)
{
    const struct nvme_options o = { .serial = "S1", .devfn = -1 };
    struct err e = { 0 };

    nvme = nvme_create(m, "nvme", &x.bus, &o, &e);
    ck_assert_msg(nvme != NULL, "%s", e.text);
    if (!disk)
        ck_assert_int_eq(block_create_memory(&disk, DISK, &e), 0);
    ck_assert_int_eq(nvme_add_namespace(nvme, 0, disk, 512, &e), 0);
    return nvme_function(nvme);
}

static void setup(void)
{
    disk = NULL;
    make_card();
    card_enable(&x);
}
static void teardown(void)
{
    card_close(&x);
    (void)block_close(disk, NULL);
    (void)block_close(second, NULL);
    second = NULL;
}

static void enable(void)
{
    wr(R_CC, 0);
    wr(R_AQA, (DEPTH - 1) << 16 | (DEPTH - 1));
    card_write(&x, REGS + R_ASQ, 8, ASQ);
    card_write(&x, REGS + R_ACQ, 8, ACQ);
    memset(card_ram(&x, ACQ), 0, DEPTH * 16);
    ring[0] = (struct ring){ ASQ, ACQ, DEPTH, 0, 0, 1 };
    wr(R_CC, CC_ON);
    ck_assert_uint_eq(rd(R_CSTS), 1);
}

static uint16_t submit(unsigned q, const struct entry *n)
{
    struct ring *r = &ring[q];
    uint8_t *s = card_ram(&x, r->sq + 64 * r->tail);

    memset(s, 0, 64);
    s[0] = n->opcode;
    s[1] = n->flags;
    st_le16(s + 2, ++next_cid);
    st_le32(s + 4, n->nsid);
    st_le64(s + 24, n->prp1);
    st_le64(s + 32, n->prp2);
    st_le32(s + 40, n->cdw10);
    st_le32(s + 44, n->cdw11);
    st_le32(s + 48, n->cdw12);
    r->tail = (r->tail + 1) % r->depth;
    wr(DOORBELL + 8 * q, r->tail);
    return next_cid;
}

static bool complete(unsigned q, struct completion *c)
{
    struct ring *r = &ring[q];
    const uint8_t *s = card_ram(&x, r->cq + 16 * r->head);

    if ((ld_le16(s + 14) & 1) != r->phase)
        return false;
    *c = (struct completion){ ld_le32(s), ld_le16(s + 8), ld_le16(s + 10), ld_le16(s + 12),
                              (uint16_t)(ld_le16(s + 14) >> 1 & ~0x2000u) };
    r->head = (r->head + 1) % r->depth;
    r->phase ^= r->head == 0;
    wr(DOORBELL + 8 * q + 4, r->head);
    return true;
}

static struct completion execute(unsigned q, const struct entry *n)
{
    struct completion c;
    uint16_t cid = submit(q, n);

    card_run(&x, LONG_ENOUGH);
    ck_assert_msg(complete(q, &c), "opcode %#x: no completion", n->opcode);
    ck_assert_uint_eq(c.cid, cid);
    ck_assert_uint_eq(c.sqid, q);
    return c;
}
#define STATUS(q, ...) execute((q), &(struct entry){ __VA_ARGS__ }).status

static void make_queues(void)
{
    enable();
    memset(card_ram(&x, CQ1), 0, DEPTH * 16);
    ck_assert_uint_eq(
        STATUS(0, .opcode = 5, .prp1 = CQ1, .cdw10 = (DEPTH - 1) << 16 | 1, .cdw11 = 3), 0);
    ck_assert_uint_eq(STATUS(0, .opcode = 1, .prp1 = SQ1, .cdw10 = (DEPTH - 1) << 16 | 1, .cdw11 = 1 << 16 | 1), 0);
    ring[1] = (struct ring){ SQ1, CQ1, DEPTH, 0, 0, 1 };
}

static void pattern(pa_t at, uint32_t n, uint8_t seed)
{
    for (uint32_t i = 0; i < n; i++)
        card_ram(&x, at)[i] = (uint8_t)(seed + i + (i >> 8));
}
static void expect_disk(uint64_t at, uint32_t n, uint8_t seed)
{
    uint8_t b[8192];
    ck_assert_int_eq(block_read(disk, at, b, n, NULL), 0);
    for (uint32_t i = 0; i < n; i++)
        ck_assert_msg(b[i] == (uint8_t)(seed + i + (i >> 8)), "byte %u of the disk is %#x", i,
                      b[i]);
}

START_TEST(generic)
{
    check_generic();
    (void)block_close(disk, NULL);
    disk = NULL;
}
END_TEST

/* 3.1.1: MQES 2047, CQR, TO, doorbells 4 bytes apart, NVM command set, pages of 4 to 64 KiB */
START_TEST(capabilities)
{
    uint64_t cap = card_read(&x, REGS + R_CAP, 8);
    ck_assert_uint_eq(cap & 0xffff, 2047);
    ck_assert_uint_eq(cap >> 16 & 1, 1);
    ck_assert_uint_eq(cap >> 32 & 15, 0);
    ck_assert_uint_eq(cap >> 37 & 0xff, 1);
    ck_assert_uint_eq(cap >> 48 & 0xff, 0x40);
    ck_assert_uint_eq(rd(R_VS), 0x00010400);
    ck_assert_uint_eq(card_config(&x, 0, 4), 0x00101b36);
    ck_assert_uint_eq(card_config(&x, 9, 1) | card_config(&x, 10, 2) << 8, 0x010802);
}
END_TEST

/* 3.1.5, 3.1.6, 3.1.8 to 3.1.10: what cannot be enabled fails, CSTS.CFS, until it is disabled. */
static const struct { uint32_t aqa; uint64_t asq, acq; uint32_t cc; uint32_t csts; } starts[] = {
    { 0x00070007, ASQ, ACQ, 0x00460001, 1 },
    { 0x00070007, ASQ + 8, ACQ, 0x00460001, 2 },
    { 0x00070007, ASQ, ACQ + 64, 0x00460001, 2 },
    { 0x00070000, ASQ, ACQ, 0x00460001, 2 },      /* one entry only */
    { 0x00000007, ASQ, ACQ, 0x00460001, 2 },
    { 0x00070007, ASQ, ACQ, 0x00460011, 2 },      /* CSS 1 */
    { 0x00070007, ASQ, ACQ, 0x00460801, 2 },      /* AMS 1 */
    { 0x00070007, ASQ, ACQ, 0x00460281, 2 },      /* MPS 5: 128 KiB */
    { 0x00070007, ASQ, ACQ, 0x00460081, 2 },      /* MPS 1: ACQ lies across 8 KiB */
};
START_TEST(enabling)
{
    wr(R_AQA, starts[_i].aqa);
    card_write(&x, REGS + R_ASQ, 8, starts[_i].asq);
    card_write(&x, REGS + R_ACQ, 8, starts[_i].acq);
    wr(R_CC, starts[_i].cc);
    ck_assert_uint_eq(rd(R_CSTS), starts[_i].csts);
    wr(R_CC, 0);
    ck_assert_uint_eq(rd(R_CSTS), 0);
}
END_TEST

START_TEST(shutdown)
{
    enable();
    wr(R_CC, CC_ON | 1 << 14);
    ck_assert_uint_eq(rd(R_CSTS) >> 2 & 3, 2);
}
END_TEST

START_TEST(identify)
{
    const uint8_t *b = card_ram(&x, DATA);
    enable();
    ck_assert_uint_eq(STATUS(0, .opcode = 6, .prp1 = DATA, .cdw10 = 1), 0);
    ck_assert_uint_eq(ld_le16(b), 0x1b36);
    ck_assert_mem_eq(b + 4, "S1                  ", 20);
    ck_assert_uint_eq(b[77], 7);                 /* MDTS */
    ck_assert_uint_eq(ld_le32(b + 80), 0x10400); /* VER */
    ck_assert_uint_eq(b[512], 0x66);
    ck_assert_uint_eq(b[513], 0x44);
    ck_assert_uint_eq(STATUS(0, .opcode = 6, .prp1 = DATA, .nsid = 1, .cdw10 = 0), 0);
    ck_assert_uint_eq(ld_le64(b), DISK / 512);
    ck_assert_uint_eq(b[128 + 2], 9);
    ck_assert_uint_eq(STATUS(0, .opcode = 6, .prp1 = DATA, .cdw10 = 2), 0);
    ck_assert_uint_eq(ld_le32(b), 1);
    ck_assert_uint_eq(ld_le32(b + 4), 0);
    ck_assert_uint_eq(STATUS(0, .opcode = 6, .prp1 = DATA, .nsid = 1, .cdw10 = 3), 0);
    ck_assert_uint_eq(b[0], 1);                  /* NIDT: EUI64 */
    ck_assert_uint_eq(b[1], 8);
    ck_assert_uint_eq(STATUS(0, .opcode = 6, .prp1 = DATA, .nsid = 2, .cdw10 = 3), 0x400b);
    ck_assert_uint_eq(STATUS(0, .opcode = 6, .prp1 = DATA, .cdw10 = 0x40), 0x4002);
}
END_TEST

/* 5.3, 5.4: one fault each */
static const struct { uint8_t opcode; uint32_t cdw10, cdw11; uint64_t prp1; uint16_t status; } queues[] = {
    { 5, 7 << 16 | 0, 1, CQ1, 0x4101 },        /* queue 0 */
    { 5, 7 << 16 | 65, 1, CQ1, 0x4101 },
    { 5, 0 << 16 | 1, 1, CQ1, 0x4102 },        /* one entry */
    { 5, 2048u << 16 | 1, 1, CQ1, 0x4102 },
    { 5, 7 << 16 | 1, 0, CQ1, 0x4002 },        /* not contiguous */
    { 5, 7 << 16 | 1, 1, CQ1 + 64, 0x4013 },
    { 5, 7 << 16 | 1, 1 << 16 | 3, CQ1, 0x4108 }, /* vector 1 of the pin */
    { 1, 7 << 16 | 1, 9 << 16 | 1, SQ1, 0x4100 }, /* no such completion queue */
    { 1, 7 << 16 | 1, 0 << 16 | 1, SQ1, 0x4100 }, /* the admin queue's */
    { 0, 3, 0, 0, 0x4101 },
    { 4, 3, 0, 0, 0x4101 },
    { 0x7f, 0, 0, 0, 0x4001 },
};
START_TEST(queue_faults)
{
    enable();
    ck_assert_uint_eq(STATUS(0, .opcode = queues[_i].opcode, .cdw10 = queues[_i].cdw10,
                             .cdw11 = queues[_i].cdw11, .prp1 = queues[_i].prp1),
                      queues[_i].status);
}
END_TEST

START_TEST(queue_order)
{
    make_queues();
    ck_assert_uint_eq(STATUS(0, .opcode = 4, .cdw10 = 1),
                      0x410c); /* a submission queue hangs on it */
    ck_assert_uint_eq(STATUS(0, .opcode = 0, .cdw10 = 1), 0);
    ck_assert_uint_eq(STATUS(0, .opcode = 4, .cdw10 = 1), 0);
    ck_assert_uint_eq(STATUS(0, .opcode = 9, .cdw10 = 7, .cdw11 = 0x00030003), 0);
}
END_TEST

/* 4.3: one PRP, two, a list, and a list that goes on in another. */
START_TEST(prps)
{
    make_queues();
    pattern(DATA, 8192, 1);
    ck_assert_uint_eq(STATUS(1, .opcode = 1, .nsid = 1, .prp1 = DATA, .cdw10 = 8, .cdw12 = 7), 0);
    expect_disk(8 * 512, 4096, 1);
    /* offset 0x800: half a page, then the second */
    ck_assert_uint_eq(STATUS(1, .opcode = 2, .nsid = 1, .prp1 = DATA + 0x10800,
                             .prp2 = DATA + 0x20000, .cdw10 = 8, .cdw12 = 7),
                      0);
    ck_assert_mem_eq(card_ram(&x, DATA + 0x10800), card_ram(&x, DATA), 0x800);
    ck_assert_mem_eq(card_ram(&x, DATA + 0x20000), card_ram(&x, DATA + 0x800), 0x800);
    /* 4 pages: the list begins at the last entry but one of its page and goes on elsewhere */
    st_le64(card_ram(&x, LIST + 4096 - 16), DATA + 0x31000);
    st_le64(card_ram(&x, LIST + 4096 - 8), LIST + 0x2000);
    st_le64(card_ram(&x, LIST + 0x2000), DATA + 0x35000);
    st_le64(card_ram(&x, LIST + 0x2008), DATA + 0x33000);
    ck_assert_uint_eq(STATUS(1, .opcode = 2, .nsid = 1, .prp1 = DATA + 0x30000,
                             .prp2 = LIST + 4096 - 16, .cdw10 = 8, .cdw12 = 31),
                      0);
    ck_assert_mem_eq(card_ram(&x, DATA + 0x30000), card_ram(&x, DATA), 4096);
    ck_assert_uint_eq(card_ram(&x, DATA + 0x35000)[0], 0);
    /* 4.3: offsets only where they may be */
    ck_assert_uint_eq(STATUS(1, .opcode = 2, .nsid = 1, .prp1 = DATA + 2, .cdw12 = 0), 0x4013);
    ck_assert_uint_eq(
        STATUS(1, .opcode = 2, .nsid = 1, .prp1 = DATA, .prp2 = DATA + 0x1010, .cdw12 = 15),
        0x4013);
    ck_assert_uint_eq(
        STATUS(1, .opcode = 2, .nsid = 1, .prp1 = DATA, .prp2 = LIST + 4, .cdw12 = 31), 0x4013);
    /* nothing answers there: data transfer error */
    ck_assert_uint_eq(STATUS(1, .opcode = 2, .nsid = 1, .prp1 = 0x1000, .cdw12 = 0), 0x0004);
}
END_TEST

static void put_sgl(pa_t at, uint64_t addr, uint32_t n, uint8_t type)
{
    st_le64(card_ram(&x, at), addr);
    st_le32(card_ram(&x, at + 8), n);
    st_le32(card_ram(&x, at + 12), (uint32_t)type << 28);
}
static uint16_t sgl_read(uint64_t addr, uint32_t n, uint8_t type, uint32_t blocks)
{
    return execute(1, &(struct entry){ .opcode = 2, .flags = 0x40, .nsid = 1, .prp1 = addr,
                                       .prp2 = n | (uint64_t)type << 60, .cdw10 = 8, .cdw12 = blocks - 1 }).status;
}
/* 4.4: data blocks, segments, bit buckets. */
START_TEST(sgls)
{
    make_queues();
    pattern(DATA, 1024, 3);
    ck_assert_uint_eq(STATUS(1, .opcode = 1, .nsid = 1, .prp1 = DATA, .cdw10 = 8, .cdw12 = 1), 0);
    ck_assert_uint_eq(sgl_read(DATA + 0x1001, 1024, 0, 2), 0); /* any alignment */
    ck_assert_mem_eq(card_ram(&x, DATA + 0x1001), card_ram(&x, DATA), 1024);
    ck_assert_uint_eq(sgl_read(DATA, 512, 0, 2), 0x400f);      /* too short */
    /* a segment {100 bytes, bucket of 412, last segment}, and that {512 bytes} */
    put_sgl(LIST, DATA + 0x2000, 100, 0);
    put_sgl(LIST + 16, 0, 412, 1);
    put_sgl(LIST + 32, LIST + 0x100, 16, 3);
    put_sgl(LIST + 0x100, DATA + 0x3000, 512, 0);
    ck_assert_uint_eq(sgl_read(LIST, 48, 2, 2), 0);
    ck_assert_mem_eq(card_ram(&x, DATA + 0x2000), card_ram(&x, DATA), 100);
    ck_assert_mem_eq(card_ram(&x, DATA + 0x3000), card_ram(&x, DATA + 512), 512);
    ck_assert_uint_eq(sgl_read(LIST, 40, 2, 2), 0x400d);       /* no multiple of 16 */
    ck_assert_uint_eq(sgl_read(LIST, 48, 3, 2), 0x400d);       /* a segment within the last */
    put_sgl(LIST, DATA, 1, 4);
    ck_assert_uint_eq(sgl_read(LIST, 16, 3, 2), 0x4011);       /* keyed */
    /* a segment that points at itself, with empty blocks */
    put_sgl(LIST, DATA, 0, 0);
    put_sgl(LIST + 16, LIST, 32, 2);
    ck_assert_uint_eq(sgl_read(LIST, 32, 2, 2), 0x400e);
}
END_TEST

/* Chapter 6 */
START_TEST(commands)
{
    struct entry write = { .opcode = 1, .nsid = 1, .prp1 = DATA, .cdw10 = 16, .cdw12 = 7 };
    uint8_t zeroes[4096] = { 0 }, b[4096];

    make_queues();
    pattern(DATA, 4096, 9);
    ck_assert_uint_eq(execute(1, &write).status, 0);
    write.opcode = 5; /* Compare */
    ck_assert_uint_eq(execute(1, &write).status, 0);
    card_ram(&x, DATA)[4095] ^= 1;
    ck_assert_uint_eq(execute(1, &write).status, 0x285);
    ck_assert_uint_eq(STATUS(1, .opcode = 8, .nsid = 1, .cdw10 = 16, .cdw12 = 1 << 25 | 3),
                      0); /* Write Zeroes */
    ck_assert_int_eq(block_read(disk, 16 * 512, b, 4096, NULL), 0);
    ck_assert_mem_eq(b, zeroes, 2048);
    ck_assert_mem_ne(b + 2048, zeroes, 2048);
    ck_assert_uint_eq(STATUS(1, .opcode = 0, .nsid = 1), 0);
    ck_assert_uint_eq(STATUS(1, .opcode = 0, .nsid = 0xffffffff), 0);
    /* Dataset Management: the second range leaves the disk */
    st_le32(card_ram(&x, DATA + 4), 8);
    st_le64(card_ram(&x, DATA + 8), 16);
    st_le32(card_ram(&x, DATA + 20), 8);
    st_le64(card_ram(&x, DATA + 24), DISK / 512 - 7);
    ck_assert_uint_eq(STATUS(1, .opcode = 9, .nsid = 1, .prp1 = DATA, .cdw10 = 1, .cdw11 = 4),
                      0x4080);
    ck_assert_uint_eq(STATUS(1, .opcode = 9, .nsid = 1, .prp1 = DATA, .cdw10 = 0, .cdw11 = 4), 0);
    /* faults */
    ck_assert_uint_eq(
        STATUS(1, .opcode = 2, .nsid = 1, .prp1 = DATA, .cdw10 = DISK / 512, .cdw12 = 0), 0x4080);
    ck_assert_uint_eq(
        STATUS(1, .opcode = 2, .nsid = 1, .prp1 = DATA, .cdw10 = DISK / 512 - 1, .cdw12 = 0), 0);
    ck_assert_uint_eq(STATUS(1, .opcode = 2, .nsid = 2, .prp1 = DATA), 0x400b);
    ck_assert_uint_eq(STATUS(1, .opcode = 0x55, .nsid = 1), 0x4001);
    ck_assert_uint_eq(STATUS(1, .opcode = 2, .flags = 1, .nsid = 1, .prp1 = DATA),
                      0x4002); /* fused */
    ck_assert_uint_eq(STATUS(1, .opcode = 2, .nsid = 1, .prp1 = DATA, .cdw12 = 1024),
                      0x4002); /* MDTS */
}
END_TEST

/* 4.1: the phase turns at the end; a full queue holds commands back. */
START_TEST(full_queue)
{
    struct completion c;
    enable();
    for (unsigned i = 0; i < 3 * DEPTH; i++)
        ck_assert_uint_eq(STATUS(0, .opcode = 0x0a, .cdw10 = 7), 0);
    uint32_t head = ring[0].head;
    for (unsigned i = 0; i < DEPTH - 1; i++)
        (void)submit(0, &(struct entry){ .opcode = 0x0a, .cdw10 = 7 });
    card_run(&x, LONG_ENOUGH);
    (void)submit(0,
                 &(struct entry){ .opcode = 0x0a, .cdw10 = 7 }); /* no place for its completion */
    card_run(&x, LONG_ENOUGH);
    for (unsigned i = 0; i < DEPTH - 1; i++)
        ck_assert(complete(0, &c));
    ck_assert(!complete(0, &c));
    ck_assert_uint_eq(ring[0].head, (head + DEPTH - 1) % DEPTH);
    card_run(&x, LONG_ENOUGH);
    ck_assert(complete(0, &c));
}
END_TEST

START_TEST(pin_and_mask)
{
    struct completion c;
    enable();
    (void)submit(0, &(struct entry){ .opcode = 0x0a, .cdw10 = 7 });
    ck_assert(!x.intx[1]); /* slot 1, INTA */
    card_run(&x, LONG_ENOUGH);
    ck_assert(x.intx[1]);
    wr(R_INTMS, 1);
    ck_assert(!x.intx[1]);
    ck_assert_uint_eq(rd(R_INTMC), 1);
    wr(R_INTMC, 1);
    ck_assert(x.intx[1]);
    ck_assert(complete(0, &c));
    ck_assert(!x.intx[1]);
}
END_TEST

START_TEST(vectors)
{
    card_enable_msix(&x);
    enable();
    ck_assert_uint_eq(
        STATUS(0, .opcode = 5, .prp1 = CQ1, .cdw10 = (DEPTH - 1) << 16 | 1, .cdw11 = 7 << 16 | 3),
        0);
    ck_assert_uint_eq(
        STATUS(0, .opcode = 1, .prp1 = SQ1, .cdw10 = (DEPTH - 1) << 16 | 1, .cdw11 = 1 << 16 | 1),
        0);
    ck_assert_uint_eq(x.vector[0], 2);
    ring[1] = (struct ring){ SQ1, CQ1, DEPTH, 0, 0, 1 };
    ck_assert_uint_eq(STATUS(1, .opcode = 0, .nsid = 1), 0);
    ck_assert_uint_eq(x.vector[7], 1);
    ck_assert_uint_eq(x.message, 0x107);
    /* 5.21.1.8: two completions or 200 us */
    ck_assert_uint_eq(STATUS(0, .opcode = 9, .cdw10 = 8, .cdw11 = 2 << 8 | 1), 0);
    (void)submit(1, &(struct entry){ .opcode = 0, .nsid = 1 });
    card_run(&x, 100 * PS_PER_US);
    ck_assert_uint_eq(x.vector[7], 1);
    card_run(&x, 150 * PS_PER_US);
    ck_assert_uint_eq(x.vector[7], 2);
    (void)submit(1, &(struct entry){ .opcode = 0, .nsid = 1 });
    (void)submit(1, &(struct entry){ .opcode = 0, .nsid = 1 });
    card_run(&x, 20 * PS_PER_US);
    ck_assert_uint_eq(x.vector[7], 3);
}
END_TEST

/* 5.2, 5.1: an invalid doorbell, told once until its log was read; a request is aborted. */
START_TEST(events)
{
    struct completion c;
    enable();
    uint16_t first = submit(0, &(struct entry){ .opcode = 0x0c });
    uint16_t other = submit(0, &(struct entry){ .opcode = 0x0c });
    card_run(&x, LONG_ENOUGH);
    ck_assert(!complete(0, &c));
    wr(DOORBELL + 8 * 5, 1); /* no such queue */
    card_run(&x, LONG_ENOUGH);
    ck_assert(complete(0, &c));
    ck_assert_uint_eq(c.cid, first);
    ck_assert_uint_eq(c.result, 0x00010000); /* error, invalid doorbell register, log 1 */
    wr(DOORBELL, DEPTH);     /* a value beyond the queue: masked for now */
    card_run(&x, LONG_ENOUGH);
    ck_assert(!complete(0, &c));
    ck_assert_uint_eq(STATUS(0, .opcode = 2, .prp1 = DATA, .cdw10 = 15 << 16 | 1), 0);
    ck_assert_uint_eq(execute(0, &(struct entry){ .opcode = 8, .cdw10 = 0x7777u << 16 }).result, 1);
    (void)submit(0, &(struct entry){ .opcode = 8, .cdw10 = (uint32_t)other << 16 });
    card_run(&x, LONG_ENOUGH);
    ck_assert(complete(0, &c));
    ck_assert_uint_eq(c.result, 0);
    ck_assert(complete(0, &c));
    ck_assert_uint_eq(c.cid, other);
    ck_assert_uint_eq(c.status, 7);
    for (unsigned i = 0; i < 4; i++)
        (void)submit(0, &(struct entry){ .opcode = 0x0c });
    ck_assert_uint_eq(STATUS(0, .opcode = 0x0c), 0x4105); /* AERL */
}
END_TEST

/* 5.21: what is set is got; what is not there is refused. */
static const struct { uint32_t cdw10, cdw11, nsid; uint16_t status; uint32_t result; } features[] = {
    { 0x01, 0x01020304, 0, 0, 0x01020304 }, { 0x02, 0, 0, 0, 0 },       { 0x02, 1, 0, 0x4002, 0 },
    { 0x04, 0x0150, 0, 0, 0x150 },          { 0x06, 0, 0, 0, 0 },       { 0x08, 0x0305, 0, 0, 0x0305 },
    { 0x0a, 1, 0, 0, 1 },                   { 0x0b, 0x1f, 0, 0, 0x1f }, { 0x0b, 0x100, 0, 0x4002, 0 },
    { 0x05, 0x77, 1, 0, 0x77 },             { 0x05, 0x77, 3, 0x400b, 0 }, { 0x7f, 0, 0, 0x4002, 0 },
    { 0x80000006, 0, 0, 0x410d, 0 },        { 0x06, 0, 1, 0x410f, 0 },
};
START_TEST(feature_values)
{
    enable();
    ck_assert_uint_eq(STATUS(0, .opcode = 9, .cdw10 = features[_i].cdw10,
                             .cdw11 = features[_i].cdw11, .nsid = features[_i].nsid),
                      features[_i].status);
    if (features[_i].status)
        return;
    struct completion c = execute(0, &(struct entry){ .opcode = 0x0a, .cdw10 = features[_i].cdw10,
                                                      .nsid = features[_i].nsid });
    ck_assert_uint_eq(c.status, 0);
    ck_assert_uint_eq(c.result, features[_i].result);
}
END_TEST

/* 5.21.1.7: 64 pairs, 0's based */
/* 5.21.1.14: what Set Features gave goes on in milliseconds (origin 1); a reset of the controller begins at 0 again (origin 0). */
START_TEST(timestamp)
{
    uint8_t *b = card_ram(&x, DATA);

    enable();
    st_le64(b, 1000000);
    ck_assert_uint_eq(STATUS(0, .opcode = 9, .cdw10 = 0x0e, .prp1 = DATA), 0);
    card_run(&x, 5000 * PS_PER_MS);
    ck_assert_uint_eq(STATUS(0, .opcode = 0xa, .cdw10 = 0x0e, .prp1 = DATA), 0);
    uint64_t ms = ld_le64(b) & 0xffffffffffff;
    ck_assert(ms >= 1005000 && ms <= 1005200);
    ck_assert_uint_eq(b[6], 2);
    enable();
    ck_assert_uint_eq(STATUS(0, .opcode = 0xa, .cdw10 = 0x0e, .prp1 = DATA), 0);
    ck_assert_uint_le(ld_le64(b), 200);
}
END_TEST

START_TEST(queue_count)
{
    enable();
    ck_assert_uint_eq(
        execute(0, &(struct entry){ .opcode = 9, .cdw10 = 7, .cdw11 = 0x00010001 }).result,
        0x003f003f);
    ck_assert_uint_eq(STATUS(0, .opcode = 9, .cdw10 = 7, .cdw11 = 0xffff0000), 0x4002);
    make_queues();
    ck_assert_uint_eq(STATUS(0, .opcode = 9, .cdw10 = 7, .cdw11 = 0x00010001), 0x400c);
}
END_TEST

/* 5.23: sectors of 4 KiB; while it lasts other commands wait no longer than to be refused */
START_TEST(formatting)
{
    const uint8_t *b = card_ram(&x, DATA);
    struct completion c;
    make_queues();
    pattern(DATA, 512, 1);
    ck_assert_uint_eq(STATUS(1, .opcode = 1, .nsid = 1, .prp1 = DATA), 0);
    ck_assert_uint_eq(STATUS(0, .opcode = 0x80, .nsid = 1, .cdw10 = 2), 0x410a);
    (void)submit(0, &(struct entry){ .opcode = 0x80, .nsid = 1, .cdw10 = 1 });
    card_run(&x, 15 * PS_PER_US);
    (void)submit(1, &(struct entry){ .opcode = 2, .nsid = 1, .prp1 = DATA });
    card_run(&x, 15 * PS_PER_US);
    ck_assert(complete(1, &c));
    ck_assert_uint_eq(c.status, 0x84);
    card_run(&x, LONG_ENOUGH);
    ck_assert(complete(0, &c));
    ck_assert_uint_eq(c.status, 0);
    ck_assert_uint_eq(STATUS(1, .opcode = 2, .nsid = 1, .prp1 = DATA), 0);
    ck_assert_uint_eq(b[1], 0);
    ck_assert_uint_eq(STATUS(0, .opcode = 6, .prp1 = DATA, .nsid = 1), 0);
    ck_assert_uint_eq(ld_le64(b), DISK / 4096);
    ck_assert_uint_eq(b[26] & 15, 1);
}
END_TEST

/* 5.14.1.2: units of 1000 * 512 bytes, rounded up */
START_TEST(health)
{
    const uint8_t *b = card_ram(&x, DATA);
    make_queues();
    ck_assert_uint_eq(STATUS(1, .opcode = 2, .nsid = 1, .prp1 = DATA), 0);
    ck_assert_uint_eq(
        STATUS(0, .opcode = 2, .nsid = 0xffffffff, .prp1 = DATA, .cdw10 = 127 << 16 | 2), 0);
    ck_assert_uint_eq(ld_le16(b + 1), 323);
    ck_assert_uint_eq(ld_le64(b + 32), 1);
    ck_assert_uint_eq(ld_le64(b + 64), 1);
    ck_assert_uint_eq(STATUS(0, .opcode = 2, .prp1 = DATA, .cdw10 = 0x70), 0x4109);
    /* the threshold below the temperature: a warning, and an event */
    ck_assert_uint_eq(STATUS(0, .opcode = 9, .cdw10 = 0x0b, .cdw11 = 2), 0);
    ck_assert_uint_eq(STATUS(0, .opcode = 9, .cdw10 = 0x04, .cdw11 = 300), 0);
    ck_assert_uint_eq(execute(0, &(struct entry){ .opcode = 0x0c }).result, 0x00020101);
}
END_TEST

START_TEST(second_namespace)
{
    const struct nvme_options o = { .serial = "T", .devfn = -1 };
    struct err e = { 0 };
    struct nvme *n = nvme_create(x.m, "nvme1", &x.bus, &o, &e);
    ck_assert_int_eq(block_create_memory(&second, 8192, &e), 0);
    ck_assert_int_eq(nvme_add_namespace(n, 3, second, 4096, &e), 0);
    ck_assert_int_eq(nvme_add_namespace(n, 3, second, 4096, &e), ERR_ARG);
    ck_assert_int_eq(nvme_add_namespace(n, 17, second, 4096, &e), ERR_LIMIT);
    ck_assert_int_eq(nvme_add_namespace(n, 2, second, 1000, &e), ERR_ARG);
    ck_assert_ptr_null(
        nvme_create(x.m, "nvme2", &x.bus, &(struct nvme_options){ .serial = "", .devfn = -1 }, &e));
}
END_TEST

/* A command on its way, saved and done in the machine that was restored. */
START_TEST(snapshot)
{
    struct completion c;

    make_queues();
    pattern(DATA, 512, 5);
    uint16_t cid = submit(1, &(struct entry){ .opcode = 1, .nsid = 1, .prp1 = DATA, .cdw10 = 40 });
    move_card();
    card_run(&x, LONG_ENOUGH);
    ck_assert(complete(1, &c));
    ck_assert_uint_eq(c.cid, cid);
    ck_assert_uint_eq(c.status, 0);
    expect_disk(40 * 512, 512, 5);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("nvme");
    TCase *t = tcase_create("generic"), *c = tcase_create("nvme");

    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, capabilities);
    tcase_add_loop_test(c, enabling, 0, ARRAY_LEN(starts));
    tcase_add_test(c, shutdown);
    tcase_add_test(c, identify);
    tcase_add_loop_test(c, queue_faults, 0, ARRAY_LEN(queues));
    tcase_add_test(c, queue_order);
    tcase_add_test(c, prps);
    tcase_add_test(c, sgls);
    tcase_add_test(c, commands);
    tcase_add_test(c, full_queue);
    tcase_add_test(c, pin_and_mask);
    tcase_add_test(c, vectors);
    tcase_add_test(c, events);
    tcase_add_loop_test(c, feature_values, 0, ARRAY_LEN(features));
    tcase_add_test(c, timestamp);
    tcase_add_test(c, queue_count);
    tcase_add_test(c, formatting);
    tcase_add_test(c, health);
    tcase_add_test(c, second_namespace);
    tcase_add_test(c, snapshot);
    suite_add_tcase(s, c);
    return s;
}
