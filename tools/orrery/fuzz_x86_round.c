/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x86: what the rounds of a random program start with. Descriptors: SDM volume 3, 3.4.5, 6.8, 7.11,
 * 8.2; pages: chapter 5.
 */
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "tools/orrery/fuzz_x86.h"
#include <string.h>

/* ---- values ---- */

uint64_t fuzz_x86_integer(struct fuzz_random *r)
{
    const uint64_t own[] = { FX_DATA, FX_DATA + 0xffd, FX_CODE, FX_DEVICE, 0x8000000000000000,
                             0x00007fffffffffff, 0xffff800000000000, 0xfffffff0, 0x37f,
                             FX_DATA + fuzz_below(r, FX_DATA_BYTES), 0x80000001, 0x1f80 };
    return fuzz_integer(r, own, ARRAY_LEN(own));
}

uint64_t fuzz_x86_quad(struct fuzz_random *r)
{
    switch (fuzz_below(r, 10)) {
    case 0: case 1: case 2: return fuzz_float_of(r, 11, 52);
    case 3: case 4: case 5: return fuzz_float_of(r, 8, 23) | fuzz_float_of(r, 8, 23) << 32;
    case 6: return fuzz_float_of(r, 5, 10) * 0x0001000100010001;
    case 7: return fuzz_next(r) & 0x000000ff000000ff; /* indices */
    case 8: return fuzz_float_of(r, 8, 7) * 0x0001000100010001;
    default: return fuzz_x86_integer(r);
    }
}

uint32_t fuzz_x86_mxcsr(struct fuzz_random *r)
{
    uint32_t v = 0x1f80 | fuzz_below(r, 4) << 13;
    if (fuzz_one_in(r, 4))
        v &= ~(0x80u << fuzz_below(r, 6));
    if (fuzz_one_in(r, 12))
        v &= ~0x1f80u;
    v |= fuzz_one_in(r, 5) ? 0x8000 : 0;
    v |= fuzz_one_in(r, 5) ? 0x0040 : 0;
    return v | (fuzz_one_in(r, 3) ? fuzz_below(r, 64) : 0);
}

uint32_t fuzz_x86_pointer(const struct fx_plan *plan, struct fuzz_random *r)
{
    uint32_t at = fuzz_below(r, FX_DATA_BYTES);
    if (!fuzz_one_in(r, 4))
        at &= ~63u;
    switch (plan->mode == X86_CODE16 ? 9 : fuzz_below(r, 40)) {
    case 0: return FX_DEVICE + fuzz_below(r, 0x2000) - plan->data_base;
    case 1: return 0x200000 + FX_DATA + at - plan->data_base; /* the large page */
    case 2: return FX_ALIAS + FX_DATA + at - plan->data_base;
    case 3: return (uint32_t)fuzz_next(r);
    case 4: return (FX_DATA | (at & ~0xfffu)) - plan->data_base - fuzz_below(r, 32); /* ends of pages */
    default: return FX_DATA + at - plan->data_base;
    }
}

/* ---- descriptors ---- */

/* `attr`: bits 55:40 without the limit's four; limit as it is stored. */
static void set_descriptor(uint8_t *at, uint32_t base, uint32_t limit, uint32_t attr)
{
    st_le64(at, (limit & 0xffff) | (uint64_t)(base & 0xffffff) << 16 | (uint64_t)attr << 40 |
                    (uint64_t)(limit >> 16 & 15) << 48 | (uint64_t)(base >> 24) << 56);
}

static void set_gate(uint8_t *at, uint32_t sel, uint32_t ip, uint32_t type, uint32_t dpl, uint32_t low)
{
    st_le64(at, (ip & 0xffff) | (uint64_t)sel << 16 | (uint64_t)low << 32 |
                    (uint64_t)(type | dpl << 5 | 0x80) << 40 | (uint64_t)(ip >> 16) << 48);
}

static uint32_t entry(const uint8_t *image, enum fx_entry e)
{
    return ld_le16(image + FX_GUEST + 2 * e);
}

static uint32_t any_ip(const struct fuzz_program *p, const struct fx_plan *plan, struct fuzz_random *r)
{
    return fx_ip(plan, p->slot[fuzz_below(r, p->n_slots)].offset);
}

