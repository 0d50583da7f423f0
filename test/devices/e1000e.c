/* SPDX-License-Identifier: Apache-2.0 */
/* Intel 82574 datasheet: EEPROM and PHY, interrupts (7.4), receive (7.1) and transmit (7.2) rings.
 */
#include "devices/e1000e.h"
#include "devices/backend/net_impl.h"
#include "devices/e1000e_impl.h"
#define REGS CARD_BAR
#include "test/devices/card_fixture.h"
#include <zlib.h>

enum { R_CTRL = 0, R_STATUS = 8, R_EERD = 0x14, R_CTRL_EXT = 0x18, R_MDIC = 0x20, R_ICR = 0xc0,
       R_ITR = 0xc4, R_ICS = 0xc8, R_IMS = 0xd0, R_IMC = 0xd8, R_EIAC = 0xdc, R_IAM = 0xe0,
       R_IVAR = 0xe4, R_EITR = 0xe8, R_RCTL = 0x100, R_TCTL = 0x400, R_PSRCTL = 0x2170,
       R_RX = 0x2800, R_RDTR = 0x2820, R_TX = 0x3800, R_TIDV = 0x3820, R_STATS = 0x4000,
       R_RXCSUM = 0x5000, R_RFCTL = 0x5008, R_MTA = 0x5200, R_RAL = 0x5400, R_VFTA = 0x5600,
       R_MRQC = 0x5818, R_EEWR = 0x102c, R_RETA = 0x5c00, R_RSSRK = 0x5c80 };
enum { BAL = 0, LEN = 8, HEAD = 0x10, TAIL = 0x18 };
enum { RXD = CARD_RAM, TXD = CARD_RAM + 0x8000, RXB = CARD_RAM + 0x100000,
       TXB = CARD_RAM + 0x200000, RING = 16, BUFFER = 2048 };
enum { RCTL_ON = 1 << 1 | 1 << 15 | 1 << 26 /* EN, BAM, SECRC */ };
#define LONG_ENOUGH (50 * PS_PER_US)
static const uint8_t mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

static struct e1000e *nic;
static bool has_cable;
static struct host *host;
static struct net_backend *net;
/* What came out at the far end. */
static struct net_kind far_end;
static struct {
    uint8_t bytes[2048];
    size_t n;
} sent[16];
static unsigned n_sent;

static void far_send(struct net_backend *n, const uint8_t *frame, size_t length)
{
    (void)n;
    ck_assert_uint_lt(n_sent, ARRAY_LEN(sent));
    ck_assert_uint_le(length, sizeof(sent[0].bytes));
    memcpy(sent[n_sent].bytes, frame, length);
    sent[n_sent++].n = length;
}

static struct pci_function *card_make(struct machine *m)
{
    struct e1000e_options o = { .devfn = -1 };
    struct err e = { 0 };

    net = NULL;
    if (has_cable) {
        ck_assert_int_eq(host_create(&host, m, &e), 0);
        ck_assert_int_eq(net_open(&net, host, "none", &e), 0);
        far_end = (struct net_kind){ .name = "far", .send = far_send };
        net->kind = &far_end;
    }
    memcpy(o.mac, mac, 6);
    nic = e1000e_create(m, "nic", &x.bus, net, &o, &e);
    ck_assert_msg(nic != NULL, "%s", e.text);
    return e1000e_function(nic);
}

static void set_ring(uint32_t at, pa_t base, uint32_t bytes)
{
    wr(at + BAL, (uint32_t)base);
    wr(at + BAL + 4, 0);
    wr(at + LEN, bytes);
    wr(at + HEAD, 0);
    wr(at + TAIL, 0);
}

static void fill_rx(unsigned queue)
{
    pa_t base = RXD + 0x1000 * queue;
    for (unsigned i = 0; i < RING; i++) {
        st_le64(card_ram(&x, base + 16 * i), RXB + BUFFER * (i + RING * queue));
        st_le64(card_ram(&x, base + 16 * i + 8), 0);
    }
    wr(R_RX + 0x100 * queue + TAIL, RING - 1);
}

