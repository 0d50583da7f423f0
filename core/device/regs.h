/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_DEVICE_REGS_H
#define ORRERY_CORE_DEVICE_REGS_H
/*
 * Register tables: a device's programming model as the manual prints it.
 *
 * A register is read-only until its row says otherwise. With storage (`.stored`
 * and `.at`) a write changes the bits of `rw`, clears those of `w1c` written as 1
 * and sets those of `w1s` written as 1. Without storage and `.read` it reads as its
 * `reset` value: 0, or the constant of an identification register.
 *   read        computes the value and changes nothing (the debugger calls it)
 *   after_read  what a read does to the device (FIFO pop, clear on read); the
 *               debugger skips it; `value` is what was read
 *   wrote       after the masks were applied to storage; `old` and `now` are the
 *               stored values. Without storage: 0 and the written value & rw; a
 *               narrow write to a row with `.read` fills the other bytes of rw
 *               from there. Bits of w1c and w1s are passed as written and never
 *               filled up: command bits belong there. The bits addressed are in dev->written
 * A bank of equal registers is one row with `count` and `stride`; callbacks get the
 * index. Legal access sizes default to the register's width; narrower or wider
 * ones are listed in `sizes`. Narrow accesses see and change the addressed bytes;
 * wide ones reach the registers side by side, all of which must take the width.
 * An address no row covers reads 0 and ignores writes, with a guest error, unless
 * the device says `holes_refuse` (MEM_REFUSED). An access that is not aligned to its size is
 * refused, unless it says `misaligned_ignored`.
 *
 * Registers banked by who accesses look at dev->access.
 *
 * From the table come dispatch, access rules, `info registers`, documentation,
 * and the generic test that pokes every register.
 */
#include "core/memory/space.h"

struct device;
typedef uint64_t reg_read_fn(const void *dev, uint32_t index);
typedef void reg_after_read_fn(void *dev, uint32_t index, uint64_t value);
typedef void reg_wrote_fn(void *dev, uint32_t index, uint64_t old, uint64_t now);

struct reg_desc {
    uint32_t offset;
    uint8_t width;      /* bytes: 1, 2, 4, 8 */
    uint8_t sizes;      /* legal access widths as a mask 1|2|4|8; 0 = `width` only */
    bool stored;
    bool big_endian;    /* the value is byte-swapped on the bus (fw_cfg) */
    uint32_t count;     /* 0 and 1: single */
    uint32_t stride;    /* bytes between bank members; 0 = width */
    uint32_t at;        /* offset of storage in the device struct; bank members follow each other */
    const char *name;
    uint64_t reset;     /* stored registers take it at reset, before ops->reset runs */
    uint64_t rw, w1c, w1s;
    reg_read_fn *read;
    reg_after_read_fn *after_read;
    reg_wrote_fn *wrote;
};

#define REG8(off, nm, ...)  { .offset = (off), .width = 1, .name = (nm), __VA_ARGS__ }
#define REG16(off, nm, ...) { .offset = (off), .width = 2, .name = (nm), __VA_ARGS__ }
#define REG32(off, nm, ...) { .offset = (off), .width = 4, .name = (nm), __VA_ARGS__ }
#define REG64(off, nm, ...) { .offset = (off), .width = 8, .name = (nm), __VA_ARGS__ }
#define REG_AT(tag, member) .stored = true, .at = offsetof(struct tag, member)

/* MMIO entry points for a table; `arg` is the struct device. */
extern const struct mmio_ops reg_mmio_ops;

/* The row and index answering at `offset`, or NULL. Rows are sorted by offset (checked at creation). */
const struct reg_desc *reg_find(const struct device *dev, uint64_t offset, uint32_t *index);

/* Value as a debugger sees it: no side effects. */
uint64_t reg_peek(const struct device *dev, const struct reg_desc *r, uint32_t index);

void reg_reset(struct device *dev);

#endif
