/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CD-ROM drive: PACKET (ACS-3, 7.21) with commands of SPC-4 and MMC-6. The disc is an image of
 * 2048-byte sectors; beyond 99 minutes it is a DVD.
 */
#include "devices/ata_impl.h"

enum { SENSE_NONE = 0, SENSE_NOT_READY = 2, SENSE_MEDIUM = 3, SENSE_ILLEGAL = 5,
       SENSE_ATTENTION = 6, SENSE_ABORTED = 0xb };
enum { ASC_OPCODE = 0x20, ASC_RANGE = 0x21, ASC_FIELD = 0x24, ASC_CHANGED = 0x28, ASC_RESET = 0x29,
       ASC_SAVING = 0x39, ASC_NO_MEDIUM = 0x3a, ASC_READ = 0x11, ASC_TRANSFER = 0x4b,
       ASC_LOCKED = 0x53 };
enum { EVENT_NONE = 0, EVENT_EJECT_REQUEST = 1, EVENT_NEW = 2, EVENT_REMOVAL = 3 }; /* MMC-6, 6.7.2: media class */
enum { PROFILE_CD = 0x0008, PROFILE_DVD = 0x0010 };
enum { MOST_SECTORS = 0x10000 /* of one command: 128 MiB */, CD_MOST = 99 * 60 * 75 };

/* ---- state ---- */

static bool has_medium(const struct ata_drive *d)
{
    return d->disk && !d->s->tray_open;
}

static uint32_t sectors_of(const struct ata_drive *d)
{
    return (uint32_t)MIN(block_size(d->disk) / CD_SECTOR, (uint64_t)INT32_MAX);
}

static uint16_t profile_of(const struct ata_drive *d)
{
    return !has_medium(d) ? 0 : sectors_of(d) > CD_MOST ? PROFILE_DVD : PROFILE_CD;
}

static void attention(struct ata_drive *d, uint8_t asc)
{
    d->s->attention = 1;
    d->s->attention_asc = asc;
}

/* SPC-4, 5.14 */
void atapi_reset(struct ata_drive *d)
{
    d->s->sense = SENSE_NONE;
    d->s->asc = d->s->ascq = 0;
    d->s->locked = 0;
    d->s->media_event = has_medium(d) ? EVENT_NEW : EVENT_NONE;
    attention(d, ASC_RESET);
}

static void load(struct ata_drive *d)
{
    d->s->tray_open = 0;
    if (!d->disk)
        return;
    d->s->media_event = EVENT_NEW;
    attention(d, ASC_CHANGED);
}

void atapi_set_medium(struct ata_drive *d, struct block *disk)
{
    bool had = has_medium(d);

    d->disk = disk;
    load(d);
    if (!disk && had)
        d->s->media_event = EVENT_REMOVAL;
}

bool atapi_is_locked(const struct ata_drive *d)
{
    return d->s->locked && !d->s->tray_open;
}

void atapi_press_button(struct ata_drive *d)
{
    d->s->media_event = EVENT_EJECT_REQUEST;
}

/* ---- answers ---- */

/* The error register repeats the sense key (ACS-3, 7.21). */
static uint8_t keep_sense(const struct ata_drive *d, uint8_t sense, uint8_t asc, uint8_t ascq)
{
    d->s->sense = sense;
    d->s->asc = asc;
    d->s->ascq = ascq;
    return (uint8_t)(sense << 4 | ATA_ABRT);
}

static void check(struct ata_work *w, uint8_t sense, uint8_t asc, uint8_t ascq)
{
    ata_fail(w, keep_sense(w->d, sense, asc, ascq));
}

uint8_t atapi_image_failed(const struct ata_drive *d)
{
    return d->disk ? keep_sense(d, SENSE_MEDIUM, ASC_READ, 0) : keep_sense(d, SENSE_NOT_READY, ASC_NO_MEDIUM, 0);
}