static void setup(void)
{
    n_sent = 0;
    has_cable = true;
    make_card();
    card_enable(&x);
    set_ring(R_RX, RXD, RING * 16);
    set_ring(R_RX + 0x100, RXD + 0x1000, RING * 16);
    set_ring(R_TX, TXD, RING * 16);
    set_ring(R_TX + 0x100, TXD + 0x1000, RING * 16);
    fill_rx(0);
    fill_rx(1);
    wr(R_RCTL, RCTL_ON);
    wr(R_TCTL, 1 << 1 | 1 << 3);
}
static void teardown(void)
{
    host_destroy(host);
    card_close(&x);
}

/* A frame to us from the far end: IPv4 and TCP or UDP with right checksums unless `bad`. */
static size_t make_ip(uint8_t *f, uint8_t protocol, unsigned payload, bool bad)
{
    struct e1000e_packet p;
    unsigned transport = protocol == 6 ? 20 : 8, total = 20 + transport + payload;

    memset(f, 0, 14 + total);
    memcpy(f, mac, 6);
    memcpy(f + 6, "\x02\x00\x00\x00\x00\x01", 6);
    st_be16(f + 12, 0x0800);
    f[14] = 0x45;
    st_be16(f + 16, (uint16_t)total);
    st_be16(f + 18, 0x1234);
    f[22] = 64;
    f[23] = protocol;
    memcpy(f + 26, "\x42\x09\x95\xbb\xa1\x8e\x64\x50", 8); /* 66.9.149.187, 161.142.100.80 */
    st_be16(f + 34, 2794);
    st_be16(f + 36, 1766);
    if (protocol == 6)
        f[46] = 0x50;
    else
        st_be16(f + 38, (uint16_t)(8 + payload));
    for (unsigned i = 0; i < payload; i++)
        f[34 + transport + i] = (uint8_t)(i + 1);
    st_be16(f + 24, (uint16_t)~e1000e_sum(f + 14, 20));
    e1000e_parse(&p, f, 14 + total);
    uint32_t sum = e1000e_fold(e1000e_pseudo(&p, f) + e1000e_sum(f + 34, total - 20));
    st_be16(f + (protocol == 6 ? 50 : 40), (uint16_t)(~sum + bad));
    return 14 + total;
}

static void arrive(const uint8_t *frame, size_t n)
{
    net_arrived(net, frame, n);
    (void)host_poll(host, 0);
    card_run(&x, LONG_ENOUGH);
}
static void arrive_to(const uint8_t address[6])
{
    uint8_t f[60] = { 0 };
    memcpy(f, address, 6);
    arrive(f, sizeof(f));
}

START_TEST(generic)
{
    has_cable = false;
    check_generic();
}
END_TEST

/* 6.1: words 0 to 3Fh add up to BABAh; word 0 to 2 are the address. */
START_TEST(eeprom)
{
    uint16_t sum = 0, word;
    for (uint32_t i = 0; i < 64; i++) {
        wr(R_EERD, i << 2 | 1);
        ck_assert_uint_eq(rd(R_EERD) & 2, 2);
        word = (uint16_t)(rd(R_EERD) >> 16);
        sum = (uint16_t)(sum + word);
        if (i < 3)
            ck_assert_uint_eq(word, ld_le16(mac + 2 * i));
    }
    ck_assert_uint_eq(sum, 0xbaba);
    ck_assert_uint_eq(rd(R_RAL), 0x12005452);
    ck_assert_uint_eq(rd(R_RAL + 4), 0x80005634);
    wr(R_EEWR, 0x7777u << 16 | 2 << 2 | 1);
    ck_assert_uint_eq(rd(R_EEWR) & 2, 2);
    wr(R_CTRL, rd(R_CTRL) | 1 << 26);
    ck_assert_uint_eq(rd(R_CTRL) >> 26 & 1, 0);
    ck_assert_uint_eq(rd(R_RAL + 4), 0x80007777);
    ck_assert_uint_eq(card_config(&x, 0, 4), 0x10d38086);
}
END_TEST

