/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_IRQCHIP_GICV3_FIXTURE_H
#define ORRERY_TEST_IRQCHIP_GICV3_FIXTURE_H
/* A machine with one GICv3 and what the tests of its parts have in common. */
#include "irqchip/gicv3.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"

enum { GICD = 0x08000000, GICR = 0x080a0000, RAM = 0x40000000, RAM_SIZE = 1 << 20, MAX_TEST_CPUS = 4 };
enum { GROUP0, GROUP1_S, GROUP1_NS, VIRQ, VFIQ, MAINTENANCE, LINES };

#define SYSREG(op0, op1, crn, crm, op2) ((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define ICC(crm, op2)        SYSREG(3, 0, 12, crm, op2)
#define ICH(crm, op2)        SYSREG(3, 4, 12, crm, op2)
#define ICC_PMR              SYSREG(3, 0, 4, 6, 0)
#define ICC_IAR0             ICC(8, 0)
#define ICC_EOIR0            ICC(8, 1)
#define ICC_HPPIR0           ICC(8, 2)
#define ICC_BPR0             ICC(8, 3)
#define ICC_AP0R(n)          ICC(8, 4 + (n))
#define ICC_AP1R(n)          ICC(9, n)
#define ICC_DIR              ICC(11, 1)
#define ICC_RPR              ICC(11, 3)
#define ICC_SGI1R            ICC(11, 5)
#define ICC_ASGI1R           ICC(11, 6)
#define ICC_SGI0R            ICC(11, 7)
#define ICC_IAR1             ICC(12, 0)
#define ICC_EOIR1            ICC(12, 1)
#define ICC_HPPIR1           ICC(12, 2)
#define ICC_BPR1             ICC(12, 3)
#define ICC_CTLR             ICC(12, 4)
#define ICC_SRE              ICC(12, 5)
#define ICC_IGRPEN0          ICC(12, 6)
#define ICC_IGRPEN1          ICC(12, 7)
#define ICC_SRE_EL2          ICH(9, 5)
#define ICC_CTLR_EL3         SYSREG(3, 6, 12, 12, 4)
#define ICC_SRE_EL3          SYSREG(3, 6, 12, 12, 5)
#define ICC_IGRPEN1_EL3      SYSREG(3, 6, 12, 12, 7)
#define ICH_AP0R(n)          ICH(8, n)
#define ICH_AP1R(n)          ICH(9, n)
#define ICH_HCR              ICH(11, 0)
#define ICH_VTR              ICH(11, 1)
#define ICH_MISR             ICH(11, 2)
#define ICH_EISR             ICH(11, 3)
#define ICH_ELRSR            ICH(11, 5)
#define ICH_VMCR             ICH(11, 7)
#define ICH_LR(n)            ICH(12 + (n) / 8, (n) % 8)

static struct machine *m;
static struct gicv3 *g;
static bool out[MAX_TEST_CPUS][LINES];
static struct gicv3_config config;
static const uint64_t mpidr[MAX_TEST_CPUS] = { 0x80000000, 0x80000001, 0x80000100, 0x180000003 };

static void line_sink(void *arg, uint32_t number, bool level)
{
    (void)arg;
    out[number / LINES][number % LINES] = level;
}

static struct gicv3 *gic_make(struct machine *machine)
{
    struct err e = { 0 };
    struct mem_ram *ram;
    struct mem_region *region;
    struct gicv3 *made;

    ck_assert_msg(machine_add_ram(machine, "ram", RAM_SIZE, &ram, &e) == 0, "%s", e.text);
    ck_assert_int_eq(mem_add_ram(machine->memory, "ram", RAM, ram, 0, RAM_SIZE, 0, &region, &e), 0);
    made = gicv3_create(machine, "gic", &config, &e);
    ck_assert_msg(made != NULL, "%s", e.text);
    ck_assert_msg(gicv3_map_distributor(made, machine->memory, GICD, &e) == 0, "%s", e.text);
    ck_assert_msg(gicv3_map_redistributors(made, machine->memory, GICR, 0, config.n_cpus, &e) == 0,
                  "%s", e.text);
    for (uint32_t i = 0; i < config.n_cpus; i++) {
        struct gicv3_interface *o = gicv3_interface_of(made, i);
        struct irq_line *lines[LINES] = { &o->group0, &o->group1_s, &o->group1_ns, &o->virq, &o->vfiq,
                                          &o->maintenance };
        for (uint32_t k = 0; k < LINES; k++)
            irq_connect(lines[k], line_sink, NULL, i * LINES + k);
    }
    return made;
}

/* What is derived in an interface: its lines, and the best pending interrupt as EL3 sees it. */
struct derived {
    bool line[LINES];
    uint64_t best[2];
};

static inline struct derived derived_of(struct gicv3 *gic, uint32_t cpu)
{
    struct gicv3_interface *o = gicv3_interface_of(gic, cpu);
    struct derived d = { .line = { o->group0.level, o->group1_s.level, o->group1_ns.level,
                                   o->virq.level, o->vfiq.level, o->maintenance.level } };

    ck_assert_int_eq(gicv3_sysreg_read(o->arg, ICC_HPPIR0, 3, true, 0, &d.best[0]), GIC_SYSREG_OK);
    ck_assert_int_eq(gicv3_sysreg_read(o->arg, ICC_HPPIR1, 3, true, 0, &d.best[1]), GIC_SYSREG_OK);
    return d;
}