static void invalid_field(struct ata_work *w)
{
    check(w, SENSE_ILLEGAL, ASC_FIELD, 0);
}

/* Bytes of a DRQ block: LBA mid and high limit it; 0: by DMA (features, bit 0). */
static uint32_t pio_block(const struct ata_work *w)
{
    uint32_t limit = w->c->lba >> 8 & 0xfffe;

    if (w->c->features & 1)
        return 0;
    return limit ? limit : 0xfffe;
}

/* No more than the allocation length. */
static void answer(struct ata_work *w, void *bytes, uint32_t n, uint32_t allocated)
{
    n = MIN(n, allocated);
    if (n && !ata_give(w, bytes, n, pio_block(w)))
        check(w, SENSE_ABORTED, ASC_TRANSFER, 0);
}

static const uint8_t *cdb(const struct ata_work *w)
{
    return w->c->packet;
}

/* ---- reading ---- */

static bool in_range(struct ata_work *w, uint32_t lba, uint32_t count)
{
    uint32_t sectors = sectors_of(w->d);

    if (lba <= sectors && count <= sectors - lba)
        return true;
    check(w, SENSE_ILLEGAL, ASC_RANGE, 0);
    return false;
}

static void read_sectors(struct ata_work *w, uint32_t lba, uint32_t count)
{
    struct err e = { 0 };

    if (!in_range(w, lba, count) || count == 0)
        return;
    if (count > MOST_SECTORS) {
        guest_error(w->d->dev, "CD-ROM read too long", "%u sectors", count);
        invalid_field(w);
        return;
    }
    enum ata_moved got = w->h->move_disk(w->h->arg, w->d->disk, (uint64_t)lba * CD_SECTOR,
                                         (uint64_t)count * CD_SECTOR, true, pio_block(w), &e);
    if (e.code)
        ata_host_error(w->d, &e);
    if (got != ATA_MOVED)
        check(w, got == ATA_DISK_FAILED ? SENSE_MEDIUM : SENSE_ABORTED,
              got == ATA_DISK_FAILED ? ASC_READ : ASC_TRANSFER, 0);
    else
        w->d->s->sectors_read += count;
}

static void read_10(struct ata_work *w)
{
    read_sectors(w, ld_be32(cdb(w) + 2), ld_be16(cdb(w) + 7));
}
static void read_12(struct ata_work *w)
{
    read_sectors(w, ld_be32(cdb(w) + 2), ld_be32(cdb(w) + 6));
}

/* MMC-6, 6.17: user data of mode 1 and no more; sub-channels and headers an image does not have. */
static void read_cd(struct ata_work *w)
{
    enum { USER_DATA = 0x10 };
    const uint8_t *c = cdb(w);
    uint32_t type = c[1] >> 2 & 7, count = ld_be32(c + 5) & 0xffffff;

    if ((type != 0 && type != 2) || (c[10] & 7) || (c[9] != USER_DATA && c[9] != 0))
        invalid_field(w);
    else if (c[9] == USER_DATA)
        read_sectors(w, ld_be32(c + 2), count);
    else
        (void)in_range(w, ld_be32(c + 2), count);
}

static void verify_10(struct ata_work *w)
{
    (void)in_range(w, ld_be32(cdb(w) + 2), ld_be16(cdb(w) + 7));
}
static void seek_10(struct ata_work *w)
{
    (void)in_range(w, ld_be32(cdb(w) + 2), 1);
}

static void read_capacity(struct ata_work *w)
{
    uint8_t b[8];

    st_be32(b, MAX(sectors_of(w->d), 1u) - 1);
    st_be32(b + 4, CD_SECTOR);
    answer(w, b, sizeof(b), sizeof(b));
}

/* ---- the table of contents (MMC-6, 6.25): one data track, then the lead-out ---- */

static void put_msf(uint8_t *at, uint32_t lba)
{
    lba += 150;
    at[0] = (uint8_t)(lba / 75 / 60);
    at[1] = (uint8_t)(lba / 75 % 60);
    at[2] = (uint8_t)(lba % 75);
}

