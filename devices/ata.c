/* SPDX-License-Identifier: Apache-2.0 */
/* Commands (ACS-3, chapter 7): a table says what each is; reading and writing of disks. */
#include "devices/ata_impl.h"

#define S(m) STATE(ata_state, m)
const struct state_field ata_state_fields[] = {
    S(failed_lba), S(sectors_read), S(sectors_written), S(commands), S(failed_count), S(failed),
    S(failed_tag), S(failed_status), S(failed_error), S(failed_device), S(multiple),
    S(transfer_mode), S(write_cache), S(look_ahead), S(smart), S(autosave), S(power), S(sense),
    S(asc), S(ascq), S(attention), S(attention_asc), S(tray_open), S(locked), S(media_event),
    S(pad), STATE_END
};
#undef S

enum { DEVICE_LBA = 0x40, DEVICE_FUA = 0x80, MOST_MULTIPLE = 16 };
enum { POWER_STANDBY = 0x00, POWER_IDLE = 0x80, POWER_ACTIVE = 0xff };
enum { TRANSFER_DEFAULT = 0x45 /* Ultra DMA 5 */ };

/* ---- life ---- */

static void pad_text(char *to, size_t width, const char *from)
{
    memset(to, ' ', width);
    memcpy(to, from, MIN(strlen(from), width));
}

void ata_init(struct ata_drive *d, struct device *dev, struct ata_state *s, struct block *disk,
              bool packet, const char *serial, const char *model)
{
    *d = (struct ata_drive){ .dev = dev, .s = s, .disk = disk, .packet = packet };
    pad_text(d->serial, sizeof(d->serial), serial);
    pad_text(d->model, sizeof(d->model), model);
}

int ata_attach(struct ata_drive *d, struct device *dev, struct ata_state *s, const struct ata_kind *k, struct err *e)
{
    if (!k->disk && !k->cdrom)
        return err_set(e, ERR_ARG, "%s: a disk needs an image", dev->id);
    if (k->disk && !k->cdrom && block_is_read_only(k->disk))
        return err_set(e, ERR_ARG, "%s: a disk cannot be read-only; a CD-ROM, NVMe or virtio disk can", dev->id);
    if (strlen(k->serial) > sizeof(d->serial))
        return err_set(e, ERR_ARG, "%s: serial '%s'; up to %zu characters are accepted", dev->id, k->serial, sizeof(d->serial));
    ata_init(d, dev, s, k->disk, k->cdrom, k->serial, k->cdrom ? "ORRERY CD-ROM" : "ORRERY HARDDISK");
    d->parallel = k->parallel;
    return 0;
}

void ata_power_on(struct ata_drive *d)
{
    *d->s = (struct ata_state){ .transfer_mode = TRANSFER_DEFAULT, .write_cache = 1, .look_ahead = 1,
                                .smart = 1, .autosave = 1, .power = POWER_ACTIVE,
                                .sectors_read = d->s->sectors_read,
                                .sectors_written = d->s->sectors_written };
    if (d->packet)
        atapi_reset(d);
}

/* Settings preservation (word 78, bit 6) is not claimed, but software relies on none being lost. */
void ata_reset(struct ata_drive *d)
{
    d->s->failed = 0;
    d->s->power = POWER_ACTIVE;
    if (d->packet)
        atapi_reset(d);
}

void ata_loaded(struct ata_drive *d)
{
    if (d->s->multiple > MOST_MULTIPLE || (d->s->multiple & (d->s->multiple - 1)))
        d->s->multiple = 0;
    d->s->failed_tag &= 31;
}

void ata_signature(const struct ata_drive *d, struct ata_result *r)
{
    /* ACS-3, table 206; error 01h: passed its diagnostics. A packet device is not ready at once. */
    *r = (struct ata_result){ .error = 1, .count = 1, .lba = d->packet ? 0xeb1401 : 0x000001,
                              .status = d->packet ? 0 : ATA_DRDY | ATA_DSC };
}

/* ---- results ---- */

void ata_fail(struct ata_work *w, uint8_t error)
{
    w->r->status = (uint8_t)((w->r->status & ~(ATA_BSY | ATA_DRQ)) | ATA_ERR);
    w->r->error = error;
    w->r->pio_in = false;
}

void ata_host_error(const struct ata_drive *d, const struct err *e)
{
    log_print(d->dev->machine->log, d->dev->log, LOG_WARN, "%s: %s", d->dev->id, e->text);
}

uint8_t ata_image_failed(const struct ata_drive *d, bool write, const struct err *e)
{
    if (e->code)
        ata_host_error(d, e);
    return d->packet ? atapi_image_failed(d) : write ? ATA_ABRT : ATA_UNC;
}

