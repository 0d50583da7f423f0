/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Breakpoints of EL1 as a hypervisor uses them, routed to EL2 by MDCR_EL2.TDE: an address, and an
 * address linked to each kind of context breakpoint (Arm DDI 0487, D2.8.3, Table D2-9) that matches and that
 * does not. Ends with "breakpoints: N cases passed".
 */
#include "guest.h"

#define BIT(n) (1ull << (n))
#define HCR_RW BIT(31)
#define HCR_E2H BIT(34)
#define MDCR (BIT(9) | BIT(8) | 6) /* TDA, TDE, HPMN */
#define MDSCR_MDE BIT(15)
#define BCR_EL1 (BIT(13) | 3u << 1 | 0xfu << 5 | 1) /* HMC, PMC = 3: any level; BAS, E */
#define CONTEXT 5                                     /* the last breakpoint: it is context-aware */

extern uint64_t run_el1(const uint32_t *code, uint64_t x5);
extern char el2_vectors[], el1_vectors[];
static uint32_t code[4] __attribute__((aligned(64)));
static unsigned cases, failures;
enum { NOP = 0xd503201f, HVC = 0xd4000002 };

static const struct row {
    const char *what;
    unsigned type;       /* DBGBCR.BT of the context breakpoint; linked, so odd. 0: none, the address alone */
    uint64_t value;      /* its DBGBVR */
    uint32_t id1, id2;   /* CONTEXTIDR_EL1, CONTEXTIDR_EL2 */
    uint16_t vmid;
    bool hit;
} rows[] = {
    { "an address", 0, 0, 0, 0, 0, true },
    { "Context ID", 3, 0x12345677, 0x12345677, 1, 0, true },
    { "another Context ID in bits 1:0", 3, 0x12345677, 0x12345674, 1, 0, false },
    { "Context ID, which is not CONTEXTIDR_EL2", 3, 0x12345677, 0, 0x12345677, 0, false },
    { "CONTEXTIDR_EL1", 7, 0x80000003, 0x80000003, 1, 0, true },
    { "another CONTEXTIDR_EL1", 7, 0x80000003, 3, 0x80000003, 0, false },
    { "VMID", 9, 0xabull << 32, 0, 0, 0xab, true },
    { "another VMID", 9, 0xabull << 32, 0, 0, 0xac, false },
    { "VMID and Context ID", 11, 0xabull << 32 | 0x55, 0x55, 0, 0xab, true },
    { "VMID and another Context ID", 11, 0xabull << 32 | 0x55, 0x56, 0, 0xab, false },
    { "another VMID and Context ID", 11, 0xabull << 32 | 0x55, 0x55, 0, 0xad, false },
    { "CONTEXTIDR_EL2", 13, 0x77ull << 32, 0, 0x77, 0, true },
    { "another CONTEXTIDR_EL2", 13, 0x77ull << 32, 0x77, 0x76, 0, false },
    { "full context", 15, 0x77ull << 32 | 0x11, 0x11, 0x77, 0, true },
    { "full context, another CONTEXTIDR_EL1", 15, 0x77ull << 32 | 0x11, 0x12, 0x77, 0, false },
    { "full context, another CONTEXTIDR_EL2", 15, 0x77ull << 32 | 0x11, 0x11, 0x78, 0, false },
};

static void complain(const struct row *r, uint64_t e2h, const char *text, uint64_t got)
{
    failures++;
    put_text("breakpoints: FAILED: ");
    put_text(r->what);
    put_text(e2h ? " (E2H): " : ": ");
    put_text(text);
    put_hex(got);
    put_text("\n");
}

static void check(const struct row *r, uint64_t e2h)
{
    cases++;
    MSR("hcr_el2", HCR_RW | e2h);
    ISB();
    if (e2h) {
        MSR("s3_5_c13_c0_1", r->id1); /* CONTEXTIDR_EL12 */
        MSR("s3_5_c12_c0_0", (uint64_t)el1_vectors);
    } else {
        MSR("contextidr_el1", r->id1);
        MSR("vbar_el1", (uint64_t)el1_vectors);
    }
    MSR("s3_4_c13_c0_1", r->id2); /* CONTEXTIDR_EL2 */
    MSR("vttbr_el2", (uint64_t)r->vmid << 48);
    MSR("dbgbvr5_el1", r->value);
    MSR("dbgbcr5_el1", r->type != 0 ? (uint64_t)r->type << 20 | BCR_EL1 : 0);
    MSR("dbgbvr0_el1", (uint64_t)&code[1]);
    MSR("dbgbcr0_el1", r->type != 0 ? 1ull << 20 | CONTEXT << 16 | BCR_EL1 : BCR_EL1);
    MSR("mdscr_el1", MDSCR_MDE);
    ISB();
    if (MRS("dbgbvr5_el1") != r->value)
        complain(r, e2h, "DBGBVR5_EL1 reads ", MRS("dbgbvr5_el1"));
    run_el1(code, 0);
    uint64_t esr = MRS("esr_el2"), elr = MRS("elr_el2");
    MSR("mdscr_el1", 0);
    ISB();
    /* a breakpoint from a lower level, IFSC of a debug exception; or HVC 0 */
    if (esr != (r->hit ? 0x30ull << 26 | 1u << 25 | 0x22 : 0x16ull << 26 | 1u << 25))
        complain(r, e2h, "ESR_EL2 is ", esr);
    if (r->hit && elr != (uint64_t)&code[1])
        complain(r, e2h, "ELR_EL2 is ", elr);
}

int main(void)
{
    code[0] = code[1] = NOP;
    code[2] = HVC;
    MSR("vbar_el2", (uint64_t)el2_vectors);
    MSR("mdcr_el2", MDCR);
    MSR("vtcr_el2", BIT(19)); /* VS: 16-bit VMIDs */
    MSR("s2_0_c1_c0_4", 0);   /* OSLAR_EL1 */
    ISB();
    for (uint64_t e2h = 0; e2h <= HCR_E2H; e2h += HCR_E2H)
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
            check(&rows[i], e2h);
    put_text("breakpoints: ");
    put_number(failures != 0 ? failures : cases);
    put_text(failures != 0 ? " FAILED\n" : " cases passed\n");
    return 0;
}