static uint32_t phy(unsigned reg)
{
    wr(R_MDIC, reg << 16 | 1 << 21 | 2 << 26);
    return rd(R_MDIC);
}
static void set_phy(unsigned reg, uint16_t v)
{
    wr(R_MDIC, v | reg << 16 | 1 << 21 | 1 << 26);
    ck_assert_uint_eq(rd(R_MDIC) >> 28 & 5, 1);
}
/* 802.3, 22.2.4: identification, link, and negotiation that is begun anew. */
START_TEST(phy_registers)
{
    ck_assert_uint_eq(phy(2) & 0xffff, 0x0141);
    ck_assert_uint_eq(phy(3) & 0xffff, 0x0cb1);
    ck_assert_uint_eq(phy(1) & 0x24, 0x24);
    ck_assert_uint_eq(rd(R_STATUS) & 0xc3, 0x83);
    (void)rd(R_ICR);
    set_phy(0, 0x1340);
    ck_assert_uint_eq(phy(1) & 0x24, 0);
    ck_assert_uint_eq(rd(R_STATUS) & 2, 0);
    ck_assert_uint_eq(rd(R_ICR) & 4, 4); /* LSC */
    card_run(&x, PS_PER_SEC);
    ck_assert_uint_eq(rd(R_STATUS) & 2, 2);
    ck_assert_uint_eq(rd(R_ICR) & 4, 4);
    set_phy(22, 5);
    set_phy(20, 0xabcd);
    set_phy(22, 0);
    ck_assert_uint_ne(phy(20) & 0xffff, 0xabcd);
    set_phy(22, 5);
    ck_assert_uint_eq(phy(20) & 0xffff, 0xabcd);
    wr(R_MDIC, 2 << 16 | 3 << 21 | 2 << 26); /* nobody at address 3 */
    ck_assert_uint_eq(rd(R_MDIC) >> 30 & 1, 1);
}
END_TEST

START_TEST(cable)
{
    (void)rd(R_ICR);
    e1000e_link_changed(nic, false);
    ck_assert_uint_eq(rd(R_STATUS) & 2, 0);
    e1000e_link_changed(nic, true);
    ck_assert_uint_eq(rd(R_STATUS) & 2, 0);
    card_run(&x, PS_PER_SEC);
    ck_assert_uint_eq(rd(R_STATUS) & 2, 2);
}
END_TEST

/* 10.2.4.1: a read clears when nothing is enabled or when the interrupt was told. */
START_TEST(legacy_interrupts)
{
    (void)rd(R_ICR);
    wr(R_ICS, 0x84);
    ck_assert_uint_eq(rd(R_ICR), 0x84);
    ck_assert_uint_eq(rd(R_ICR), 0);
    wr(R_IMS, 0x80);
    wr(R_ICS, 4);
    ck_assert(!x.intx[1]);
    ck_assert_uint_eq(rd(R_ICR), 4);
    ck_assert_uint_eq(rd(R_ICR), 4);     /* something is enabled, and nothing was told */
    wr(R_ICS, 0x80);
    ck_assert(x.intx[1]);
    wr(R_IMC, 0x80);
    ck_assert(!x.intx[1]);
    wr(R_IMS, 0x80);
    ck_assert_uint_eq(rd(R_ICR), 0x80000084);
    ck_assert(!x.intx[1]);
    wr(R_CTRL_EXT, 1 << 27);             /* IAME */
    wr(R_IAM, 0xff);
    wr(R_ICS, 0x80);
    ck_assert_uint_eq(rd(R_ICR), 0x80000080);
    ck_assert_uint_eq(rd(R_IMS), 0);
    wr(R_IMS, 4);
    wr(R_ITR, 1000);                     /* 256 us from one to the next */
    wr(R_ICS, 4);
    ck_assert(x.intx[1]);
    (void)rd(R_ICR);
    wr(R_IMS, 4);
    wr(R_ICS, 4);
    ck_assert(!x.intx[1]);
    card_run(&x, 255 * PS_PER_US);
    ck_assert(!x.intx[1]);
    card_run(&x, 2 * PS_PER_US);
    ck_assert(x.intx[1]);
}
END_TEST

START_TEST(msi)
{
    card_enable_msi(&x);
    wr(R_IMS, 4);
    wr(R_ICS, 4);
    ck_assert_uint_eq(x.messages, 1);
    ck_assert(!x.intx[1]);
    wr(R_ICS, 4);
    ck_assert_uint_eq(x.messages, 1); /* told already */
    (void)rd(R_ICR);
    card_run(&x, PS_PER_US);
    wr(R_ICS, 4);
    ck_assert_uint_eq(x.messages, 2);
}
END_TEST

