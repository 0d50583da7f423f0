/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_IRQCHIP_GICV2_MACHINE_H
#define ORRERY_TEST_IRQCHIP_GICV2_MACHINE_H
/* A machine with a GICv2 and its frames, for the tests of it. IHI 0048B, tables 4-1, 4-2, 5-1, 5-2. */
#include "irqchip/gicv2.h"
#include "test/check_main.h"
#include "test/device_generic.h"

#define D_BASE 0x08000000ull
#define C_BASE 0x08010000ull
#define H_BASE 0x08030000ull
#define V_BASE 0x08040000ull

enum { GICD_CTLR = 0x000, GICD_TYPER = 0x004, GICD_IIDR = 0x008, GICD_IGROUPR = 0x080,
       GICD_ISENABLER = 0x100, GICD_ICENABLER = 0x180, GICD_ISPENDR = 0x200, GICD_ICPENDR = 0x280,
       GICD_ISACTIVER = 0x300, GICD_ICACTIVER = 0x380, GICD_IPRIORITYR = 0x400,
       GICD_ITARGETSR = 0x800, GICD_ICFGR = 0xc00, GICD_SGIR = 0xf00, GICD_CPENDSGIR = 0xf10,
       GICD_SPENDSGIR = 0xf20, GICD_PIDR2 = 0xfe8 };
enum { GICC_CTLR = 0x00, GICC_PMR = 0x04, GICC_BPR = 0x08, GICC_IAR = 0x0c, GICC_EOIR = 0x10,
       GICC_RPR = 0x14, GICC_HPPIR = 0x18, GICC_ABPR = 0x1c, GICC_AIAR = 0x20, GICC_AEOIR = 0x24,
       GICC_AHPPIR = 0x28, GICC_APR = 0xd0, GICC_NSAPR = 0xe0, GICC_IIDR = 0xfc, GICC_DIR = 0x1000 };
enum { GICH_HCR = 0x00, GICH_VTR = 0x04, GICH_VMCR = 0x08, GICH_MISR = 0x10, GICH_EISR = 0x20,
       GICH_ELRSR = 0x30, GICH_APR = 0xf0, GICH_LR = 0x100 };

static const struct gicv2_config plain = { .n_cpus = 4, .n_spis = 64 };

static struct machine *m;
static struct gicv2 *gic;
static struct gicv2_config config;
static uint32_t cpu;   /* whose accesses follow */
static bool secure;    /* and of what state */

static struct gicv2 *create(struct machine *machine, const struct gicv2_config *c)
{
    struct err e = { 0 };
    struct gicv2 *g = gicv2_create(machine, "gic", c, &e);

    ck_assert_msg(g != NULL, "%s", e.text);
    ck_assert_msg(gicv2_map(g, machine->memory, D_BASE, C_BASE, c->virtualization ? H_BASE : 0,
                            c->virtualization ? V_BASE : 0, &e) == 0, "%s", e.text);
    return g;
}

static void start(const struct gicv2_config *c)
{
    config = *c;
    m = device_generic_machine();
    gic = create(m, c);
    machine_reset(m);
    cpu = 0;
    secure = false;
}

static void teardown(void)
{
    machine_destroy(m);
}

/* Save, and go on in a fresh machine: what follows must not notice. */
static inline void replace_machine(void)
{
    struct machine *fresh = device_generic_machine();
    struct gicv2 *copy = create(fresh, &config);

    machine_reset(fresh);
    device_generic_copy(m, fresh);
    machine_destroy(m);
    m = fresh;
    gic = copy;
}

static inline struct mem_attrs who(void)
{
    return (struct mem_attrs){ .requester = MEM_REQUESTER_CPU + cpu, .secure = secure };
}

static inline uint32_t get_sized(pa_t at, unsigned size)
{
    struct mem_attrs attrs = who();
    uint64_t v = 0;

    /* An assertion that holds is written down, too: too slow for millions. */
    if (mem_load(m->memory, at, size, &v, &attrs) != MEM_OK)
        ck_abort_msg("load from %#llx", (unsigned long long)at);
    return (uint32_t)v;
}

static inline void put_sized(pa_t at, unsigned size, uint32_t v)
{
    struct mem_attrs attrs = who();

    if (mem_store(m->memory, at, size, v, &attrs) != MEM_OK)
        ck_abort_msg("store to %#llx", (unsigned long long)at);
}

static inline uint32_t get(pa_t at) { return get_sized(at, 4); }
static inline void put(pa_t at, uint32_t v) { put_sized(at, 4, v); }
static inline uint32_t get_d(uint32_t reg) { return get(D_BASE + reg); }
static inline void put_d(uint32_t reg, uint32_t v) { put(D_BASE + reg, v); }
static inline uint32_t get_c(uint32_t reg) { return get(C_BASE + reg); }
static inline void put_c(uint32_t reg, uint32_t v) { put(C_BASE + reg, v); }

static inline const struct gicv2_interface *lines(uint32_t of)
{
    return gicv2_interface_of(gic, of);
}

static inline bool irq(void) { return lines(cpu)->irq.level; }
static inline bool fiq(void) { return lines(cpu)->fiq.level; }

/* A bit of one of the registers of a bit an interrupt. */
static inline void put_bit(uint32_t reg, uint32_t intid)
{
    put_d(reg + intid / 32 * 4, 1u << intid % 32);
}

static inline bool get_bit(uint32_t reg, uint32_t intid)
{
    return get_d(reg + intid / 32 * 4) >> intid % 32 & 1;
}

static inline void set_priority(uint32_t intid, uint8_t p)
{
    put_sized(D_BASE + GICD_IPRIORITYR + intid, 1, p);
}

static inline void set_target(uint32_t intid, uint8_t cpus)
{
    put_sized(D_BASE + GICD_ITARGETSR + intid, 1, cpus);
}

static inline void make_edge(uint32_t intid)
{
    uint32_t at = GICD_ICFGR + intid / 16 * 4;

    put_d(at, get_d(at) | 2u << intid % 16 * 2);
}

static inline void make_group1(uint32_t intid)
{
    uint32_t at = GICD_IGROUPR + intid / 32 * 4;

    put_d(at, get_d(at) | 1u << intid % 32);
}

/* Enabled, with this priority, for the accessing CPU alone. */
static inline void set_up(uint32_t intid, uint8_t priority)
{
    set_priority(intid, priority);
    set_target(intid, (uint8_t)(1u << cpu));
    put_bit(GICD_ISENABLER, intid);
}

static inline void spi(uint32_t intid, bool level)
{
    gicv2_set_spi(gic, intid - 32, level);
}

static inline void pulse(uint32_t intid)
{
    spi(intid, true);
    spi(intid, false);
}

/* Distributor and the CPU's interface on: both groups, all priorities. */
static inline void enable_all(uint32_t ctlr)
{
    put_d(GICD_CTLR, 3);
    put_c(GICC_CTLR, ctlr);
    put_c(GICC_PMR, 0xff);
}

#endif
