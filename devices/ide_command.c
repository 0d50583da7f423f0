/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A channel at work (ATA/ATAPI-6, chapter 9): a command, its packet, its data by PIO or by the bus
 * master.
 *
 *   IDLE -> RUNNING -----------> IDLE, DATA_IN or DATA_OUT <-> the host moves a block
 *        -> TAKES_PACKET -> RUNNING, or WAITS_FOR_DMA -> RUNNING
 *        -> WAITS_FOR_DMA, until the bus master is started -> RUNNING
 */
#include "devices/ide_impl.h"
#include "devices/disk_dma.h"

/* 7.9, interrupt reason of a packet command, in the count register */
enum { REASON_COMMAND = 1, REASON_DATA_IN = 2, REASON_DONE = 3 };
enum {
    OP_DEVICE_RESET = 0x08,
    OP_DIAGNOSTIC = 0x90,
    OP_PACKET = 0xa0,
    OP_WRITE_MULTIPLE_FUA = 0xce,
    FEATURE_DMA = 1,
    PACKET_SIZE = 12,
    PRDS_MOST = 65536 / 8
};

/* Its data go through the bus master. */
static bool moves_by_dma(struct ide_channel *c)
{
    if (c->opcode == OP_PACKET && ide_selected(c)->packet)
        return (ide_file(c)->feature[0] & FEATURE_DMA) && atapi_moves_data(c->packet[0]);
    return ata_how(ide_selected(c), c->opcode) & ATA_HOW_DMA;
}

static bool is_pio_write(struct ide_channel *c)
{
    return (ata_how(ide_selected(c), c->opcode) & (ATA_HOW_WRITE | ATA_HOW_DMA)) == ATA_HOW_WRITE;
}

/* Of commands with 48 bits of address the registers' previous contents are the upper half. */
static struct ata_command gather(struct ide_channel *c)
{
    const struct ide_taskfile *f = ide_file(c);
    uint8_t hob = ata_how(ide_selected(c), c->opcode) & ATA_HOW_EXT ? 0xff : 0;
    struct ata_command a = {
        .count = (uint16_t)(f->count[0] | (f->count[1] & hob) << 8),
        .features = (uint16_t)(f->feature[0] | (f->feature[1] & hob) << 8),
        .command = c->opcode,
        .device = c->device,
    };

    for (unsigned half = 0; half < 2; half++) {
        uint64_t low =
            f->lba_low[half] | (uint32_t)f->lba_mid[half] << 8 | (uint32_t)f->lba_high[half] << 16;
        a.lba |= (half ? low & (hob ? 0xffffff : 0) : low) << 24 * half;
    }
    memcpy(a.packet, c->packet, sizeof(a.packet));
    return a;
}

static void show(struct ide_channel *c, const struct ata_result *r)
{
    struct ide_taskfile *f = ide_file(c);
    for (unsigned half = 0; half < 2; half++) {
        f->lba_low[half] = (uint8_t)(r->lba >> 24 * half);
        f->lba_mid[half] = (uint8_t)(r->lba >> (24 * half + 8));
        f->lba_high[half] = (uint8_t)(r->lba >> (24 * half + 16));
        f->count[half] = (uint8_t)(r->count >> 8 * half);
    }
    f->error = r->error;
    c->device = (uint8_t)((c->device & 0xf0) | (r->device & 0x0f));
}

static void finish(struct ide_channel *c, bool interrupt)
{
    struct ide_taskfile *f = ide_file(c);
    c->phase = IDLE;
    c->disk_left = c->filled = c->at = c->block_end = 0;
    f->status = c->final_status;
    if (c->opcode == OP_PACKET)
        f->count[0] = REASON_DONE;
    if (interrupt)
        ide_set_intrq(c, true);
}

static void fail(struct ide_channel *c, uint8_t error)
{
    c->final_status = ATA_DRDY | ATA_DSC | ATA_ERR;
    ide_file(c)->error = error;
    finish(c, true);
}

/* ---- PIO ---- */

/* What the host reads next, or the end. */
static void next_block_in(struct ide_channel *c)
{
    struct ide_taskfile *f = ide_file(c);
    struct err e = { 0 };
    if (c->at == c->filled && c->disk_left != 0) {
        struct block *disk = ide_selected(c)->disk;
        c->at = 0;
        c->filled = (uint32_t)MIN(c->disk_left, (uint64_t)c->block);
        if (disk == NULL || block_read(disk, c->disk_at, c->buffer, c->filled, &e) < 0) {
            fail(c, ata_image_failed(ide_selected(c), false, &e));
            return;
        }
        c->disk_at += c->filled;
        c->disk_left -= c->filled;
    }
    if (c->at ==
        c->filled) { /* the last word of a packet's data is followed by one more interrupt (9.10) */
        finish(c, c->opcode == OP_PACKET);
        return;
    }
    c->block_end = MIN(c->at + c->block, c->filled);
    c->phase = DATA_IN;
    f->status = ATA_DRDY | ATA_DSC | ATA_DRQ;
    if (c->opcode == OP_PACKET) {
        f->count[0] = REASON_DATA_IN;
        f->lba_mid[0] = (uint8_t)(c->block_end - c->at);
        f->lba_high[0] = (uint8_t)((c->block_end - c->at) >> 8);
    }
    ide_set_intrq(c, true);
}