/* A message that is a cause of the next one: each takes its time. */
START_TEST(message_loops)
{
    uint32_t table = CARD_BAR + 3 * CARD_BAR_STEP;
    card_enable_msix(&x);
    card_write(&x, table, 4, CARD_BAR + R_ICS);
    card_write(&x, table + 8, 4, 1 << 20);
    wr(R_IVAR, 8);
    wr(R_EIAC, 1 << 20);
    wr(R_IMS, 1 << 20);
    wr(R_ICS, 1 << 20);
    card_run(&x, 10 * PS_PER_US);
    ck_assert_uint_ge(rd(R_STATS + 0x100), 40); /* IAC */
    ck_assert_uint_le(rd(R_STATS + 0x100), 60);
}
END_TEST

/* 7.4.5, 10.2.4.9: causes to vectors by IVAR, cleared by EIAC, masked by IAM under EIAME, held back
 * by EITR. */
START_TEST(msix)
{
    uint8_t f[200];
    card_enable_msix(&x);
    wr(R_IVAR, 0x8 | 0x9 << 4 | 0xa << 8 | 0xb << 12 | 0xc << 16);
    wr(R_EIAC, 1 << 20);
    wr(R_IMS, 0x01f00000);
    arrive(f, make_ip(f, 6, 10, false));
    ck_assert_uint_eq(x.vector[0], 1);
    ck_assert_uint_eq(rd(R_ICS) | x.messages, 1);
    wr(R_EITR, 400);                       /* 102.4 us */
    arrive(f, make_ip(f, 6, 10, false));
    arrive(f, make_ip(f, 6, 10, false));   /* 50 us later */
    ck_assert_uint_eq(x.vector[0], 2);
    card_run(&x, 110 * PS_PER_US);
    ck_assert_uint_eq(x.vector[0], 3);
    wr(R_ICS, 4);                          /* LSC: the other causes, OTHER */
    ck_assert_uint_eq(x.vector[4], 1);
    wr(R_CTRL_EXT, 1 << 24);
    wr(R_IAM, 1 << 24);
    wr(R_ICR, 0xffffffff);
    card_run(&x, PS_PER_US);
    wr(R_ICS, 4);
    ck_assert_uint_eq(x.vector[4], 2);
    ck_assert_uint_eq(rd(R_IMS), 0x00f00000);
}
END_TEST

/* ---- reception ---- */

/* 7.1.4.1: legacy descriptors; the sum of all from PCSS on is complemented. */
START_TEST(receive_legacy)
{
    const uint8_t *d = card_ram(&x, RXD);
    uint8_t f[200];
    size_t n = make_ip(f, 6, 46, false);
    wr(R_RXCSUM, 14 | 3 << 8);
    arrive(f, n);
    ck_assert_uint_eq(rd(R_RX + HEAD), 1);
    ck_assert_uint_eq(ld_le16(d + 8), n);
    ck_assert_uint_eq(ld_le16(d + 10), ~e1000e_sum(f + 14, n - 14) & 0xffff);
    ck_assert_uint_eq(d[12], 1 | 2 | 0x20 | 0x40); /* DD, EOP, TCPCS, IPCS */
    ck_assert_uint_eq(d[13], 0);
    ck_assert_mem_eq(card_ram(&x, RXB), f, n);
    n = make_ip(f, 17, 46, true);
    arrive(f, n);
    ck_assert_uint_eq(d[16 + 12], 1 | 2 | 0x10 | 0x20 | 0x40);
    ck_assert_uint_eq(d[16 + 13], 0x20);           /* TCPE */
    f[22]--;                                       /* the header's sum is wrong now */
    arrive(f, n);
    ck_assert_uint_eq(d[32 + 13] & 0x40, 0x40);    /* IPE */
    /* too short ones were padded; without SECRC the check sequence is kept */
    wr(R_RCTL, RCTL_ON & ~(1 << 26));
    arrive(f, 42);
    ck_assert_uint_eq(ld_le16(d + 48 + 8), 64);
    ck_assert_uint_eq(ld_le32(card_ram(&x, RXB + 3 * BUFFER + 60)),
                      (uint32_t)crc32(0, card_ram(&x, RXB + 3 * BUFFER), 60));
    ck_assert_uint_eq(rd(R_ICR) & 0x80, 0x80);
    ck_assert_uint_eq(rd(R_STATS + 0x74), 4);      /* GPRC */
    ck_assert_uint_eq(rd(R_STATS + 0x74), 0);
}
END_TEST

