/* SPDX-License-Identifier: Apache-2.0 */
/* Identify (NVM Express 1.4, 5.15) and Get Log Page (5.14): what the controller says of itself. */
#include "devices/nvme_impl.h"
#include "core/util/hash.h"
#include <stdio.h>

enum { PAGE = 4096, ALL_NAMESPACES = 0xffffffff };

static void text(uint8_t *at, size_t width, const char *words)
{
    memset(at, ' ', width);
    memcpy(at, words, MIN(strlen(words), width));
}

/* Figure 247 */
static void identify_controller(const struct nvme *n, uint8_t *b)
{
    char name[64];

    st_le16(b + 0, 0x1b36);                            /* VID */
    st_le16(b + 2, 0x1af4);                            /* SSVID */
    memcpy(b + 4, n->serial, sizeof(n->serial));       /* SN */
    text(b + 24, 40, "Orrery NVMe Ctrl");              /* MN */
    text(b + 64, 8, ORRERY_VERSION);                   /* FR */
    b[72] = 6;                                         /* RAB */
    memcpy(b + 73, "\x00\x54\x52", 3);                 /* IEEE, least significant byte first */
    b[77] = NVME_MDTS;
    st_le32(b + 80, 0x00010400);                       /* VER */
    b[111] = 1;                                        /* CNTRLTYPE: I/O controller */
    st_le16(b + 256, 0x0002);                          /* OACS: Format NVM */
    b[258] = 3;                                        /* ACL */
    b[259] = NVME_EVENTS - 1;                          /* AERL */
    b[260] = 0x03;                                     /* FRMW: one slot, read-only */
    b[261] = 0x07; /* LPA: health by namespace, effects, offsets */
    b[262] = NVME_ERRORS - 1;                          /* ELPE */
    st_le16(b + 266, 343);                             /* WCTEMP */
    st_le16(b + 268, 373);                             /* CCTEMP */
    b[512] = 0x66;                                     /* SQES */
    b[513] = 0x44;                                     /* CQES */
    st_le32(b + 516, NVME_NAMESPACES);                 /* NN */
    st_le16(b + 520, 0x005d);     /* ONCS: Compare, DSM, Write Zeroes, Select, Timestamp */
    b[525] = 0x07;                /* VWC: there is one, Flush takes all namespaces */
    st_le32(b + 536, 0x00050001); /* SGLS: any alignment, bit buckets, may be too long */
    snprintf(name, sizeof(name), "nqn.2026-11.orrery:%.20s", n->serial);
    for (size_t i = strlen(name); i > 0 && name[i - 1] == ' '; i--)
        name[i - 1] = 0;
    memcpy(b + 768, name, strlen(name));               /* SUBNQN */
    st_le16(b + 2048, 2500);                           /* PSD0: 25 W */
    st_le32(b + 2052, 16);                             /* ENLAT, us */
    st_le32(b + 2056, 4);                              /* EXLAT */
}

/* Unlike any other namespace's, the same in every run. */
static void make_eui64(const struct nvme *n, uint32_t nsid, uint8_t b[8])
{
    st_be64(b, 0x5254000000000000ull | (hash_bytes(nsid, n->serial, sizeof(n->serial)) >> 24));
}

/* Figure 245 */
static void identify_namespace(const struct nvme *n, uint32_t nsid, uint8_t *b)
{
    for (unsigned i = 0; i < 24; i += 8)
        st_le64(b + i, nvme_sectors(n, nsid));         /* NSZE, NCAP, NUSE */
    b[25] = 1;                                         /* NLBAF: two */
    b[26] = n->sector_shift[nsid - 1] == 12;           /* FLBAS */
    b[33] = 8;                                         /* DLFEAT: Write Zeroes may deallocate */
    b[99] = block_is_read_only(n->disk[nsid - 1]);     /* NSATTR: write protected */
    make_eui64(n, nsid, b + 120);
    b[130] = 9;                                        /* LBAF0.LBADS */
    b[134] = 12;                                       /* LBAF1.LBADS */
}

/* Figure 246: namespace identification descriptors. */
static void identify_descriptors(const struct nvme *n, uint32_t nsid, uint8_t *b)
{
    enum { NIDT_EUI64 = 1, NIDL_EUI64 = 8 };
    b[0] = NIDT_EUI64;
    b[1] = NIDL_EUI64;
    make_eui64(n, nsid, b + 4);
}

enum nvme_status nvme_identify(struct nvme *n, struct nvme_command *c)
{
    enum { CNS_NAMESPACE = 0, CNS_CONTROLLER = 1, CNS_ACTIVE = 2, CNS_DESCRIPTORS = 3 };
    uint8_t b[PAGE] = { 0 };
    uint32_t nsid = nvme_nsid(c), at = 0;

    switch (nvme_dw(c, 10) & 0xff) {
    case CNS_NAMESPACE: /* an inactive namespace's is all zeroes */
        if (nsid == 0 || nsid > NVME_NAMESPACES)
            return NVME_INVALID_NAMESPACE | NVME_DNR;
        if (nvme_disk(n, nsid))
            identify_namespace(n, nsid, b);
        break;
    case CNS_CONTROLLER:
        identify_controller(n, b);
        break;
    case CNS_ACTIVE: /* those behind `nsid` */
        if (nsid >= ALL_NAMESPACES - 1)
            return NVME_INVALID_NAMESPACE | NVME_DNR;
        for (uint32_t i = 1; i <= NVME_NAMESPACES; i++)
            if (i > nsid && nvme_disk(n, i)) {
                st_le32(b + at, i);
                at += 4;
            }
        break;
    case CNS_DESCRIPTORS:
        if (!nvme_disk(n, nsid))
            return NVME_INVALID_NAMESPACE | NVME_DNR;
        identify_descriptors(n, nsid, b);
        break;
    default:
        return NVME_INVALID_FIELD | NVME_DNR;
    }
    return nvme_give(n, c, b, sizeof(b));
}