static void make_system_segments(uint8_t *gdt)
{
    static const struct {
        uint16_t sel, attr;
    } flat[] = {
        { FX_CODE32, 0xc09a }, { FX_FLAT, 0xc092 }, { FX_CODE64, 0xa09a },
        { FX_SEL_SYSCALL, 0xa09a }, { FX_SEL_SYSCALL + 8, 0xc092 }, { FX_SEL_SYSRET, 0xc0fa },
        { FX_SEL_SYSRET + 8, 0xc0f2 }, { FX_SEL_SYSRET + 16, 0xa0fa }, { FX_SEL_SYSENTER, 0xc09a },
        { FX_SEL_SYSENTER + 8, 0xc092 }, { FX_SEL_SYSENTER + 16, 0xc0fa }, { FX_SEL_SYSENTER + 24, 0xc0f2 },
        { FX_SEL_SYSENTER + 32, 0xa0fa }, { FX_SEL_SYSENTER + 40, 0xc0f2 },
    };
    for (unsigned i = 0; i < ARRAY_LEN(flat); i++)
        set_descriptor(gdt + flat[i].sel, 0, 0xfffff, flat[i].attr);
    set_descriptor(gdt + FX_CODE16, 0, 0xffff, 0x009a);
    set_descriptor(gdt + FX_DATA16, 0, 0xffff, 0x0092);
    set_descriptor(gdt + FX_SEL_TSS, FX_TSS32, FX_TSS_BYTES - 1, 0x89);
    set_descriptor(gdt + FX_SEL_DF, FX_TSS_DF, 0x67, 0x89);
    set_descriptor(gdt + FX_SEL_TASK, FX_TSS_TASK, 0x67, 0xe9);
    set_descriptor(gdt + FX_SEL_TSS64, FX_TSS64, FX_TSS_BYTES - 1, 0x89);
    st_le64(gdt + FX_SEL_TSS64 + 8, 0);
    set_descriptor(gdt + FX_SEL_LDT, FX_LDT, 0x3f, 0x82);
    st_le64(gdt + FX_SEL_LDT + 8, 0);
}

static void make_program_segments(struct fuzz_program *p, const struct fx_plan *plan, struct fuzz_random *r)
{
    uint8_t *gdt = p->image + FX_GDT;
    bool flat = plan->data_base == 0;
    uint32_t stack = plan->stack_base, low = FX_DATA + 0xc000 + fuzz_below(r, 0x1000) - plan->data_base;
#define PUT(s, base, limit, attr) set_descriptor(gdt + FX_SELECTOR(s), base, limit, attr)
    PUT(FX_PC16_0, plan->code_base, 0xffff, 0x009a);
    PUT(FX_PC16_3, plan->code_base, 0xffff, 0x00fa);
    PUT(FX_PC32_0, plan->code_base, 0xfffff, 0xc09a);
    PUT(FX_PC32_3, plan->code_base, 0xfffff, 0xc0fa);
    PUT(FX_PC64_0, 0, 0xfffff, 0xa09a);
    PUT(FX_PC64_3, 0, 0xfffff, 0xa0fa);
    PUT(FX_PC_CONFORMING, plan->code_base, 0xfffff, plan->mode == X86_CODE16 ? 0x809e : 0xc09e);
    PUT(FX_PC_BAD, plan->code_base, 0x100, 0x4018); /* not readable, often too short, absent at times */
    PUT(FX_PD_0, plan->data_base, flat ? 0xfffff : 0xffff, flat ? 0xc092 : 0x4092);
    PUT(FX_PD_3, plan->data_base, flat ? 0xfffff : 0xffff, flat ? 0xc0f2 : 0x40f2);
    PUT(FX_PD_LOW_0, plan->data_base, low, 0x4092);
    PUT(FX_PD_LOW_3, plan->data_base, low, 0x40f2);
    PUT(FX_PD_DOWN_0, plan->data_base, flat ? FX_DATA + 0x1000 : 0x1000, 0x4096);
    PUT(FX_PD_DOWN_3, plan->data_base, flat ? FX_DATA + 0x1000 : 0x1000, 0x00f6);
    PUT(FX_PD_READ_3, plan->data_base, 0xfffff, 0xc0f0);
    PUT(FX_PD_FAR_0, fuzz_below(r, 0x2000), 0xfffff, 0xc092);
    PUT(FX_PD_FAR_3, fuzz_below(r, 0x2000), 0xfffff, 0xc0f2);
    PUT(FX_PD_ABSENT, 0, 0xfffff, 0xc072);
    PUT(FX_STACK_P0, stack, flat ? 0xfffff : 0xffff, flat ? 0xc092 : 0x4092);
    PUT(FX_STACK_P3, stack, flat ? 0xfffff : 0xffff, flat ? 0xc0f2 : 0x40f2);
    PUT(FX_STACK16_P0, FX_STACK, 0xffff, 0x0092);
    PUT(FX_STACK16_P3, FX_STACK, 0xffff, 0x00f2);
#undef PUT
    uint32_t c0 = FX_SELECTOR(plan->mode == X86_CODE16 ? FX_PC16_0 : FX_PC32_0);
    uint32_t c3 = FX_SELECTOR(plan->mode == X86_CODE16 ? FX_PC16_3 : FX_PC32_3) | 3;
    set_gate(gdt + FX_SELECTOR(FX_GATE_0), c0, any_ip(p, plan, r), 12, 3, fuzz_below(r, 4));
    set_gate(gdt + FX_SELECTOR(FX_GATE_3), c3, any_ip(p, plan, r), 12, 3, fuzz_below(r, 4));
    set_gate(gdt + FX_SELECTOR(FX_GATE_16), c0, any_ip(p, plan, r) & 0xffff, 4, 3, fuzz_below(r, 4));
    set_gate(gdt + FX_SELECTOR(FX_TASK_GATE), FX_SEL_TASK, 0, 5, 3, 0);
    set_gate(gdt + FX_SELECTOR(FX_GATE64_0), FX_SELECTOR(FX_PC64_0), any_ip(p, plan, r), 12, 3, 0);
    set_gate(gdt + FX_SELECTOR(FX_GATE64_3), FX_SELECTOR(FX_PC64_3) | 3, any_ip(p, plan, r), 12, 3, 0);
    st_le64(gdt + FX_SELECTOR(FX_GATE64_0_HIGH), 0);
    st_le64(gdt + FX_SELECTOR(FX_GATE64_3_HIGH), 0);
    memcpy(gdt + FX_SELECTOR(FX_LDT_CODE), gdt + FX_SELECTOR(FX_PC32_3), 8);
    memcpy(p->image + FX_LDT, gdt + FX_SELECTOR(FX_PC16_0), 64); /* the LDT: code segments again */
}

