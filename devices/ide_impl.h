/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_IDE_IMPL_H
#define ORRERY_DEVICES_IDE_IMPL_H
/* What ide.c (registers, ports, bus master, life) and ide_command.c (commands and their data)
 * share. */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/ide.h"

/* SFF-8038i, 2: bus master command and status */
enum { BM_START = 0x01, BM_TO_MEMORY = 0x08 };
enum { BM_ACTIVE = 0x01, BM_ERROR = 0x02, BM_INTERRUPT = 0x04, BM_CAPABLE = 0x60 };
enum { DEVICE_UNIT = 0x10, CONTROL_HOB = 0x80, CONTROL_SRST = 0x04, CONTROL_NIEN = 0x02 };
enum ide_phase { IDLE, RUNNING, TAKES_PACKET, WAITS_FOR_DMA, DATA_IN, DATA_OUT, PHASES };

static inline unsigned ide_unit(const struct ide_channel *c)
{
    return c->device & DEVICE_UNIT ? 1 : 0;
}
static inline struct ide_taskfile *ide_file(struct ide_channel *c)
{
    return &c->file[ide_unit(c)];
}
static inline struct ata_drive *ide_selected(struct ide_channel *c)
{
    return &c->drive[ide_unit(c)];
}

/* INTRQ is asserted unless nIEN is set (ATA/ATAPI-6, 7.4.4). */
static inline bool ide_interrupts(const struct ide_channel *c)
{
    return c->intrq && !(c->device_control & CONTROL_NIEN);
}

/* ide.c */
void ide_set_intrq(struct ide_channel *c, bool on);
/* ide_command.c */
void ide_latency_over(void *arg, ps_t when);
void ide_stop(struct ide_channel *c);
void ide_show_signatures(struct ide_channel *c);
void ide_write_command(struct ide_channel *c, uint8_t opcode);
void ide_run(struct ide_channel *c);       /* the command goes on after IDE_LATENCY */
void ide_data_done(struct ide_channel *c); /* the host has moved a DRQ block */

#endif