static void put_address(uint8_t *at, uint32_t lba, bool msf)
{
    at[0] = 0;
    if (msf)
        put_msf(at + 1, lba);
    else
        st_be32(at, lba);
}

enum { DATA_TRACK = 0x14, LEAD_OUT = 0xaa };

static uint32_t toc(const struct ata_drive *d, uint8_t from, bool msf, uint8_t *b)
{
    uint32_t n = 4;

    b[2] = b[3] = 1;
    for (unsigned i = 0; i < 2; i++) {
        uint8_t track = i ? LEAD_OUT : 1;
        if (from > track)
            continue;
        b[n + 1] = DATA_TRACK;
        b[n + 2] = track;
        put_address(b + n + 4, i ? sectors_of(d) : 0, msf);
        n += 8;
    }
    return n;
}

/* Format 2: what the lead-in holds, in entries of 11 bytes. */
static uint32_t full_toc(const struct ata_drive *d, uint8_t *b)
{
    static const uint8_t points[] = { 0xa0, 0xa1, 0xa2, 1 };
    uint32_t n = 4;

    b[2] = b[3] = 1;
    for (size_t i = 0; i < ARRAY_LEN(points); i++, n += 11) {
        b[n] = 1; /* session */
        b[n + 1] = DATA_TRACK;
        b[n + 3] = points[i];
        if (points[i] == 0xa2)
            put_msf(b + n + 8, sectors_of(d));
        else if (points[i] == 1)
            put_msf(b + n + 8, 0);
        else
            b[n + 8] = 1; /* first and last track */
    }
    return n;
}

static void read_toc(struct ata_work *w)
{
    const uint8_t *c = cdb(w);
    /* ATAPI drives of old had the format in byte 9 */
    uint8_t b[64] = { 0 }, format = c[2] & 15 ? c[2] & 15 : c[9] >> 6, from = c[6];
    bool msf = c[1] & 2;
    uint32_t n;

    if (format == 0 && (from <= 1 || from == LEAD_OUT)) {
        n = toc(w->d, from, msf, b);
    } else if (format == 1) { /* sessions: the only one begins with track 1 */
        n = 12;
        b[2] = b[3] = 1;
        b[5] = DATA_TRACK;
        b[6] = 1;
        put_address(b + 8, 0, msf);
    } else if (format == 2 && from <= 1) {
        n = full_toc(w->d, b);
    } else {
        invalid_field(w);
        return;
    }
    st_be16(b, (uint16_t)(n - 2));
    answer(w, b, n, ld_be16(c + 7));
}

/* MMC-6, 6.22: complete, one session */
static void disc_information(struct ata_work *w)
{
    uint8_t b[34] = { 0 };

    if ((cdb(w)[1] & 7) != 0) {
        invalid_field(w);
        return;
    }
    st_be16(b, sizeof(b) - 2);
    b[2] = 0x0e;                 /* last session complete, disc finalized */
    b[3] = b[4] = b[5] = b[6] = 1;
    b[7] = 0x20;                 /* unrestricted use */
    memset(b + 16, 0xff, 8);     /* nothing more can be written */
    answer(w, b, sizeof(b), ld_be16(cdb(w) + 7));
}

/* MMC-6, 6.23: physical format (0) and copyright (1) of a DVD. */
static void disc_structure(struct ata_work *w)
{
    const uint8_t *c = cdb(w);
    uint8_t b[4 + 2048] = { 0 };
    uint32_t n = c[7] == 0 ? 2048 + 4 : 4 + 4;

    if (profile_of(w->d) != PROFILE_DVD) {
        check(w, SENSE_ILLEGAL, 0x30, 0x02); /* cannot read medium: incompatible format */
        return;
    }
    if ((c[1] & 15) || c[6] || c[7] > 1) {
        invalid_field(w);
        return;
    }
    st_be16(b, (uint16_t)(n - 2));
    if (c[7] == 0) {
        b[4] = 0x01;             /* DVD-ROM, version 1 */
        b[5] = 0x0f;             /* 120 mm, no maximum rate given */
        b[6] = 0x01;             /* one layer, embossed */
        st_be32(b + 8, 0x30000); /* first sector of the data area */
        st_be32(b + 12, 0x30000 + sectors_of(w->d) - 1);
    }
    answer(w, b, n, ld_be16(c + 8));
}