/* ---- interrupts ---- */

static bool has_error(unsigned v)
{
    return v == 8 || (v >= 10 && v <= 14) || v == 17 || v == 21;
}

static void make_vectors(uint8_t *image, struct fuzz_random *r)
{
    static const uint8_t faults[] = { 0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21 };
    bool skips[256] = { false };
    for (unsigned i = 0; i < sizeof faults; i++)
        skips[faults[i]] = true;
    for (unsigned v = 0; v < 256; v++) {
        enum fx_entry e16 = skips[v] ? FX_SKIP16 : v == 1 ? FX_DEBUG16 : v == FX_TIMER_VECTOR ? FX_TIMER16 : FX_RETURN16;
        enum fx_entry e32 = has_error(v) ? FX_SKIP32_ERROR : v == 16 ? FX_MATH32 : skips[v] ? FX_SKIP32
                            : v == 1 ? FX_DEBUG32 : v == FX_TIMER_VECTOR ? FX_TIMER32 : v == 2 ? FX_LEAVE32 : FX_RETURN32;
        enum fx_entry e64 = has_error(v) ? FX_SKIP64_ERROR : v == 16 ? FX_MATH64 : skips[v] ? FX_SKIP64
                            : v == 1 ? FX_DEBUG64 : v == FX_TIMER_VECTOR ? FX_TIMER64 : v == 2 ? FX_LEAVE64 : FX_RETURN64;
        st_le32(image + 4 * v, entry(image, v == 2 ? FX_BOOT16 : e16));
        uint32_t dpl = v == 3 || v == 4 || (v >= 32 && !fuzz_one_in(r, 4)) ? 3 : 0;
        uint32_t type = fuzz_one_in(r, 4) ? 15 : 14, ist = v == 8 || v == 2 ? 1 : fuzz_one_in(r, 2) ? 1 + v % 3 : 0;
        set_gate(image + FX_IDT32 + 8 * v, FX_CODE32, entry(image, e32), type, dpl, 0);
        set_gate(image + FX_IDT64 + 16 * v, FX_CODE64, entry(image, v == 8 ? FX_LEAVE64 : e64), type, dpl, ist);
        st_le64(image + FX_IDT64 + 16 * v + 8, 0);
    }
    set_gate(image + FX_IDT32 + 8 * 8, FX_SEL_DF, 0, 5, 0, 0);
}

