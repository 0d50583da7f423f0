/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GICv2 under random accesses of all CPUs, in both Security states, to all frames, with inputs
 * that change: the lines are always what the registers, read one by one, say they should be; a
 * machine saved and restored on the way goes on like one that never was.
 */
#include "core/util/hash.h"
#include "test/irqchip/gicv2_machine.h"

enum { STEPS = 2500 };

static const struct gicv2_config configs[] = {
    { .n_cpus = 1, .n_spis = 32 },
    { .n_cpus = 3, .n_spis = 64, .virtualization = true },
    { .n_cpus = 8, .n_spis = 32, .security = true, .virtualization = true },
    { .n_cpus = 2, .n_spis = 988, .security = true },
};

static uint64_t rnd;

static uint32_t any(void)
{
    return (uint32_t)hash_mix(rnd += 0x9e3779b97f4a7c15ull);
}

static uint32_t any_below(uint32_t n)
{
    return any() % n;
}

/* ---- the oracle: 3.3 over registers as Secure software reads them ---- */
static uint32_t candidates(uint32_t word, uint32_t dist_ctlr)
{
    uint32_t at = word * 4, grp1 = get_d(GICD_IGROUPR + at);
    uint32_t groups = (dist_ctlr & 1 ? ~grp1 : 0) | (dist_ctlr & 2 ? grp1 : 0);

    return get_d(GICD_ISPENDR + at) & get_d(GICD_ISENABLER + at) & ~get_d(GICD_ISACTIVER + at) & groups;
}

static bool is_target(uint32_t intid)
{
    return intid < 32 || config.n_cpus == 1 ||
           (get_sized(D_BASE + GICD_ITARGETSR + intid, 1) >> cpu & 1);
}

static void check_lines(void)
{
    uint32_t dist_ctlr = get_d(GICD_CTLR), ctlr = get_c(GICC_CTLR), found = 1023, least = 0x100;
    uint32_t words[32];

    for (uint32_t w = 0; w < 32; w++)
        words[w] = candidates(w, dist_ctlr);
    for (uint32_t i = 0; i < 1020; i++) {
        if (!(words[i / 32] >> i % 32 & 1))
            continue;
        uint32_t p = get_sized(D_BASE + GICD_IPRIORITYR + i, 1);
        if (p < least && is_target(i)) {
            found = i;
            least = p;
        }
    }
    bool grp1 = found != 1023 && get_bit(GICD_IGROUPR, found);
    uint32_t point = grp1 && !(ctlr & 0x10) ? get_c(GICC_ABPR) : get_c(GICC_BPR) + 1;
    uint32_t group = least >> point << point, running = get_c(GICC_RPR);
    bool idle = true;
    for (uint32_t i = 0; i < 4; i++)
        idle &= get_c(GICC_APR + 4 * i) == 0 && get_c(GICC_NSAPR + 4 * i) == 0;
    bool told = found != 1023 && (ctlr >> grp1 & 1) && least < get_c(GICC_PMR) &&
                (idle || group < running);
    bool as_fiq = told && !grp1 && (ctlr & 8);
    if (irq() != (told && !as_fiq) || fiq() != as_fiq)
        ck_abort_msg("CPU %u: IRQ %d, FIQ %d with interrupt %u of priority %#x", cpu, irq(), fiq(),
                     found, least);
}

/* ---- steps ---- */

/* Values near what the registers take. */
static uint32_t any_value(void)
{
    switch (any_below(6)) {
    case 0: return 1u << any_below(32);
    case 1: return ~0u;
    case 2: return any_below(64);
    case 3: return any() & any();
    case 4: return any_below(4) << 24 | any_below(256) << 16 | any_below(2) << 15 | any_below(16);
    default: return any();
    }
}

