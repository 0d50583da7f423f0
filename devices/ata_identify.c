/* SPDX-License-Identifier: Apache-2.0 */
/* What a drive says of itself: IDENTIFY (ACS-3, 7.12, 7.13), SMART (7.48), logs (7.24, annex A). */
#include "devices/ata_impl.h"
#include "core/util/hash.h"

/* ---- IDENTIFY ---- */

/* Two characters a word, the first in the upper byte. */
static void put_text(uint8_t *page, unsigned word, const char *text, unsigned words)
{
    for (unsigned i = 0; i < words; i++) {
        page[2 * (word + i)] = (uint8_t)text[2 * i + 1];
        page[2 * (word + i) + 1] = (uint8_t)text[2 * i];
    }
}

struct word {
    uint8_t at;
    uint16_t value;
};

static void put_words(uint8_t *page, const struct word *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        st_le16(page + 2 * words[i].at, words[i].value);
}

void ata_checksum(uint8_t page[512])
{
    uint8_t sum = 0;

    for (unsigned i = 0; i < 511; i++)
        sum = (uint8_t)(sum + page[i]);
    page[511] = (uint8_t)-sum;
}

/* 63 and 88: modes that are there in the lower byte, the one chosen in the upper one. */
static void put_modes(const struct ata_drive *d, uint8_t *page)
{
    uint8_t mode = d->s->transfer_mode;

    st_le16(page + 2 * 63, (uint16_t)(0x07 | (mode >> 3 == 4 ? 0x100 << (mode & 7) : 0)));
    st_le16(page + 2 * 88, (uint16_t)(0x3f | (mode >> 3 == 8 ? 0x100 << (mode & 7) : 0)));
}

/*
 * On a parallel cable there are no Serial ATA words, and word 93 says what a reset found (ATA/ATAPI-6, 8.15.47): 80 wires, a
 * number by jumper, diagnostics passed.
 */
static void put_transport(const struct ata_drive *d, uint8_t *page)
{
    static const struct word serial[] = { { 75, 0 }, { 76, 0 }, { 222, 0 } };

    if (!d->parallel)
        return;
    put_words(page, serial, ARRAY_LEN(serial));
    st_le16(page + 2 * 93, d->parallel == 1 ? 0x600b : 0x6b00);
}

static void finish(const struct ata_drive *d, uint8_t *page)
{
    put_transport(d, page);
    put_text(page, 10, d->serial, 10);
    put_text(page, 23, ORRERY_VERSION "        ", 4);
    put_text(page, 27, d->model, 20);
    put_modes(d, page);
    page[510] = 0xa5; /* the checksum is valid */
    ata_checksum(page);
}

