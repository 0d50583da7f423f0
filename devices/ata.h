/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_ATA_H
#define ORRERY_DEVICES_ATA_H
/*
 * A drive behind a Serial ATA port or on a parallel cable: a disk (ATA/ATAPI Command Set 3, ACS-3) or a CD-ROM drive
 * with the PACKET feature set (MMC-6 and SPC-4 commands).
 *
 *   disk    IDENTIFY, reads and writes by PIO, DMA and NCQ with 28 and 48 bits, FUA, VERIFY, FLUSH,
 *           SET FEATURES, power modes, SMART data, status and logs, DATA SET MANAGEMENT (TRIM),
 *           READ LOG (directory, NCQ error). LBA only.
 *   CD-ROM  data discs of 2048-byte sectors from an image: one track, one session
 *
 * Absent, and not claimed by IDENTIFY: security, HPA, download, streaming, AMAC, self-tests, audio.
 *
 * The host bus adapter owns one ata_drive (wiring) and one ata_state (saved) for each port, gives
 * it a command at a time, and moves the data the drive asks for.
 */
#include "core/device/device.h"
#include "devices/backend/block.h"

/* LBA as FISes and logs have it: bits 23:0 at 4, 47:24 at 8. */
static inline void ata_put_lba(uint8_t *fis, uint64_t lba)
{
    for (unsigned i = 0; i < 3; i++) {
        fis[4 + i] = (uint8_t)(lba >> 8 * i);
        fis[8 + i] = (uint8_t)(lba >> (24 + 8 * i));
    }
}

enum { ATA_SECTOR = 512, CD_SECTOR = 2048 };
enum { ATA_ERR = 0x01, ATA_DRQ = 0x08, ATA_DSC = 0x10, ATA_DF = 0x20, ATA_DRDY = 0x40,
       ATA_BSY = 0x80 };
enum { ATA_ABRT = 0x04, ATA_IDNF = 0x10, ATA_UNC = 0x40, ATA_ICRC = 0x80 };

struct ata_command {
    uint64_t lba;                  /* 48 bits, as the registers have them */
    uint16_t count, features;
    uint8_t command, device;
    uint8_t packet[16];            /* PACKET's command */
};

struct ata_result {
    uint64_t lba;
    uint16_t count;
    uint8_t status, error, device;
    bool pio_in; /* the last PIO Setup has told the host: no register FIS follows */
    bool queued;                   /* `tag` completes by Set Device Bits */
    uint8_t tag;
};

/* What the adapter did with the bytes. */
enum ata_moved {
    ATA_MOVED,
    ATA_NO_ROOM,                   /* the buffer ended first; what fits was moved */
    ATA_BUS_FAILED,                /* memory refused */
    ATA_DISK_FAILED,               /* the image failed */
};
/*
 * Data of the command being done, in order. `pio`: bytes of a DRQ block, 0 for DMA. `to_host`
 * tells the direction; `bytes` is at most 64 KiB.
 */
struct ata_host {
    enum ata_moved (*move)(void *arg, void *bytes, uint32_t n, bool to_host, uint32_t pio);
    enum ata_moved (*move_disk)(void *arg, struct block *disk, uint64_t offset, uint64_t n,
                                bool to_host, uint32_t pio, struct err *e);
    void *arg;
};

struct ata_state {
    uint64_t failed_lba;           /* of the queued command that failed */
    uint64_t sectors_read, sectors_written;
    uint32_t commands;
    uint16_t failed_count;
    uint8_t failed, failed_tag, failed_status, failed_error, failed_device; /* log 10h */
    uint8_t multiple;              /* sectors of a DRQ block; 0: not set */
    uint8_t transfer_mode, write_cache, look_ahead, smart, autosave;
    uint8_t power;                 /* what CHECK POWER MODE says */
    uint8_t sense, asc, ascq;      /* CD-ROM from here on */
    uint8_t attention, attention_asc; /* a unit attention waits */
    uint8_t tray_open, locked;
    uint8_t media_event;           /* GET EVENT STATUS NOTIFICATION: the one not told yet */
    uint8_t pad;
};
extern const struct state_field ata_state_fields[];

struct ata_drive {
    struct device *dev;            /* who reports; NULL: no drive */
    struct ata_state *s;
    struct block *disk;            /* CD-ROM: NULL without a disc */
    bool packet;                   /* CD-ROM */
    uint8_t parallel;              /* its unit + 1 on a parallel cable; 0: Serial ATA */
    char serial[20], model[40];    /* padded with spaces */
};

/* While building. `serial`: up to 20 characters. */
void ata_init(struct ata_drive *d, struct device *dev, struct ata_state *s, struct block *disk,
              bool packet, const char *serial, const char *model);
/* The same for what a user asked for, who hears what is wrong with it. */
struct ata_kind {
    struct block *disk;            /* NULL: a CD-ROM drive without a disc */
    bool cdrom;
    const char *serial;
    uint8_t parallel;              /* as in the drive */
};
int ata_attach(struct ata_drive *d, struct device *dev, struct ata_state *s, const struct ata_kind *k,
               struct err *e) MUST_CHECK;
static inline bool ata_is_present(const struct ata_drive *d) { return d->dev != NULL; }

/* Power-on, and COMRESET or software reset (ACS-3, 4.19): settings that a reset keeps stay. */
void ata_power_on(struct ata_drive *d);
void ata_reset(struct ata_drive *d);
void ata_loaded(struct ata_drive *d); /* after a snapshot: what it says is not trusted */
/* The signature (9.12) that a reset and EXECUTE DEVICE DIAGNOSTIC leave in the registers. */
void ata_signature(const struct ata_drive *d, struct ata_result *r);

/* Do one command. The caller has checked that there is a drive. */
void ata_execute(struct ata_drive *d, const struct ata_command *c, const struct ata_host *h,
                 struct ata_result *r);

/*
 * A parallel cable's side must know before it gives a command: does it use the previous contents of the registers, by which
 * way do its data come? 0 for commands there are not, and for PACKET, which atapi_moves_data answers by its opcode.
 */
enum { ATA_HOW_WRITE = 1, ATA_HOW_EXT = 2, ATA_HOW_DMA = 4 };
unsigned ata_how(const struct ata_drive *d, uint8_t command);
bool atapi_moves_data(uint8_t opcode);
/* The image failed while data moved behind ata_execute: told to the user; what the error register shows. */
uint8_t ata_image_failed(const struct ata_drive *d, bool write, const struct err *e);

/* atapi.c: the user takes the disc out or puts one in; the tray is closed afterwards. */
void atapi_set_medium(struct ata_drive *d, struct block *disk);
/* PREVENT REMOVAL holds the tray. Its button then only tells the guest, who asks for events. */
bool atapi_is_locked(const struct ata_drive *d);
void atapi_press_button(struct ata_drive *d);

#endif
