/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a vector's event is:
 *
 *   level     the input is up (ISR); messages are never there
 *   message   a message came while the vector was disabled or led to no core; waits for a way
 *   isr       delivered to the core the vector leads to (COREISR), until cleared or withdrawn
 */
#include "irqchip/eiointc.h"
#include "core/util/bits.h"
#include <string.h>

enum { HAS_VIRT = BIT(0), HAS_ENABLE = BIT(1), HAS_INT_ENCODE = BIT(2), HAS_CPU_ENCODE = BIT(3) };
enum { CONFIG_ENABLE = BIT(1), CONFIG_INT_ENCODE = BIT(2), CONFIG_CPU_ENCODE = BIT(3) };

#define NO_CORE   0xffffu
#define IP_BITMAP 3, 0
#define IP_NUMBER 2, 0

/* ---- routing ---- */

/* IPMAP: a bitmap, of which the lowest bit counts, or with INT_ENCODE a number. */
static unsigned hwi_of(const struct eiointc *p, unsigned group)
{
    uint64_t map = p->ipmap[group];

    if (p->virt_config & CONFIG_INT_ENCODE)
        return (unsigned)F_GET(map, IP_NUMBER);
    map = F_GET(map, IP_BITMAP);
    return map ? ctz64(map) : 0;
}

uint32_t eiointc_core_of(const struct eiointc *p, uint32_t vector)
{
    uint64_t map = p->coremap[vector];

    if (p->virt_config & CONFIG_CPU_ENCODE)
        return (uint32_t)map;
    map = F_GET(map, IP_BITMAP);
    return map ? ctz64(map) : 0;
}

/* CPU index, or NO_CORE. */
static uint32_t target(const struct eiointc *p, uint32_t vector)
{
    return p->index_of[eiointc_core_of(p, vector)];
}

static bool is_on(const struct eiointc *p)
{
    return !(p->features & HAS_ENABLE) || (p->virt_config & CONFIG_ENABLE);
}

uint32_t eiointc_lines(const struct eiointc *p, uint32_t core)
{
    uint32_t lines = 0;

    for (unsigned g = 0; g < EIOINTC_VECTORS / 32; g++)
        if (p->isr[core][g / 2] >> (g % 2 * 32) & 0xffffffff)
            lines |= 1u << hwi_of(p, g);
    return lines;
}

static void drive(struct eiointc *p, uint32_t core, void (*set)(struct irq_line *, bool))
{
    uint32_t lines = eiointc_lines(p, core);

    for (unsigned i = 0; i < EIOINTC_HWIS; i++)
        set(&p->core[core].hwi[i], lines >> i & 1);
}

static void drive_all(struct eiointc *p, void (*set)(struct irq_line *, bool))
{
    for (uint32_t i = 0; i < p->n_cores; i++)
        drive(p, i, set);
}

/* ---- delivery ---- */

static bool get_bit(const uint64_t *words, uint32_t vector)
{
    return words[vector / 64] >> vector % 64 & 1;
}

static void put_bit(uint64_t *words, uint32_t vector, bool on)
{
    uint64_t bit = BIT(vector % 64);

    words[vector / 64] = on ? words[vector / 64] | bit : words[vector / 64] & ~bit;
}

static void deliver(struct eiointc *p, uint32_t vector)
{
    uint32_t core = target(p, vector);
    bool wanted = is_on(p) && get_bit(p->enable, vector);

    if (wanted && core == NO_CORE)
        guest_error(&p->dev, "COREMAP", "vector %u leads to core %u, which is not there", vector,
                    eiointc_core_of(p, vector));
    if (!wanted || core == NO_CORE) {
        put_bit(p->message, vector, !get_bit(p->level, vector));
        return;
    }
    put_bit(p->message, vector, false);
    put_bit(p->isr[core], vector, true);
    drive(p, core, irq_set);
}

/* Takes the vector back from the core it leads to. Was it there? */
static bool withdraw(struct eiointc *p, uint32_t vector)
{
    uint32_t core = target(p, vector);

    if (core == NO_CORE || !get_bit(p->isr[core], vector))
        return false;
    put_bit(p->isr[core], vector, false);
    drive(p, core, irq_set);
    return true;
}

/* Has it anything to deliver, once there is a way? */
static bool stands(const struct eiointc *p, uint32_t vector)
{
    return get_bit(p->level, vector) || get_bit(p->message, vector);
}