static void make_tasks(struct fuzz_program *p, const struct fx_plan *plan, struct fuzz_random *r)
{
    static const uint16_t all[] = { FX_TSS32, FX_TSS_DF, FX_TSS_TASK };
    for (unsigned i = 0; i < ARRAY_LEN(all); i++) {
        uint8_t *t = p->image + all[i];
        st_le32(t + 4, FX_STACK_0);
        st_le32(t + 8, FX_FLAT);
        st_le32(t + 36, 2);
        st_le32(t + 56, FX_STACK_DF);
        for (unsigned s = 0; s < 6; s++)
            st_le32(t + 72 + 4 * s, s == 1 ? FX_CODE32 : FX_FLAT);
        st_le16(t + 102, 0x68);
    }
    uint8_t *task = p->image + FX_TSS_TASK, *t64 = p->image + FX_TSS64;
    bool inner = fuzz_one_in(r, 2);
    st_le32(task + 32, any_ip(p, plan, r));
    st_le32(task + 36, 0x202 | (fuzz_one_in(r, 4) ? X86_TF : 0));
    for (unsigned i = 0; i < 8; i++)
        st_le32(task + 40 + 4 * i, fuzz_x86_pointer(plan, r));
    st_le32(task + 56, FX_STACK + 0x8000 - plan->stack_base);
    for (unsigned s = 0; s < 6; s++)
        st_le32(task + 72 + 4 * s, FX_SELECTOR(inner ? FX_PD_0 : FX_PD_3) | (inner ? 0 : 3));
    st_le32(task + 76, FX_SELECTOR(plan->mode == X86_CODE16 ? (inner ? FX_PC16_0 : FX_PC16_3)
                                                            : (inner ? FX_PC32_0 : FX_PC32_3)) | (inner ? 0 : 3));
    st_le32(task + 80, FX_SELECTOR(inner ? FX_STACK_P0 : FX_STACK_P3) | (inner ? 0 : 3));
    st_le64(t64 + 4, FX_STACK_0);
    for (unsigned i = 0; i < 7; i++)
        st_le64(t64 + 36 + 8 * i, FX_STACK_IST - 0x100 * (i % 3));
    st_le16(t64 + 102, 0x68);
    for (unsigned i = 0; i < 128; i++) { /* the I/O maps */
        uint8_t bits = fuzz_one_in(r, 2) ? 0 : (uint8_t)fuzz_next(r);
        p->image[FX_TSS32 + 0x68 + i] = p->image[FX_TSS64 + 0x68 + i] = bits;
    }
    p->image[FX_TSS32 + 0x68 + 128] = p->image[FX_TSS64 + 0x68 + 128] = 0xff;
}

/* ---- pages ---- */
enum { P = 1, W = 2, U = 4, PWT = 8, PCD = 16, A = 32, D = 64, PS = 128, G = 256 };

/* `wide`: entries of 8 bytes, with NX, keys and reserved bits. */
static uint64_t page_bits(struct fuzz_random *r, uint64_t user, bool wide)
{
    uint64_t bits = P | W | A | D | user;
    switch (fuzz_below(r, 20)) {
    case 0: return bits & ~(uint64_t)W;
    case 1: return bits & ~(uint64_t)D;
    case 2: return bits & ~(uint64_t)(A | D);
    case 3: return bits & ~(uint64_t)P;
    case 4: return bits ^ U;
    case 5: return bits | G;
    case 6: return bits | PCD;
    case 7: return wide ? bits | BIT(63) : bits;
    case 8: return wide ? bits | (uint64_t)fuzz_below(r, 16) << 59 : bits;
    case 9: return wide && fuzz_one_in(r, 4) ? bits | BIT(51) : bits;
    default: return bits;
    }
}

