/* SPDX-License-Identifier: Apache-2.0 */
/* Transmission (7.2): descriptors, segmentation and checksums, VLAN tags, write-back. */
#include "devices/e1000e_impl.h"
#include <zlib.h>

enum { DESCRIPTOR = 16, BATCH = 4096 /* descriptors and frames at one moment */, LEAST_MSS = 16, FCS = 4,
       SHORTEST = 60 };
/* Upper DWORD at 8: command bits at 31:24, type at 23:20 (7.2.10, 7.2.11). */
enum { CMD_EOP = 1 << 24, CMD_IFCS = 1 << 25, CMD_IC = 1 << 26 /* legacy: checksum */,
       CMD_TSE = 1 << 26 /* data: segment */, CMD_RS = 1 << 27, CMD_DEXT = 1 << 29,
       CMD_VLE = 1 << 30 };
#define CMD_IDE 0x80000000u
enum { CONTEXT_TCP = 1 << 24, CONTEXT_IP = 1 << 25 };
enum { POPTS_IXSM = 1, POPTS_TXSM = 2, STATUS_DD = 1 };

struct descriptor {
    uint64_t at, address;
    uint32_t command, upper; /* DWORDs at 8 and 12 */
};

/* ---- checksums ---- */

/* 7.2.9.1: from `start` to `end` (0: to the frame's end), inserted at `offset`. */
static void insert_sum(uint8_t *frame, uint32_t n, uint32_t start, uint32_t offset, uint32_t end,
                       bool udp)
{
    uint32_t stop = end && end + 1 < n ? end + 1 : n;

    if (start >= stop || offset + 2 > n)
        return;
    uint16_t sum = (uint16_t)~e1000e_sum(frame + start, stop - start);
    st_be16(frame + offset, sum == 0 && udp ? 0xffff : sum);
}

static void insert_sums(const struct e1000e_tx *t, uint8_t *frame, uint32_t n)
{
    if (t->popts & POPTS_IXSM)
        insert_sum(frame, n, t->ipcss, t->ipcso, t->ipcse, false);
    if (t->popts & POPTS_TXSM)
        insert_sum(frame, n, t->tucss, t->tucso, t->tucse, !(t->command & CONTEXT_TCP));
}

/* ---- one frame ---- */

/* The tag goes behind the addresses; `frame` has room for it. */
static uint32_t tag(const struct e1000e *d, const struct e1000e_tx *t, uint8_t *frame, uint32_t n)
{
    if (!t->insert_vlan || !(d->ctrl & CTRL_VME) || n < 12)
        return n;
    memmove(frame + 16, frame + 12, n - 12);
    st_be16(frame + 12, (uint16_t)d->vet);
    st_be16(frame + 14, t->vlan);
    return n + 4;
}

/* Without IFCS software brought the check sequence along: right, it is left out; wrong, nobody
 * takes it. */
static bool strip_fcs(const struct e1000e_tx *t, const uint8_t *frame, uint32_t *n)
{
    if (t->fcs)
        return true;
    if (*n < NET_MIN_FRAME + FCS)
        return false;
    *n -= FCS;
    return (uint32_t)crc32(0, frame, *n) == ld_le32(frame + *n);
}

static void send(struct e1000e *d, const struct e1000e_tx *t, uint32_t n)
{
    uint8_t *frame = d->out;

    n = tag(d, t, frame, n);
    if (!strip_fcs(t, frame, &n))
        return;
    if (n < SHORTEST && (d->tctl & TCTL_PSP)) {
        memset(frame + n, 0, SHORTEST - n);
        n = SHORTEST;
    }
    if (n < NET_MIN_FRAME)
        return;
    e1000e_count_frame(d, true, frame, n);
    if (e1000e_loops_back(d))
        e1000e_receive(d, frame, n);
    else if (d->link)
        net_send(d->net, frame, n);
}