/* A level that is up already and is driven up again is a new event: what was cleared at the core comes back. */
void eiointc_set_level(void *eiointc, uint32_t number, bool level)
{
    struct eiointc *p = eiointc;

    if (number >= EIOINTC_VECTORS)
        return;
    put_bit(p->level, number, level);
    if (level)
        deliver(p, number);
    else
        (void)withdraw(p, number);
}

void eiointc_pulse(struct eiointc *p, uint32_t vector)
{
    if (vector < EIOINTC_VECTORS)
        deliver(p, vector);
}

/* ---- changes of what leads where ---- */

/* A message not yet cleared at the core waits for the vector to be enabled again, as a level does by itself. */
static void wrote_enable(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct eiointc *p = dev;

    for (uint64_t bits = old & ~now; bits; bits &= bits - 1) {
        uint32_t vector = index * 64 + ctz64(bits);
        if (withdraw(p, vector))
            put_bit(p->message, vector, !get_bit(p->level, vector));
    }
    for (uint64_t bits = now & ~old; bits; bits &= bits - 1)
        if (stands(p, index * 64 + ctz64(bits)))
            deliver(p, index * 64 + ctz64(bits));
}

static void wrote_coremap(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct eiointc *p = dev;
    uint32_t core = eiointc_core_of(p, index);

    p->coremap[index] = (uint8_t)old;
    bool same = eiointc_core_of(p, index) == core, there = !same && withdraw(p, index);
    p->coremap[index] = (uint8_t)now;
    if (!same && (there || stands(p, index)))
        deliver(p, index);
}

static void wrote_ipmap(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index;
    (void)old;
    (void)now;
    drive_all(dev, irq_set);
}

/* Whatever was delivered goes where it leads now; what still stands comes when the part is switched on. */
static void configure(struct eiointc *p, uint32_t config)
{
    bool was_on = is_on(p), there[EIOINTC_VECTORS];

    for (uint32_t v = 0; v < EIOINTC_VECTORS; v++)
        there[v] = withdraw(p, v);
    p->virt_config = config;
    for (uint32_t v = 0; v < EIOINTC_VECTORS; v++)
        if (there[v] || (!was_on && is_on(p) && stands(p, v)))
            deliver(p, v);
    drive_all(p, irq_set);
}

/* What is offered can be chosen only while the part is off, if it can be switched off. */
static void wrote_virt_config(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct eiointc *p = dev;

    (void)index;
    (void)old;
    if ((p->virt_config & CONFIG_ENABLE) && now != 0) {
        guest_error(&p->dev, "VIRT_CONFIG", "%#llx written while enabled; only 0 is accepted then",
                    (unsigned long long)now);
        return;
    }
    configure(p, (uint32_t)now & p->features & (CONFIG_ENABLE | CONFIG_INT_ENCODE | CONFIG_CPU_ENCODE));
}

/* ---- registers ---- */

static uint32_t reader(const struct eiointc *p)
{
    uint32_t cpu = device_accessing_cpu(&p->dev);

    return cpu < p->n_cores ? cpu : 0;
}

static uint64_t read_isr(const void *dev, uint32_t index)
{
    const struct eiointc *p = dev;

    return p->level[index];
}

static uint64_t read_coreisr(const void *dev, uint32_t index)
{
    const struct eiointc *p = dev;

    return p->isr[reader(p)][index];
}

/* Clears; a level that is still up does not come back by that. */
static void wrote_coreisr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct eiointc *p = dev;
    uint32_t core = reader(p);

    (void)old;
    p->isr[core][index] &= ~now;
    drive(p, core, irq_set);
}

/* EXT_IOI_send, for debugging. */
static void wrote_send(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index;
    (void)old;
    eiointc_pulse(dev, (uint32_t)now);
}

static uint64_t read_features(const void *dev, uint32_t index)
{
    const struct eiointc *p = dev;

    (void)index;
    return p->features;
}

static uint64_t read_virt_config(const void *dev, uint32_t index)
{
    const struct eiointc *p = dev;

    (void)index;
    return p->virt_config;
}

/* ---- life ---- */

/* The inputs are those behind them to change. */
static void eiointc_reset(void *dev)
{
    struct eiointc *p = dev;

    memset(p->message, 0, sizeof(p->message));
    p->virt_config = 0;
    memset(p->isr, 0, sizeof(p->isr));
    drive_all(p, irq_set);
}

/* A snapshot is not trusted. */
static void eiointc_loaded(void *dev)
{
    struct eiointc *p = dev;

    p->virt_config &= CONFIG_ENABLE | CONFIG_INT_ENCODE | CONFIG_CPU_ENCODE;
    drive_all(p, irq_restore);
}

