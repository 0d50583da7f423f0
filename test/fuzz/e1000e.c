/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile drivers of the 82574L and hostile frames for it: descriptors of all kinds with lengths,
 * offsets and segment sizes that make no sense, rings of any size, registers at random; frames
 * with headers cut short, also looped back from what was sent.
 */
#include "devices/backend/net_impl.h"
#include "devices/e1000e.h"
#include "test/fuzz/pci_card.h"

enum { R_CTRL = 0, R_ICR = 0xc0, R_IMS = 0xd0, R_IVAR = 0xe4, R_RCTL = 0x100, R_TCTL = 0x400,
       R_PSRCTL = 0x2170, R_RX = 0x2800, R_TX = 0x3800, R_RXCSUM = 0x5000, R_RFCTL = 0x5008,
       R_MRQC = 0x5818, R_GPRC = 0x4074 };
enum { BAL = 0, LEN = 8, HEAD = 0x10, TAIL = 0x18, RING = 64, RINGS = CARD_RAM };

static struct host *host;
static struct net_backend *net;
static struct net_kind far_end;
static uint64_t sent;
static uint32_t tail[2];

static void far_send(struct net_backend *n, const uint8_t *frame, size_t length)
{
    (void)n;
    (void)hash_bytes(0, frame, length); /* every byte is read */
    sent++;
}

static void build(struct fuzz *f)
{
    const struct e1000e_options o = { .devfn = -1, .mac = { 2, 0, 0, 0, 0, 1 } };
    struct err e = { 0 };

    card_open(&f->x, fuzz_machine());
    card_must(host_create(&host, f->x.m, &e) == 0 && net_open(&net, host, "none", &e) == 0, "net",
              &e);
    far_end = (struct net_kind){ .name = "far", .send = far_send };
    net->kind = &far_end;
    struct e1000e *d = e1000e_create(f->x.m, "nic", &f->x.bus, net, &o, &e);
    card_must(d != NULL, "nic", &e);
    f->x.f = e1000e_function(d);
}

static void wr(struct fuzz *f, uint32_t reg, uint64_t v)
{
    fuzz_store(f, CARD_BAR + reg, 4, v & 0xffffffff);
}

static pa_t ring(bool rx, unsigned q)
{
    return RINGS + 0x8000 * rx + 0x2000 * q;
}

static void start(struct fuzz *f)
{
    f->started++;
    wr(f, R_CTRL, 1 << 26);
    for (unsigned q = 0; q < 2; q++) {
        for (unsigned rx = 0; rx < 2; rx++) {
            uint32_t at = (rx ? R_RX : R_TX) + 0x100 * q;
            wr(f, at + BAL, fuzz_one_in(f, 40) ? fuzz_address(f) : ring(rx, q));
            wr(f, at + LEN, fuzz_one_in(f, 20) ? fuzz_next(f) : RING * 16);
            wr(f, at + HEAD, fuzz_one_in(f, 20) ? fuzz_next(f) : 0);
            wr(f, at + TAIL, fuzz_one_in(f, 20) ? fuzz_next(f) : rx ? RING - 2 : 0);
        }
        tail[q] = 0;
        for (unsigned i = 0; i < RING * 2; i++)
            st_le64(card_ram(&f->x, ring(true, q) + 8 * i), fuzz_address(f));
    }
    wr(f, R_RCTL, 2 | 1 << 15 | (fuzz_next(f) & (fuzz_one_in(f, 2) ? 0x7e7f0f7c : 0x04000018)));
    wr(f, R_TCTL, 2 | (fuzz_next(f) & 8));
    wr(f, R_RFCTL, fuzz_next(f) & 0x0000ffff);
    wr(f, R_RXCSUM, fuzz_next(f) & 0x23ff);
    wr(f, R_PSRCTL, fuzz_next(f) & 0x03030f07);
    wr(f, R_MRQC, fuzz_next(f) & 0x001f0001);
    wr(f, R_IVAR, 0x000cba98);
    wr(f, R_IMS, fuzz_next(f));
    if (fuzz_one_in(f, 2))
        card_enable_msix(&f->x);
}

