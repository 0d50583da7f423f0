/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_DEVICETREE_H
#define ORRERY_DEVICES_BOARD_DEVICETREE_H
/*
 * Writing a flattened device tree in order (Devicetree Specification 0.4) through
 * libfdt's sequential interface. Errors stick: after the first one every call does
 * nothing and dt_done() reports it, so a tree is written without a check a line.
 *
 * Cells are 32-bit, written big-endian; an address or size is two cells here, as
 * every board's root has #address-cells = #size-cells = 2. Nodes of parts that boards have in
 * common: tree_nodes.h.
 */
#include "core/util/err.h"

struct dt {
    uint8_t *blob;
    uint32_t size;
    int error;          /* first libfdt error, negative, or 0 */
    char where[64];     /* name of the node or property it struck */
};

#define DT_BYTES (2u << 20) /* room for 64 CPUs many times over; the most that is read, too */

int dt_begin(struct dt *t, struct err *e) MUST_CHECK;
void dt_node(struct dt *t, const char *fmt, ...) PRINTF_LIKE(2, 3); /* opens "name@unit" */
void dt_end(struct dt *t);                                         /* closes it */
void dt_empty(struct dt *t, const char *name);
void dt_bytes(struct dt *t, const char *name, const void *bytes, uint32_t n);
void dt_string(struct dt *t, const char *name, const char *value);
/* NUL-separated list: `n` bytes with the last NUL. */
#define dt_strings(t, name, list) dt_bytes((t), (name), (list), sizeof(list))
void dt_cells(struct dt *t, const char *name, const uint32_t *cells, uint32_t n);
#define dt_cell(t, name, ...)                                                                     \
    dt_cells((t), (name), (const uint32_t[]){ __VA_ARGS__ },                                      \
              (uint32_t)(sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4))
/* Two cells of `value` at cells[n], for properties that are put together; n + 2. */
uint32_t dt_put_u64(uint32_t *cells, uint32_t n, uint64_t value);
void dt_reg(struct dt *t, uint64_t base, uint64_t size); /* reg = <base size>, two cells each */

/* Finish: *blob is malloc'd, of *size bytes, the caller's. Also releases `t` on failure. */
int dt_done(struct dt *t, uint8_t **blob, uint32_t *size, struct err *e) MUST_CHECK;

/*
 * A tree from a file (-dtb) or from dt_done: check it, set bootargs and initrd range in /chosen,
 * making the node if needed. *blob is reallocated. ERR_FORMAT, ERR_LIMIT (over DT_BYTES): it
 * stays as it was.
 */
int dt_set_chosen(uint8_t **blob, uint32_t *size, const char *bootargs, uint64_t initrd,
                   uint64_t initrd_end, struct err *e) MUST_CHECK;

#endif