static const struct state_field eiointc_state[] = {
    STATE(eiointc, isr), STATE(eiointc, enable), STATE(eiointc, bounce),
    STATE(eiointc, level), STATE(eiointc, message), STATE(eiointc, virt_config), STATE(eiointc, nodemap),
    STATE(eiointc, ipmap), STATE(eiointc, coremap), STATE_END
};

#define AT(m) REG_AT(eiointc, m)
#define ALL   UINT64_MAX
#define ANY   .sizes = 1 | 2 | 4 | 8
static const struct reg_desc eiointc_regs[] = { /* 3A5000 manual, "Extended I/O Interrupts"; by IOCSR address */
    REG32(0x1140, "EXT_IOI_send", .rw = 0xff, .wrote = wrote_send),
    REG16(0x14a0, "EXT_IOI_node_type", ANY, .count = 16, AT(nodemap), .rw = 0xffff),
    REG8(0x14c0, "EXT_IOImap", ANY, .count = 8, AT(ipmap), .rw = 0xff, .wrote = wrote_ipmap),
    REG64(0x1600, "EXT_IOIen", ANY, .count = 4, AT(enable), .rw = ALL, .wrote = wrote_enable),
    REG64(0x1680, "EXT_IOIbounce", ANY, .count = 4, AT(bounce), .rw = ALL),
    REG64(0x1700, "EXT_IOIsr", ANY, .count = 4, .read = read_isr),
    REG64(0x1800, "perCore_EXT_IOIsr", ANY, .count = 4, .read = read_coreisr, .w1c = ALL, .wrote = wrote_coreisr),
    REG8(0x1c00, "EXT_IOImap_Core", ANY, .count = EIOINTC_VECTORS, AT(coremap), .rw = 0xff, .wrote = wrote_coremap),
    REG32(0x40000000, "VIRT_FEATURES", .read = read_features),
    REG32(0x40000004, "VIRT_CONFIG", .read = read_virt_config, .rw = 0xffffffff, .wrote = wrote_virt_config),
};

static const struct device_ops eiointc_ops = {
    .name = "eiointc", .spec = "Loongson 3A5000 user manual, extended I/O interrupts",
    .size = sizeof(struct eiointc), .regs = eiointc_regs, .n_regs = ARRAY_LEN(eiointc_regs),
    .state = eiointc_state, .version = 1, .reset = eiointc_reset, .loaded = eiointc_loaded,
};

static int check(const char *id, const uint32_t *core_ids, uint32_t n, uint32_t features, struct err *e)
{
    if (n == 0 || n > EIOINTC_CORES)
        return err_set(e, ERR_ARG, "%s: %u cores; 1 to %d are accepted", id, n, EIOINTC_CORES);
    for (uint32_t i = 1; i < n; i++)
        if (core_ids[i] <= core_ids[i - 1])
            return err_set(e, ERR_ARG, "%s: core number %u after %u; rising ones are accepted", id, core_ids[i],
                           core_ids[i - 1]);
    if (features > 0xf || (features != 0 && !(features & HAS_VIRT)))
        return err_set(e, ERR_ARG, "%s: features %#x; 0 and odd numbers up to 0xf are accepted", id, features);
    return 0;
}

struct eiointc *eiointc_create(struct machine *m, const char *id, const uint32_t *core_ids, uint32_t n,
                               uint32_t features, struct err *e)
{
    if (check(id, core_ids, n, features, e) < 0)
        return NULL;
    struct eiointc *p = device_create(m, &eiointc_ops, id, e);
    if (!p)
        return NULL;
    p->n_cores = n;
    p->features = (uint8_t)features;
    p->has_virt = features & HAS_VIRT;
    memset(p->index_of, 0xff, sizeof(p->index_of));
    for (uint32_t i = 0; i < n; i++) {
        p->core[i].core_id = core_ids[i];
        if (core_ids[i] < ARRAY_LEN(p->index_of))
            p->index_of[core_ids[i]] = (uint16_t)i;
    }
    return p;
}

/* The gaps are others': the registers of the local controller and of inter-processor interrupts. */
int eiointc_map(struct eiointc *p, struct mem_space *iocsr, struct err *e)
{
    static const struct { uint32_t at, n; } pieces[] = {
        { 0x1140, 4 }, { 0x14a0, 0x28 }, { 0x1600, 0x700 }, { 0x40000000, 8 },
    };

    for (size_t i = 0; i < ARRAY_LEN(pieces) - !p->has_virt; i++) {
        int r = device_map_piece(&p->dev, iocsr, pieces[i].at, pieces[i].at, pieces[i].n, e);
        if (r < 0)
            return r;
    }
    return 0;
}