static void make_tree(uint8_t *image, uint32_t base, uint64_t user, struct fuzz_random *r)
{
    uint64_t link = P | W | U | A;
    uint32_t key = fuzz_scatter_key(r) << 12;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t at = i << 12 & (FX_RAM_BYTES - 1), to = fuzz_scatter(at, FX_DATA, FX_DATA_BYTES, key);
        bool data = at >= FX_DATA && at < FX_CODE_COPY, code = at >= FX_CODE && at < FX_SMBASE;
        uint64_t bits = P | W | A | D | (data || code ? user : 0), narrow = bits;
        if (data ? fuzz_one_in(r, 4) : code && fuzz_one_in(r, 8)) {
            bits = page_bits(r, user, true);
            narrow = page_bits(r, user, false);
        }
        st_le64(image + base + FX_PT + 8 * i, to | bits);
        st_le32(image + base + FX_PT32 + 4 * i, (uint32_t)(to | narrow));
    }
    st_le64(image + base + FX_PD, (base + FX_PT) | link);
    st_le64(image + base + FX_PD + 8, PS | (page_bits(r, user, true) & ~BIT(51)));
    st_le64(image + base + FX_PD + 16, FX_DEVICE | PS | P | W | A | D | user);
    st_le32(image + base + FX_PD32, (uint32_t)((base + FX_PT32) | link));
    st_le32(image + base + FX_PD32 + 4, (uint32_t)(FX_DEVICE | PS | P | W | A | D | user));
    st_le64(image + base + FX_PDPT, (base + FX_PD) | link);
    st_le64(image + base + FX_PDPT_PAE, (base + FX_PD) | P);
    st_le64(image + base + FX_PML4, (base + FX_PDPT) | link);
    st_le64(image + base + FX_PML5, (base + FX_PML4) | link);
}

static void make_boot_tree(uint8_t *image)
{
    uint32_t base = FX_BOOT_PML5;
    for (uint32_t level = 0; level < 3; level++)
        st_le64(image + base + 0x1000 * level, (base + 0x1000 * (level + 1)) | P | W);
    st_le64(image + base + 0x3000, PS | P | W | A | D);
}

/* ---- registers ---- */

static void make_extended(const struct cpu *cpu, uint8_t *x, struct fuzz_random *r)
{
    for (unsigned n = 0; n < 8; n++) { /* ST(n) and XMM */
        bool real = fuzz_one_in(r, 2);
        st_le64(x + 32 + 16 * n, real ? fuzz_next(r) | BIT(63) : fuzz_x86_quad(r));
        st_le16(x + 40 + 16 * n, (uint16_t)(fuzz_one_in(r, 2) ? 0x3ffc + fuzz_below(r, 70) : fuzz_next(r)));
    }
    for (unsigned i = 0; i < 32; i++)
        st_le64(x + 160 + 8 * i, fuzz_x86_quad(r));
    st_le16(x, (uint16_t)(0x37f ^ fuzz_below(r, 4) << 10 ^ (fuzz_one_in(r, 3) ? fuzz_below(r, 4) << 8 : 0) ^
                          (fuzz_one_in(r, 4) ? fuzz_below(r, 64) : 0)));
    st_le16(x + 2, (uint16_t)(fuzz_next(r) & 0x7f00));
    x[4] = fuzz_one_in(r, 2) ? 0xff : (uint8_t)fuzz_next(r);
    st_le32(x + 24, fuzz_x86_mxcsr(r));
    uint64_t bv = 3;
    for (unsigned n = 2; n < 10; n++) {
        uint32_t regs[4];
        x86_cpuid(X86_CPU_CONST(cpu), 13, n, regs);
        if (n == 3 || n == 4 || n == 8 || regs[0] == 0 || regs[1] + regs[0] > FX_TABLE_BYTES - FX_T_XSAVE)
            continue;
        bv |= BIT(n);
        for (unsigned i = 0; i + 8 <= regs[0]; i += 8)
            st_le64(x + regs[1] + i, n == 5 && fuzz_one_in(r, 2) ? ~0ull : fuzz_x86_quad(r));
        if (n == 9) /* PKRU */
            st_le64(x + regs[1], fuzz_one_in(r, 2) ? 0 : (uint32_t)fuzz_next(r) & ~3u);
    }
    st_le64(x + 512, bv);
}

/* One debug register may stop the program now and then. */
static void make_debug(uint8_t *t, const struct fuzz_program *p, struct fuzz_random *r)
{
    uint64_t dr7 = 0x400;
    for (unsigned i = 0; i < 4; i++) {
        uint32_t kind = fuzz_below(r, 4);
        uint64_t at = kind == 0 ? p->slot[fuzz_below(r, p->n_slots)].offset
                      : kind == 2 ? fuzz_below(r, 0x100) : FX_DATA + (fuzz_below(r, FX_DATA_BYTES) & ~7u);
        st_le64(t + FX_T_DR + 8 * i, at);
        if (fuzz_one_in(r, 2))
            dr7 |= 2ull << 2 * i | (uint64_t)(kind | (kind == 0 ? 0 : fuzz_below(r, 4) << 2)) << (16 + 4 * i);
    }
    if (fuzz_one_in(r, 8))
        dr7 |= X86_DR7_GD;
    st_le64(t + FX_T_DR + 32, fuzz_one_in(r, 4) ? dr7 : 0x400);
}