/* 7.1.1: the filters, one by one */
static const struct { uint8_t to[6]; uint32_t rctl; bool mta, passes; } filters[] = {
    { { 0x52, 0x54, 0, 0x12, 0x34, 0x56 }, 0, false, true },
    { { 0x52, 0x54, 0, 0x12, 0x34, 0x57 }, 0, false, false },
    { { 0x52, 0x54, 0, 0x12, 0x34, 0x57 }, 1 << 3, false, true },  /* UPE */
    { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 0, false, false },
    { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 1 << 15, false, true },
    { { 0x01, 0, 0x5e, 0, 0x12, 0x34 }, 0, false, false },
    { { 0x01, 0, 0x5e, 0, 0x12, 0x34 }, 1 << 4, false, true },     /* MPE */
    { { 0x01, 0, 0x5e, 0, 0x12, 0x34 }, 0, true, true },           /* bits 47:36: 341h */
    { { 0x01, 0, 0x5e, 0, 0x12, 0x35 }, 0, true, false },
};
START_TEST(receive_filters)
{
    wr(R_RCTL, (RCTL_ON & ~(1 << 15)) | filters[_i].rctl);
    if (filters[_i].mta)
        wr(R_MTA + 4 * (0x341 >> 5), 1u << (0x341 & 31));
    arrive_to(filters[_i].to);
    ck_assert_uint_eq(rd(R_RX + HEAD), filters[_i].passes);
}
END_TEST

START_TEST(receive_vlan)
{
    uint8_t f[200], tagged[204];
    size_t n = make_ip(f, 6, 46, false);
    memcpy(tagged, f, 12);
    st_be16(tagged + 12, 0x8100);
    st_be16(tagged + 14, 0x2064);                 /* priority 1, VLAN 100 */
    memcpy(tagged + 16, f + 12, n - 12);
    wr(R_CTRL, rd(R_CTRL) | 1 << 30);             /* VME */
    wr(R_RCTL, RCTL_ON | 1 << 18);                /* VFE */
    arrive(tagged, n + 4);
    ck_assert_uint_eq(rd(R_RX + HEAD), 0);
    wr(R_VFTA + 4 * (100 / 32), 1u << 100 % 32);
    arrive(tagged, n + 4);
    ck_assert_uint_eq(rd(R_RX + HEAD), 1);
    ck_assert_uint_eq(ld_le16(card_ram(&x, RXD + 8)), n);
    ck_assert_uint_eq(ld_le16(card_ram(&x, RXD + 14)), 0x2064);
    ck_assert_uint_eq(card_ram(&x, RXD + 12)[0] & 8, 8);
    ck_assert_mem_eq(card_ram(&x, RXB), f, n);
}
END_TEST

/* Toeplitz: the verification suite of Microsoft's RSS specification, IPv4 with and without TCP
 * ports. */
static const uint8_t rss_key[40] = {
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
    0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
    0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};
START_TEST(rss)
{
    const uint8_t *d = card_ram(&x, RXD + 0x1000);
    uint8_t f[200];
    size_t n = make_ip(f, 6, 10, false);
    for (unsigned i = 0; i < 10; i++)
        wr(R_RSSRK + 4 * i, ld_le32(rss_key + 4 * i));
    wr(R_RFCTL, 1 << 15);
    wr(R_RXCSUM, 1 << 13);
    wr(R_MRQC, 1 | 3 << 16);
    uint32_t index = 0x51ccc178 & 0x7f;
    wr(R_RETA + 4 * (index / 4), 0x80u << 8 * (index % 4));
    arrive(f, n);
    ck_assert_uint_eq(rd(R_RX + 0x100 + HEAD), 1);
    ck_assert_uint_eq(ld_le32(d), 1 | 1 << 8);    /* TCP over IPv4, queue 1 */
    ck_assert_uint_eq(ld_le32(d + 4), 0x51ccc178);
    ck_assert_uint_eq(ld_le32(d + 8) & 3, 3);
    ck_assert_uint_eq(ld_le16(d + 12), MAX(n, 60u));
    wr(R_MRQC, 1 | 1 << 17);                      /* addresses alone; queue 0 */
    arrive(f, n);
    ck_assert_uint_eq(ld_le32(card_ram(&x, RXD)), 2);
    ck_assert_uint_eq(ld_le32(card_ram(&x, RXD + 4)), 0x323e8fc2);
}
END_TEST

