/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A port at work (AHCI 1.3.1, chapters 4 to 6): command list, command tables, received FISes.
 *
 *   PxCI -> work timer -> header, H2D FIS, ACMD -> drive -> PRDT -> FIS to PxFB -> PxIS
 */
#include "devices/ahci_impl.h"

enum { BATCH = 16 << 20 /* bytes moved at one moment */ };
enum { HEADER = 32, FIS_BYTES = 64, ACMD = 0x40, PRDT = 0x80, PRD = 16 };
/* 4.2.2: DW 0 of a command header */
enum { HEADER_ATAPI = 1 << 5, HEADER_CLEAR_BUSY = 1 << 10 };
/* 4.2.1 and Serial ATA 3.0, 10.3: places and types of FISes */
enum { FIS_H2D = 0x27, FIS_D2H = 0x34, FIS_PIO = 0x5f, FIS_SDB = 0xa1 };
enum { RFIS_PIO = 0x20, RFIS_D2H = 0x40, RFIS_SDB = 0x58 };
enum { FIS_COMMAND = 0x80, FIS_INTERRUPT = 0x40, FIS_TO_HOST = 0x20 };
enum { SRST = 4 };

/* One command while it is done. */
struct slot {
    struct ahci *a;
    unsigned port, number;
    uint64_t header, table;
    uint32_t dw0;
    uint8_t fis[FIS_BYTES];
    uint32_t next_prd;           /* entries taken so far */
    uint64_t at, left;           /* what is left of the present one */
    bool interrupts;             /* it has the I bit */
    bool bus_failed, short_buffer;
    uint64_t bytes;              /* moved */
};

static bool is_running(const struct ahci *a, unsigned port)
{
    return (a->cmd[port] & CMD_ST) && !a->halted[port] && ata_is_present(&a->drive[port]);
}

void ahci_wake(struct ahci *a)
{
    for (unsigned p = 0; p < AHCI_PORTS; p++)
        if (a->ci[p] && is_running(a, p) && !ev_is_armed(&a->work))
            ev_arm(&a->work, device_now(&a->dev) + AHCI_LATENCY);
}

/* 6.2.1: fatal errors need a restart of the port. */
static void halt(struct ahci *a, unsigned port, uint32_t bits)
{
    a->halted[port] = 1;
    ahci_interrupt(a, port, bits);
}

/* ---- FISes to the host ---- */

static void receive_fis(struct ahci *a, unsigned port, uint32_t place, const uint8_t *fis,
                        uint32_t n)
{
    uint64_t area = (uint64_t)a->fbu[port] << 32 | a->fb[port];

    if ((a->cmd[port] & CMD_FRE) && dma_write(&a->function.dma, area + place, fis, n) != MEM_OK)
        halt(a, port, IS_HBFS);
}

static void put_registers(uint8_t *fis, const struct ata_result *r)
{
    fis[2] = r->status;
    fis[3] = r->error;
    ata_put_lba(fis, r->lba);
    fis[7] = r->device;
    st_le16(fis + 12, r->count);
}

static void send_registers(struct ahci *a, unsigned port, const struct ata_result *r,
                           bool interrupt)
{
    uint8_t fis[20] = { FIS_D2H, interrupt ? FIS_INTERRUPT : 0 };

    put_registers(fis, r);
    a->tfd[port] = r->status | (uint32_t)r->error << 8;
    receive_fis(a, port, RFIS_D2H, fis, sizeof(fis));
    if (r->status & ATA_ERR)
        halt(a, port, IS_TFES | (interrupt ? IS_DHRS : 0));
    else if (interrupt)
        ahci_interrupt(a, port, IS_DHRS);
}

/* Serial ATA 3.0, 10.3.9: queued commands that are done, or the one error. */
static void send_device_bits(struct ahci *a, unsigned port, const struct ata_result *r)
{
    bool failed = r->status & ATA_ERR;
    uint32_t done = failed ? 0 : 1u << r->tag;
    uint8_t fis[8] = { FIS_SDB, FIS_INTERRUPT, r->status & 0x77, r->error };

    st_le32(fis + 4, done);
    a->tfd[port] = (a->tfd[port] & 0x88) | (r->status & 0x77) | (uint32_t)r->error << 8;
    a->sact[port] &= ~done;
    receive_fis(a, port, RFIS_SDB, fis, sizeof(fis));
    if (failed)
        halt(a, port, IS_TFES | IS_SDBS);
    else
        ahci_interrupt(a, port, IS_SDBS);
}

void ahci_send_signature(struct ahci *a, unsigned port)
{
    struct ata_result r;

    ata_signature(&a->drive[port], &r);
    a->sig[port] = (uint32_t)(r.lba << 8) | r.count;
    a->signature_waits[port] = !(a->cmd[port] & CMD_FRE);
    send_registers(a, port, &r, false);
}

/* ---- data: the drive asks, the PRDT says where (4.2.3) ---- */

/* The next piece of the table, of no more than `wanted`. False: there is none, or it cannot be
 * read. */
