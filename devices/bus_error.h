/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BUS_ERROR_H
#define ORRERY_DEVICES_BUS_ERROR_H
/*
 * Ranges of physical memory that answer every access with an error, whatever else lies
 * there: to test what software and translation do about it (external aborts on Arm, access faults on
 * RISC-V, on data, code or tables). Data underneath is kept and seen again when the range is lifted.
 * Ranges are saved with the machine.
 */
#include "core/device/device.h"

#define BUS_ERROR_RANGES 32

struct bus_error;
/* One per machine; covers nothing yet. NULL with `e`. */
struct bus_error *bus_error_create(struct machine *m, const char *id, struct err *e);
/* Bytes, any alignment. ERR_ARG: empty or wraps; ERR_LIMIT: all ranges are in use. */
int bus_error_add(struct bus_error *b, pa_t base, uint64_t size, struct err *e) MUST_CHECK;
/* The range that begins at `base`; ERR_ABSENT. */
int bus_error_remove(struct bus_error *b, pa_t base, struct err *e) MUST_CHECK;
/* "0x80000000+0x1000" */
int bus_error_parse(const char *text, pa_t *base, uint64_t *size, struct err *e) MUST_CHECK;

#endif
