/* SPDX-License-Identifier: Apache-2.0 */
/* Reception (7.1): filters, the queue by RSS, descriptors of three kinds, write-back. */
#include "devices/e1000e_impl.h"
#include <zlib.h>

enum { UNIT = 16 /* RDH and RDT count these, RDLEN holds them */, FCS = 4, SHORTEST = 60,
       LONGEST = 1522, JUMBO = 16384, TAG = 4, TYPE_AT = 12, BUFFERS = 4 };
/* 7.1.4.2.3: status and, from bit 24 on, errors */
enum { RX_DD = 1 << 0, RX_EOP = 1 << 1, RX_IXSM = 1 << 2, RX_VP = 1 << 3, RX_UDPCS = 1 << 4,
       RX_TCPCS = 1 << 5, RX_IPCS = 1 << 6, RX_PIF = 1 << 7, RX_TCPE = 1 << 29, RX_IPE = 1 << 30 };
enum { RFCTL_IPV6_OFF = 1 << 10, RFCTL_IPV6_SUM_OFF = 1 << 11, RFCTL_EXTEN = 1 << 15 };
enum { RXCSUM_IP = 1 << 8, RXCSUM_TU = 1 << 9, RXCSUM_PCSD = 1 << 13 };
#define RAH_AV 0x80000000u

/* ---- filters (7.1.1) ---- */

static bool vlan_passes(const struct e1000e *d, const uint8_t *frame, size_t n)
{
    if (!(d->rctl & RCTL_VFE) || n < TYPE_AT + TAG || ld_be16(frame + TYPE_AT) != (d->vet & 0xffff))
        return true;
    uint32_t id = ld_be16(frame + TYPE_AT + 2) & 0xfff;
    return d->vfta[id / 32] >> id % 32 & 1;
}

static bool is_exact(const struct e1000e *d, const uint8_t *frame)
{
    for (unsigned i = 0; i < ARRAY_LEN(d->ral); i++)
        if ((d->rah[i] & RAH_AV) && ld_le32(frame) == d->ral[i] &&
            ld_le16(frame + 4) == (d->rah[i] & 0xffff))
            return true;
    return false;
}

/* 10.2.5.1, MO: which 12 bits of the address pick the bit in the table. */
static bool multicast_passes(const struct e1000e *d, const uint8_t *frame)
{
    static const uint8_t shifts[] = { 4, 3, 2, 0 };
    uint32_t bits = ld_le16(frame + 4) >> shifts[F_GET(d->rctl, RCTL_MO)] & 0xfff;

    return d->mta[bits >> 5] >> (bits & 31) & 1;
}

static bool is_broadcast(const uint8_t *frame)
{
    return ld_le32(frame) == 0xffffffff && ld_le16(frame + 4) == 0xffff;
}

static bool passes(const struct e1000e *d, const uint8_t *frame, size_t n)
{
    if (!vlan_passes(d, frame, n))
        return false;
    if (is_exact(d, frame))
        return true;
    if (is_broadcast(frame) && (d->rctl & RCTL_BAM))
        return true;
    if (frame[0] & 1)
        return (d->rctl & RCTL_MPE) || multicast_passes(d, frame);
    return (d->rctl & RCTL_UPE) != 0;
}

/* ---- counters (10.2.7) ---- */

static void add64(struct e1000e *d, enum e1000e_statistic low, size_t n)
{
    uint64_t v = (uint64_t)d->statistic[low + 1] << 32 | d->statistic[low];

    v += n;
    d->statistic[low] = (uint32_t)v;
    d->statistic[low + 1] = (uint32_t)(v >> 32);
}

/* Lengths count the check sequence. */
void e1000e_count_frame(struct e1000e *d, bool sent, const uint8_t *frame, size_t length)
{
    size_t n = length + FCS;
    unsigned bin = n <= 64 ? 0 : n <= 127 ? 1 : n <= 255 ? 2 : n <= 511 ? 3 : n <= 1023 ? 4 : 5;

    e1000e_count(d, (sent ? STAT_PTC64 : STAT_PRC64) + bin);
    e1000e_count(d, sent ? STAT_TPT : STAT_TPR);
    e1000e_count(d, sent ? STAT_GPTC : STAT_GPRC);
    add64(d, sent ? STAT_GOTC : STAT_GORC, n);
    add64(d, sent ? STAT_TOT : STAT_TOR, n);
    if (is_broadcast(frame))
        e1000e_count(d, sent ? STAT_BPTC : STAT_BPRC);
    else if (frame[0] & 1)
        e1000e_count(d, sent ? STAT_MPTC : STAT_MPRC);
}

