/* SPDX-License-Identifier: Apache-2.0 */
/* Registers and ports (ATA/ATAPI-6, chapter 7), the bus master's (SFF-8038i, 2), construction and
 * state. */
#include "devices/ide_impl.h"
#include <stdio.h>

/* ATA/ATAPI-6, 7.1: offsets in the command block; the control block is one register here. */
enum { FEATURES = 1, COUNT, LBA_LOW, LBA_MID, LBA_HIGH, DEVICE, COMMAND, CONTROL };
enum { BM_COMMAND = 0, BM_STATUS = 2, BM_TABLE = 4 };

/* ---- interrupt ---- */

/* The bus master's bit is set by the line's rise, so not while nIEN holds it down (SFF-8038i, 2.2).
 */
static void drive_line(struct ide_channel *c)
{
    bool level = ide_interrupts(c);

    if (level && !c->irq.level)
        c->bm_status |= BM_INTERRUPT;
    irq_set(&c->irq, level);
}

void ide_set_intrq(struct ide_channel *c, bool on)
{
    c->intrq = on;
    drive_line(c);
}

/* ---- registers ---- */

static void write_control(struct ide_channel *c, uint8_t value)
{
    bool was = c->device_control & CONTROL_SRST, is = value & CONTROL_SRST;
    c->device_control = value;
    if (is && !was) {
        ide_stop(c);
        ide_set_intrq(c, false);
        for (unsigned i = 0; i < IDE_UNITS; i++)
            c->file[i].status = ata_is_present(&c->drive[i]) ? ATA_BSY : 0;
    } else if (was && !is) {
        for (unsigned i = 0; i < IDE_UNITS; i++)
            if (ata_is_present(&c->drive[i]))
                ata_reset(&c->drive[i]);
        ide_show_signatures(c);
    }
    drive_line(c);
}

/* Both drives hear what is written; the previous content stays behind. */
static void wrote(struct ide_channel *c, size_t member, uint8_t value)
{
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
    struct ide_taskfile *f = ide_file(c);
    if (!ata_is_present(ide_selected(c)))
        return at == DEVICE && (ata_is_present(&c->drive[0]) || ata_is_present(&c->drive[1]))
                   ? c->device
                   : 0;
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
            ide_set_intrq(c, false);
        return f->status;
    default:
        return f->status;
    }
}

static void write_register(struct ide_channel *c, uint32_t at, uint8_t value)
{
    static const size_t members[] = {
        [FEATURES] = offsetof(struct ide_taskfile, feature),
        [COUNT] = offsetof(struct ide_taskfile, count),
        [LBA_LOW] = offsetof(struct ide_taskfile, lba_low),
        [LBA_MID] = offsetof(struct ide_taskfile, lba_mid),
        [LBA_HIGH] = offsetof(struct ide_taskfile, lba_high),
    };
    if (at == CONTROL) {
        write_control(c, value);
        return;
    }
    c->device_control &= (uint8_t)~CONTROL_HOB; /* 6.20: whatever is written */
    if (c->phase != IDLE && at != COMMAND)
        return; /* 7.1: a drive with BSY or DRQ takes none */
    if (at == COMMAND)
        ide_write_command(c, value);
    else if (at == DEVICE)
        c->device = value;
    else
        wrote(c, members[at], value);
}

/* ---- ports ---- */

static enum mem_result command_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                    const struct mem_attrs *attrs)
{
    struct ide_channel *c = arg;
    *value = 0;
    if (offset == 0) {
        bool there = c->phase == DATA_IN;
        for (unsigned i = 0; i < size; i++)
            *value |= (uint64_t)(there && c->at + i < c->block_end ? c->buffer[c->at + i] : 0)
                      << 8 * i;
        if (there && !attrs->debug) {
            c->at = MIN(c->at + size, c->block_end);
            ide_data_done(c);
        }
        return MEM_OK;
    }
    for (unsigned i = 0; i < size && offset + i <= COMMAND; i++)
        *value |= (uint64_t)read_register(c, (uint32_t)offset + i, attrs->debug) << 8 * i;
    return MEM_OK;
}

static enum mem_result command_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                     const struct mem_attrs *attrs)
{
    struct ide_channel *c = arg;
    (void)attrs;
    if (offset == 0) {
        if (c->phase != TAKES_PACKET && c->phase != DATA_OUT)
            return MEM_OK;
        for (unsigned i = 0; i < size && c->at < c->block_end; i++)
            c->buffer[c->at++] = (uint8_t)(value >> 8 * i);
        ide_data_done(c);
        return MEM_OK;
    }
    for (unsigned i = 0; i < size && offset + i <= COMMAND; i++)
        write_register(c, (uint32_t)offset + i, (uint8_t)(value >> 8 * i));
    return MEM_OK;
}