void ata_identify_disk(const struct ata_drive *d, uint8_t out[512])
{
    static const struct word words[] = {
        { 0, 0x0040 },   { 3, 16 },       { 6, 63 },
        { 47, 0x8010 },                   /* up to 16 sectors a DRQ block */
        { 48, 0x4000 },  { 49, 0x0f00 },  { 50, 0x4000 }, /* DMA, LBA, IORDY */
        { 53, 0x0006 },  { 64, 0x0003 },  { 65, 120 },    { 66, 120 }, { 67, 120 }, { 68, 120 },
        { 75, 31 },                       /* queue of 32 */
        { 76, 0x0106 },                   /* 1.5 and 3 Gb/s, NCQ */
        { 80, 0x07f0 },                   /* ATA/ATAPI-4 to ACS-3 */
        { 82, 0x4069 },                   /* SMART, power modes, write cache, look-ahead, NOP */
        { 83, 0x7400 },                   /* 48 bits, FLUSH (EXT) */
        { 84, 0x4161 },                   /* SMART error log, general purpose log, FUA, WWN */
        { 86, 0xb400 },  { 87, 0x4161 },
        { 105, 8 },                       /* blocks of ranges for one TRIM */
        { 106, 0x4000 }, { 119, 0x4008 }, { 120, 0x4008 }, /* READ LOG DMA */
        { 169, 0x0001 },                  /* TRIM */
        { 209, 0x4000 }, { 217, 1 },      /* does not rotate */
        { 222, 0x101f },                  /* Serial ATA */
    };
    const struct ata_state *s = d->s;
    uint64_t sectors = MIN(block_size(d->disk) / ATA_SECTOR, (uint64_t)1 << 48);

    memset(out, 0, 512);
    put_words(out, words, ARRAY_LEN(words));
    st_le16(out + 2 * 1, (uint16_t)MIN(MAX(sectors / (16 * 63), (uint64_t)1), (uint64_t)16383));
    st_le16(out + 2 * 59, s->multiple ? (uint16_t)(0x100 | s->multiple) : 0);
    st_le32(out + 2 * 60, (uint32_t)MIN(sectors, 0x0fffffffull));
    st_le16(out + 2 * 85, (uint16_t)(0x4008 | (s->smart ? 1 : 0) | (s->write_cache ? 0x20 : 0) |
                                     (s->look_ahead ? 0x40 : 0)));
    st_le64(out + 2 * 100, sectors);
    /* 108 to 111, world wide name: NAA 5, a number of its own */
    uint64_t name = 5ull << 60 | 0x525400ull << 36 | zext(hash_bytes(0, d->serial, 20), 36);
    for (unsigned i = 0; i < 4; i++)
        st_le16(out + 2 * (108 + i), (uint16_t)(name >> (48 - 16 * i)));
    finish(d, out);
}

void ata_identify_packet(const struct ata_drive *d, uint8_t out[512])
{
    static const struct word words[] = {
        { 0, 0x85c0 },                    /* CD-ROM, removable, packets of 12 bytes, DRQ in 50 us */
        { 49, 0x0f00 },  { 50, 0x4000 },  { 53, 0x0006 },
        { 64, 0x0003 },  { 65, 120 },     { 66, 120 },    { 67, 120 }, { 68, 120 },
        { 76, 0x0006 },  { 80, 0x07f0 },  { 82, 0x4210 }, /* PACKET, DEVICE RESET, NOP */
        { 83, 0x4000 },  { 84, 0x4000 },  { 85, 0x4210 }, { 87, 0x4000 }, { 222, 0x101f },
    };

    memset(out, 0, 512);
    put_words(out, words, ARRAY_LEN(words));
    finish(d, out);
}

/* ---- SMART ---- */

/* Attributes (as drives have them: id, flags, value, worst, 6 bytes raw) and their thresholds. */
struct attribute {
    uint8_t id, flags, threshold;
};
static const struct attribute attributes[] = {
    { 5, 0x33, 10 },   /* reallocated sectors */
    { 9, 0x32, 0 },    /* power-on hours */
    { 12, 0x32, 0 },   /* power cycles */
    { 194, 0x22, 0 },  /* temperature, degrees Celsius */
    { 241, 0x32, 0 },  /* sectors written */
    { 242, 0x32, 0 },  /* sectors read */
};

static uint64_t raw_value(const struct ata_drive *d, uint8_t id)
{
    switch (id) {
    case 9: return device_now(d->dev) / PS_PER_SEC / 3600;
    case 12: return 1;
    case 194: return 30;
    case 241: return d->s->sectors_written;
    case 242: return d->s->sectors_read;
    default: return 0;
    }
}

static void smart_data(const struct ata_drive *d, uint8_t page[512])
{
    st_le16(page, 0x0010); /* revision */
    for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
        uint8_t *a = page + 2 + 12 * i;
        a[0] = attributes[i].id;
        a[1] = attributes[i].flags;
        a[3] = a[4] = attributes[i].id == 194 ? 70 : 100;
        uint64_t raw = raw_value(d, attributes[i].id);
        memcpy(a + 5, &raw, 6);
    }
    page[362] = 0;      /* no off-line collection was ever begun */
    page[368] = 0x03;   /* capability: saves data, autosave */
    page[370] = 0x01;   /* error logging */
    ata_checksum(page);
}

