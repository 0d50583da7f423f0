/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_EDID_H
#define ORRERY_DEVICES_EDID_H
/*
 * The block with which a monitor describes itself (VESA E-EDID 1.4): one detailed timing, that of
 * VESA CVT 1.1 with reduced blanking at 60 Hz, and the smaller sizes among the established
 * and standard timings. The same in every run: nothing of the host's screen is in it.
 */
#include "core/util/err.h"

#define EDID_SIZE 128

/* ERR_LIMIT: a size that a detailed timing cannot express, or not at 60 Hz. */
int edid_write(uint8_t block[EDID_SIZE], uint32_t width, uint32_t height, struct err *e) MUST_CHECK;

#endif
