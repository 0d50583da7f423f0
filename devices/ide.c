/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/ide.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/disk_dma.h"

/* ATA/ATAPI-6, 7.1: offsets in the command block; the control block is one register here. */
enum { FEATURES = 1, COUNT, LBA_LOW, LBA_MID, LBA_HIGH, DEVICE, COMMAND, CONTROL, BLOCK_SIZE };
enum { DEVICE_UNIT = 0x10, CONTROL_HOB = 0x80, CONTROL_SRST = 0x04, CONTROL_NIEN = 0x02 };
/* SFF-8038i, 2: bus master command and status */
enum { BM_COMMAND = 0, BM_STATUS = 2, BM_TABLE = 4, BM_START = 0x01, BM_TO_MEMORY = 0x08 };
enum { BM_ACTIVE = 0x01, BM_ERROR = 0x02, BM_INTERRUPT = 0x04, BM_CAPABLE = 0x60 };
/* 7.9, interrupt reason of a packet command, in the count register */
enum { REASON_COMMAND = 1, REASON_DATA_IN = 2, REASON_DONE = 3 };
enum { OP_DEVICE_RESET = 0x08, OP_DIAGNOSTIC = 0x90, OP_PACKET = 0xa0, PACKET_SIZE = 12, PRDS_MOST = 65536 / 8 };
enum ide_phase { IDLE, RUNNING, TAKES_PACKET, WAITS_FOR_DMA, DATA_IN, DATA_OUT };

static unsigned unit(const struct ide_channel *c)
{
    return c->device & DEVICE_UNIT ? 1 : 0;
}

static struct ide_taskfile *file(struct ide_channel *c)
{
    return &c->file[unit(c)];
}

static struct ata_drive *selected(struct ide_channel *c)
{
    return &c->drive[unit(c)];
}

/* ---- interrupt ---- */

static bool wanted(const struct ide_channel *c)
{
    return c->intrq && !(c->device_control & CONTROL_NIEN);
}

static void set_intrq(struct ide_channel *c, bool on)
{
    c->intrq = on;
    if (on)
        c->bm_status |= BM_INTERRUPT;
    irq_set(&c->irq, wanted(c));
}

/* ---- commands ---- */

static bool is_dma(uint8_t opcode)
{
    static const uint8_t list[] = { 0x06, 0x25, 0x35, 0x3d, 0x47, 0xc8, 0xc9, 0xca, 0xcb };
    return memchr(list, opcode, sizeof(list)) != NULL;
}

static bool is_pio_write(uint8_t opcode)
{
    static const uint8_t list[] = { 0x30, 0x31, 0x34, 0x39, 0xc5, 0xce };
    return memchr(list, opcode, sizeof(list)) != NULL;
}

/* Of commands with 48 bits of address: then the registers' previous contents are its upper half. */
static bool is_ext(uint8_t opcode)
{
    static const uint8_t list[] = { 0x24, 0x25, 0x27, 0x29, 0x2f, 0x34, 0x35, 0x39, 0x3d, 0x42, 0x47, 0xce, 0x06, 0xea };
    return memchr(list, opcode, sizeof(list)) != NULL;
}

static struct ata_command gather(struct ide_channel *c)
{
    const struct ide_taskfile *f = file(c);
    unsigned hob = is_ext(c->opcode) ? 0xff : 0;
    struct ata_command a = {
        .lba = f->lba_low[0] | (uint64_t)f->lba_mid[0] << 8 | (uint64_t)f->lba_high[0] << 16 | (uint64_t)(f->lba_low[1] & hob) << 24 |
               (uint64_t)(f->lba_mid[1] & hob) << 32 | (uint64_t)(f->lba_high[1] & hob) << 40,
        .count = (uint16_t)(f->count[0] | (f->count[1] & hob) << 8),
        .features = (uint16_t)(f->feature[0] | (f->feature[1] & hob) << 8), .command = c->opcode, .device = c->device,
    };
    memcpy(a.packet, c->packet, sizeof(a.packet));
    return a;
}

static void show(struct ide_channel *c, const struct ata_result *r)
{
    struct ide_taskfile *f = file(c);
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
    struct ide_taskfile *f = file(c);
    c->phase = IDLE;
    c->disk_left = c->filled = c->at = c->block_end = 0;
    f->status = c->final_status;
    if (c->opcode == OP_PACKET)
        f->count[0] = REASON_DONE;
    if (interrupt)
        set_intrq(c, true);
}

