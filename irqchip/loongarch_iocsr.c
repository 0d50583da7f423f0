/* SPDX-License-Identifier: Apache-2.0 */
#include "irqchip/loongarch_iocsr.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <string.h>

#define VERSION     0x11 /* of a 3A5000 */
#define MISC_FUNC   0x420
#define EXT_IOI_EN  48
#define AVEC_EN     51
#define ALL         (1 | 2 | 4 | 8)

static uint64_t read_features(const void *dev, uint32_t index)
{
    (void)index;
    return ((const struct loongarch_iocsr *)dev)->features;
}

static uint64_t read_vendor(const void *dev, uint32_t index)
{
    (void)index;
    return ((const struct loongarch_iocsr *)dev)->vendor;
}

static uint64_t read_name(const void *dev, uint32_t index)
{
    (void)index;
    return ((const struct loongarch_iocsr *)dev)->name;
}

static uint64_t read_misc(const void *dev, uint32_t index)
{
    (void)index;
    return ((const struct loongarch_iocsr *)dev)->misc_func;
}

static void wrote_misc(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct loongarch_iocsr *p = dev;

    (void)index, (void)old;
    if (!(now & BIT(EXT_IOI_EN)))
        unmodelled(&p->dev, "MISC_FUNC", "EXT_IOI_EN stays on");
    p->misc_func = BIT(EXT_IOI_EN) | (p->features & LOONGARCH_IOCSR_AVEC ? now & BIT(AVEC_EN) : 0);
}

static void iocsr_reset(void *dev)
{
    ((struct loongarch_iocsr *)dev)->misc_func = BIT(EXT_IOI_EN);
}

static const struct reg_desc iocsr_regs[] = {
    REG32(0x000,     "VERSION",   .sizes = ALL, .reset = VERSION),
    REG32(0x004,     "VERSION_H", .sizes = ALL),
    REG64(0x008,     "FEATURES",  .sizes = ALL, .read = read_features),
    REG64(0x010,     "VENDOR",    .sizes = ALL, .read = read_vendor),
    REG64(0x020,     "CPUNAME",   .sizes = ALL, .read = read_name),
    REG64(MISC_FUNC, "MISC_FUNC", .sizes = ALL, .read = read_misc, .rw = BIT(EXT_IOI_EN) | BIT(AVEC_EN), .wrote = wrote_misc),
};

static const struct state_field iocsr_state[] = { STATE(loongarch_iocsr, misc_func), STATE_END };
static const struct device_ops iocsr_ops = {
    .name = "loongarch-iocsr", .spec = "Loongson 3A5000, chip configuration registers", .size = sizeof(struct loongarch_iocsr),
    .regs = iocsr_regs, .n_regs = ARRAY_LEN(iocsr_regs), .mmio_size = MISC_FUNC + 8, .state = iocsr_state, .version = 1,
    .reset = iocsr_reset,
};

/* The characters as they lie in the register, the first one lowest. */
static uint64_t pack(const char *text)
{
    uint8_t bytes[8] = { 0 };

    memcpy(bytes, text, strnlen(text, sizeof(bytes)));
    return ld_le64(bytes);
}

struct loongarch_iocsr *loongarch_iocsr_create(struct machine *m, const char *id, uint64_t features, const char *vendor,
                                               const char *name, struct err *e)
{
    struct loongarch_iocsr *p = device_create(m, &iocsr_ops, id, e);

    if (p) {
        p->features = features;
        p->vendor = pack(vendor);
        p->name = pack(name);
    }
    return p;
}

int loongarch_iocsr_map(struct loongarch_iocsr *p, struct mem_space *iocsr, struct err *e)
{
    int r = device_map_piece(&p->dev, iocsr, 0, 0, 0x28, e);

    return r < 0 ? r : device_map_piece(&p->dev, iocsr, MISC_FUNC, MISC_FUNC, 8, e);
}