static void make_msrs(uint8_t *t, const struct fuzz_program *p, const struct fx_plan *plan, struct fuzz_random *r)
{
    const struct {
        uint32_t msr;
        uint64_t value;
    } rows[] = {
        { 0xc0000081, (uint64_t)FX_SEL_SYSCALL << 32 | (uint64_t)(FX_SEL_SYSRET | 3) << 48 | any_ip(p, plan, r) },
        { 0xc0000082, any_ip(p, plan, r) },
        { 0xc0000083, any_ip(p, plan, r) },
        { 0xc0000084, fuzz_one_in(r, 2) ? 0x47700 : fuzz_next(r) & 0xffffffff },
        { 0x174, fuzz_one_in(r, 8) ? 0 : FX_SEL_SYSENTER },
        { 0x175, FX_STACK + 0x4000 - plan->stack_base },
        { 0x176, any_ip(p, plan, r) },
        { 0xc0000103, fuzz_next(r) & 0xffffffff },
        { 0x1d9, fuzz_one_in(r, 8) ? X86_DEBUGCTL_BTF : 0 },
    };
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        st_le64(t + FX_T_MSRS + 16 * i, rows[i].msr);
        st_le64(t + FX_T_MSRS + 16 * i + 8, rows[i].value);
    }
    st_le64(t + FX_T_MSRS + 16 * ARRAY_LEN(rows), 0);
}

struct kind {
    uint8_t kind;
    bool paging, pae;
    uint8_t code, data, stack; /* enum fx_segment */
};
/* By code size and round. */
static const struct kind kinds[3][FX_ROUNDS] = {
    { { FX_KIND_REAL }, { FX_KIND_V86, true, false }, { FX_KIND_REAL },
      { FX_KIND_INNER, false, false, FX_PC16_0, FX_PD_0, FX_STACK16_P0 },
      { FX_KIND_OUTER, true, true, FX_PC16_3, FX_PD_3, FX_STACK16_P3 }, { FX_KIND_V86, true, true },
      { FX_KIND_LONG, true, true, FX_PC16_3, FX_PD_3, FX_STACK16_P3 }, { FX_KIND_REAL } },
    { { FX_KIND_INNER, false, false, FX_PC32_0, FX_PD_0, FX_STACK_P0 },
      { FX_KIND_OUTER, true, false, FX_PC32_3, FX_PD_3, FX_STACK_P3 },
      { FX_KIND_INNER, true, true, FX_PC32_0, FX_PD_0, FX_STACK_P0 },
      { FX_KIND_LONG, true, true, FX_PC32_3, FX_PD_3, FX_STACK_P3 },
      { FX_KIND_OUTER, true, true, FX_PC32_3, FX_PD_3, FX_STACK_P3 },
      { FX_KIND_LONG, true, true, FX_PC32_0, FX_PD_0, FX_STACK_P0 },
      { FX_KIND_INNER, true, false, FX_PC32_0, FX_PD_0, FX_STACK_P0 },
      { FX_KIND_OUTER, false, false, FX_PC32_3, FX_PD_3, FX_STACK_P3 } },
    { { FX_KIND_LONG, true, true, FX_PC64_0, FX_PD_0, FX_STACK_P0 },
      { FX_KIND_LONG, true, true, FX_PC64_3, FX_PD_3, FX_STACK_P3 },
      { FX_KIND_LONG, true, true, FX_PC64_0, FX_PD_0, FX_STACK_P0 },
      { FX_KIND_LONG, true, true, FX_PC64_3, FX_PD_3, FX_STACK_P3 },
      { FX_KIND_LONG, true, true, FX_PC64_0, FX_PD_0, FX_STACK_P0 },
      { FX_KIND_LONG, true, true, FX_PC64_3, FX_PD_3, FX_STACK_P3 },
      { FX_KIND_LONG, true, true, FX_PC64_3, FX_PD_3, FX_STACK_P3 },
      { FX_KIND_LONG, true, true, FX_PC64_3, FX_PD_3, FX_STACK_P3 } },
};

static bool is_outer(const struct kind *k)
{
    return k->code == FX_PC16_3 || k->code == FX_PC32_3 || k->code == FX_PC64_3;
}