static void ask_for_block(struct ide_channel *c, bool interrupt)
{
    c->phase = DATA_OUT;
    c->at = 0;
    c->block_end = (uint32_t)MIN(c->disk_left, (uint64_t)c->block);
    ide_file(c)->status = ATA_DRDY | ATA_DSC | ATA_DRQ;
    if (interrupt)
        ide_set_intrq(c, true);
}

static void took_block(struct ide_channel *c)
{
    struct ata_drive *d = ide_selected(c);
    struct err e = { 0 };
    if (d->disk == NULL || block_write(d->disk, c->disk_at, c->buffer, c->block_end, &e) < 0) {
        fail(c, ata_image_failed(d, true, &e));
        return;
    }
    c->disk_at += c->block_end;
    c->disk_left -= c->block_end;
    if (c->disk_left != 0)
        ask_for_block(c, true);
    else if ((!d->s->write_cache || c->opcode == OP_WRITE_MULTIPLE_FUA) &&
             block_flush(d->disk, &e) < 0)
        fail(c, ata_image_failed(d, true, &e));
    else
        finish(c, true);
}

/* ---- the drive's data ---- */

struct prd_walk {
    struct ide_channel *c;
    uint32_t next, n; /* entry of the table; how many were read */
    uint64_t at, left;
    bool last, bus_failed;
};

/* SFF-8038i, 1.2: address, count (0: 64 KiB), and the last one's bit 31. */
static bool piece(struct prd_walk *w, uint64_t wanted_bytes, uint64_t *at, uint64_t *n)
{
    uint8_t prd[8];
    if (w->left == 0) {
        if (w->last || w->n == PRDS_MOST)
            return false;
        if (dma_read(w->c->dma, w->next, prd, sizeof(prd)) != MEM_OK) {
            w->bus_failed = true;
            return false;
        }
        w->next += sizeof(prd);
        w->n++;
        w->at = ld_le32(prd) & ~1u;
        w->left = ld_le16(prd + 4) & 0xfffe;
        if (w->left == 0)
            w->left = 0x10000;
        w->last = prd[7] >> 7;
    }
    *at = w->at;
    *n = MIN(wanted_bytes, w->left);
    w->at += *n;
    w->left -= *n;
    return true;
}

/* SFF-8038i, 2.1: which way the bus master moves is software's to say; the drive knows better here.
 */
static void check_direction(struct ide_channel *c, bool to_host)
{
    if (to_host != ((c->bm_command & BM_TO_MEMORY) != 0))
        guest_error(&c->dev, "bus master's direction", "command %#x with BMICX %#x", c->opcode,
                    c->bm_command);
}

static enum ata_moved move(void *arg, void *bytes, uint32_t n, bool to_host, uint32_t pio)
{
    struct prd_walk *w = arg;
    struct ide_channel *c = w->c;
    uint8_t *p = bytes;
    if (pio != 0) {
        if (!to_host || n > IDE_BUFFER - c->filled)
            return ATA_NO_ROOM;
        memcpy(c->buffer + c->filled, bytes, n);
        c->filled += n;
        c->block = pio;
        return ATA_MOVED;
    }
    check_direction(c, to_host);
    for (uint64_t at, part; n != 0; n -= (uint32_t)part, p += part) {
        if (!piece(w, n, &at, &part))
            return w->bus_failed ? ATA_BUS_FAILED : ATA_NO_ROOM;
        if ((to_host ? dma_write(c->dma, at, p, part) : dma_read(c->dma, at, p, part)) != MEM_OK) {
            w->bus_failed = true;
            return ATA_BUS_FAILED;
        }
    }
    return ATA_MOVED;
}

/* By PIO the disk's data move later, block by block as the host takes or gives them. */
static enum ata_moved move_disk(void *arg, struct block *disk, uint64_t offset, uint64_t n,
                                bool to_host, uint32_t pio, struct err *e)
{
    struct prd_walk *w = arg;
    struct ide_channel *c = w->c;
    if (pio != 0) {
        c->disk_at = offset;
        c->disk_left = n;
        c->block = pio;
        return ATA_MOVED;
    }
    check_direction(c, to_host);
    for (uint64_t at, part; n != 0; n -= part, offset += part) {
        if (!piece(w, n, &at, &part))
            return w->bus_failed ? ATA_BUS_FAILED : ATA_NO_ROOM;
        enum disk_dma_end end =
            disk_dma(disk, offset, c->dma, at, part, to_host ? DMA_WRITE : DMA_READ, e);
        if (end == DISK_DMA_MEMORY)
            w->bus_failed = true;
        if (end != DISK_DMA_OK)
            return end == DISK_DMA_MEMORY ? ATA_BUS_FAILED : ATA_DISK_FAILED;
    }
    return ATA_MOVED;
}