/* ---- rings ---- */

static bool is_split(const struct e1000e *d)
{
    return F_GET(d->rctl, RCTL_DTYP) == 1 && (d->rfctl & RFCTL_EXTEN);
}

/* Of one buffer (10.2.5.1: BSIZE, BSEX, FLXBUF), or of the four of a packet-split descriptor
 * (PSRCTL). */
static void buffer_sizes(const struct e1000e *d, uint32_t size[BUFFERS])
{
    uint32_t flexible = (uint32_t)F_GET(d->rctl, RCTL_FLXBUF),
             code = (uint32_t)F_GET(d->rctl, RCTL_BSIZE);

    memset(size, 0, sizeof(size[0]) * BUFFERS);
    if (is_split(d)) {
        size[0] = (d->psrctl & 0x7f) * 128;
        for (unsigned i = 1; i < BUFFERS; i++)
            size[i] = (d->psrctl >> 8 * i & 0x3f) * 1024;
    } else if (flexible) {
        size[0] = flexible * 1024;
    } else {
        size[0] = (2048u >> code) << ((d->rctl & RCTL_BSEX) && code ? 4 : 0);
    }
}

static uint32_t capacity(const uint32_t size[BUFFERS])
{
    return size[0] + size[1] + size[2] + size[3];
}

static uint32_t step(const struct e1000e *d)
{
    return is_split(d) ? 2 : 1;
}

static uint32_t units(const struct e1000e *d, unsigned q)
{
    return d->rdlen[q] / UNIT / step(d) * step(d);
}

/* Descriptors that are free; 0 as well for a ring that makes no sense. */
static uint32_t available(const struct e1000e *d, unsigned q)
{
    uint32_t n = units(d, q), head = d->rdh[q], tail = d->rdt[q];

    if (head >= n || tail >= n)
        return 0;
    return (head <= tail ? tail - head : n - head + tail) / step(d);
}

static bool is_enabled(const struct e1000e *d)
{
    return (d->rctl & RCTL_EN) && d->function.dma.enabled;
}

bool e1000e_can_receive(void *arg)
{
    struct e1000e *d = arg;

    /* What nobody wants is dropped, not kept. */
    if (!is_enabled(d) || !d->link || e1000e_loops_back(d))
        return true;
    return available(d, 0) != 0 && (!(d->mrqc & 3) || available(d, 1) != 0);
}

/* ---- one frame ---- */

struct reception {
    const uint8_t *frame;
    uint32_t length;                 /* with the check sequence if that is kept */
    uint32_t status, hash, hash_type, ip_id, sum;
    uint16_t vlan;
    uint32_t header;                 /* to be split off; 0: not */
};

/* 7.1.10 */
static void check_sums(const struct e1000e *d, const struct e1000e_packet *p, const uint8_t *frame,
                       struct reception *r)
{
    bool tu = (d->rxcsum & RXCSUM_TU) && (p->tcp || p->udp) &&
              !(p->ipv6 && (d->rfctl & (RFCTL_IPV6_OFF | RFCTL_IPV6_SUM_OFF)));

    r->status |= RX_IXSM;
    if ((d->rxcsum & RXCSUM_IP) && p->ipv4) {
        r->status = (r->status & ~(uint32_t)RX_IXSM) | RX_IPCS;
        if (e1000e_sum(frame + p->l3, p->l4 - p->l3) != 0xffff)
            r->status |= RX_IPE;
    }
    if (tu && p->udp && ld_be16(frame + p->l4 + 6) == 0)
        return; /* the sender made none */
    if (!tu)
        return;
    uint32_t sum = e1000e_pseudo(p, frame) + e1000e_sum(frame + p->l4, p->end - p->l4);
    r->status = (r->status & ~(uint32_t)RX_IXSM) | RX_TCPCS | (p->udp ? RX_UDPCS : 0);
    if (e1000e_fold(sum) != 0xffff)
        r->status |= RX_TCPE;
}