static void smart_thresholds(uint8_t page[512])
{
    st_le16(page, 0x0010);
    for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
        page[2 + 12 * i] = attributes[i].id;
        page[3 + 12 * i] = attributes[i].threshold;
    }
    ata_checksum(page);
}

/* The directory and an error log without an entry. */
static bool smart_log(uint8_t log, uint8_t page[512])
{
    page[0] = 1; /* version */
    if (log == 0)
        page[2 * 1] = 1; /* pages of log 01h */
    else if (log == 1)
        ata_checksum(page);
    else
        return false;
    return true;
}

/* 7.48: the subcommand is in features, its magic number in the LBA. */
void ata_smart(struct ata_work *w)
{
    enum { READ_DATA = 0xd0, READ_THRESHOLDS = 0xd1, AUTOSAVE = 0xd2, READ_LOG = 0xd5,
           ENABLE = 0xd8, DISABLE = 0xd9, STATUS = 0xda };
    struct ata_state *s = w->d->s;
    uint8_t page[512] = { 0 }, feature = w->c->features & 0xff;

    if ((w->c->lba >> 8 & 0xffff) != 0xc24f || (!s->smart && feature != ENABLE)) {
        ata_fail(w, ATA_ABRT);
        return;
    }
    switch (feature) {
    case READ_DATA:
        smart_data(w->d, page);
        (void)ata_give(w, page, sizeof(page), sizeof(page));
        break;
    case READ_THRESHOLDS:
        smart_thresholds(page);
        (void)ata_give(w, page, sizeof(page), sizeof(page));
        break;
    case AUTOSAVE:
        s->autosave = (w->c->count & 0xff) == 0xf1;
        break;
    case READ_LOG:
        if ((w->c->count & 0xff) == 1 && smart_log(w->c->lba & 0xff, page))
            (void)ata_give(w, page, sizeof(page), sizeof(page));
        else
            ata_fail(w, ATA_ABRT);
        break;
    case ENABLE:
    case DISABLE:
        s->smart = feature == ENABLE;
        break;
    case STATUS: /* the magic number unchanged: no threshold is exceeded */
        break;
    default:
        ata_fail(w, ATA_ABRT);
    }
}

/* ---- READ LOG (DMA) EXT ---- */

static void ncq_error(struct ata_drive *d, uint8_t page[512])
{
    struct ata_state *s = d->s;

    page[0] = s->failed ? s->failed_tag : 0x80; /* NQ: the last error was not a queued command's */
    page[2] = s->failed_status;
    page[3] = s->failed_error;
    ata_put_lba(page, s->failed_lba);
    page[7] = s->failed_device;
    st_le16(page + 12, s->failed_count);
    ata_checksum(page);
    s->failed = 0; /* reading it ends the error */
}

static void read_log(struct ata_work *w, uint32_t pio)
{
    enum { DIRECTORY = 0x00, NCQ_ERROR = 0x10 };
    uint32_t log = w->c->lba & 0xff;
    uint32_t number = (uint32_t)((w->c->lba >> 8 & 0xff) | (w->c->lba >> 32 & 0xff) << 8);
    uint8_t page[512] = { 0 };

    /* Each log here has one page. */
    if ((log != DIRECTORY && (log != NCQ_ERROR || w->d->parallel)) || number != 0 || w->c->count != 1) {
        ata_fail(w, ATA_ABRT);
        return;
    }
    if (log == NCQ_ERROR) {
        ncq_error(w->d, page);
    } else {
        st_le16(page, 1);
        st_le16(page + 2 * NCQ_ERROR, w->d->parallel ? 0 : 1);
    }
    (void)ata_give(w, page, sizeof(page), pio);
}

void ata_read_log(struct ata_work *w)
{
    read_log(w, ATA_SECTOR);
}

void ata_read_log_dma(struct ata_work *w)
{
    read_log(w, 0);
}
