/* SPDX-License-Identifier: Apache-2.0 */
#include "irqchip/pch_msi.h"
#include "core/util/bits.h"

#define MSI_VECTOR 7, 0

static void wrote_message(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct pch_msi *p = dev;
    uint32_t vector = (uint32_t)F_GET(now, MSI_VECTOR);

    (void)index;
    (void)old;
    if (vector < p->first || vector - p->first >= p->n) {
        guest_error(&p->dev, "message", "vector %u; %u to %u are for messages", vector, p->first,
                    p->first + p->n - 1);
        return;
    }
    p->pulse(p->arg, vector);
}

static const struct reg_desc pch_msi_regs[] = {
    REG32(0x0, "MSI", .rw = 0xffffffff, .wrote = wrote_message),
    REG32(0x4, "(reserved)"),
};

static const struct device_ops pch_msi_ops = {
    .name = "pch_msi", .spec = "Loongson 7A1000 user manual, interrupt controller",
    .size = sizeof(struct pch_msi), .regs = pch_msi_regs, .n_regs = ARRAY_LEN(pch_msi_regs), .mmio_size = 8,
};

struct pch_msi *pch_msi_create(struct machine *m, const char *id, uint32_t first, uint32_t n,
                               pch_msi_pulse_fn *pulse, void *arg, struct err *e)
{
    if (n == 0 || n > 256 || first > 256 - n) {
        (void)err_set(e, ERR_ARG, "%s: %u vectors from %u on; 1 and more of 0 to 255 are accepted", id, n, first);
        return NULL;
    }
    struct pch_msi *p = device_create(m, &pch_msi_ops, id, e);
    if (!p)
        return NULL;
    p->pulse = pulse;
    p->arg = arg;
    p->first = first;
    p->n = n;
    return p;
}