/* 7.1.4.3: the headers in the first buffer, the rest in the others */
START_TEST(packet_split)
{
    uint8_t f[1400];
    size_t n = make_ip(f, 6, 1200, false);
    uint8_t *d = card_ram(&x, RXD);
    wr(R_RFCTL, 1 << 15);
    wr(R_PSRCTL, 1 | 1 << 8 | 1 << 16 | 1 << 24); /* 128 bytes, three times 1024 */
    wr(R_RCTL, RCTL_ON | 1 << 10);
    for (unsigned i = 0; i < 4; i++)
        st_le64(d + 8 * i, RXB + 0x1000 * i);
    wr(R_RX + TAIL, 2);
    arrive(f, n);
    ck_assert_uint_eq(rd(R_RX + HEAD), 2);
    ck_assert_uint_eq(ld_le32(d + 8) & 3, 3);
    ck_assert_uint_eq(ld_le16(d + 12), 54);
    ck_assert_uint_eq(ld_le16(d + 16), 0x8000 | 54);
    ck_assert_uint_eq(ld_le16(d + 18), 1024);
    ck_assert_uint_eq(ld_le16(d + 20), 176);
    ck_assert_uint_eq(ld_le16(d + 22), 0);
    ck_assert_mem_eq(card_ram(&x, RXB), f, 54);
    ck_assert_mem_eq(card_ram(&x, RXB + 0x1000), f + 54, 1024);
    ck_assert_mem_eq(card_ram(&x, RXB + 0x2000), f + 1078, 176);
}
END_TEST

/* Over several buffers, and when there are too few: RXO, MPC, nothing written. */
START_TEST(receive_long)
{
    uint8_t f[1400];
    size_t n = make_ip(f, 6, 1200, false);
    wr(R_RCTL, RCTL_ON | 3 << 16);               /* buffers of 256 bytes */
    arrive(f, n);                                /* 1254 bytes: five */
    ck_assert_uint_eq(rd(R_RX + HEAD), 5);
    for (unsigned i = 0; i < 5; i++) {
        ck_assert_uint_eq(card_ram(&x, RXD + 16 * i)[12] & 3, i == 4 ? 3 : 1);
        ck_assert_mem_eq(card_ram(&x, RXB + BUFFER * i), f + 256 * i, i == 4 ? n - 1024 : 256);
    }
    (void)rd(R_ICR);
    wr(R_RX + TAIL, 8);
    arrive(f, n);
    ck_assert_uint_eq(rd(R_RX + HEAD), 5);
    ck_assert_uint_eq(rd(R_ICR) & 0x40, 0x40);
    ck_assert_uint_eq(rd(R_STATS + 0x10), 1);
    /* 1522 bytes with the check sequence are the most without LPE */
    uint8_t jumbo[1519] = { 0 };
    memcpy(jumbo, mac, 6);
    wr(R_RCTL, RCTL_ON);
    arrive(jumbo, sizeof(jumbo));
    ck_assert_uint_eq(rd(R_RX + HEAD), 5);
    arrive(jumbo, sizeof(jumbo) - 1);
    ck_assert_uint_eq(rd(R_RX + HEAD), 6);
}
END_TEST

/* 7.4.2: RDTR, in units of 1.024 us, from the last frame; RADV from the first. */
START_TEST(receive_delay)
{
    wr(R_IMS, 0x80);
    wr(R_RDTR, 100);
    arrive_to(mac);
    arrive_to(mac);
    ck_assert(!x.intx[1]);
    card_run(&x, 60 * PS_PER_US);
    ck_assert(x.intx[1]);
    (void)rd(R_ICR);
    arrive_to(mac);
    wr(R_RDTR, 0x80000000u | 100);                /* FPD */
    ck_assert(x.intx[1]);
}
END_TEST

/* ---- transmission ---- */

