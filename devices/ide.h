/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_IDE_H
#define ORRERY_DEVICES_IDE_H
/*
 * A channel of parallel ATA with two drives (ATA/ATAPI-6, T13 1410D, chapters 7 to 9; bus master:
 * SFF-8038i 1.0): the command block at eight ports, the control block at one, and the bus master's
 * eight.
 *
 *   command block   data 16 and 32 bits wide, the others bytes, each with its previous content
 * (HOB) PIO             block by block: DRQ, an interrupt for each but a write's first DMA when the
 * command is there and the bus master is started, whichever comes last
 *
 * What commands do is the drive's (ata.h). A command takes IDE_LATENCY of simulated time; a block
 * of PIO data none. Data a drive makes up itself and gives by PIO (logs) may have 64 KiB. A channel
 * without a drive reads 0, as QEMU's does.
 *
 * A drive whose data need the bus master waits for it (BSY) for as long as software leaves it
 * stopped.
 *
 * Not modelled: overlapped and queued commands, cable detection, what happens while the bus
 * master's direction is the wrong one (reported; data go where the command says), and the silence
 * of a drive whose table of memory was too short or not there: the command ends with ABRT and ICRC,
 * and its interrupt.
 *
 * Disks stay the caller's. Lives in the machine's arena. The PCI function maps the ports (piix.h).
 */
#include "core/memory/dma.h"
#include "devices/ata.h"

enum { IDE_UNITS = 2, IDE_BUFFER = 0x10000, IDE_BUS_MASTER = 8 /* bytes of its registers */ };
#define IDE_LATENCY (20 * PS_PER_US)

struct ide_taskfile {
    uint8_t feature[2], count[2], lba_low[2], lba_mid[2],
        lba_high[2]; /* the content, and the one before */
    uint8_t status, error;
};

struct ide_channel {
    struct device dev;
    struct irq_line irq; /* wiring */
    struct dma *dma;
    struct mem_region *command, *control_block;
    struct ata_drive drive[IDE_UNITS];

    struct ev_timer latency; /* saved from here on */
    struct ata_state drive_state[IDE_UNITS];
    uint64_t disk_at, disk_left; /* bytes of the disk that this command still moves by PIO */
    uint32_t filled, at,
        block_end;      /* of the buffer: what is in it, what is done, where the DRQ block ends */
    uint32_t block;     /* bytes of a DRQ block */
    uint32_t prd_table; /* BMIDTPX */
    struct ide_taskfile file[IDE_UNITS];
    uint8_t packet[16];
    uint8_t device, device_control, opcode;
    uint8_t phase;        /* enum ide_phase */
    uint8_t final_status; /* when the data are through */
    uint8_t intrq;
    uint8_t bm_command, bm_status;
    uint8_t buffer[IDE_BUFFER];
};

/* `dma`: the PCI function's, which outlives the channel. */
struct ide_channel *ide_create(struct machine *m, const char *id, struct dma *dma, struct err *e);
/* While building. `unit` -1: the first free one. `disk` NULL: a CD-ROM drive without a disc. */
int ide_attach(struct ide_channel *c, int unit, struct block *disk, bool cdrom, const char *serial,
               struct err *e) MUST_CHECK;
/* At `command` (8 ports) and `control` (1) of `io`, off until ide_enable. */
int ide_map(struct ide_channel *c, struct mem_space *io, uint16_t command, uint16_t control,
            struct err *e) MUST_CHECK;
void ide_enable(struct ide_channel *c, struct mem_space *io, bool on);
/* The bus master's registers, a byte each: offset 0 to 7. */
uint8_t ide_read_bus_master(struct ide_channel *c, uint32_t offset);
void ide_write_bus_master(struct ide_channel *c, uint32_t offset, uint8_t value);

#endif