static bool moved(struct ata_work *w, enum ata_moved how, uint8_t disk_error)
{
    if (how == ATA_MOVED)
        return true;
    if (how == ATA_NO_ROOM)
        guest_error(w->d->dev, "buffer too short", "command %#x", w->c->command);
    ata_fail(w, how == ATA_DISK_FAILED ? disk_error : ATA_ICRC | ATA_ABRT);
    return false;
}

bool ata_give(struct ata_work *w, void *bytes, uint32_t n, uint32_t pio)
{
    w->r->pio_in = pio != 0;
    return moved(w, w->h->move(w->h->arg, bytes, n, true, pio), ATA_ABRT);
}

bool ata_take(struct ata_work *w, void *bytes, uint32_t n, uint32_t pio)
{
    return moved(w, w->h->move(w->h->arg, bytes, n, false, pio), ATA_ABRT);
}

static void flush(struct ata_work *w)
{
    struct err e = { 0 };

    if (block_flush(w->d->disk, &e) == 0)
        return;
    ata_host_error(w->d, &e);
    ata_fail(w, ATA_ABRT);
    w->r->status |= ATA_DF;
}

/* ---- reading and writing ---- */

/* How a command of the table moves data. */
enum { WRITE = ATA_HOW_WRITE, EXT = ATA_HOW_EXT, DMA = ATA_HOW_DMA, MULTIPLE = 8, QUEUED = 16, FUA = 32, VERIFY = 64 };

static uint64_t sectors_of(const struct ata_drive *d)
{
    return MIN(block_size(d->disk) / ATA_SECTOR, (uint64_t)1 << 48);
}

/* First sector and number: 28-bit commands have lba 27:24 in the device register. False: no LBA. */
static bool address(const struct ata_work *w, unsigned how, uint64_t *lba, uint32_t *count)
{
    const struct ata_command *c = w->c;

    if (how & QUEUED) {
        *lba = c->lba;
        *count = c->features ? c->features : 65536;
    } else if (how & EXT) {
        *lba = c->lba;
        *count = c->count ? c->count : 65536;
    } else {
        *lba = (c->lba & 0xffffff) | (uint64_t)(c->device & 15) << 24;
        *count = c->count & 0xff ? c->count & 0xffu : 256;
    }
    return (how & (EXT | QUEUED)) || (c->device & DEVICE_LBA);
}

static void put_lba(struct ata_work *w, unsigned how, uint64_t lba)
{
    if (how & (EXT | QUEUED)) {
        w->r->lba = lba;
        return;
    }
    w->r->lba = lba & 0xffffff;
    w->r->device = (uint8_t)((w->r->device & 0xf0) | (lba >> 24 & 15));
}

static void transfer(struct ata_work *w, unsigned how)
{
    struct ata_drive *d = w->d;
    struct ata_state *s = d->s;
    uint64_t lba, sectors = sectors_of(d);
    uint32_t count, pio = how & (DMA | QUEUED) ? 0 : ATA_SECTOR;
    struct err e = { 0 };

    if (how & MULTIPLE)
        pio = ATA_SECTOR * s->multiple;
    if (!address(w, how, &lba, &count) || lba >= sectors || count > sectors - lba) {
        put_lba(w, how, lba);
        ata_fail(w, ATA_IDNF);
        return;
    }
    if ((how & MULTIPLE) && s->multiple == 0) {
        ata_fail(w, ATA_ABRT);
        return;
    }
    if ((how & WRITE) && block_is_read_only(d->disk)) {
        ata_fail(w, ATA_ABRT);
        return;
    }
    s->power = POWER_ACTIVE;
    if (how & VERIFY) /* what an image holds can be read or fails when it is */
        return;
    w->r->pio_in = pio && !(how & WRITE);
    enum ata_moved got = w->h->move_disk(w->h->arg, d->disk, lba * ATA_SECTOR,
                                         (uint64_t)count * ATA_SECTOR, !(how & WRITE), pio, &e);
    if (e.code)
        ata_host_error(d, &e);
    if (!moved(w, got, how & WRITE ? ATA_ABRT : ATA_UNC)) {
        put_lba(w, how, lba);
        return;
    }
    if (how & WRITE)
        s->sectors_written += count;
    else
        s->sectors_read += count;
    if ((how & WRITE) && (!s->write_cache || (how & FUA) ||
                          ((how & QUEUED) && (w->c->device & DEVICE_FUA))))
        flush(w);
}

/* 7.22, 7.63: the tag is in count 7:3; what fails is told by log 10h (4.15). */
static void queued(struct ata_work *w, unsigned how)
{
    struct ata_state *s = w->d->s;

    w->r->tag = (uint8_t)(w->c->count >> 3 & 31);
    w->r->queued = true;
    if (s->failed) {
        ata_fail(w, ATA_ABRT);
        return;
    }
    transfer(w, how);
    if (!(w->r->status & ATA_ERR))
        return;
    s->failed = 1;
    s->failed_tag = w->r->tag;
    s->failed_status = w->r->status;
    s->failed_error = w->r->error;
    s->failed_lba = w->r->lba;
    s->failed_count = w->c->features;
    s->failed_device = w->c->device;
}