static unsigned tail;
static void put_tx(uint64_t at, uint32_t command, uint32_t upper)
{
    uint8_t *d = card_ram(&x, TXD + 16 * tail);
    st_le64(d, at);
    st_le32(d + 8, command);
    st_le32(d + 12, upper);
    tail = (tail + 1) % RING;
}
static void go(void)
{
    wr(R_TX + TAIL, tail);
    card_run(&x, LONG_ENOUGH);
    ck_assert_uint_eq(rd(R_TX + HEAD), tail);
}

/* 7.2.10: EOP, IFCS, RS; a frame in two pieces; padding by PSP */
START_TEST(transmit_legacy)
{
    uint8_t *b = card_ram(&x, TXB);
    tail = 0;
    for (unsigned i = 0; i < 100; i++)
        b[i] = (uint8_t)i;
    put_tx(TXB, 40, 0);
    put_tx(TXB + 40, 60 | 0x0b << 24, 0);
    put_tx(TXB, 20 | 0x0b << 24, 0);
    go();
    ck_assert_uint_eq(n_sent, 2);
    ck_assert_uint_eq(sent[0].n, 100);
    ck_assert_mem_eq(sent[0].bytes, b, 100);
    ck_assert_uint_eq(sent[1].n, 60);
    ck_assert_uint_eq(card_ram(&x, TXD + 12)[0], 0);
    ck_assert_uint_eq(card_ram(&x, TXD + 28)[0], 1);
    ck_assert_uint_eq(rd(R_ICR) & 3, 3);
    /* IC: sum from CSS on at CSO; VLE: a tag */
    wr(R_CTRL, rd(R_CTRL) | 1u << 30);
    b[50] = b[51] = 0;
    put_tx(TXB, 100 | 50 << 16 | 0x4fu << 24, 14 << 8 | 0x0064u << 16);
    go();
    ck_assert_uint_eq(sent[2].n, 104);
    ck_assert_uint_eq(ld_be32(sent[2].bytes + 12), 0x81000064);
    ck_assert_uint_eq(e1000e_sum(sent[2].bytes + 18, 86), 0xffff);
    /* without IFCS software brings the check sequence: 96 bytes are left, or none if it is wrong */
    st_le32(b + 96, (uint32_t)crc32(0, b, 96));
    put_tx(TXB, 100 | 0x01u << 24, 0);
    go();
    ck_assert_uint_eq(n_sent, 4);
    ck_assert_uint_eq(sent[3].n, 96);
    b[96] ^= 1;
    put_tx(TXB, 100 | 0x01u << 24, 0);
    go();
    ck_assert_uint_eq(n_sent, 4);
}
END_TEST

/* IP header at 14, TCP or UDP at 34; the pseudo header's sum, as drivers leave it. */
static void put_context(uint8_t tucmd, uint32_t mss, uint32_t header, uint32_t paylen)
{
    put_tx(14 | 24 << 8 | 33ull << 16 | 34ull << 32 | (tucmd & 1 ? 50ull : 40ull) << 40,
           paylen | (uint32_t)(tucmd | 0x20) << 24, header << 8 | mss << 16);
}
START_TEST(transmit_checksums)
{
    uint8_t *b = card_ram(&x, TXB), want[200];
    size_t n = make_ip(want, 6, 40, false);
    struct e1000e_packet p;
    tail = 0;
    memcpy(b, want, n);
    e1000e_parse(&p, b, n);
    st_be16(b + 24, 0);
    st_be16(b + 50, (uint16_t)e1000e_pseudo(&p, b));
    put_context(0x03, 0, 0, 0);
    put_tx(TXB, (uint32_t)n | 1 << 20 | 0x2bu << 24, 3 << 8);
    go();
    ck_assert_uint_eq(n_sent, 1);
    ck_assert_uint_eq(sent[0].n, n);
    ck_assert_mem_eq(sent[0].bytes, want, n);
}
END_TEST