/* The command is carried out; its PIO data wait in the buffer or on the disk. */
static void execute(struct ide_channel *c)
{
    struct prd_walk w = { .c = c, .next = c->prd_table };
    const struct ata_host host = { .move = move, .move_disk = move_disk, .arg = &w };
    const struct ata_command command = gather(c);
    struct ata_result r;

    c->filled = c->at = c->block_end = 0;
    c->disk_left = 0;
    ata_execute(ide_selected(c), &command, &host, &r);
    show(c, &r);
    c->final_status = r.status;
    if (w.bus_failed)
        c->bm_status |= BM_ERROR;
    /* SFF-8038i, 3.1: it stays active while the table has more than the drive */
    if (w.bus_failed || (w.last && w.left == 0))
        c->bm_status &= (uint8_t)~BM_ACTIVE;
    if (r.status & ATA_ERR) {
        c->filled = 0;
        c->disk_left = 0;
    }
    if (c->disk_left != 0 && is_pio_write(c))
        ask_for_block(c, false);
    else if (c->filled != 0 || c->disk_left != 0)
        next_block_in(c);
    else
        finish(c, true);
}

void ide_run(struct ide_channel *c)
{
    c->phase = RUNNING;
    ev_arm(&c->latency, device_now(&c->dev) + IDE_LATENCY);
}

/* SFF-8038i, 3.1: software sets the bus master up before or behind the command, and may stop it
 * before it has begun. */
static void run_or_wait(struct ide_channel *c)
{
    c->phase = WAITS_FOR_DMA;
    if (!moves_by_dma(c) || (c->bm_status & BM_ACTIVE))
        ide_run(c);
}

void ide_latency_over(void *arg, ps_t when)
{
    struct ide_channel *c = arg;

    (void)when;
    if (c->phase != RUNNING)
        return;
    if (moves_by_dma(c) && !(c->bm_status & BM_ACTIVE))
        c->phase = WAITS_FOR_DMA;
    else
        execute(c);
}

static void took_packet(struct ide_channel *c)
{
    memset(c->packet, 0, sizeof(c->packet));
    memcpy(c->packet, c->buffer, PACKET_SIZE);
    ide_file(c)->status = ATA_BSY;
    run_or_wait(c);
}

/* 9.12 and table 206: after a reset and a diagnosis each drive shows what it is. */
void ide_show_signatures(struct ide_channel *c)
{
    c->device = 0;
    for (unsigned i = 0; i < IDE_UNITS; i++) {
        struct ata_result r = { 0 };
        if (ata_is_present(&c->drive[i]))
            ata_signature(&c->drive[i], &r);
        c->file[i] = (struct ide_taskfile){ .status = r.status,
                                            .error = r.error,
                                            .count = { (uint8_t)r.count },
                                            .lba_low = { (uint8_t)r.lba },
                                            .lba_mid = { (uint8_t)(r.lba >> 8) },
                                            .lba_high = { (uint8_t)(r.lba >> 16) } };
    }
}

void ide_stop(struct ide_channel *c)
{
    ev_cancel(&c->latency);
    c->phase = IDLE;
    c->disk_left = c->filled = c->at = c->block_end = 0;
    c->bm_status &= (uint8_t)~BM_ACTIVE;
}

/* 8.9: DEVICE RESET is for packet devices and ends what they do. Both drives hear of a diagnosis
 * (9.10). */
void ide_write_command(struct ide_channel *c, uint8_t opcode)
{
    struct ide_taskfile *f = ide_file(c);
    bool there = ata_is_present(ide_selected(c)),
         any = ata_is_present(&c->drive[0]) || ata_is_present(&c->drive[1]);

    if ((opcode == OP_DIAGNOSTIC ? !any : !there) || (c->device_control & CONTROL_SRST))
        return;
    ide_set_intrq(c, false);
    if (opcode == OP_DEVICE_RESET && ide_selected(c)->packet) {
        ide_stop(c);
    } else if (c->phase != IDLE) {
        guest_error(&c->dev, "command while one runs", "command %#x during %#x", opcode, c->opcode);
        return;
    }
    c->opcode = opcode;
    f->error = 0;
    if (opcode == OP_DIAGNOSTIC) {
        ide_show_signatures(c);
        ide_set_intrq(c, true);
    } else if (opcode == OP_PACKET && ide_selected(c)->packet) {
        c->phase = TAKES_PACKET;
        c->at = 0;
        c->block_end = PACKET_SIZE;
        f->status = ATA_DRDY | ATA_DSC | ATA_DRQ;
        f->count[0] = REASON_COMMAND;
    } else {
        f->status = ATA_BSY;
        if (is_pio_write(c)) /* asks for its data at once */
            execute(c);
        else
            run_or_wait(c);
    }
}

void ide_data_done(struct ide_channel *c)
{
    if (c->at < c->block_end)
        return;
    if (c->phase == DATA_IN)
        next_block_in(c);
    else if (c->phase == TAKES_PACKET)
        took_packet(c);
    else if (c->phase == DATA_OUT)
        took_block(c);
}
