/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HCR_EL2.VI, VF and VSE (Arm DDI 0487, D1.3.6): taken by EL1 when routed and not masked, at the latest
 * when an ISB follows the write that unmasks them, however soon they are masked again; ISR_EL1.
 * Ends with "virtual_interrupts: N cases passed".
 */
#include "guest.h"

#define BIT(n) (1ull << (n))
#define HCR_RW BIT(31)
#define HCR_E2H BIT(34)

extern uint64_t run_el1(const uint32_t *code, uint64_t x5);
extern char el2_vectors[], el1_vectors[];
static uint32_t code[64] __attribute__((aligned(64)));
static unsigned cases, failures;
enum { NOP = 0xd503201f, HVC = 0xd4000002, ISB_ = 0xd5033fdf, MRS_X0_ISR = 0xd538c100,
       MSR_DAIF_X5 = 0xd51b4225 };
#define DAIFCLR(imm) (0xd50340ffu | (imm) << 8)
#define DAIFSET(imm) (0xd50340dfu | (imm) << 8)

static const struct kind {
    const char *name;
    unsigned pend, route;   /* bits of HCR_EL2 */
    unsigned mask;          /* of PSTATE.DAIF, as DAIFSet has it */
    unsigned isr, vector;
} kinds[] = {
    { "virtual IRQ", 7, 4, 2, 7, 0x280 },
    { "virtual FIQ", 6, 3, 1, 6, 0x300 },
    { "virtual SError", 8, 5, 4, 8, 0x380 },
};

static void complain(const struct kind *k, const char *text, uint64_t got, uint64_t wanted)
{
    failures++;
    put_text("virtual_interrupts: FAILED: ");
    put_text(k->name);
    put_text(text);
    put_hex(got);
    put_text(", not ");
    put_hex(wanted);
    put_text("\n");
}

/* Where EL1 ended: the offset of its vector, or 0 at HVC 0. */
static uint64_t run(const uint32_t *words, unsigned n, uint64_t hcr, uint64_t *x0, uint64_t x5)
{
    for (unsigned i = 0; i < n; i++)
        code[i] = words[i];
    code[n] = HVC;
    DSB();
    __asm__ volatile("ic iallu; dsb sy" ::: "memory");
    MSR("hcr_el2", hcr);
    ISB();
    *x0 = run_el1(code, x5);
    uint64_t imm = MRS("esr_el2") & 0xffff, elr = MRS("elr_el2");
    MSR("hcr_el2", hcr & (HCR_RW | HCR_E2H));
    ISB();
    cases++;
    return imm == 1 ? elr - 4 - (uint64_t)el1_vectors : 0;
}

static void check(const struct kind *k, uint64_t e2h)
{
    uint64_t on = HCR_RW | e2h | BIT(k->pend) | BIT(k->route), x0, got;
    uint32_t window[] = { NOP, DAIFCLR(k->mask), ISB_, DAIFSET(k->mask), NOP };
    uint32_t by_register[] = { NOP, MSR_DAIF_X5, ISB_, DAIFSET(15), NOP };
    uint32_t others[] = { DAIFCLR(7 & ~k->mask), ISB_, DAIFSET(15), NOP };
    uint32_t asks[] = { MRS_X0_ISR };
    if ((got = run(window, 5, on, &x0, 0)) != k->vector)
        complain(k, " between DAIFClr and DAIFSet: vector ", got, k->vector);
    uint64_t from = e2h ? MRS("s3_5_c4_c0_1") : MRS("elr_el1");
    if (from != (uint64_t)&code[2] && from != (uint64_t)&code[3])
        complain(k, ": ELR_EL1 ", from, (uint64_t)&code[3]);
    if ((got = run(by_register, 5, on, &x0, 0x3c0 & ~(uint64_t)(k->mask << 6))) != k->vector)
        complain(k, " between MSR DAIF and DAIFSet: vector ", got, k->vector);
    if ((got = run(window, 5, on & ~BIT(k->route), &x0, 0)) != 0)
        complain(k, " that is not routed: vector ", got, 0);
    if ((got = run(window, 5, on & ~BIT(k->pend), &x0, 0)) != 0)
        complain(k, " that does not pend: vector ", got, 0);
    if ((got = run(others, 4, on, &x0, 0)) != 0)
        complain(k, " when others are unmasked: vector ", got, 0);
    if (run(asks, 1, on, &x0, 0) != 0 || x0 != BIT(k->isr))
        complain(k, ": ISR_EL1 ", x0, BIT(k->isr));
    if (run(asks, 1, on & ~BIT(k->pend), &x0, 0) != 0 || x0 != 0)
        complain(k, " that does not pend: ISR_EL1 ", x0, 0);
}

int main(void)
{
    MSR("vbar_el2", (uint64_t)el2_vectors);
    for (uint64_t e2h = 0; e2h <= HCR_E2H; e2h += HCR_E2H) {
        MSR("hcr_el2", HCR_RW | e2h);
        ISB();
        if (e2h)
            MSR("s3_5_c12_c0_0", (uint64_t)el1_vectors); /* VBAR_EL12 */
        else
            MSR("vbar_el1", (uint64_t)el1_vectors);
        for (int again = 0; again < 40; again++) /* until it is compiled as a region */
            for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
                check(&kinds[i], e2h);
    }
    put_text("virtual_interrupts: ");
    put_number(failures != 0 ? failures : cases);
    put_text(failures != 0 ? " FAILED\n" : " cases passed\n");
    return 0;
}
