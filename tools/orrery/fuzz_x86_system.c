/* SPDX-License-Identifier: Apache-2.0 */
/* x86: system instructions of random programs: control registers, MSRs, tables, selectors, saved state. */
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "tools/orrery/fuzz_x86_asm.h"

static void write_cr(struct fx_gen *g)
{
    static const uint32_t cr0[] = { X86_CR0_TS, X86_CR0_MP, X86_CR0_EM, X86_CR0_WP, X86_CR0_AM, X86_CR0_NE, X86_CR0_CD };
    static const uint32_t cr4[] = { X86_CR4_TSD, X86_CR4_DE, X86_CR4_PGE, X86_CR4_PCE, X86_CR4_OSXMMEXCPT, X86_CR4_UMIP,
                                    X86_CR4_SMAP, X86_CR4_SMEP, X86_CR4_FSGSBASE, X86_CR4_PKE, X86_CR4_OSFXSR, X86_CR4_VME,
                                    X86_CR4_PKS };
    unsigned which = fx_below(g, 5);
    struct fx_bytes b = { 0 };
    if (which == 2) {
        FX_PUT(g, "\x0f\x20\xd8\x0f\x22\xd8"); /* CR3 again */
        return;
    }
    if (which == 3) {
        fx_move(g, RAX, fx_below(g, 16));
        FX_PUT(g, "\x44\x0f\x22\xc0"); /* CR8 */
        return;
    }
    unsigned cr = which == 4 ? 2 : which == 0 ? 0 : 4;
    fx_byte(&b, 0x0f);
    fx_byte(&b, 0x20);
    fx_byte(&b, 0xc0 | cr << 3);
    fx_place(g, b.at, b.n);
    b.n = 0;
    fx_prefix32(g, &b);
    fx_byte(&b, 0x35); /* XOR EAX */
    fx_bytes(&b, cr == 4 ? cr4[fx_below(g, ARRAY_LEN(cr4))] : cr0[fx_below(g, ARRAY_LEN(cr0))], 4);
    fx_place(g, b.at, b.n);
    b.n = 0;
    fx_byte(&b, 0x0f);
    fx_byte(&b, 0x22);
    fx_byte(&b, 0xc0 | cr << 3);
    fx_place(g, b.at, b.n);
}

static void access_msr(struct fx_gen *g, bool write)
{
    static const uint32_t msrs[] = {
        0x10, 0x1b, 0x3a, 0x3b, 0x48, 0x8b, 0xc1, 0xfe, 0x174, 0x175, 0x176, 0x179, 0x186, 0x1a0, 0x1d9, 0x200, 0x201,
        0x250, 0x277, 0x2ff, 0x309, 0x38d, 0x38f, 0x400, 0x401, 0x6e0, 0x6e1, 0x802, 0xda0, 0xc0000080, 0xc0000081,
        0xc0000082, 0xc0000084, 0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103, 0xc0010000, 0xc0010004, 0xc0010015,
        0xc0010117, 0xc0010200, 0xc0010201, 0xc0000300, 0xc0000301, 0xc0000302,
    };
    fx_move(g, RCX, fx_one_in(g, 12) ? (uint32_t)fuzz_next(g->g.r) : msrs[fx_below(g, ARRAY_LEN(msrs))]);
    if (!write) {
        FX_PUT(g, "\x0f\x32");
        return;
    }
    if (!fx_one_in(g, 3))
        FX_PUT(g, "\x0f\x32"); /* the value it has */
    else
        fx_move(g, RAX, (uint32_t)fuzz_x86_integer(g->g.r));
    if (fx_one_in(g, 2))
        fx_move(g, RDX, fx_one_in(g, 2) ? 0 : (uint32_t)fuzz_next(g->g.r));
    FX_PUT(g, "\x0f\x30");
}

/* LGDT and LIDT of what is there already: the image is stored first. */
static void load_table(struct fx_gen *g, bool idt)
{
    uint32_t at = fx_data_at(g, 0x300);
    FX_ON_MEMORY(g, "\x0f\x01", idt ? 1 : 0, at);
    FX_ON_MEMORY(g, "\x0f\x01", idt ? 3 : 2, at);
}

static void load_selector(struct fx_gen *g, uint16_t id)
{
    unsigned reg = fx_free_register(g) & 7;
    struct fx_bytes b = { 0 };
    uint32_t sel = FX_SELECTOR(fx_below(g, FX_SEGMENTS)) | (fx_one_in(g, 2) ? 3 : 0);
    if (id == X86_INSN_LLDT)
        sel = fx_one_in(g, 4) ? 0 : FX_SEL_LDT;
    else if (id == X86_INSN_LTR)
        sel = g->plan->mode == X86_CODE64 ? FX_SEL_TSS64 : fx_one_in(g, 2) ? FX_SEL_TASK : FX_SEL_TSS;
    if (id == X86_INSN_LTR && g->plan->data_base == 0) { /* not busy: AND m8, imm8 */
        fx_byte(&b, 0x80);
        fx_address(g, &b, 4, FX_GDT + sel + 5);
        fx_byte(&b, 0xfd);
        fx_place(g, b.at, b.n);
        b.n = 0;
    }
    if (fuzz_is_pointer(&g->g, reg))
        reg = RAX;
    fx_move(g, reg, sel);
    if (id == X86_INSN_MOV_SEG) {
        static const uint8_t segments[] = { 0, 3, 4, 5, 2 };
        fx_byte(&b, 0x8e);
        fx_byte(&b, 0xc0 | segments[fx_below(g, 5)] << 3 | reg);
    } else {
        fx_byte(&b, 0x0f);
        fx_byte(&b, 0x00);
        fx_byte(&b, 0xc0 | (id == X86_INSN_LLDT ? 2u : id == X86_INSN_LTR ? 3u : id == X86_INSN_VERR ? 4u : 5u) << 3 | reg);
    }
    fx_place(g, b.at, b.n);
}

