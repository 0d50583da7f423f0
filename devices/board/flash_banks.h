/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_FLASH_BANKS_H
#define ORRERY_DEVICES_BOARD_FLASH_BANKS_H
/*
 * The two banks of flash of QEMU's `virt` boards and what is in them: -pflash,
 * -drive if=pflash or -machine pflash0=ID,pflash1=ID. A bank without an image is empty.
 */
#include "devices/board/places.h"
#include "devices/cfi_flash.h"

#define FLASH_BANKS 2

/* The image for bank `unit`, or NULL in *out. After parts_open or parts_create. */
int flash_banks_image(struct board *b, uint32_t unit, struct block **out, struct err *e) MUST_CHECK;
/*
 * Two banks from place `first` on, of first->size bytes each, called flash0 and flash1. After
 * parts_create. `has_image`: for each, is there one?
 */
int flash_banks_build(struct board *b, const struct board_place *first,
                      struct cfi_flash *banks[FLASH_BANKS], bool has_image[FLASH_BANKS],
                      struct err *e) MUST_CHECK;
/*
 * Bank 0 holds the firmware: that of -bios or an image of the bank, not both; *there: is any? The former is to be copied
 * into it by flash_banks_load after each reset.
 */
int flash_banks_firmware(const struct board *b, const struct board_place *first, bool has_image, bool *there,
                         struct err *e) MUST_CHECK;
void flash_banks_load(const struct board *b, struct cfi_flash *bank);

#endif