/* ---- log pages ---- */

static void error_log(const struct nvme *n, uint8_t *b)
{
    for (unsigned i = 0; i < NVME_ERRORS; i++, b += 64) {
        const struct nvme_error *x = &n->error[i];
        st_le64(b, x->count);
        st_le16(b + 8, x->sqid);
        st_le16(b + 10, x->cid);
        st_le16(b + 12, x->status);
        st_le16(b + 14, x->count ? 0xffff : 0); /* no one byte is to blame */
        st_le64(b + 16, x->lba);
        st_le32(b + 24, x->nsid);
    }
}

static void health_log(const struct nvme *n, uint8_t *b)
{
    const struct nvme_counts *k = &n->counts;

    b[0] = nvme_health(n);
    st_le16(b + 1, 323);                               /* composite temperature, K */
    b[3] = 100;                                        /* available spare, % */
    b[4] = 10;                                         /* its threshold */
    st_le64(b + 32, (k->sectors_read + 999) / 1000);   /* in thousands of 512 bytes */
    st_le64(b + 48, (k->sectors_written + 999) / 1000);
    st_le64(b + 64, k->reads);
    st_le64(b + 80, k->writes);
    st_le64(b + 112, 1);                               /* power cycles */
    st_le64(b + 128, device_now(&n->dev) / PS_PER_SEC / 3600);
    st_le64(b + 160, k->media_errors);
    st_le64(b + 176, k->errors);
}

/* 5.14.1.5: supported; changes contents, the namespace's format. */
static void effects_log(uint8_t *b)
{
    enum { SUPPORTED = 1, CONTENTS = 2, CAPABILITIES = 4, NAMESPACE = 1 << 16 };
    static const struct { uint16_t at; uint32_t effects; } rows[] = {
        { 0x00, SUPPORTED }, { 0x01, SUPPORTED }, { 0x02, SUPPORTED }, { 0x04, SUPPORTED },
        { 0x05, SUPPORTED }, { 0x06, SUPPORTED }, { 0x08, SUPPORTED }, { 0x09, SUPPORTED },
        { 0x0a, SUPPORTED }, { 0x0c, SUPPORTED },
        { 0x80, SUPPORTED | CONTENTS | CAPABILITIES | NAMESPACE },
        /* I/O commands */
        { 0x100, SUPPORTED }, { 0x101, SUPPORTED | CONTENTS }, { 0x102, SUPPORTED },
        { 0x105, SUPPORTED }, { 0x108, SUPPORTED | CONTENTS }, { 0x109, SUPPORTED | CONTENTS },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        st_le32(b + 4 * rows[i].at, rows[i].effects);
}

static void firmware_log(uint8_t *b)
{
    b[0] = 1;                                          /* slot 1 is active */
    text(b + 8, 8, ORRERY_VERSION);
}

enum nvme_status nvme_log_page(struct nvme *n, struct nvme_command *c)
{
    enum { LOG_ERRORS = 1, LOG_HEALTH = 2, LOG_FIRMWARE = 3, LOG_CHANGED = 4, LOG_EFFECTS = 5 };
    static const uint32_t sizes[] = { 0, 64 * NVME_ERRORS, 512, 512, PAGE, PAGE };
    uint32_t log = nvme_dw(c, 10) & 0xff, nsid = nvme_nsid(c);
    uint64_t bytes = 4 * (((uint64_t)(nvme_dw(c, 11) & 0xffff) << 16 | nvme_dw(c, 10) >> 16) + 1);
    uint64_t offset = (uint64_t)nvme_dw(c, 13) << 32 | nvme_dw(c, 12);
    bool clear = !(nvme_dw(c, 10) >> 15 & 1);          /* RAE: retain asynchronous event */
    uint8_t b[PAGE] = { 0 };

    if (log == 0 || log >= ARRAY_LEN(sizes))
        return NVME_LOG_PAGE | NVME_DNR;
    if (offset % 4 || offset > sizes[log])
        return NVME_INVALID_FIELD | NVME_DNR;
    if (log == LOG_HEALTH && nsid != 0 && nsid != ALL_NAMESPACES && !nvme_disk(n, nsid))
        return NVME_INVALID_NAMESPACE | NVME_DNR;
    if (log == LOG_ERRORS)
        error_log(n, b);
    else if (log == LOG_HEALTH)
        health_log(n, b);
    else if (log == LOG_FIRMWARE)
        firmware_log(b);
    else if (log == LOG_EFFECTS)
        effects_log(b);
    enum nvme_status status =
        nvme_give(n, c, b + offset, (uint32_t)MIN(bytes, sizes[log] - offset));
    if (status == NVME_OK && clear && log == LOG_ERRORS)
        n->event_masked &= (uint8_t)~BIT(NVME_EVENT_ERROR);
    if (status == NVME_OK && clear && log == LOG_HEALTH)
        n->event_masked &= (uint8_t)~BIT(NVME_EVENT_HEALTH);
    return status;
}
