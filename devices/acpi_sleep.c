/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/acpi_sleep.h"
#include "core/util/bits.h"

#define SLP_TYP 4, 2
#define SLP_EN  5, 5

static void wrote_control(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct acpi_sleep *s = dev;

    (void)index, (void)old;
    if (F_GET(now, SLP_EN))
        s->config.sleep(s->config.arg, (unsigned)F_GET(now, SLP_TYP));
}

static void wrote_reset(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct acpi_sleep *s = dev;

    (void)index, (void)old;
    if (now == ACPI_SLEEP_RESET_VALUE)
        s->config.reset(s->config.arg);
}

static const struct reg_desc acpi_sleep_regs[] = {
    REG8(ACPI_SLEEP_CONTROL, "SLEEP_CONTROL", .rw = F_MASK(SLP_TYP) | F_MASK(SLP_EN), .wrote = wrote_control),
    REG8(ACPI_SLEEP_STATUS,  "SLEEP_STATUS"),
    REG8(ACPI_SLEEP_RESET,   "RESET", .rw = 0xff, .wrote = wrote_reset),
};
static const struct state_field acpi_sleep_state[] = { STATE(acpi_sleep, pad), STATE_END };
static const struct device_ops acpi_sleep_ops = {
    .name = "acpi-sleep", .spec = "ACPI 6.4, 4.8.3.6 and 4.8.3.7", .size = sizeof(struct acpi_sleep),
    .regs = acpi_sleep_regs, .n_regs = ARRAY_LEN(acpi_sleep_regs), .mmio_size = ACPI_SLEEP_SIZE,
    .state = acpi_sleep_state, .version = 1,
};

struct acpi_sleep *acpi_sleep_create(struct machine *m, const char *id, const struct acpi_sleep_config *c, struct err *e)
{
    struct acpi_sleep *s = device_create(m, &acpi_sleep_ops, id, e);

    if (s)
        s->config = *c;
    return s;
}