/* 7.5: ranges of 8 bytes, sectors and their number; blocks of 512 bytes of them. */
static void data_set(struct ata_work *w)
{
    enum { TRIM = 1, MOST_BLOCKS = 8 };
    uint8_t ranges[ATA_SECTOR];
    uint64_t sectors = sectors_of(w->d);
    struct err e = { 0 };

    if (w->c->features != TRIM || w->c->count == 0 || w->c->count > MOST_BLOCKS) {
        ata_fail(w, ATA_ABRT);
        return;
    }
    for (uint32_t b = 0; b < w->c->count && ata_take(w, ranges, sizeof(ranges), 0); b++)
        for (uint32_t i = 0; i < sizeof(ranges); i += 8) {
            uint64_t lba = zext(ld_le64(ranges + i), 48);
            uint32_t count = ld_le16(ranges + i + 6);
            if (count == 0)
                continue;
            if (lba >= sectors || count > sectors - lba) {
                ata_fail(w, ATA_IDNF);
                return;
            }
            if (block_is_read_only(w->d->disk) ||
                block_discard(w->d->disk, lba * ATA_SECTOR, (uint64_t)count * ATA_SECTOR, &e) < 0) {
                if (e.code)
                    ata_host_error(w->d, &e);
                ata_fail(w, ATA_ABRT);
                return;
            }
        }
}

/* ---- settings ---- */

/* 7.45 */
static void set_features(struct ata_work *w)
{
    struct ata_state *s = w->d->s;
    uint8_t mode = w->c->count & 0xff;

    switch (w->c->features & 0xff) {
    case 0x02: s->write_cache = 1; break;
    case 0x82:
        s->write_cache = 0;
        if (w->d->disk && !w->d->packet)
            flush(w);
        break;
    case 0xaa: s->look_ahead = 1; break;
    case 0x55: s->look_ahead = 0; break;
    case 0x66: /* settings survive a software reset, or do not: they always do */
    case 0xcc:
        break;
    case 0x03: /* PIO 0 to 4, multiword DMA 0 to 2, Ultra DMA 0 to 5 */
        if (mode <= 1 || (mode >= 0x08 && mode <= 0x0c) || (mode >= 0x20 && mode <= 0x22) ||
            (mode >= 0x40 && mode <= 0x45))
            s->transfer_mode = mode;
        else
            ata_fail(w, ATA_ABRT);
        break;
    default:
        ata_fail(w, ATA_ABRT);
    }
}

static void set_multiple(struct ata_work *w)
{
    uint8_t n = w->c->count & 0xff;

    if (n > MOST_MULTIPLE || (n & (n - 1)))
        ata_fail(w, ATA_ABRT);
    else
        w->d->s->multiple = n;
}

static void power(struct ata_work *w, unsigned mode)
{
    w->d->s->power = (uint8_t)mode;
    if (mode == POWER_STANDBY && !w->d->packet)
        flush(w);
}

static void check_power(struct ata_work *w)
{
    w->r->count = w->d->s->power;
}

/* 7.2 and 9.12: status and signature as after a reset. */
static void diagnose(struct ata_work *w)
{
    ata_signature(w->d, w->r);
}

static void native_max(struct ata_work *w, bool ext)
{
    uint64_t last = MAX(sectors_of(w->d), (uint64_t)1) - 1;

    put_lba(w, ext ? EXT : 0, ext ? last : MIN(last, 0x0ffffffeull));
}

static void identify(struct ata_work *w)
{
    uint8_t page[512];

    ata_identify_disk(w->d, page);
    (void)ata_give(w, page, sizeof(page), sizeof(page));
}

static void identify_packet(struct ata_work *w)
{
    uint8_t page[512];

    ata_identify_packet(w->d, page);
    (void)ata_give(w, page, sizeof(page), sizeof(page));
}

/* Packet devices refuse what disks do, with their signature (7.12, 7.20): so they are told apart.
 */
static void refuse_with_signature(struct ata_work *w)
{
    ata_signature(w->d, w->r);
    w->r->status = ATA_DRDY | ATA_DSC;
    ata_fail(w, ATA_ABRT);
}

static void nothing(struct ata_work *w)
{
    (void)w;
}
/* NOP always ends as aborted (7.19). */
static void nop(struct ata_work *w)
{
    ata_fail(w, ATA_ABRT);
}
static void native_max_28(struct ata_work *w) { native_max(w, false); }
static void native_max_48(struct ata_work *w) { native_max(w, true); }
static void standby(struct ata_work *w) { power(w, POWER_STANDBY); }
static void idle(struct ata_work *w) { power(w, POWER_IDLE); }