static bool piece(struct slot *s, uint64_t wanted, uint64_t *at, uint64_t *n)
{
    uint8_t prd[PRD];

    while (s->left == 0) {
        if (s->interrupts)
            ahci_interrupt(s->a, s->port, IS_DPS);
        s->interrupts = false;
        if (s->next_prd >= s->dw0 >> 16) {
            s->short_buffer = true;
            return false;
        }
        uint64_t entry = s->table + PRDT + (uint64_t)s->next_prd++ * PRD;
        if (dma_read(&s->a->function.dma, entry, prd, PRD) != MEM_OK) {
            s->bus_failed = true;
            return false;
        }
        s->at = ld_le64(prd) & ~1ull;
        s->left = (ld_le32(prd + 12) & 0x3fffff) + 1ull;
        s->left += s->left & 1; /* bit 0 is always 1: an even number */
        s->interrupts = prd[15] >> 7;
    }
    *at = s->at;
    *n = MIN(wanted, s->left);
    s->at += *n;
    s->left -= *n;
    s->bytes += *n;
    return true;
}

static enum ata_moved no_piece(const struct slot *s)
{
    return s->bus_failed ? ATA_BUS_FAILED : ATA_NO_ROOM;
}

/* Serial ATA 3.0, 10.3.11: in front of each DRQ block; the status that ends it goes with it. */
static void pio_setup(struct slot *s, uint64_t n, bool to_host, bool first, bool last)
{
    struct ata_result r = { .status = ATA_DRDY | ATA_DSC | ATA_DRQ, .device = s->fis[7] };
    uint8_t ends = last && to_host ? ATA_DRDY | ATA_DSC : ATA_BSY | ATA_DRDY | ATA_DSC;
    bool interrupt = to_host || !first;
    uint8_t fis[20] = { FIS_PIO,
                        (uint8_t)((interrupt ? FIS_INTERRUPT : 0) | (to_host ? FIS_TO_HOST : 0)) };

    put_registers(fis, &r);
    fis[15] = ends;
    st_le16(fis + 16, (uint16_t)n);
    receive_fis(s->a, s->port, RFIS_PIO, fis, sizeof(fis));
    s->a->tfd[s->port] = ends;
    if (interrupt)
        ahci_interrupt(s->a, s->port, IS_PSS);
}

static enum ata_moved move_block(struct slot *s, uint8_t *bytes, uint64_t n, bool to_host)
{
    for (uint64_t at, part; n; n -= part, bytes += part) {
        if (!piece(s, n, &at, &part))
            return no_piece(s);
        enum mem_result r = to_host ? dma_write(&s->a->function.dma, at, bytes, part)
                                    : dma_read(&s->a->function.dma, at, bytes, part);
        if (r != MEM_OK) {
            s->bus_failed = true;
            return ATA_BUS_FAILED;
        }
    }
    return ATA_MOVED;
}

static enum ata_moved move(void *arg, void *bytes, uint32_t n, bool to_host, uint32_t pio)
{
    enum ata_moved end = ATA_MOVED;

    for (uint32_t done = 0, part; end == ATA_MOVED && done < n; done += part) {
        part = pio ? MIN(n - done, pio) : n;
        if (pio)
            pio_setup(arg, part, to_host, done == 0, done + part == n);
        end = move_block(arg, (uint8_t *)bytes + done, part, to_host);
    }
    return end;
}

static enum ata_moved move_disk_block(struct slot *s, struct block *disk, uint64_t offset,
                                      uint64_t n, bool to_host, struct err *e)
{
    for (uint64_t at, part; n; n -= part, offset += part) {
        if (!piece(s, n, &at, &part))
            return no_piece(s);
        enum disk_dma_end end = disk_dma(disk, offset, &s->a->function.dma, at, part,
                                         to_host ? DMA_WRITE : DMA_READ, e);
        if (end == DISK_DMA_MEMORY)
            s->bus_failed = true;
        if (end != DISK_DMA_OK)
            return end == DISK_DMA_MEMORY ? ATA_BUS_FAILED : ATA_DISK_FAILED;
    }
    return ATA_MOVED;
}

static enum ata_moved move_disk(void *arg, struct block *disk, uint64_t offset, uint64_t n,
                                bool to_host, uint32_t pio, struct err *e)
{
    enum ata_moved end = ATA_MOVED;

    for (uint64_t done = 0, part; end == ATA_MOVED && done < n; done += part) {
        part = pio ? MIN(n - done, pio) : n;
        if (pio)
            pio_setup(arg, part, to_host, done == 0, done + part == n);
        end = move_disk_block(arg, disk, offset + done, part, to_host, e);
    }
    return end;
}

/* ---- commands ---- */

/* 5.3.5, P:FetchCmd: header, FIS and packet. */
static bool fetch(struct slot *s)
{
    struct dma *dma = &s->a->function.dma;
    uint8_t header[HEADER];

    s->header =
        ((uint64_t)s->a->clbu[s->port] << 32 | s->a->clb[s->port]) + (uint64_t)s->number * HEADER;
    if (dma_read(dma, s->header, header, HEADER) != MEM_OK)
        return false;
    s->dw0 = ld_le32(header);
    s->table = ld_le64(header + 8) & ~0x7full;
    return dma_read(dma, s->table, s->fis, FIS_BYTES) == MEM_OK;
}