/* ---- what the drive is (SPC-4, 6.4; MMC-6, 6.6 and chapter 7) ---- */

static void inquiry(struct ata_work *w)
{
    const uint8_t *c = cdb(w);
    uint8_t b[36] = { 0x05, 0x80, 0x05, 0x02, 31 };

    if (c[1] & 1) { /* vital product data: which pages, and the serial number */
        b[1] = c[2];
        b[2] = 0;
        b[3] = c[2] == 0 ? 2 : 20;
        b[4] = 0;
        if (c[2] == 0)
            b[5] = 0x80;
        else if (c[2] == 0x80)
            memcpy(b + 4, w->d->serial, 20);
        else {
            invalid_field(w);
            return;
        }
        answer(w, b, 4u + b[3], ld_be16(c + 3));
        return;
    }
    if (c[2]) {
        invalid_field(w);
        return;
    }
    memcpy(b + 8, "ORRERY  ", 8);
    memcpy(b + 16, w->d->model, 16);
    memcpy(b + 32, ORRERY_VERSION "   ", 4);
    answer(w, b, sizeof(b), ld_be16(c + 3));
}

struct feature {
    uint16_t id;
    uint8_t flags;               /* version << 2 | persistent << 1 | current */
    uint8_t n, data[8];
};

static uint32_t put_feature(uint8_t *b, const struct feature *f)
{
    st_be16(b, f->id);
    b[2] = f->flags;
    b[3] = f->n;
    memcpy(b + 4, f->data, f->n);
    return 4u + f->n;
}

static void get_configuration(struct ata_work *w)
{
    enum { ALL = 0, CURRENT = 1, ONE = 2 };
    const uint8_t *c = cdb(w);
    uint8_t b[128] = { 0 };
    uint16_t profile = profile_of(w->d);
    uint8_t cd = profile == PROFILE_CD, dvd = profile == PROFILE_DVD, medium = profile != 0;
    const struct feature features[] = {
        { 0x0000, 0x03, 8, { 0, PROFILE_DVD, dvd, 0, 0, PROFILE_CD, cd, 0 } }, /* profile list */
        { 0x0001, 0x0b, 8, { 0, 0, 0, 2, 1 } },       /* core: ATAPI, device busy event */
        { 0x0002, 0x07, 4, { 0x02 } },                /* morphing: operation change event */
        { 0x0003, 0x03, 4, { 0x29 } },                /* removable: tray, eject, lock */
        { 0x0010, medium, 8, { 0, 0, 8, 0, 0, 1 } },  /* random readable: 2048 bytes */
        { 0x001e, (uint8_t)(0x08 | cd), 4, { 0 } },   /* CD read */
        { 0x001f, dvd, 4, { 0 } },                    /* DVD read */
        { 0x0105, 0x03, 4, { 0 } },                   /* time-out */
    };
    uint32_t n = 8, request = c[1] & 3, from = ld_be16(c + 2);

    if (request > ONE) {
        invalid_field(w);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(features); i++) {
        const struct feature *f = &features[i];
        if (request == ONE ? f->id == from
                           : f->id >= from && (request == ALL || (f->flags & 1)))
            n += put_feature(b + n, f);
    }
    st_be32(b, n - 4);
    st_be16(b + 6, profile);
    answer(w, b, n, ld_be16(c + 7));
}