static unsigned choose_queue(const struct e1000e *d, const struct e1000e_packet *p,
                             const uint8_t *frame, struct reception *r)
{
    uint8_t key[40];

    if ((d->mrqc & 3) != 1)
        return 0;
    for (unsigned i = 0; i < ARRAY_LEN(d->rssrk); i++)
        st_le32(key + 4 * i, d->rssrk[i]);
    r->hash = e1000e_hash(key, d->mrqc, p, frame, &r->hash_type);
    if (r->hash_type == 0)
        return 0;
    uint32_t index = r->hash & 0x7f;
    return d->reta[index / 4] >> (8 * (index % 4) + 7) & 1;
}

/* One of the kinds of 7.1.4. */
static void put_write_back(const struct e1000e *d, const struct reception *r, uint32_t status,
                           const uint32_t used[BUFFERS], unsigned q, uint8_t *b)
{
    uint32_t packet_sum = (uint32_t)r->ip_id | r->sum << 16;
    bool last = status & RX_EOP;

    if (!(d->rfctl & RFCTL_EXTEN)) { /* legacy: the buffer's address stays */
        st_le16(b + 8, (uint16_t)used[0]);
        st_le16(b + 10, (uint16_t)r->sum);
        b[12] = (uint8_t)status;
        b[13] = (uint8_t)(status >> 24);
        st_le16(b + 14, r->vlan);
        return;
    }
    st_le32(b, last ? r->hash_type | q << 8 : 0);
    st_le32(b + 4, !last ? 0 : d->rxcsum & RXCSUM_PCSD ? r->hash : packet_sum);
    st_le32(b + 8, status);
    st_le16(b + 12, (uint16_t)used[0]);
    st_le16(b + 14, last ? r->vlan : 0);
    if (!is_split(d))
        return;
    st_le16(b + 16, (uint16_t)(r->header | (r->header ? 0x8000 : 0)));
    for (unsigned i = 1; i < BUFFERS; i++)
        st_le16(b + 16 + 2 * i, (uint16_t)used[i]);
    memset(b + 24, 0, 8);
}

/* Fill one descriptor with what follows `done`; what it took, or -1 if memory cannot be reached. */
static int64_t fill(struct e1000e *d, unsigned q, const struct reception *r, uint32_t done,
                    const uint32_t size[BUFFERS])
{
    uint64_t at = ((uint64_t)d->rdbah[q] << 32 | d->rdbal[q]) + (uint64_t)d->rdh[q] * UNIT;
    uint32_t bytes = UNIT * step(d), used[BUFFERS] = { 0 }, took = 0;
    bool extended = d->rfctl & RFCTL_EXTEN, first = done == 0;
    uint8_t b[2 * UNIT] = { 0 };

    if (dma_read(&d->function.dma, at, b, bytes) != MEM_OK)
        return -1;
    for (unsigned i = 0; i < BUFFERS && done + took < r->length; i++) {
        uint32_t room = i == 0 && first && r->header ? r->header : size[i];
        used[i] = MIN(room, r->length - done - took);
        if (used[i] && dma_write(&d->function.dma, ld_le64(b + 8 * i), r->frame + done + took,
                                 used[i]) != MEM_OK)
            guest_error(&d->dev, "receive buffer", "%u bytes cannot be written", used[i]);
        took += used[i];
    }
    bool last = done + took >= r->length;
    put_write_back(d, r, last ? r->status | RX_DD | RX_EOP : RX_DD, used, q, b);
    uint32_t keep = extended ? 0 : 8;
    if (dma_write(&d->function.dma, at + keep, b + keep, bytes - keep) != MEM_OK)
        return -1;
    d->rdh[q] += step(d);
    if (d->rdh[q] >= units(d, q))
        d->rdh[q] = 0;
    return took;
}