/* 7.2.6: what a segment's headers have of their own. */
static void fix_headers(const struct e1000e_tx *t, uint8_t *frame, uint32_t n, uint32_t index,
                        uint32_t offset, bool last)
{
    uint8_t *ip = frame + t->ipcss, *transport = frame + t->tucss;
    uint32_t length = n - t->tucss;

    if (t->command & CONTEXT_IP) {
        st_be16(ip + 2, (uint16_t)(n - t->ipcss));
        st_be16(ip + 4, (uint16_t)(ld_be16(ip + 4) + index));
    } else {
        st_be16(ip + 4, (uint16_t)(n - t->ipcss - 40));
    }
    if (t->command & CONTEXT_TCP) {
        st_be32(transport + 4, ld_be32(transport + 4) + offset);
        if (!last)
            transport[13] &= (uint8_t)~0x09; /* FIN, PSH */
    } else {
        st_be16(transport + 4, (uint16_t)length);
    }
    /* The pseudo header's sum is there but for the length. */
    if ((t->popts & POPTS_TXSM) && t->tucso + 2 <= n)
        st_be16(frame + t->tucso, (uint16_t)e1000e_fold(ld_be16(frame + t->tucso) + length));
}

static bool can_segment(const struct e1000e_tx *t)
{
    bool tcp = t->command & CONTEXT_TCP, ipv4 = t->command & CONTEXT_IP;

    return t->mss >= LEAST_MSS && t->header < t->bytes &&
           t->ipcss + (ipv4 ? 20 : 40) <= t->header && t->tucss >= t->ipcss &&
           t->tucss + (tcp ? 20 : 8) <= t->header && t->header + t->mss + 4 <= NET_MAX_FRAME;
}

/* The number of frames. */
static uint32_t send_segments(struct e1000e *d, const struct e1000e_tx *t)
{
    uint32_t payload = t->bytes - t->header, index = 0;

    for (uint32_t done = 0, part; done < payload; done += part, index++) {
        part = MIN(payload - done, t->mss);
        uint32_t n = t->header + part;
        memcpy(d->out, t->frame, t->header);
        memcpy(d->out + t->header, t->frame + t->header + done, part);
        fix_headers(t, d->out, n, index, done, done + part == payload);
        insert_sums(t, d->out, n);
        send(d, t, n);
    }
    e1000e_count(d, STAT_TSCTC);
    return index;
}

/* The number of frames that came of it. */
static uint32_t end_of_packet(struct e1000e *d, struct e1000e_tx *ring)
{
    /* A frame that is looped back may be written to our own registers and reset the ring. */
    const struct e1000e_tx now = *ring, *t = &now;

    ring->bytes = 0;
    ring->popts = 0;
    ring->segment = ring->insert_vlan = ring->overflow = 0;
    if (t->overflow) {
        guest_error(&d->dev, "packet too long", "more than %d bytes", (int)E1000E_FRAME);
    } else if (t->segment && !can_segment(t)) {
        guest_error(&d->dev, "segmentation", "header of %u bytes, MSS %u, %u bytes in all",
                    t->header, t->mss, t->bytes);
    } else if (t->segment) {
        return send_segments(d, t);
    } else if (t->bytes + 4 <= NET_MAX_FRAME) {
        memcpy(d->out, t->frame, t->bytes);
        insert_sums(t, d->out, t->bytes);
        send(d, t, t->bytes);
    } else {
        guest_error(&d->dev, "frame too long", "%u bytes", t->bytes);
    }
    return 1;
}

/* ---- descriptors ---- */

/* 7.2.11.1 */
static void take_context(struct e1000e_tx *t, const struct descriptor *x)
{
    uint32_t ip = (uint32_t)x->address, tu = (uint32_t)(x->address >> 32);

    t->ipcss = ip & 0xff;
    t->ipcso = ip >> 8 & 0xff;
    t->ipcse = ip >> 16;
    t->tucss = tu & 0xff;
    t->tucso = tu >> 8 & 0xff;
    t->tucse = tu >> 16;
    t->command = x->command;
    t->header = x->upper >> 8 & 0xff;
    t->mss = x->upper >> 16;
}

static void append(struct e1000e *d, struct e1000e_tx *t, uint64_t address, uint32_t n)
{
    if (n > E1000E_FRAME - t->bytes) {
        t->overflow = 1;
        return;
    }
    if (n && dma_read(&d->function.dma, address, t->frame + t->bytes, n) != MEM_OK) {
        guest_error(&d->dev, "transmit buffer", "%u bytes cannot be read", n);
        memset(t->frame + t->bytes, 0, n);
    }
    t->bytes += n;
}