/* MMC-6, 6.7: polled, of the media class. */
static void get_event_status(struct ata_work *w)
{
    enum { CLASS_MEDIA = 4, NO_EVENT = 0x80 };
    const uint8_t *c = cdb(w);
    uint8_t b[8] = { 0 };
    uint32_t n = 4;

    if (!(c[1] & 1)) {
        invalid_field(w);
        return;
    }
    b[3] = BIT(CLASS_MEDIA);
    if (c[4] & BIT(CLASS_MEDIA)) {
        b[2] = CLASS_MEDIA;
        b[4] = w->d->s->media_event;
        b[5] = (uint8_t)((has_medium(w->d) ? 2 : 0) | (w->d->s->tray_open ? 1 : 0));
        w->d->s->media_event = EVENT_NONE;
        n = 8;
    } else {
        b[2] = NO_EVENT;
    }
    st_be16(b, (uint16_t)(n - 2));
    answer(w, b, n, ld_be16(c + 7));
}

/* Pages 01h (error recovery) and 2Ah (capabilities); nothing can be changed. */
static uint32_t mode_page(const struct ata_drive *d, uint8_t page, bool changeable, uint8_t *b)
{
    uint32_t n = page == 0x01 ? 12 : 22;

    b[0] = page;
    b[1] = (uint8_t)(n - 2);
    if (changeable)
        return n;
    if (page == 0x01) {
        b[3] = 5;                /* retries */
        return n;
    }
    b[2] = 0x38;                 /* reads DVD-ROM, and discs of the writable kinds */
    b[4] = 0x70;                 /* mode 2 form 1 and 2, multi-session */
    b[5] = 0;
    b[6] = (uint8_t)(0x29 | (d->s->locked ? 2 : 0)); /* tray, eject, lock */
    st_be16(b + 8, 706);         /* KB/s, four times */
    st_be16(b + 12, 512);        /* buffer */
    st_be16(b + 14, 706);
    return n;
}

static void mode_sense(struct ata_work *w)
{
    enum { PC_CHANGEABLE = 1, PC_SAVED = 3, ALL_PAGES = 0x3f };
    const uint8_t *c = cdb(w);
    uint8_t b[64] = { 0 }, page = c[2] & 0x3f, control = c[2] >> 6;
    uint32_t n = 8;

    if (control == PC_SAVED) {
        check(w, SENSE_ILLEGAL, ASC_SAVING, 0);
        return;
    }
    if (c[3] || (page != 0x01 && page != 0x2a && page != ALL_PAGES)) {
        invalid_field(w);
        return;
    }
    if (page != 0x2a)
        n += mode_page(w->d, 0x01, control == PC_CHANGEABLE, b + n);
    if (page != 0x01)
        n += mode_page(w->d, 0x2a, control == PC_CHANGEABLE, b + n);
    st_be16(b, (uint16_t)(n - 2));
    b[2] = w->d->s->tray_open ? 0x71
           : has_medium(w->d) ? 0x01
                              : 0x70; /* SFF-8020i's medium types */
    answer(w, b, n, ld_be16(c + 7));
}

static void mechanism_status(struct ata_work *w)
{
    uint8_t b[8] = { 0 };

    b[1] = w->d->s->tray_open ? 0x10 : 0;
    answer(w, b, sizeof(b), ld_be16(cdb(w) + 8));
}

static void request_sense(struct ata_work *w)
{
    struct ata_state *s = w->d->s;
    uint8_t b[18] = { 0x70 };

    if (cdb(w)[1] & 1) { /* descriptors are not offered */
        invalid_field(w);
        return;
    }
    if (s->sense == SENSE_NONE && s->attention) {
        s->sense = SENSE_ATTENTION;
        s->asc = s->attention_asc;
        s->ascq = 0;
        s->attention = 0;
    }
    b[2] = s->sense;
    b[7] = 10;
    b[12] = s->asc;
    b[13] = s->ascq;
    s->sense = SENSE_NONE;
    s->asc = s->ascq = 0;
    answer(w, b, sizeof(b), cdb(w)[4]);
}