/* The row's register operand 1 is a selector. */
static void look_up(struct fx_gen *g, uint16_t id)
{
    fx_move(g, RCX, FX_SELECTOR(fx_below(g, FX_SEGMENTS)) | (fx_one_in(g, 2) ? 3 : 0));
    if (id == X86_INSN_LAR)
        FX_PUT(g, "\x0f\x02\xc1");
    else
        FX_PUT(g, "\x0f\x03\xc1");
}

/* XRSTOR and its like of what XSAVE has just stored. */
static void restore_state(struct fx_gen *g, uint16_t id)
{
    uint32_t at = fx_data_at(g, 0xa000);
    fx_move(g, RAX, fx_one_in(g, 2) ? 0xffffffff : (uint32_t)fuzz_next(g->g.r));
    fx_move(g, RDX, 0);
    if (id == X86_INSN_FXRSTOR) {
        FX_ON_MEMORY(g, "\x0f\xae", 0, at);
        FX_ON_MEMORY(g, "\x0f\xae", 1, at);
    } else if (id == X86_INSN_XRSTORS) {
        FX_ON_MEMORY(g, "\x0f\xc7", 5, at);
        FX_ON_MEMORY(g, "\x0f\xc7", 3, at);
    } else { /* compacted: by XSAVEC */
        fx_on_memory(g, fx_one_in(g, 2) ? "\x0f\xc7" : "\x0f\xae", 2, 4, at);
        FX_ON_MEMORY(g, "\x0f\xae", 5, at);
    }
}

/* INVPCID of a descriptor that is 0, or nearly. */
static void invalidate(struct fx_gen *g)
{
    fx_move(g, RCX, fx_below(g, fx_one_in(g, 4) ? 5 : 4));
    FX_ON_MEMORY(g, "\x66\x0f\x38\x82", RCX, fx_data_at(g, 0xa210));
}

bool fx_add_system(struct fx_gen *g, uint16_t form)
{
    switch (x86_rows[form].id) {
    case X86_INSN_MOV_CR: write_cr(g); return true;
    case X86_INSN_WRMSR: access_msr(g, true); return true;
    case X86_INSN_RDMSR: access_msr(g, false); return true;
    case X86_INSN_LGDT: load_table(g, false); return true;
    case X86_INSN_LIDT: load_table(g, true); return true;
    case X86_INSN_INVPCID: invalidate(g); return true;
    case X86_INSN_LMSW:
        FX_PUT(g, "\x0f\x01\xe0\x0f\x01\xf0"); /* SMSW, LMSW */
        return true;
    case X86_INSN_MOV_SEG:
        if (fx_one_in(g, 2))
            return false;
        load_selector(g, X86_INSN_MOV_SEG);
        return true;
    case X86_INSN_LLDT:
    case X86_INSN_LTR:
    case X86_INSN_VERR:
    case X86_INSN_VERW: load_selector(g, x86_rows[form].id); return true;
    case X86_INSN_LAR:
    case X86_INSN_LSL:
        if ((x86_rows[form].accept >> (X86_KEY_MOD + 1) & 1) == 0)
            return false; /* from memory */
        look_up(g, x86_rows[form].id);
        return true;
    case X86_INSN_XSETBV: fx_with_registers(g, form, 0, 7 | (fx_one_in(g, 2) ? 0xe0 : 0) | (fx_one_in(g, 2) ? 0x200 : 0), 0); return true;
    case X86_INSN_XGETBV: fx_with_registers(g, form, fx_below(g, 2), 0, 0); return true;
    case X86_INSN_RDPKRU: fx_with_registers(g, form, 0, 0, 0); return true;
    case X86_INSN_WRPKRU: fx_with_registers(g, form, 0, fx_below(g, 2) ? 0 : (uint32_t)fuzz_next(g->g.r) & ~3u, 0); return true;
    case X86_INSN_RDPMC: fx_with_registers(g, form, fx_below(g, 4), 0, 0); return true;
    case X86_INSN_RDPRU: fx_with_registers(g, form, fx_below(g, 2), 0, 0); return true;
    case X86_INSN_MWAIT:
    case X86_INSN_MONITOR: fx_with_registers(g, form, 0, fx_data_at(g, 0x400), 0); return true;
    case X86_INSN_FXRSTOR:
    case X86_INSN_XRSTOR:
    case X86_INSN_XRSTORS: restore_state(g, x86_rows[form].id); return true;
    default: return false;
    }
}

