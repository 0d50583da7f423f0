/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_IMAGE_IMPL_H
#define ORRERY_DEVICES_BOARD_IMAGE_IMPL_H
/* Parts of the image loader. Outputs are malloc'd and the caller's; errors carry no file name. */
#include "devices/board/image.h"

int image_gunzip(const uint8_t *in, uint64_t n, uint8_t **out, uint64_t *out_n,
                 struct err *e) MUST_CHECK;
int image_unzstd(const uint8_t *in, uint64_t n, uint8_t **out, uint64_t *out_n,
                 struct err *e) MUST_CHECK;
int image_unpack_zboot(const uint8_t *in, uint64_t n, uint8_t **out, uint64_t *out_n,
                       struct err *e) MUST_CHECK;
/* img->data is an ELF file: fills segments, entry, low, high, tohost. */
int image_parse_elf(struct image *img, struct err *e) MUST_CHECK;

#endif
