/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/pc_testdev.h"
#include "core/util/bits.h"

enum { LATCH = 0xe0, FLUSH = 0xe4, LATCH_BYTES = 0xe8, LATCH_END = 0xec, LINES = 0x2000 };
#define SCRATCH      0xff000000ull
#define SCRATCH_SIZE 0x10000

static void wrote_line(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct pc_testdev *t = dev;

    (void)old;
    irq_set(&t->irq[index], now);
}

static void pc_testdev_reset(void *dev)
{
    struct pc_testdev *t = dev;

    for (unsigned i = 0; i < PC_TESTDEV_LINES; i++)
        irq_set(&t->irq[i], false);
}

static void pc_testdev_loaded(void *dev)
{
    struct pc_testdev *t = dev;

    for (unsigned i = 0; i < PC_TESTDEV_LINES; i++)
        irq_restore(&t->irq[i], t->level[i] & 1);
}

static const struct state_field pc_testdev_state[] = { STATE(pc_testdev, latch),
                                                       STATE(pc_testdev, level), STATE_END };
#define AT(m) REG_AT(pc_testdev, m)
static const struct reg_desc pc_testdev_regs[] = {
    REG32(LATCH, "LATCH", .sizes = 1 | 2 | 4, AT(latch), .rw = 0xffffffff),
    REG32(FLUSH, "FLUSH", .sizes = 1 | 2 | 4, .rw = 0xffffffff),
    REG8(LATCH_BYTES, "LATCH_BYTE", .count = 4, AT(latch), .rw = 0xff),
    REG8(LINES, "LINE", .count = PC_TESTDEV_LINES, AT(level), .rw = 1, .wrote = wrote_line),
};
static const struct device_ops pc_testdev_ops = {
    .name = "pc-testdev", .spec = "QEMU hw/misc/pc-testdev", .size = sizeof(struct pc_testdev),
    .regs = pc_testdev_regs, .n_regs = ARRAY_LEN(pc_testdev_regs), .mmio_size = 0x10000,
    .state = pc_testdev_state, .version = 1, .reset = pc_testdev_reset, .loaded = pc_testdev_loaded,
};

struct pc_testdev *pc_testdev_create(struct machine *m, const char *id, struct mem_space *memory,
                                     struct mem_space *io, struct err *e)
{
    struct pc_testdev *t = device_create(m, &pc_testdev_ops, id, e);
    struct mem_ram *scratch;

    if (!t || device_map_ports(&t->dev, io, LATCH, LATCH, LATCH_END - LATCH, e) < 0 ||
        device_map_ports(&t->dev, io, LINES, LINES, PC_TESTDEV_LINES, e) < 0 ||
        machine_add_ram(m, "pc-testdev", SCRATCH_SIZE, &scratch, e) < 0 ||
        mem_add_ram(memory, "pc-testdev", SCRATCH, scratch, 0, SCRATCH_SIZE, 1, NULL, e) < 0)
        return NULL;
    return t;
}