static void make_controls(const struct cpu *cpu, uint8_t *t, const struct kind *k, struct fuzz_random *r)
{
    const struct x86_config *c = x86_cpu_config(X86_CPU_CONST(cpu));
    uint32_t tree = FX_PAGES + FX_TREE_BYTES * fuzz_below(r, 2);
    bool lng = k->kind == FX_KIND_LONG, la57 = lng && x86_has(c, X86_F_LA57) && fuzz_one_in(r, 4);
    uint64_t cr0 = 0x31, cr4 = X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT | X86_CR4_OSXSAVE, efer = 0;
    static const uint32_t often[] = { X86_CR4_DE, X86_CR4_PGE, X86_CR4_PCE, X86_CR4_TSD };
    for (unsigned i = 0; i < ARRAY_LEN(often); i++)
        cr4 |= fuzz_one_in(r, 2) ? often[i] : 0;
    if (!lng && fuzz_one_in(r, 16))
        cr4 &= ~(uint64_t)(X86_CR4_OSFXSR << fuzz_below(r, 2));
    cr4 |= k->pae ? X86_CR4_PAE : X86_CR4_PSE;
    cr4 |= fuzz_one_in(r, 4) ? X86_CR4_UMIP : 0;
    cr4 |= fuzz_one_in(r, 3) ? X86_CR4_SMEP : 0;
    cr4 |= fuzz_one_in(r, 4) ? X86_CR4_SMAP : 0;
    cr4 |= lng && fuzz_one_in(r, 2) ? X86_CR4_FSGSBASE : 0;
    cr4 |= lng && fuzz_one_in(r, 3) ? X86_CR4_PKE : 0;
    cr4 |= lng && fuzz_one_in(r, 4) ? X86_CR4_PCIDE : 0;
    cr4 |= la57 ? X86_CR4_LA57 : 0;
    cr0 |= k->paging ? X86_CR0_PG : 0;
    cr0 |= fuzz_one_in(r, 2) ? X86_CR0_WP : 0;
    cr0 |= fuzz_one_in(r, 3) ? X86_CR0_AM : 0;
    cr0 |= fuzz_one_in(r, 2) ? X86_CR0_MP : 0;
    cr0 |= fuzz_one_in(r, 24) ? X86_CR0_TS : 0;
    cr0 |= fuzz_one_in(r, 40) ? X86_CR0_EM : 0;
    cr0 &= fuzz_one_in(r, 8) ? ~(uint64_t)X86_CR0_NE : ~0ull;
    efer = (lng ? X86_EFER_LME : 0) | (fuzz_one_in(r, 8) ? 0 : X86_EFER_SCE) |
           (fuzz_one_in(r, 3) ? 0 : X86_EFER_NXE);
    st_le64(t + FX_T_CR0, cr0);
    st_le64(t + FX_T_CR4, cr4);
    st_le64(t + FX_T_EFER, efer);
    st_le64(t + FX_T_CR3, tree + (lng ? (la57 ? FX_PML5 : FX_PML4) : k->pae ? FX_PDPT_PAE : FX_PD32));
    static const uint16_t xcr0[] = { 0xe7, 7, 3, 0x207, 1 };
    st_le64(t + FX_T_XCR0, fuzz_one_in(r, 10) ? xcr0[fuzz_below(r, ARRAY_LEN(xcr0))] : 0x2e7);
}

static uint16_t data_selector(const struct kind *k, bool outer, struct fuzz_random *r)
{
    static const uint8_t inner_ones[] = { FX_PD_LOW_0, FX_PD_DOWN_0, FX_PD_READ_3, FX_PD_FAR_0, FX_PD_3 };
    static const uint8_t outer_ones[] = { FX_PD_LOW_3, FX_PD_DOWN_3, FX_PD_READ_3, FX_PD_FAR_3, FX_PD_3 };
    unsigned s = k->data;
    if (fuzz_one_in(r, 8))
        s = outer ? outer_ones[fuzz_below(r, 5)] : inner_ones[fuzz_below(r, 5)];
    return (uint16_t)(FX_SELECTOR(s) | (outer ? 3 : 0));
}