/* 7.2.6: 250 bytes in segments of 100: numbers, lengths, flags and sums of their own. */
START_TEST(segmentation)
{
    uint8_t *b = card_ram(&x, TXB);
    size_t n = make_ip(b, 6, 250, false);
    struct e1000e_packet p;
    uint32_t sequence = 0x10000000;
    tail = 0;
    e1000e_parse(&p, b, n);
    p.end = p.l4; /* without the length */
    st_be16(b + 50, (uint16_t)e1000e_pseudo(&p, b));
    st_be16(b + 24, 0);
    st_be32(b + 38, sequence);
    b[47] = 0x19; /* ACK, PSH, FIN */
    put_context(0x07, 100, 54, 250);
    put_tx(TXB, 54 | 1 << 20 | 0x26u << 24, 3 << 8);
    put_tx(TXB + 54, 250 | 1 << 20 | 0x2fu << 24, 0);
    go();
    ck_assert_uint_eq(n_sent, 3);
    for (unsigned i = 0; i < 3; i++) {
        const uint8_t *f = sent[i].bytes;
        unsigned payload = i == 2 ? 50 : 100;
        ck_assert_uint_eq(sent[i].n, 54 + payload);
        ck_assert_uint_eq(ld_be16(f + 16), 40 + payload);
        ck_assert_uint_eq(ld_be16(f + 18), 0x1234 + i);
        ck_assert_uint_eq(ld_be32(f + 38), sequence + 100 * i);
        ck_assert_uint_eq(f[47], i == 2 ? 0x19 : 0x10);
        ck_assert_mem_eq(f + 54, b + 54 + 100 * i, payload);
        ck_assert_uint_eq(e1000e_sum(f + 14, 20), 0xffff);
        e1000e_parse(&p, f, sent[i].n);
        ck_assert_uint_eq(e1000e_fold(e1000e_pseudo(&p, f) + e1000e_sum(f + 34, p.end - p.l4)),
                          0xffff);
    }
    /* an MSS or a header that makes no sense is an error of the driver's */
    put_context(0x07, 0, 54, 250);
    put_tx(TXB, 304 | 1 << 20 | 0x2fu << 24, 3 << 8);
    put_context(0x07, 100, 20, 250);
    put_tx(TXB, 304 | 1 << 20 | 0x2fu << 24, 3 << 8);
    go();
    ck_assert_uint_eq(n_sent, 3);
}
END_TEST

START_TEST(loopback)
{
    tail = 0;
    memcpy(card_ram(&x, TXB), mac, 6);
    wr(R_RCTL, RCTL_ON | 1 << 6);
    put_tx(TXB, 60 | 0x0bu << 24, 0);
    go();
    ck_assert_uint_eq(n_sent, 0);
    ck_assert_uint_eq(rd(R_RX + HEAD), 1);
    ck_assert_mem_eq(card_ram(&x, RXB), mac, 6);
}
END_TEST

/* A frame half described when the machine is saved. */
START_TEST(snapshot)
{
    struct card before;
    struct host *old = host;

    tail = 0;
    memset(card_ram(&x, TXB), 0x5a, 100);
    put_tx(TXB, 40, 0);
    go();
    put_tx(TXB + 40, 60 | 0x0b << 24, 0);
    wr(R_TX + TAIL, tail);
    before = x;
    make_card();
    device_generic_copy(before.m, x.m);
    host_destroy(old);
    card_close(&before);
    card_run(&x, LONG_ENOUGH);
    ck_assert_uint_eq(n_sent, 1);
    ck_assert_uint_eq(sent[0].n, 100);
    ck_assert_uint_eq(sent[0].bytes[39], 0x5a);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("e1000e");
    TCase *t = tcase_create("generic"), *c = tcase_create("e1000e");

    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, eeprom);
    tcase_add_test(c, phy_registers);
    tcase_add_test(c, cable);
    tcase_add_test(c, legacy_interrupts);
    tcase_add_test(c, msi);
    tcase_add_test(c, msix);
    tcase_add_test(c, message_loops);
    tcase_add_test(c, receive_legacy);
    tcase_add_loop_test(c, receive_filters, 0, ARRAY_LEN(filters));
    tcase_add_test(c, receive_vlan);
    tcase_add_test(c, rss);
    tcase_add_test(c, packet_split);
    tcase_add_test(c, receive_long);
    tcase_add_test(c, receive_delay);
    tcase_add_test(c, transmit_legacy);
    tcase_add_test(c, transmit_checksums);
    tcase_add_test(c, segmentation);
    tcase_add_test(c, loopback);
    tcase_add_test(c, snapshot);
    suite_add_tcase(s, c);
    return s;
}
