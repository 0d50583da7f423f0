/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_ATA_IMPL_H
#define ORRERY_DEVICES_ATA_IMPL_H
/* What ata.c (commands of disks and of both), ata_identify.c and atapi.c share. */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/ata.h"

/* A command in the making. */
struct ata_work {
    struct ata_drive *d;
    const struct ata_command *c;
    const struct ata_host *h;
    struct ata_result *r;
};

void ata_fail(struct ata_work *w, uint8_t error);
/* Move a block of data; false: the command failed, and the result says so. */
bool ata_give(struct ata_work *w, void *bytes, uint32_t n, uint32_t pio);
bool ata_take(struct ata_work *w, void *bytes, uint32_t n, uint32_t pio);
void ata_host_error(const struct ata_drive *d, const struct err *e);
/* Text as IDENTIFY has it: two characters a word, the first in the upper byte. */
void ata_identify_disk(const struct ata_drive *d, uint8_t out[512]);
void ata_identify_packet(const struct ata_drive *d, uint8_t out[512]);
void ata_checksum(uint8_t page[512]); /* byte 511: all add up to 0 */
/* SMART (ACS-3, 7.48) and READ LOG (7.28) */
void ata_smart(struct ata_work *w);
void ata_read_log(struct ata_work *w);
void ata_read_log_dma(struct ata_work *w);
/* 0xa0: PACKET */
void atapi_packet(struct ata_work *w);
void atapi_reset(struct ata_drive *d);
uint8_t atapi_image_failed(const struct ata_drive *d);

#endif
