/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CNTPOFF_EL2 (Arm DDI 0487, D12.2.4): EL1's physical timer compares with the count less the offset,
 * but not while HCR_EL2.{E2H, TGE} is {1, 1}. Its line is seen as the level of PPI 30 (INTID 30 of
 * the redistributor's ISPENDR0). Ends with "timer_offset: N cases passed".
 */
#include "guest.h"

#define BIT(n) (1ull << (n))
#define HCR_RW BIT(31)
#define HCR_TGE BIT(27)
#define HCR_E2H BIT(34)
#define CNTHCTL_ECV BIT(12)
#define GICR_ISPENDR0 ((volatile uint32_t *)0x80b0200)

static unsigned cases, failures;

static void expect(const char *text, bool wanted)
{
    DSB();
    ISB();
    bool got = *GICR_ISPENDR0 >> 30 & 1;
    cases++;
    if (got == wanted)
        return;
    failures++;
    put_text("timer_offset: FAILED: ");
    put_text(text);
    put_text(wanted ? ": the line is low\n" : ": the line is high\n");
}

static void world(uint64_t hcr)
{
    MSR("hcr_el2", HCR_RW | HCR_E2H | hcr);
    ISB();
}

int main(void)
{
    world(HCR_TGE);
    MSR("s3_4_c14_c0_6", 0 - BIT(40)); /* CNTPOFF_EL2: the guest is 2^40 ahead */
    MSR("cnthctl_el2", CNTHCTL_ECV | 3u << 10 | 3);
    MSR("s3_5_c14_c2_2", BIT(39)); /* CNTP_CVAL_EL02: past for the guest, minutes ahead for the host */
    MSR("s3_5_c14_c2_1", 1);
    expect("under the host", false);
    world(0);
    expect("under the guest", true);
    world(HCR_TGE);
    expect("under the host again", false);
    world(0);
    expect("under the guest again", true);
    MSR("s3_5_c14_c2_1", 3);
    expect("masked", false);
    MSR("s3_5_c14_c2_1", 1);
    MSR("s3_4_c14_c0_6", 0);
    expect("without an offset", false);
    MSR("s3_4_c14_c0_6", 0 - BIT(40));
    expect("with an offset", true);
    MSR("cnthctl_el2", 3u << 10 | 3);
    expect("with ECV off", false);
    MSR("s3_5_c14_c2_1", 0);
    put_text("timer_offset: ");
    put_number(failures != 0 ? failures : cases);
    put_text(failures != 0 ? " FAILED\n" : " cases passed\n");
    return 0;
}