static void start_stop(struct ata_work *w)
{
    enum { START = 1, LOAD_EJECT = 2 };
    const uint8_t *c = cdb(w);

    if ((c[4] & 0xf0) || !(c[4] & LOAD_EJECT))
        return; /* power conditions, spinning: nothing turns here */
    if (c[4] & START) {
        if (w->d->s->tray_open)
            load(w->d);
    } else if (w->d->s->locked) {
        check(w, SENSE_ILLEGAL, ASC_LOCKED, 0x02);
    } else if (!w->d->s->tray_open) {
        w->d->s->tray_open = 1;
        w->d->s->media_event = w->d->disk ? EVENT_REMOVAL : EVENT_NONE;
    }
}

static void prevent_removal(struct ata_work *w)
{
    w->d->s->locked = cdb(w)[4] & 1;
}
static void nothing(struct ata_work *w)
{
    (void)w;
}

/* ---- the table ---- */

enum { MEDIUM = 1, IGNORES_ATTENTION = 2, DATA = 4 };
static const struct packet_row {
    uint8_t opcode, flags;
    void (*fn)(struct ata_work *w);
} rows[] = {
    { 0x00, MEDIUM, nothing },                   /* TEST UNIT READY */
    { 0x03, IGNORES_ATTENTION | DATA, request_sense },
    { 0x12, IGNORES_ATTENTION | DATA, inquiry },
    { 0x1b, 0, start_stop },
    { 0x1e, 0, prevent_removal },
    { 0x25, MEDIUM | DATA, read_capacity },
    { 0x28, MEDIUM | DATA, read_10 },
    { 0x2b, MEDIUM, seek_10 },
    { 0x2f, MEDIUM, verify_10 },
    { 0x35, 0, nothing },                        /* SYNCHRONIZE CACHE: nothing is written */
    { 0x43, MEDIUM | DATA, read_toc },
    { 0x46, IGNORES_ATTENTION | DATA, get_configuration },
    { 0x4a, IGNORES_ATTENTION | DATA, get_event_status },
    { 0x51, MEDIUM | DATA, disc_information },
    { 0x5a, DATA, mode_sense },
    { 0xa8, MEDIUM | DATA, read_12 },
    { 0xad, MEDIUM | DATA, disc_structure },
    { 0xbb, 0, nothing },                        /* SET CD SPEED: a wish */
    { 0xbd, DATA, mechanism_status },
    { 0xbe, MEDIUM | DATA, read_cd },
};

static const struct packet_row *find(uint8_t opcode)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].opcode == opcode)
            return &rows[i];
    return NULL;
}

bool atapi_moves_data(uint8_t opcode)
{
    const struct packet_row *row = find(opcode);

    return row && (row->flags & DATA);
}

void atapi_packet(struct ata_work *w)
{
    enum { REASON_DONE = 3 /* command, to the host */ };
    struct ata_state *s = w->d->s;
    const struct packet_row *row = find(w->c->packet[0]);

    if (!row) {
        check(w, SENSE_ILLEGAL, ASC_OPCODE, 0);
    } else if (s->attention && !(row->flags & IGNORES_ATTENTION)) {
        s->attention = 0;
        check(w, SENSE_ATTENTION, s->attention_asc, 0);
    } else if ((row->flags & MEDIUM) && !has_medium(w->d)) {
        check(w, SENSE_NOT_READY, ASC_NO_MEDIUM, s->tray_open ? 2 : 1);
    } else {
        if (row->fn != request_sense) /* SPC-4, 5.12: sense data are the last command's */
            s->sense = s->asc = s->ascq = SENSE_NONE;
        row->fn(w);
    }
    w->r->pio_in = false; /* a packet ends with a register FIS, whatever moved */
    w->r->count = REASON_DONE;
}
