/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_RAMFB_H
#define ORRERY_DEVICES_RAMFB_H
/*
 * ramfb: a frame buffer that firmware puts in RAM and names in the fw_cfg file `etc/ramfb`
 * (QEMU docs/specs/ramfb.rst). The file has 28 bytes, all numbers big-endian:
 *
 *   0 address (8)  8 DRM fourcc (4)  12 flags (4)  16 width (4)  20 height (4)  24 stride (4)
 *
 * A stride of 0 is width times the pixel's bytes. Formats: XR24 and AR24 (alpha is not looked at),
 * XB24, AB24, RG24, RG16, XR15. What names another format, a picture beyond the limits
 * of displays, lines that overlap or an address that is no RAM is a guest error, and the display
 * goes on as it was.
 * A width or height of 0 switches it off; so does a reset.
 */
#include "core/device/device.h"

struct fw_cfg;
struct host;

/* `h` NULL: without anybody to look. NULL with `e`; the file's name taken is such an error. */
struct device *ramfb_create(struct machine *m, const char *id, struct fw_cfg *f, struct host *h,
                            struct err *e);

#endif
