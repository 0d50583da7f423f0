/* SPDX-License-Identifier: Apache-2.0 */
#include "irqchip/dintc.h"
#include "core/util/bits.h"

/* Of an address's bits 19:4, which are the index of the register. */
#define MSG_CORE   15, 8
#define MSG_VECTOR 7, 0

static void wrote_message(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct dintc *p = dev;
    uint32_t core = (uint32_t)F_GET(index, MSG_CORE), vector = (uint32_t)F_GET(index, MSG_VECTOR);

    (void)old;
    (void)now;
    if (!p->deliver(p->arg, core, vector))
        guest_error(&p->dev, "message", "vector %u for core %u, which is not there", vector, core);
}

static const struct reg_desc dintc_regs[] = {
    REG32(0, "MSG", .count = DINTC_SIZE / 16, .stride = 16, .rw = 0xffffffff, .wrote = wrote_message),
};

static const struct device_ops dintc_ops = {
    .name = "dintc", .spec = "LoongArch reference manual, volume 1, message interrupts",
    .size = sizeof(struct dintc), .regs = dintc_regs, .n_regs = ARRAY_LEN(dintc_regs), .mmio_size = DINTC_SIZE,
};

struct dintc *dintc_create(struct machine *m, const char *id, dintc_deliver_fn *deliver, void *arg, struct err *e)
{
    struct dintc *p = device_create(m, &dintc_ops, id, e);

    if (!p)
        return NULL;
    p->deliver = deliver;
    p->arg = arg;
    return p;
}