static void deliver(struct e1000e *d, unsigned q, struct reception *r)
{
    uint32_t size[BUFFERS], done = 0, causes = ICR_RXT0 | (uint32_t)ICR_RXQ0 << q;
    uint32_t before = available(d, q);
    bool now;

    buffer_sizes(d, size);
    if (r->header > size[0]) /* 7.1.4.3: it does not fit, so it is not split off */
        r->header = 0;
    uint32_t each = capacity(size), first = r->header ? r->header + each - size[0] : each;
    uint32_t need = each == 0 || first == 0 ? UINT32_MAX
                    : 1 + (r->length > first ? (r->length - first + each - 1) / each : 0);
    if (need > before) {
        e1000e_count(d, STAT_MPC);
        e1000e_count(d, STAT_RNBC);
        e1000e_cause(d, ICR_RXO);
        return;
    }
    for (uint32_t i = 0; i < need && done < r->length; i++) {
        int64_t took = fill(d, q, r, done, size);
        if (took < 0) {
            guest_error(&d->dev, "receive descriptor", "ring %u cannot be reached", q);
            return;
        }
        done += (uint32_t)took;
    }
    /* 10.2.5.1, RDMTS: a half, a quarter or an eighth is left */
    uint32_t mark = units(d, q) / step(d) >> (1 + F_GET(d->rctl, RCTL_RDMTS));
    now = r->length <= (d->rsrpd & 0xfff);
    if (now)
        causes |= ICR_SRPD;
    if (before > mark && available(d, q) <= mark) {
        causes |= ICR_RXDMT0;
        now = true;
    }
    e1000e_received(d, causes, now);
}

/* Take the tag out when software wants that; the bytes that are left. */
static uint32_t strip_vlan(const struct e1000e *d, uint8_t *frame, uint32_t n, struct reception *r)
{
    if (!(d->ctrl & CTRL_VME) || n < TYPE_AT + TAG + 2 ||
        ld_be16(frame + TYPE_AT) != (d->vet & 0xffff))
        return n;
    r->status |= RX_VP;
    r->vlan = ld_be16(frame + TYPE_AT + 2);
    memmove(frame + TYPE_AT, frame + TYPE_AT + TAG, n - TYPE_AT - TAG);
    return n - TAG;
}

void e1000e_receive(void *arg, const uint8_t *frame, size_t length)
{
    struct e1000e *d = arg;
    uint8_t copy[NET_MAX_FRAME + SHORTEST + FCS];
    struct reception r = { .frame = copy };
    struct e1000e_packet p;
    uint32_t n = (uint32_t)MIN(length, NET_MAX_FRAME);

    if (!is_enabled(d) || !(d->link || e1000e_loops_back(d)))
        return;
    memcpy(copy, frame, n);
    if (n < SHORTEST) { /* whoever sent it padded it */
        memset(copy + n, 0, SHORTEST - n);
        n = SHORTEST;
    }
    if (n > (d->rctl & RCTL_LPE ? JUMBO : LONGEST) - FCS) {
        e1000e_count(d, STAT_ROC);
        return;
    }
    if (!passes(d, copy, n))
        return;
    e1000e_count_frame(d, false, copy, n);
    if (!is_exact(d, copy) && (copy[0] & 1) && !is_broadcast(copy))
        r.status |= RX_PIF; /* passed an inexact filter */
    uint32_t fcs = (uint32_t)crc32(0, copy, n);
    n = strip_vlan(d, copy, n, &r);
    e1000e_parse(&p, copy, n);
    check_sums(d, &p, copy, &r);
    unsigned q = choose_queue(d, &p, copy, &r);
    if (p.ipv4)
        r.ip_id = ld_be16(copy + p.l3 + 4);
    uint32_t from = d->rxcsum & 0xff; /* PCSS */
    r.sum = from < n ? ~e1000e_sum(copy + from, n - from) & 0xffff : 0;
    if (is_split(d) && (p.tcp || p.udp))
        r.header = p.payload;
    if (!(d->rctl & RCTL_SECRC)) {
        st_le32(copy + n, fcs);
        n += FCS;
    }
    r.length = n;
    deliver(d, q, &r);
}