/* ---- the table ---- */

enum { DISK = 1, PACKET = 2, BOTH = 3 };
static const struct row {
    uint8_t command;
    uint8_t who;
    uint8_t how;
    void (*fn)(struct ata_work *w);
} rows[] = {
    { 0x00, BOTH, 0, nop },
    { 0x06, DISK, WRITE | EXT | DMA, data_set },
    { 0x08, PACKET, 0, diagnose },     /* DEVICE RESET */
    { 0x10, DISK, 0, nothing },        /* RECALIBRATE */
    { 0x20, DISK, 0, NULL },           /* READ SECTOR(S): no function moves sectors, by PIO where `how` says nothing else */
    { 0x20, PACKET, 0, refuse_with_signature },
    { 0x21, DISK, 0, NULL },
    { 0x24, DISK, EXT, NULL },
    { 0x25, DISK, EXT | DMA, NULL },
    { 0x27, DISK, EXT, native_max_48 },
    { 0x29, DISK, EXT | MULTIPLE, NULL },
    { 0x2f, DISK, EXT, ata_read_log },
    { 0x30, DISK, WRITE, NULL },
    { 0x31, DISK, WRITE, NULL },
    { 0x34, DISK, WRITE | EXT, NULL },
    { 0x35, DISK, WRITE | EXT | DMA, NULL },
    { 0x39, DISK, WRITE | EXT | MULTIPLE, NULL },
    { 0x3d, DISK, WRITE | EXT | DMA | FUA, NULL },
    { 0x40, DISK, VERIFY, NULL },
    { 0x41, DISK, VERIFY, NULL },
    { 0x42, DISK, VERIFY | EXT, NULL },
    { 0x47, DISK, EXT | DMA, ata_read_log_dma },
    { 0x60, DISK, QUEUED, NULL },
    { 0x61, DISK, QUEUED | WRITE, NULL },
    { 0x70, DISK, 0, nothing },        /* SEEK */
    { 0x90, BOTH, 0, diagnose },
    { 0x91, DISK, 0, nothing },        /* INITIALIZE DEVICE PARAMETERS: of CHS */
    { 0xa0, PACKET, 0, atapi_packet },
    { 0xa1, PACKET, 0, identify_packet },
    { 0xb0, DISK, 0, ata_smart },
    { 0xc4, DISK, MULTIPLE, NULL },
    { 0xc5, DISK, WRITE | MULTIPLE, NULL },
    { 0xc6, DISK, 0, set_multiple },
    { 0xc8, DISK, DMA, NULL },
    { 0xc9, DISK, DMA, NULL },
    { 0xca, DISK, WRITE | DMA, NULL },
    { 0xcb, DISK, WRITE | DMA, NULL },
    { 0xce, DISK, WRITE | EXT | MULTIPLE | FUA, NULL },
    { 0xe0, BOTH, 0, standby },
    { 0xe1, BOTH, 0, idle },
    { 0xe2, DISK, 0, standby },
    { 0xe3, DISK, 0, idle },
    { 0xe5, BOTH, 0, check_power },
    { 0xe6, BOTH, 0, standby },        /* SLEEP: a reset or any command wakes it */
    { 0xe7, DISK, 0, flush },
    { 0xea, DISK, EXT, flush },
    { 0xec, DISK, 0, identify },
    { 0xec, PACKET, 0, refuse_with_signature },
    { 0xef, BOTH, 0, set_features },
    { 0xf8, DISK, 0, native_max_28 },
};

/* NULL: the drive has no such command. Queues are Serial ATA's. */
static const struct row *find(const struct ata_drive *d, uint8_t command)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].command == command && (rows[i].who & (d->packet ? PACKET : DISK)))
            return d->parallel && (rows[i].how & QUEUED) ? NULL : &rows[i];
    return NULL;
}

unsigned ata_how(const struct ata_drive *d, uint8_t command)
{
    const struct row *row = find(d, command);

    return row ? row->how & (WRITE | EXT | DMA) : 0;
}

void ata_execute(struct ata_drive *d, const struct ata_command *c, const struct ata_host *h,
                 struct ata_result *r)
{
    struct ata_work w = { d, c, h, r };
    const struct row *row = find(d, c->command);

    *r = (struct ata_result){ .lba = c->lba, .count = 0, .device = c->device,
                              .status = ATA_DRDY | ATA_DSC };
    d->s->commands++;
    if (!row)
        ata_fail(&w, ATA_ABRT);
    else if (row->fn)
        row->fn(&w);
    else if (row->how & QUEUED)
        queued(&w, row->how);
    else
        transfer(&w, row->how);
}