static bool take_command(struct slot *s, struct ata_command *c)
{
    const uint8_t *f = s->fis;

    *c = (struct ata_command){ .command = f[2], .device = f[7], .count = ld_le16(f + 12),
                               .features = (uint16_t)(f[3] | f[11] << 8) };
    for (unsigned i = 0; i < 3; i++)
        c->lba |= (uint64_t)f[4 + i] << 8 * i | (uint64_t)f[8 + i] << (24 + 8 * i);
    if (!(s->dw0 & HEADER_ATAPI))
        return true;
    return dma_read(&s->a->function.dma, s->table + ACMD, c->packet, sizeof(c->packet)) == MEM_OK;
}

static void issued(struct slot *s)
{
    s->a->ci[s->port] &= ~(1u << s->number);
}

/* 9.3.9: SRST comes and goes; the drive answers when it has gone. */
static void control(struct slot *s)
{
    struct ahci *a = s->a;
    bool srst = s->fis[15] & SRST, was = a->soft_reset[s->port];

    a->soft_reset[s->port] = srst;
    if (srst && (s->dw0 & HEADER_CLEAR_BUSY)) {
        a->tfd[s->port] &= ~(uint32_t)(ATA_BSY | ATA_DRQ);
    } else if (!srst && was) {
        ata_reset(&a->drive[s->port]);
        ahci_send_signature(a, s->port);
    }
    issued(s);
}

static void finish(struct slot *s, const struct ata_result *r)
{
    struct ahci *a = s->a;
    unsigned port = s->port;
    uint8_t moved[4];

    st_le32(moved, (uint32_t)s->bytes);
    if (s->bus_failed ||
        (!r->queued && dma_write(&a->function.dma, s->header + 4, moved, 4) != MEM_OK)) {
        halt(a, port, IS_HBFS);
        return;
    }
    if (s->interrupts && s->left == 0)
        ahci_interrupt(a, port, IS_DPS);
    if (s->short_buffer)
        ahci_interrupt(a, port, IS_OFS);
    if (r->queued) {
        struct ata_result accepted = { .status = ATA_DRDY | ATA_DSC, .device = r->device };
        issued(s);
        send_registers(a, port, &accepted, false);
        send_device_bits(a, port, r);
    } else if (r->status & ATA_ERR) {
        send_registers(a, port, r, true); /* PxCI keeps its bit: 5.5.3 */
    } else {
        issued(s);
        if (!r->pio_in)
            send_registers(a, port, r, true);
    }
}

static void execute(struct slot *s)
{
    struct ahci *a = s->a;
    const struct ata_host host = { .move = move, .move_disk = move_disk, .arg = s };
    struct ata_command c;
    struct ata_result r;

    a->cmd[s->port] = (uint32_t)F_PUT(a->cmd[s->port], CMD_CCS, s->number);
    a->begun[s->port] = 1;
    if (!fetch(s)) {
        halt(a, s->port, IS_HBFS);
        return;
    }
    uint32_t words = s->dw0 & 31;
    if (s->fis[0] != FIS_H2D || words < 2 || words > 16) {
        guest_error(&a->dev, "command FIS", "type %#x, %u words", s->fis[0], words);
        halt(a, s->port, IS_IFS);
        return;
    }
    if (!(s->fis[1] & FIS_COMMAND)) {
        control(s);
        return;
    }
    if (a->soft_reset[s->port]) {
        guest_error(&a->dev, "command while SRST is set", "%#x", s->fis[2]);
        halt(a, s->port, IS_IFS);
        return;
    }
    if (!take_command(s, &c)) {
        halt(a, s->port, IS_HBFS);
        return;
    }
    ata_execute(&a->drive[s->port], &c, &host, &r);
    /* Software may have stopped the port through the very data it gave us. */
    if (a->cmd[s->port] & CMD_ST)
        finish(s, &r);
}

static void serve(struct ahci *a, unsigned port, uint64_t *budget)
{
    /* 3.3.7, CCS: slot 0 is the first one looked at after ST was set, then the one behind the last taken */
    unsigned first = a->begun[port] ? (unsigned)F_GET(a->cmd[port], CMD_CCS) + 1 : 0;

    for (unsigned i = 0; i < 32 && is_running(a, port) && a->ci[port]; i++) {
        struct slot s = { .a = a, .port = port, .number = (first + i) % 32 };
        if (!(a->ci[port] >> s.number & 1))
            continue;
        if (*budget == 0)
            return;
        execute(&s);
        *budget -= MIN(*budget, s.bytes + 1);
    }
}

void ahci_work(void *arg, ps_t when)
{
    struct ahci *a = arg;
    uint64_t budget = BATCH;

    (void)when;
    for (unsigned p = 0; p < AHCI_PORTS; p++)
        serve(a, p, &budget);
    ahci_wake(a);
}