static void fail(struct ide_channel *c, uint8_t error)
{
    c->final_status = ATA_DRDY | ATA_DSC | ATA_ERR;
    file(c)->error = error;
    finish(c, true);
}

/* ---- PIO ---- */

/* What the host reads next, or the end. */
static void next_block_in(struct ide_channel *c)
{
    struct ide_taskfile *f = file(c);
    struct err e = { 0 };
    if (c->at == c->filled && c->disk_left != 0) {
        struct block *disk = selected(c)->disk;
        c->at = 0;
        c->filled = (uint32_t)MIN(c->disk_left, (uint64_t)c->block);
        if (disk == NULL || block_read(disk, c->disk_at, c->buffer, c->filled, &e) < 0) {
            fail(c, ATA_UNC);
            return;
        }
        c->disk_at += c->filled;
        c->disk_left -= c->filled;
    }
    if (c->at == c->filled) { /* the last word of a packet's data is followed by one more interrupt (9.10) */
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
    set_intrq(c, true);
}

static void ask_for_block(struct ide_channel *c, bool interrupt)
{
    c->phase = DATA_OUT;
    c->at = 0;
    c->block_end = (uint32_t)MIN(c->disk_left, (uint64_t)c->block);
    file(c)->status = ATA_DRDY | ATA_DSC | ATA_DRQ;
    if (interrupt)
        set_intrq(c, true);
}

static void took_block(struct ide_channel *c)
{
    struct ata_drive *d = selected(c);
    struct err e = { 0 };
    if (d->disk == NULL || block_write(d->disk, c->disk_at, c->buffer, c->block_end, &e) < 0) {
        fail(c, ATA_ABRT);
        return;
    }
    c->disk_at += c->block_end;
    c->disk_left -= c->block_end;
    if (c->disk_left != 0)
        ask_for_block(c, true);
    else if ((!d->s->write_cache || c->opcode == 0xce) && block_flush(d->disk, &e) < 0)
        fail(c, ATA_ABRT);
    else
        finish(c, true);
}

/* ---- the drive's data ---- */

struct prd_walk {
    struct ide_channel *c;
    uint32_t next, n;                   /* entry of the table; how many were read */
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
static enum ata_moved move_disk(void *arg, struct block *disk, uint64_t offset, uint64_t n, bool to_host, uint32_t pio, struct err *e)
{
    struct prd_walk *w = arg;
    struct ide_channel *c = w->c;
    if (pio != 0) {
        c->disk_at = offset;
        c->disk_left = n;
        c->block = pio;
        return ATA_MOVED;
    }
    for (uint64_t at, part; n != 0; n -= part, offset += part) {
        if (!piece(w, n, &at, &part))
            return w->bus_failed ? ATA_BUS_FAILED : ATA_NO_ROOM;
        enum disk_dma_end end = disk_dma(disk, offset, c->dma, at, part, to_host ? DMA_WRITE : DMA_READ, e);
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
    bool dma = c->bm_status & BM_ACTIVE && (is_dma(c->opcode) || (c->opcode == OP_PACKET && (command.features & 1)));
    struct ata_result r;
    c->filled = c->at = c->block_end = 0;
    c->disk_left = 0;
    ata_execute(selected(c), &command, &host, &r);
    show(c, &r);
    c->final_status = r.status;
    if (dma) {
        if (w.bus_failed)
            c->bm_status |= BM_ERROR;
        if (w.left == 0 || w.bus_failed) /* a table longer than the data leaves it active */
            c->bm_status &= (uint8_t)~BM_ACTIVE;
    }
    if (r.status & ATA_ERR)
        c->filled = 0, c->disk_left = 0;
    if (c->disk_left != 0 && is_pio_write(c->opcode))
        ask_for_block(c, false);
    else if (c->filled != 0 || c->disk_left != 0)
        next_block_in(c);
    else
        finish(c, true);
}

static void start(struct ide_channel *c)
{
    c->phase = RUNNING;
    ev_arm(&c->latency, device_now(&c->dev) + IDE_LATENCY);
}

static void latency_over(void *arg, ps_t when)
{
    struct ide_channel *c = arg;
    (void)when;
    if (c->phase == RUNNING)
        execute(c);
}

/* Data by DMA wait for the bus master (SFF-8038i, 3.1: software sets it up before or behind the command). */
static void start_dma(struct ide_channel *c)
{
    c->phase = WAITS_FOR_DMA;
    if (c->bm_status & BM_ACTIVE)
        start(c);
}

static void took_packet(struct ide_channel *c)
{
    memset(c->packet, 0, sizeof(c->packet));
    memcpy(c->packet, c->buffer, PACKET_SIZE);
    file(c)->status = ATA_BSY;
    if (file(c)->feature[0] & 1)
        start_dma(c);
    else
        start(c);
}

/* 9.12 and table 206: after a reset and a diagnosis each drive shows what it is. */
static void show_signatures(struct ide_channel *c)
{
    c->device = 0;
    for (unsigned i = 0; i < IDE_UNITS; i++) {
        struct ata_result r = { 0 };
        if (ata_is_present(&c->drive[i]))
            ata_signature(&c->drive[i], &r);
        c->file[i] = (struct ide_taskfile){ .status = r.status, .error = r.error, .count = { (uint8_t)r.count },
                                            .lba_low = { (uint8_t)r.lba }, .lba_mid = { (uint8_t)(r.lba >> 8) },
                                            .lba_high = { (uint8_t)(r.lba >> 16) } };
    }
}

static void stop(struct ide_channel *c)
{
    ev_cancel(&c->latency);
    c->phase = IDLE;
    c->disk_left = c->filled = c->at = c->block_end = 0;
    c->bm_status &= (uint8_t)~BM_ACTIVE;
}

static void write_command(struct ide_channel *c, uint8_t opcode)
{
    struct ide_taskfile *f = file(c);
    if (!ata_is_present(selected(c)))
        return;
    set_intrq(c, false);
    if (opcode == OP_DEVICE_RESET && selected(c)->packet) {
        stop(c);
    } else if (c->phase != IDLE) {
        guest_error(&c->dev, "command while one runs", "command %#x during %#x", opcode, c->opcode);
        return;
    }
    c->opcode = opcode;
    f->error = 0;
    if (opcode == OP_DIAGNOSTIC) {
        show_signatures(c);
        set_intrq(c, true);
        return;
    }
    if (opcode == OP_PACKET && selected(c)->packet) {
        c->phase = TAKES_PACKET;
        c->at = 0;
        c->block_end = PACKET_SIZE;
        f->status = ATA_DRDY | ATA_DSC | ATA_DRQ;
        f->count[0] = REASON_COMMAND;
        return;
    }
    f->status = ATA_BSY;
    if (is_pio_write(opcode) && !selected(c)->packet) /* asks for its data at once */
        execute(c);
    else if (is_dma(opcode) && !selected(c)->packet)
        start_dma(c);
    else
        start(c);
}

static void write_control(struct ide_channel *c, uint8_t value)
{
    bool was = c->device_control & CONTROL_SRST, is = value & CONTROL_SRST;
    c->device_control = value;
    if (is && !was) {
        stop(c);
        set_intrq(c, false);
        for (unsigned i = 0; i < IDE_UNITS; i++)
            c->file[i].status = ata_is_present(&c->drive[i]) ? ATA_BSY : 0;
    } else if (was && !is) {
        for (unsigned i = 0; i < IDE_UNITS; i++)
            if (ata_is_present(&c->drive[i]))
                ata_reset(&c->drive[i]);
        show_signatures(c);
    }
    irq_set(&c->irq, wanted(c));
}

/* ---- registers ---- */

/* Both drives hear what is written; the previous content stays behind. */
static void wrote(struct ide_channel *c, size_t member, uint8_t value)
{
    c->device_control &= (uint8_t)~CONTROL_HOB;
    for (unsigned i = 0; i < IDE_UNITS; i++) {
        uint8_t *at = (uint8_t *)&c->file[i] + member;
        at[1] = at[0];
        at[0] = value;
    }
}

static uint8_t read_pair(struct ide_channel *c, const uint8_t pair[2])
{
    return pair[c->device_control & CONTROL_HOB ? 1 : 0];
}

static uint8_t read_register(struct ide_channel *c, uint32_t at, bool debug)
{
    struct ide_taskfile *f = file(c);
    if (!ata_is_present(selected(c)))
        return at == DEVICE && (ata_is_present(&c->drive[0]) || ata_is_present(&c->drive[1])) ? c->device : 0;
    switch (at) {
    case FEATURES:
        return f->error;
    case COUNT:
        return read_pair(c, f->count);
    case LBA_LOW:
        return read_pair(c, f->lba_low);
    case LBA_MID:
        return read_pair(c, f->lba_mid);
    case LBA_HIGH:
        return read_pair(c, f->lba_high);
    case DEVICE:
        return c->device | 0xa0;
    case COMMAND:
        if (!debug)
            set_intrq(c, false);
        return f->status;
    default:
        return f->status;
    }
}

static void write_register(struct ide_channel *c, uint32_t at, uint8_t value)
{
    static const size_t members[] = {
        [FEATURES] = offsetof(struct ide_taskfile, feature), [COUNT] = offsetof(struct ide_taskfile, count),
        [LBA_LOW] = offsetof(struct ide_taskfile, lba_low), [LBA_MID] = offsetof(struct ide_taskfile, lba_mid),
        [LBA_HIGH] = offsetof(struct ide_taskfile, lba_high),
    };
    if (at == CONTROL) {
        write_control(c, value);
        return;
    }
    if (c->phase != IDLE && at != COMMAND)
        return; /* 7.1: a drive with BSY or DRQ takes none */
    if (at == COMMAND)
        write_command(c, value);
    else if (at == DEVICE)
        c->device = value;
    else
        wrote(c, members[at], value);
}

/* ---- ports ---- */

static void data_done(struct ide_channel *c)
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

static enum mem_result command_read(void *arg, uint64_t offset, unsigned size, uint64_t *value, const struct mem_attrs *attrs)
{
    struct ide_channel *c = arg;
    *value = 0;
    if (offset == 0) {
        bool there = c->phase == DATA_IN;
        for (unsigned i = 0; i < size; i++)
            *value |= (uint64_t)(there && c->at + i < c->block_end ? c->buffer[c->at + i] : 0) << 8 * i;
        if (there && !attrs->debug) {
            c->at = MIN(c->at + size, c->block_end);
            data_done(c);
        }
        return MEM_OK;
    }
    for (unsigned i = 0; i < size && offset + i <= COMMAND; i++)
        *value |= (uint64_t)read_register(c, (uint32_t)offset + i, attrs->debug) << 8 * i;
    return MEM_OK;
}

static enum mem_result command_write(void *arg, uint64_t offset, unsigned size, uint64_t value, const struct mem_attrs *attrs)
{
    struct ide_channel *c = arg;
    (void)attrs;
    if (offset == 0) {
        if (c->phase != TAKES_PACKET && c->phase != DATA_OUT)
            return MEM_OK;
        for (unsigned i = 0; i < size && c->at < c->block_end; i++)
            c->buffer[c->at++] = (uint8_t)(value >> 8 * i);
        data_done(c);
        return MEM_OK;
    }
    for (unsigned i = 0; i < size && offset + i <= COMMAND; i++)
        write_register(c, (uint32_t)offset + i, (uint8_t)(value >> 8 * i));
    return MEM_OK;
}

static enum mem_result control_read(void *arg, uint64_t offset, unsigned size, uint64_t *value, const struct mem_attrs *attrs)
{
    (void)offset, (void)size, (void)attrs;
    *value = read_register(arg, CONTROL, true);
    return MEM_OK;
}

static enum mem_result control_write(void *arg, uint64_t offset, unsigned size, uint64_t value, const struct mem_attrs *attrs)
{
    (void)offset, (void)size, (void)attrs;
    write_control(arg, (uint8_t)value);
    return MEM_OK;
}

int ide_map(struct ide_channel *c, struct mem_space *io, uint16_t command, uint16_t control, struct err *e)
{
    static const struct mmio_ops command_ops = { .read = command_read, .write = command_write, .sizes = 1 | 2 | 4, .split = true };
    static const struct mmio_ops control_ops = { .read = control_read, .write = control_write, .sizes = 1, .split = true };
    int r = mem_add_mmio(io, c->dev.id, command, 8, 1, &command_ops, c, &c->command, e);
    if (r == 0)
        r = mem_add_mmio(io, c->dev.id, control, 1, 1, &control_ops, c, &c->control_block, e);
    if (r == 0)
        ide_enable(c, io, false);
    return r;
}

void ide_enable(struct ide_channel *c, struct mem_space *io, bool on)
{
    if (c->command->enabled == on)
        return;
    mem_enable_region(io, c->command, on);
    mem_enable_region(io, c->control_block, on);
}

/* ---- bus master ---- */

uint8_t ide_read_bus_master(struct ide_channel *c, uint32_t offset)
{
    switch (offset) {
    case BM_COMMAND:
        return c->bm_command;
    case BM_STATUS:
        return c->bm_status;
    default:
        return offset >= BM_TABLE ? (uint8_t)(c->prd_table >> 8 * (offset - BM_TABLE)) : 0;
    }
}

void ide_write_bus_master(struct ide_channel *c, uint32_t offset, uint8_t value)
{
    if (offset == BM_COMMAND) {
        bool starts = value & ~c->bm_command & BM_START;
        c->bm_command = value & (BM_START | BM_TO_MEMORY);
        if (!(value & BM_START))
            c->bm_status &= (uint8_t)~BM_ACTIVE;
        if (starts)
            c->bm_status |= BM_ACTIVE;
        if (starts && c->phase == WAITS_FOR_DMA)
            start(c);
    } else if (offset == BM_STATUS) {
        c->bm_status = (uint8_t)((c->bm_status & ~BM_CAPABLE & ~(value & (BM_ERROR | BM_INTERRUPT))) | (value & BM_CAPABLE));
    } else if (offset >= BM_TABLE) {
        unsigned shift = 8 * (offset - BM_TABLE);
        c->prd_table = ((c->prd_table & ~(0xffu << shift)) | (uint32_t)value << shift) & ~3u;
    }
}

/* ---- life ---- */

static void ide_reset(void *dev)
{
    struct ide_channel *c = dev;
    stop(c);
    c->device_control = c->bm_command = c->bm_status = c->opcode = 0;
    c->prd_table = 0;
    for (unsigned i = 0; i < IDE_UNITS; i++)
        if (ata_is_present(&c->drive[i]))
            ata_power_on(&c->drive[i]);
    show_signatures(c);
    c->intrq = 0;
    irq_set(&c->irq, false);
}

/* A snapshot is not trusted: what indexes the buffer is brought inside. */
static void ide_loaded(void *dev)
{
    struct ide_channel *c = dev;
    c->filled = MIN(c->filled, (uint32_t)IDE_BUFFER);
    c->block_end = MIN(c->block_end, (uint32_t)IDE_BUFFER);
    c->at = MIN(c->at, c->block_end);
    c->block = MIN(MAX(c->block, 1u), (uint32_t)IDE_BUFFER);
    for (unsigned i = 0; i < IDE_UNITS; i++)
        if (ata_is_present(&c->drive[i]))
            ata_loaded(&c->drive[i]);
    irq_restore(&c->irq, wanted(c));
}

static const struct state_field taskfile_state[] = {
    STATE(ide_taskfile, feature), STATE(ide_taskfile, count), STATE(ide_taskfile, lba_low), STATE(ide_taskfile, lba_mid),
    STATE(ide_taskfile, lba_high), STATE(ide_taskfile, status), STATE(ide_taskfile, error), STATE_END
};
#define S(m) STATE(ide_channel, m)
static const struct state_field ide_state[] = {
    STATE_TIMER(ide_channel, latency), STATE_SUBS(ide_channel, drive_state, ata_state_fields), S(disk_at), S(disk_left),
    S(filled), S(at), S(block_end), S(block), S(prd_table), STATE_SUBS(ide_channel, file, taskfile_state), S(packet),
    S(device), S(device_control), S(opcode), S(phase), S(final_status), S(intrq), S(bm_command), S(bm_status), S(buffer), STATE_END
};
#undef S
static const struct device_ops ide_ops = {
    .name = "ide", .spec = "ATA/ATAPI-6 T13 1410D; SFF-8038i 1.0", .size = sizeof(struct ide_channel),
    .state = ide_state, .version = 1, .reset = ide_reset, .loaded = ide_loaded,
};

struct ide_channel *ide_create(struct machine *m, const char *id, struct dma *dma, struct err *e)
{
    struct ide_channel *c = device_create(m, &ide_ops, id, e);
    if (c == NULL || device_init_timer(&c->dev, &c->latency, "command", latency_over, e) < 0)
        return NULL;
    c->dma = dma;
    c->block = 1;
    return c;
}

int ide_attach(struct ide_channel *c, int number, struct block *disk, bool cdrom, const char *serial, struct err *e)
{
    char made_up[24];
    for (int i = 0; number < 0 && i < IDE_UNITS; i++)
        if (!ata_is_present(&c->drive[i]))
            number = i;
    if (number < 0 || number >= IDE_UNITS)
        return err_set(e, ERR_LIMIT, "%s has unit 0 and unit 1", c->dev.id);
    if (ata_is_present(&c->drive[number]))
        return err_set(e, ERR_ARG, "%s: unit %d has a drive already", c->dev.id, number);
    snprintf(made_up, sizeof(made_up), "OM%05d", number + 1);
    return ata_attach(&c->drive[number], &c->dev, &c->drive_state[number],
                      &(struct ata_kind){ disk, cdrom, serial != NULL && serial[0] != 0 ? serial : made_up }, e);
}