/* The number of frames sent. */
static uint32_t take_data(struct e1000e *d, struct e1000e_tx *t, const struct descriptor *x)
{
    bool extended = x->command & CMD_DEXT;

    /* 7.2.10.2: what is asked of the packet stands in its first descriptor. */
    if (t->bytes == 0) {
        t->segment = extended && (x->command & CMD_TSE);
        t->popts = extended ? x->upper >> 8 & 0xff : 0;
        t->fcs = 1;
    }
    append(d, t, x->address, extended ? x->command & 0xfffff : x->command & 0xffff);
    if (!(x->command & CMD_EOP))
        return 0;
    t->fcs = (x->command & CMD_IFCS) != 0;
    t->insert_vlan = (x->command & CMD_VLE) != 0;
    t->vlan = (uint16_t)(x->upper >> 16);
    if (!extended && (x->command & CMD_IC) && !t->overflow) /* legacy: CSS in 15:8, CSO in 23:16 */
        insert_sum(t->frame, t->bytes, x->upper >> 8 & 0xff, x->command >> 16 & 0xff, 0, false);
    return end_of_packet(d, t);
}

static void write_back(struct e1000e *d, const struct descriptor *x)
{
    uint8_t b[4];

    st_le32(b, x->upper | STATUS_DD);
    if (dma_write(&d->function.dma, x->at + 12, b, sizeof(b)) != MEM_OK)
        guest_error(&d->dev, "transmit descriptor", "cannot be written back");
}

static bool fetch(struct e1000e *d, unsigned q, struct descriptor *x)
{
    uint8_t b[DESCRIPTOR];

    x->at = ((uint64_t)d->tdbah[q] << 32 | d->tdbal[q]) + (uint64_t)d->tdh[q] * DESCRIPTOR;
    if (dma_read(&d->function.dma, x->at, b, sizeof(b)) != MEM_OK)
        return false;
    x->address = ld_le64(b);
    x->command = ld_le32(b + 8);
    x->upper = ld_le32(b + 12);
    return true;
}

/* ---- rings ---- */

static uint32_t entries(const struct e1000e *d, unsigned q)
{
    return d->tdlen[q] / DESCRIPTOR;
}

static bool has_work(const struct e1000e *d, unsigned q)
{
    return (d->tctl & TCTL_EN) && d->function.dma.enabled && d->tdh[q] != d->tdt[q] &&
           d->tdh[q] < entries(d, q) && d->tdt[q] < entries(d, q);
}

void e1000e_wake(struct e1000e *d)
{
    if ((has_work(d, 0) || has_work(d, 1)) && !ev_is_armed(&d->transmit))
        ev_arm(&d->transmit, device_now(&d->dev) + E1000E_LATENCY);
}

/* 10.2.6.14: LWTHRESH, in units of 8 descriptors. */
static uint32_t low_mark(const struct e1000e *d, unsigned q)
{
    return (d->txdctl[q] >> 25) * 8;
}

static uint32_t left_in(const struct e1000e *d, unsigned q)
{
    return d->tdh[q] <= d->tdt[q] ? d->tdt[q] - d->tdh[q] : entries(d, q) - d->tdh[q] + d->tdt[q];
}

static void serve(struct e1000e *d, unsigned q, uint32_t *budget)
{
    uint32_t causes = 0;
    bool now = false;
    struct descriptor x;

    while (*budget && has_work(d, q)) {
        uint32_t frames = 0;
        --*budget;
        if (!fetch(d, q, &x)) {
            guest_error(&d->dev, "transmit descriptor", "ring %u cannot be read", q);
            d->tdh[q] = d->tdt[q];
            return;
        }
        if ((x.command & CMD_DEXT) && (x.command >> 20 & 15) == 0)
            take_context(&d->tx[q], &x);
        else
            frames = take_data(d, &d->tx[q], &x);
        *budget -= MIN(*budget, frames);
        if (x.command & CMD_RS) {
            write_back(d, &x);
            causes |= ICR_TXDW | (uint32_t)ICR_TXQ0 << q;
            now |= !(x.command & CMD_IDE);
        }
        d->tdh[q] = d->tdh[q] + 1 >= entries(d, q) ? 0 : d->tdh[q] + 1;
        if (low_mark(d, q) && left_in(d, q) == low_mark(d, q))
            e1000e_cause(d, ICR_TXD_LOW);
    }
    if (causes)
        e1000e_transmitted(d, causes, now);
    if (d->tdh[q] == d->tdt[q])
        e1000e_cause(d, ICR_TXQE);
}

void e1000e_transmit(void *arg, ps_t when)
{
    struct e1000e *d = arg;
    uint32_t budget = BATCH;

    (void)when;
    for (unsigned q = 0; q < E1000E_QUEUES; q++)
        if (has_work(d, q))
            serve(d, q, &budget);
    e1000e_wake(d);
}