/* Save, and go on in a fresh machine: what was kept up to date equals what is built anew. */
static inline void replace_machine(void)
{
    struct machine *fresh = device_generic_machine();
    struct gicv3 *copy = gic_make(fresh);
    bool before[MAX_TEST_CPUS][LINES];

    machine_reset(fresh);
    memcpy(before, out, sizeof(before));
    device_generic_copy(m, fresh);
    ck_assert(memcmp(before, out, sizeof(before)) == 0); /* sinks do not hear of a restore */
    for (uint32_t i = 0; i < config.n_cpus; i++) {
        struct derived a = derived_of(g, i), b = derived_of(copy, i);
        ck_assert_msg(memcmp(a.line, b.line, sizeof(a.line)) == 0, "lines of CPU %u", i);
        ck_assert_uint_eq(a.best[0], b.best[0]);
        ck_assert_uint_eq(a.best[1], b.best[1]);
    }
    machine_destroy(m);
    m = fresh;
    g = copy;
}

static inline uint64_t load_n(uint64_t at, unsigned n, bool secure)
{
    struct mem_attrs attrs = { .secure = secure };
    uint64_t v = 0;

    /* An assertion that holds is written down, too: too slow for millions. */
    if (mem_load(m->memory, at, n, &v, &attrs) != MEM_OK)
        ck_abort_msg("load from %#llx", (unsigned long long)at);
    return v;
}

static inline void store_n(uint64_t at, unsigned n, uint64_t v, bool secure)
{
    struct mem_attrs attrs = { .secure = secure };

    if (mem_store(m->memory, at, n, v, &attrs) != MEM_OK)
        ck_abort_msg("store to %#llx", (unsigned long long)at);
}

static inline uint32_t load(uint64_t at) { return (uint32_t)load_n(at, 4, true); }
static inline void store(uint64_t at, uint32_t v) { store_n(at, 4, v, true); }
static inline uint32_t load_ns(uint64_t at) { return (uint32_t)load_n(at, 4, false); }
static inline void store_ns(uint64_t at, uint32_t v) { store_n(at, 4, v, false); }
static inline uint64_t rd_base(uint32_t cpu) { return GICR + 0x20000ull * cpu; }
static inline uint64_t sgi_base(uint32_t cpu) { return rd_base(cpu) + 0x10000; }

struct who {
    unsigned el;
    bool secure;
    uint64_t hcr;
};
static const struct who EL1 = { 1, false, 0 };

static inline uint64_t get_as(struct who w, uint32_t cpu, uint32_t reg)
{
    uint64_t v = 0;

    ck_assert_int_eq(gicv3_sysreg_read(gicv3_interface_of(g, cpu)->arg, reg, w.el, w.secure, w.hcr, &v),
                     GIC_SYSREG_OK);
    return v;
}

static inline void put_as(struct who w, uint32_t cpu, uint32_t reg, uint64_t v)
{
    ck_assert_int_eq(gicv3_sysreg_write(gicv3_interface_of(g, cpu)->arg, reg, w.el, w.secure, w.hcr, v),
                     GIC_SYSREG_OK);
}

static inline uint64_t get(uint32_t cpu, uint32_t reg) { return get_as(EL1, cpu, reg); }
static inline void put(uint32_t cpu, uint32_t reg, uint64_t v) { put_as(EL1, cpu, reg, v); }

/* Distributor and all interfaces on, every priority let through. */
static inline void all_on(void)
{
    store(GICD, config.security ? 7 : 3);
    for (uint32_t i = 0; i < config.n_cpus; i++) {
        store(rd_base(i) + 0x14, 0);
        put(i, ICC_IGRPEN0, 1);
        put(i, ICC_IGRPEN1, 1);
        put_as((struct who){ config.security ? 3 : 1, true, 0 }, i, ICC_IGRPEN1, 1);
        put_as((struct who){ config.security ? 3 : 1, true, 0 }, i, ICC_PMR, 0xff);
    }
}

static inline void gic_setup(void)
{
    m = device_generic_machine();
    g = gic_make(m);
    memset(out, 0, sizeof(out));
    machine_reset(m);
}

static inline void gic_teardown(void)
{
    machine_destroy(m);
}

static inline uint64_t irq_base(uint32_t cpu, uint32_t intid)
{
    return intid < 32 ? sgi_base(cpu) : GICD;
}

/* Group (0 or 1), priority, enabled; SPIs go to CPU 0 unless routed. */
static inline void irq_on(uint32_t cpu, uint32_t intid, uint32_t group, uint8_t priority)
{
    uint64_t b = irq_base(cpu, intid);
    uint32_t w = intid / 32 * 4, bit = 1u << intid % 32;

    store(b + 0x80 + w, (load(b + 0x80 + w) & ~bit) | (group ? bit : 0));
    store_n(b + 0x400 + intid, 1, priority, true);
    store(b + 0x100 + w, bit);
}

static inline void set_pending(uint32_t cpu, uint32_t intid)
{
    store(irq_base(cpu, intid) + 0x200 + intid / 32 * 4, 1u << intid % 32);
}

static inline bool bit_of(uint32_t cpu, uint32_t reg, uint32_t intid)
{
    return load(irq_base(cpu, intid) + reg + intid / 32 * 4) >> intid % 32 & 1;
}
static inline bool is_pending(uint32_t cpu, uint32_t intid) { return bit_of(cpu, 0x200, intid); }
static inline bool is_active(uint32_t cpu, uint32_t intid) { return bit_of(cpu, 0x300, intid); }

#endif