static pa_t any_register(void)
{
    static const uint32_t cpu_regs[] = {
        GICC_CTLR, GICC_PMR, GICC_PMR, GICC_BPR, GICC_IAR, GICC_IAR, GICC_IAR, GICC_AIAR, GICC_EOIR,
        GICC_EOIR, GICC_AEOIR, GICC_RPR, GICC_HPPIR, GICC_ABPR, GICC_APR, GICC_NSAPR, GICC_DIR,
    };
    static const uint32_t hyp_regs[] = {
        GICH_HCR, GICH_VMCR, GICH_MISR, GICH_EISR, GICH_ELRSR, GICH_APR, GICH_LR, GICH_LR + 4,
        GICH_LR + 8, GICH_LR + 12,
    };

    switch (any_below(config.virtualization ? 5 : 3)) {
    case 0: return D_BASE + GICD_IGROUPR + any_below(7) * 0x80 + any_below(5) * 4;
    case 1: return D_BASE + any_below(0x1000) / 4 * 4;
    case 2: return C_BASE + cpu_regs[any_below(ARRAY_LEN(cpu_regs))];
    case 3: return H_BASE + hyp_regs[any_below(ARRAY_LEN(hyp_regs))];
    default: return V_BASE + cpu_regs[any_below(ARRAY_LEN(cpu_regs))];
    }
}

/* What random values seldom do: a CPU that takes interrupts, and one that has a chance. */
static void make_ready(void)
{
    uint32_t intid = any_below(96);

    secure = true;
    put_d(GICD_CTLR, any_below(8) ? 3 : any_below(3));
    put_c(GICC_CTLR, any_below(4) ? 3 | any_below(32) : any_below(32));
    put_c(GICC_PMR, any_below(4) ? 0xff : any_below(256));
    if (any_below(4) == 0)
        for (uint32_t i = 0; i < 8; i++)
            put_c(GICC_APR + 4 * i, 0);
    put_d(GICD_IGROUPR + intid / 32 * 4, any());
    put_d(GICD_ICACTIVER + intid / 32 * 4, any());
    set_up(intid, (uint8_t)(any_below(3) ? any() & 0x0f : any()));
    put_bit(GICD_ISPENDR, intid);
}

static void step(void)
{
    cpu = any_below(config.n_cpus);
    secure = any_below(3) != 0;
    struct mem_attrs attrs = who();
    pa_t at = any_register();
    uint64_t v = 0;

    switch (any_below(5)) {
    case 0:
        make_ready();
        break;
    case 1:
        gicv2_set_spi(gic, any_below(96), any_below(2));
        gicv2_set_ppi(gic, any_below(256), any_below(2));
        break;
    case 2:
        (void)mem_load(m->memory, at, 4, &v, &attrs);
        /* Often handle what was acknowledged. */
        if ((at & 0xfff) == GICC_IAR && (at >= V_BASE || at < H_BASE) && any_below(2))
            (void)mem_store(m->memory, at + 4, 4, v, &attrs);
        break;
    default:
        (void)mem_store(m->memory, at, 4, any_value(), &attrs);
    }
    secure = true;
    if (any_below(4) == 0)
        for (cpu = 0; cpu < config.n_cpus; cpu++)
            check_lines();
}

START_TEST(lines_follow_registers)
{
    rnd = test_fuzz_seed();
    start(&configs[_i]);
    for (uint64_t k = 0, n = test_fuzz_steps(STEPS); k < n; k++) {
        step();
        if (k % 500 == 499)
            replace_machine();
    }
    teardown();
}
END_TEST

/* The same steps, once straight on, once restored now and then: the same state in the end. */
START_TEST(restored_goes_on_alike)
{
    uint64_t hashes[2];

    for (int with = 0; with < 2; with++) {
        rnd = test_fuzz_seed() + (uint64_t)_i;
        start(&configs[_i]);
        for (uint64_t k = 0, n = test_fuzz_steps(STEPS); k < n; k++) {
            step();
            if (with && k % 50 == 49)
                replace_machine();
        }
        hashes[with] = machine_hash(m);
        teardown();
    }
    ck_assert_uint_eq(hashes[0], hashes[1]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("irqchip.gicv2_random");
    TCase *t = tcase_create("random");

    tcase_set_timeout(t, 100);
    tcase_add_loop_test(t, lines_follow_registers, 0, (int)ARRAY_LEN(configs));
    tcase_add_loop_test(t, restored_goes_on_alike, 0, (int)ARRAY_LEN(configs));
    suite_add_tcase(s, t);
    return s;
}