static enum mem_result control_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                    const struct mem_attrs *attrs)
{
    (void)offset, (void)size, (void)attrs;
    *value = read_register(arg, CONTROL, true);
    return MEM_OK;
}

static enum mem_result control_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                     const struct mem_attrs *attrs)
{
    (void)offset, (void)size, (void)attrs;
    write_control(arg, (uint8_t)value);
    return MEM_OK;
}

int ide_map(struct ide_channel *c, struct mem_space *io, uint16_t command, uint16_t control,
            struct err *e)
{
    static const struct mmio_ops command_ops = {
        .read = command_read, .write = command_write, .sizes = 1 | 2 | 4, .split = true
    };
    static const struct mmio_ops control_ops = {
        .read = control_read, .write = control_write, .sizes = 1, .split = true
    };
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
            ide_run(c);
    } else if (offset == BM_STATUS) {
        c->bm_status =
            (uint8_t)((c->bm_status & ~BM_CAPABLE & ~(value & (BM_ERROR | BM_INTERRUPT))) |
                      (value & BM_CAPABLE));
    } else if (offset >= BM_TABLE) {
        unsigned shift = 8 * (offset - BM_TABLE);
        c->prd_table = ((c->prd_table & ~(0xffu << shift)) | (uint32_t)value << shift) & ~3u;
    }
}

/* ---- life ---- */

static void ide_reset(void *dev)
{
    struct ide_channel *c = dev;
    ide_stop(c);
    c->device_control = c->bm_command = c->bm_status = c->opcode = 0;
    c->prd_table = 0;
    for (unsigned i = 0; i < IDE_UNITS; i++)
        if (ata_is_present(&c->drive[i]))
            ata_power_on(&c->drive[i]);
    ide_show_signatures(c);
    c->intrq = 0;
    irq_set(&c->irq, false);
}

/* A snapshot is not trusted: what indexes the buffer is brought inside, and only a drive that is
 * there works. */
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
    if (c->phase != IDLE && (c->phase >= PHASES || !ata_is_present(ide_selected(c))))
        ide_stop(c);
    irq_restore(&c->irq, ide_interrupts(c));
}

static const struct state_field taskfile_state[] = {
    STATE(ide_taskfile, feature),  STATE(ide_taskfile, count),
    STATE(ide_taskfile, lba_low),  STATE(ide_taskfile, lba_mid),
    STATE(ide_taskfile, lba_high), STATE(ide_taskfile, status),
    STATE(ide_taskfile, error),    STATE_END
};
#define S(m) STATE(ide_channel, m)
static const struct state_field ide_state[] = { STATE_TIMER(ide_channel, latency),
                                                STATE_SUBS(ide_channel, drive_state,
                                                           ata_state_fields),
                                                S(disk_at),
                                                S(disk_left),
                                                S(filled),
                                                S(at),
                                                S(block_end),
                                                S(block),
                                                S(prd_table),
                                                STATE_SUBS(ide_channel, file, taskfile_state),
                                                S(packet),
                                                S(device),
                                                S(device_control),
                                                S(opcode),
                                                S(phase),
                                                S(final_status),
                                                S(intrq),
                                                S(bm_command),
                                                S(bm_status),
                                                S(buffer),
                                                STATE_END };
#undef S
static const struct device_ops ide_ops = {
    .name = "ide",
    .spec = "ATA/ATAPI-6 T13 1410D; SFF-8038i 1.0",
    .size = sizeof(struct ide_channel),
    .state = ide_state,
    .version = 1,
    .reset = ide_reset,
    .loaded = ide_loaded,
};

struct ide_channel *ide_create(struct machine *m, const char *id, struct dma *dma, struct err *e)
{
    struct ide_channel *c = device_create(m, &ide_ops, id, e);
    if (c == NULL || device_init_timer(&c->dev, &c->latency, "command", ide_latency_over, e) < 0)
        return NULL;
    c->dma = dma;
    c->block = 1;
    return c;
}

int ide_attach(struct ide_channel *c, int number, struct block *disk, bool cdrom,
               const char *serial, struct err *e)
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
                      &(struct ata_kind){ disk, cdrom,
                                          serial != NULL && serial[0] != 0 ? serial : made_up,
                                          (uint8_t)(number + 1) },
                      e);
}