static void make_segments(uint8_t *t, const struct kind *k, const struct fx_plan *plan, struct fuzz_random *r)
{
    bool real = k->kind <= FX_KIND_V86, outer = is_outer(k);
    uint32_t stack_base = real || k->stack >= FX_STACK16_P0 ? FX_STACK : plan->stack_base;
    uint32_t sp = (FX_STACK + 0x4000 + (fuzz_below(r, 0x8000) & ~15u) + (fuzz_one_in(r, 4) ? fuzz_below(r, 16) : 0)) -
                  stack_base;
    uint16_t ss = (uint16_t)(real ? FX_STACK >> 4 : FX_SELECTOR(k->stack) | (outer ? 3 : 0));
    for (unsigned i = 0; i < 4; i++) {
        uint16_t sel = real ? FX_DATA >> 4 : data_selector(k, outer, r);
        if (i >= 2 && fuzz_one_in(r, 2))
            sel = (uint16_t)(real ? (FX_DATA >> 4) + fuzz_below(r, 0x800)
                             : fuzz_one_in(r, 4) ? 0 : FX_SELECTOR(outer ? FX_PD_FAR_3 : FX_PD_FAR_0) | (outer ? 3 : 0));
        st_le64(t + FX_T_DS + 8 * i, sel);
    }
    st_le64(t + FX_T_SS, ss);
    st_le64(t + FX_T_GPR + 32, sp);
    st_le32(t + FX_T_LSS, sp);
    st_le16(t + FX_T_LSS + 4, ss);
    st_le16(t + FX_T_LSS + 8, (uint16_t)sp);
    st_le16(t + FX_T_LSS + 10, ss);
    uint16_t cs = (uint16_t)(real ? plan->code_base >> 4 : FX_SELECTOR(k->code) | (outer ? 3 : 0));
    st_le64(t + FX_T_CS, cs);
    st_le64(t + FX_T_RCS, real ? cs : 0);
    st_le64(t + FX_T_BASE, plan->mode == X86_CODE64 ? 0 : plan->code_base);
    for (unsigned i = 0; i < 3; i++)
        st_le64(t + FX_T_FS_BASE + 8 * i, fuzz_one_in(r, 4) ? sext(fuzz_next(r), 47) : fuzz_below(r, 0x1000));
}

static void make_round(const struct cpu *cpu, struct fuzz_program *p, unsigned round, const struct fx_plan *plan,
                       struct fuzz_random *r)
{
    uint8_t *t = p->image + FX_TABLES + FX_TABLE_BYTES * round;
    const struct kind *k = &kinds[plan->mode][round];
    static const uint8_t pointers[] = { 3, 5, 6, 7, 13 };
    for (unsigned i = 0; i < 16; i++)
        st_le64(t + FX_T_GPR + 8 * i, fuzz_x86_integer(r));
    for (unsigned i = 0; i < ARRAY_LEN(pointers); i++)
        st_le64(t + FX_T_GPR + 8 * pointers[i], fuzz_x86_pointer(plan, r));
    make_controls(cpu, t, k, r);
    make_segments(t, k, plan, r);
    make_debug(t, p, r);
    make_msrs(t, p, plan, r);
    make_extended(cpu, t + FX_T_XSAVE, r);
    uint64_t flags = 2 | (fuzz_next(r) & X86_ARITH) | (fuzz_one_in(r, 4) ? 0 : X86_IF);
    flags |= fuzz_one_in(r, 6) ? X86_TF : 0;
    flags |= fuzz_one_in(r, 6) ? X86_DF : 0;
    flags |= fuzz_one_in(r, 4) ? X86_AC : 0;
    flags |= (uint64_t)fuzz_below(r, 4) << 12 | (fuzz_one_in(r, 8) ? X86_NT : 0);
    flags |= k->kind == FX_KIND_V86 ? X86_VM : 0;
    st_le64(t + FX_T_RFLAGS, flags);
    st_le64(t + FX_T_KIND, k->kind);
    st_le64(t + FX_T_RIP, round == 0 ? fx_ip(plan, p->slot[0].offset) : any_ip(p, plan, r));
    st_le64(t + FX_T_TIMER, (200 + fuzz_below(r, 8000)) | (fuzz_one_in(r, 4) ? BIT(31) : 0));
}

void fuzz_x86_rounds(const struct cpu *cpu, struct fuzz_program *p, const struct fx_plan *plan, struct fuzz_random *r)
{
    make_system_segments(p->image + FX_GDT);
    make_program_segments(p, plan, r);
    make_vectors(p->image, r);
    make_tasks(p, plan, r);
    make_boot_tree(p->image);
    for (unsigned i = 0; i < 2; i++)
        make_tree(p->image, FX_PAGES + FX_TREE_BYTES * i, i == 0 || fuzz_one_in(r, 2) ? U : 0, r);
    for (unsigned i = 0; i < FX_ROUNDS; i++)
        make_round(cpu, p, i, plan, r);
}
