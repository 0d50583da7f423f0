/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/sifive_test.h"

enum { TEST_FAIL = 0x3333, TEST_PASS = 0x5555, TEST_RESET = 0x7777 };

static void wrote(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct sifive_test *t = dev;

    (void)index;
    (void)old;
    switch (now & 0xffff) {
    case TEST_FAIL:
        machine_stop(t->dev.machine, MACHINE_POWEROFF, (int)(now >> 16 & 0xffff));
        break;
    case TEST_PASS:
        machine_stop(t->dev.machine, MACHINE_POWEROFF, 0);
        break;
    case TEST_RESET:
        machine_stop(t->dev.machine, MACHINE_RESET, 0);
        break;
    default:
        guest_error(&t->dev, "sifive_test command", "unknown command %#llx",
                    (unsigned long long)now);
        break;
    }
}

static const struct state_field state[] = { STATE_END };
static const struct reg_desc regs[] = {
    REG32(0, "FINISH", .rw = 0xffffffff, .sizes = 2 | 4, .wrote = wrote),
};
static const struct device_ops ops = {
    .name = "sifive_test", .spec = "SiFive test finisher", .size = sizeof(struct sifive_test),
    .regs = regs, .n_regs = ARRAY_LEN(regs), .mmio_size = 0x1000, .state = state, .version = 1,
};

struct sifive_test *sifive_test_create(struct machine *m, const char *id, struct err *e)
{
    return device_create(m, &ops, id, e);
}