/* Ethernet, perhaps a tag, IPv4 or IPv6 with bits turned. */
static uint32_t make_frame(struct fuzz *f, uint8_t *b, uint32_t most)
{
    static const uint8_t ip4[] = {
        0x45, 0, 0, 60, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2
    };
    uint32_t n = 14 + (uint32_t)(fuzz_next(f) % (fuzz_one_in(f, 10) ? most - 14 : 200)), at = 12;

    for (uint32_t i = 0; i < n; i += 8)
        st_le64(b + i, fuzz_next(f));
    memcpy(b, fuzz_one_in(f, 4) ? "\xff\xff\xff\xff\xff\xff" : "\x02\0\0\0\0\x01", 6);
    if (fuzz_one_in(f, 4)) {
        st_be16(b + at, 0x8100);
        at += 4;
    }
    if (fuzz_one_in(f, 2)) {
        st_be16(b + at, 0x0800);
        memcpy(b + at + 2, ip4, sizeof(ip4));
        b[at + 2 + 9] = fuzz_one_in(f, 2) ? 6 : 17;
        st_be16(b + at + 4, (uint16_t)(fuzz_one_in(f, 3) ? fuzz_next(f) : n - at - 2));
        if (fuzz_one_in(f, 6))
            b[at + 2] = (uint8_t)fuzz_next(f);
    } else {
        static const uint8_t next[] = { 0, 43, 44, 60, 6, 17 };
        st_be16(b + at, 0x86dd);
        b[at + 2] = 0x60;
        st_be16(b + at + 6, (uint16_t)(fuzz_one_in(f, 3) ? fuzz_next(f) : n - at - 42));
        b[at + 8] = next[fuzz_next(f) % ARRAY_LEN(next)];
        b[at + 42] = next[fuzz_next(f) % ARRAY_LEN(next)];
        b[at + 43] &= 3;
    }
    return n;
}

static void descriptor(struct fuzz *f, unsigned q)
{
    uint8_t *d = card_ram(&f->x, ring(false, q) + 16 * tail[q]);
    uint64_t at = fuzz_address(f);
    uint32_t command = (uint32_t)fuzz_next(f) & 0xfb000000, n = (uint32_t)(fuzz_next(f) % 2000);

    if (fuzz_one_in(f, 50))
        n = (uint32_t)fuzz_next(f) & 0xfffff;
    if (at >= CARD_RAM && at < CARD_RAM + CARD_RAM_SIZE - 4096 && fuzz_one_in(f, 2))
        (void)make_frame(f, card_ram(&f->x, at), 1500);
    command |= fuzz_one_in(f, 4) ? 0 : 0x0b000000; /* a frame's end, its check sequence, a report */
    switch (fuzz_next(f) % 4) {
    case 0: /* context */
        st_le64(d, fuzz_one_in(f, 3) ? fuzz_next(f)
                                     : 14 | 24 << 8 | 33 << 16 | 34ull << 32 | 50ull << 40);
        st_le32(d + 8, (uint32_t)(fuzz_next(f) & 0x0f000000) | 0x20000000 | n);
        st_le32(d + 12,
                (uint32_t)(fuzz_one_in(f, 3) ? fuzz_next(f)
                                             : 54u << 8 | (uint64_t)(fuzz_next(f) % 1500) << 16));
        break;
    case 1: /* legacy */
        st_le64(d, at);
        st_le32(d + 8,
                (command & ~0x20000000u) | (n & 0xffff) | (uint32_t)(fuzz_next(f) % 256) << 16);
        st_le32(d + 12, (uint32_t)fuzz_next(f));
        break;
    default:
        st_le64(d, at);
        st_le32(d + 8, command | 0x20100000 | n | (fuzz_one_in(f, 2) ? 1 << 26 : 0));
        st_le32(d + 12, (uint32_t)fuzz_next(f));
    }
    tail[q] = (tail[q] + 1) % RING;
}

static void iterate(struct fuzz *f)
{
    static uint8_t frame[70000];
    unsigned q = (unsigned)(fuzz_next(f) % 2);
    uint64_t before = sent;

    if (f->started == 0 || fuzz_one_in(f, 150))
        start(f);
    for (uint64_t k = fuzz_next(f) % 4; k; k--)
        descriptor(f, q);
    wr(f, R_TX + 0x100 * q + TAIL, fuzz_one_in(f, 60) ? fuzz_next(f) : tail[q]);
    if (fuzz_one_in(f, 2)) {
        net_arrived(net, frame, make_frame(f, frame, fuzz_one_in(f, 20) ? 65000 : 1600));
        (void)host_poll(host, 0);
    }
    if (fuzz_one_in(f, 4)) /* more room */
        wr(f, R_RX + 0x100 * q + TAIL, fuzz_next(f) % RING & ~1u);
    if (fuzz_one_in(f, 10))
        fuzz_poke(f, 0, fuzz_one_in(f, 2) ? 0x6000 : 0x20000);
    card_run(&f->x, 20 * PS_PER_US);
    (void)fuzz_load(f, CARD_BAR + R_ICR, 4);
    uint64_t received = fuzz_load(f, CARD_BAR + R_GPRC, 4);
    f->done += sent != before || received;
    f->failed += sent == before && !received;
}

int main(int argc, char **argv)
{
    static struct fuzz f;
    int status = fuzz_run(argc, argv, &f, build, iterate);

    printf("%llu frames sent\n", (unsigned long long)sent);
    return status;
}
