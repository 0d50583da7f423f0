/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_CFI_FLASH_H
#define ORRERY_DEVICES_CFI_FLASH_H
/*
 * NOR flash with the Common Flash Interface (JEDEC JEP137B, JESD68.01) and Intel's basic
 * command set 0x0001 (Intel StrataFlash P30 data sheet, "Command Definitions"): a bank of
 * equal chips side by side. Register-compatible with QEMU's cfi.pflash01.
 *
 *   first write     second          then loads give
 *   FF F0 00        -               the array: memory that code may run from
 *   70              -               status of each chip
 *   50              -               the array; status is cleared to 00
 *   90              -               manufacturer and device id
 *   98              -               the CFI table
 *   10 40           data            status
 *   20              D0              status; the block is all ones
 *   60              D0 01 2F        status; locks are accepted and lock nothing
 *   E8              words - 1, the words, D0: buffered program; status
 *
 * Differences from the data sheet, shared with QEMU: programming stores the data as they
 * are, ones included; nothing takes time; 50 also clears the ready bit, which firmware
 * probes for. An erase happens with its confirmation (QEMU: before). Not modelled: suspend
 * and resume (B0, D0), protection registers, burst configuration: such commands lead back
 * to the array with a guest error.
 *
 * Contents live in a memory of the machine and are saved with it. Where there is a block
 * behind them, what was programmed or erased is written to it at once; a failed write shows
 * as a program or erase error in the status. A restored machine writes what differs to the
 * block. The block stays the caller's, who closes it when the machine runs no more.
 * A reset leaves contents alone.
 */
#include "core/device/device.h"
#include "devices/backend/block.h"

#define CFI_FLASH_BUFFER_MAX 4096

struct cfi_flash_config {
    uint64_t size;                   /* bytes of the bank: sectors and pages. CFI can name a power of two only: the next below */
    uint32_t sector;                 /* bytes that one erase takes, all chips: a power of two */
    uint8_t bank_width, device_width;/* bytes: 1, 2, 4; bank_width / device_width chips */
    uint8_t manufacturer, device;
    bool secure;                     /* QEMU's property: others than secure accesses see the array, their stores are lost */
};

struct cfi_flash {
    struct device dev;
    struct cfi_flash_config config;
    struct mem_space *space;         /* where it was mapped */
    struct mem_ram *ram;
    struct block *block;             /* or NULL: contents end with the machine */
    bool read_only;
    uint32_t buffer_size;
    uint8_t cfi[0x52];

    uint64_t buffer_at;              /* saved from here on: offset of the program buffer */
    uint32_t buffer_words, words_left;
    uint8_t command, cycle, status;
    uint8_t buffer_bad;              /* a word lay outside of the buffer: nothing is programmed */
    uint8_t buffer[CFI_FLASH_BUFFER_MAX];
};

/*
 * `block` as large as the bank, or NULL: all zero then, as on QEMU. ERR_FORMAT when its size is
 * another: the text says which is accepted. NULL with `e` on any error.
 */
struct cfi_flash *cfi_flash_create(struct machine *m, const char *id,
                                   const struct cfi_flash_config *c, struct block *block,
                                   struct err *e);
int cfi_flash_map(struct cfi_flash *f, struct mem_space *space, pa_t base, struct err *e) MUST_CHECK;

#endif
