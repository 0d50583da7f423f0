/* SPDX-License-Identifier: Apache-2.0 */
/* x86: instructions of random programs that need others around them: operands, flags, changes of code and pages. */
#include "core/util/bits.h"
#include "tools/orrery/fuzz_x86_asm.h"
#include <string.h>

/* ---- operands ---- */

void fx_load_indices(struct fx_gen *g, unsigned vector)
{
    if (vector >= 16 || fx_one_in(g, 8))
        return;
    fx_on_memory(g, vector < 8 ? "\xc5\xfe\x6f" : "\xc5\x7e\x6f", 3, vector & 7, fx_data_at(g, 0)); /* VMOVDQU ymm */
}

/* New values from the data area, where most of the interesting ones stay. */
void fx_refresh_value(struct fx_gen *g)
{
    static const struct {
        uint8_t code[3], n;
    } loads[] = {
        { { 0x8b }, 1 }, { { 0x8b }, 1 }, { { 0x0f, 0x10 }, 2 }, { { 0x0f, 0x10 }, 2 },
        { { 0x0f, 0x6f }, 2 }, { { 0xc5, 0xfc, 0x10 }, 3 }, { { 0xc5, 0x7c, 0x10 }, 3 },
        { { 0xdd }, 1 }, { { 0xd9 }, 1 }, { { 0xc5, 0xf8, 0x90 }, 3 },
    };
    unsigned i = fx_below(g, ARRAY_LEN(loads)), reg = fx_below(g, 8);
    struct fx_bytes b = { 0 };
    if (i < 2) {
        fx_prefix32(g, &b);
        reg = fx_free_register(g);
        if (g->plan->mode == X86_CODE64)
            fx_byte(&b, 0x48 | (reg >> 3) << 2);
        reg &= 7;
    }
    if (loads[i].code[0] == 0xdd || loads[i].code[0] == 0xd9) {
        if (fx_one_in(g, 3))
            FX_PUT(g, "\xdf\xc0"); /* FFREEP: room for it */
        reg = 0;
    }
    for (unsigned k = 0; k < loads[i].n; k++)
        fx_byte(&b, loads[i].code[k]);
    fx_address(g, &b, reg, fx_data_at(g, fx_below(g, FX_DATA_BYTES / 64) * 64));
    fx_place(g, b.at, b.n);
}

void fx_load_mxcsr(struct fx_gen *g)
{
    uint32_t at = fx_data_at(g, 0x8000);
    fx_store(g, at, fuzz_x86_mxcsr(g->g.r), 4);
    FX_ON_MEMORY(g, "\x0f\xae", 2, at);
}

/* Arithmetic and, on its flags, conditions: what lazy flags and their fusion are about. */
void fx_add_flag_chain(struct fx_gen *g)
{
    static const uint16_t makers[] = {
        X86_INSN_ADD, X86_INSN_SUB, X86_INSN_CMP, X86_INSN_TEST, X86_INSN_AND, X86_INSN_INC, X86_INSN_DEC,
        X86_INSN_NEG, X86_INSN_SHL, X86_INSN_SHR, X86_INSN_SAR, X86_INSN_ADC, X86_INSN_SBB, X86_INSN_IMUL,
        X86_INSN_BT, X86_INSN_ROL, X86_INSN_RCR, X86_INSN_POPCNT, X86_INSN_XADD, X86_INSN_CMPXCHG,
    };
    static const uint16_t users[] = {
        X86_INSN_JCC, X86_INSN_SETCC, X86_INSN_CMOVCC, X86_INSN_ADC, X86_INSN_SBB, X86_INSN_RCL,
        X86_INSN_INC, X86_INSN_CMC, X86_INSN_LAHF, X86_INSN_PUSHF, X86_INSN_JCC, X86_INSN_SETCC,
    };
    uint8_t code[X86_MAX_LENGTH];
    struct x86_decoded d;
    for (unsigned i = 0, n = 2 + fx_below(g, 5); i < n; i++) {
        uint16_t id = i == 0 || fx_one_in(g, 3) ? makers[fx_below(g, ARRAY_LEN(makers))] : users[fx_below(g, ARRAY_LEN(users))];
        uint16_t form = (uint16_t)fx_below(g, X86_FORM_COUNT), first = form;
        while (x86_rows[form].id != id && (form = (uint16_t)((form + 1) % X86_FORM_COUNT)) != first)
            ;
        if (fx_draw(g, form, code, &d) != 0)
            fx_place_drawn(g, code, &d);
    }
}

/* ---- code and pages that change ---- */

uint32_t fx_code_address(struct fx_gen *g, uint32_t slot)
{
    uint32_t to = fuzz_target(&g->g, slot, 4);
    if (g->plan->code_base != 0) /* by CS: */
        return to - g->plan->code_base;
    return to + (fx_one_in(g, 4) ? FX_ALIAS : 0);
}

/* The first bytes of another instruction over one of the program's. */
void fx_modify_code(struct fx_gen *g)
{
    uint8_t code[X86_MAX_LENGTH] = { 0x90, 0x90, 0x90, 0x90 };
    struct x86_decoded d;
    struct fx_bytes b = { 0 };
    unsigned width = fx_one_in(g, 2) ? 1 : 4;
    if (fx_draw(g, fuzz_next_form(&g->g), code, &d) == 0 || x86_insn_descs[d.form].klass == INSN_system)
        memset(code, 0x90, 4);
    if (g->plan->code_base != 0)
        fx_byte(&b, 0x2e);
    if (width == 4)
        fx_prefix32(g, &b);
    fx_byte(&b, width == 1 ? 0xc6 : 0xc7);
    fx_address(g, &b, 0, 0);
    unsigned address = g->plan->mode == X86_CODE16 ? 2 : 4, at = b.n - address;
    fx_bytes(&b, ld_le32(code), width);
    fx_place_fixed(g, b.at, b.n, FX_FIX_CODE, at, address);
    if (fx_one_in(g, 4))
        FX_PUT(g, "\x0f\xa2"); /* CPUID serialises; not that it should matter */
}

/* Flip a bit of a page table entry; then INVLPG or CR3 again, usually. */
void fx_modify_pages(struct fx_gen *g)
{
    struct fx_bytes b = { 0 };
    if (g->plan->mode != X86_CODE64) {
        FX_PUT(g, "\x0f\x20\xd8\x0f\x22\xd8"); /* CR3 to EAX and back */
        return;
    }
    uint32_t first = fx_one_in(g, 3) ? FX_CODE >> 12 : FX_DATA >> 12, page = first + fx_below(g, 16);
    static const uint8_t bits[] = { 0, 1, 2, 5, 6, 8, 63 };
    fx_byte(&b, 0x48); /* BTC m64, imm8 */
    fx_byte(&b, 0x0f);
    fx_byte(&b, 0xba);
    fx_address(g, &b, 7, FX_PAGES + (fx_one_in(g, 2) ? FX_TREE_BYTES : 0) + FX_PT + 8 * page);
    fx_byte(&b, bits[fx_below(g, sizeof bits)]);
    fx_place(g, b.at, b.n);
    if (fx_one_in(g, 2))
        FX_ON_MEMORY(g, "\x0f\x01", 7, page << 12);
    else if (fx_one_in(g, 2))
        FX_PUT(g, "\x0f\x20\xd8\x0f\x22\xd8");
}

/* ---- single instructions ---- */

/* CX, and AX with DX, for what takes them. */
void fx_with_registers(struct fx_gen *g, uint16_t form, uint32_t ecx, uint32_t eax, uint32_t edx)
{
    uint8_t code[X86_MAX_LENGTH];
    struct x86_decoded d;
    fx_move(g, RCX, ecx);
    fx_move(g, RAX, eax);
    fx_move(g, RDX, edx);
    unsigned n = fx_draw(g, form, code, &d);
    if (n != 0)
        fx_place(g, code, n);
}

/* Divisions that do not overflow: the upper half is smaller than the divisor, usually. */
static void divide(struct fx_gen *g, uint16_t form)
{
    fx_with_registers(g, form, (uint32_t)fuzz_next(g->g.r) | 1, (uint32_t)fuzz_next(g->g.r) & (fx_one_in(g, 2) ? 0x7f : 0x7fffffff), 0);
}

/* The register operand of MOVDIR64B is an address. */
static void fill_line(struct fx_gen *g, uint16_t form)
{
    uint8_t code[X86_MAX_LENGTH];
    struct x86_decoded d;
    unsigned n = fx_draw(g, form, code, &d);
    if (n == 0)
        return;
    if (d.op[0].reg != RSP && (d.index == X86_NO_REG || d.index != d.op[0].reg))
        fx_move(g, d.op[0].reg, fx_data_at(g, fx_below(g, FX_DATA_BYTES / 64) * 64));
    fx_place(g, code, n);
}

/* BOUND whose limits are the widest there are, usually. */
static void check_bounds(struct fx_gen *g)
{
    uint32_t at = fx_data_at(g, 0x500), wide = g->plan->mode == X86_CODE16 ? 2 : 4;
    for (unsigned i = 0; i < 2; i++)
        fx_store(g, at + wide * i, fx_one_in(g, 4) ? (uint32_t)fuzz_next(g->g.r) : wide == 2 ? 0x8000u - i : 0x80000000u - i,
                 wide);
    FX_ON_MEMORY(g, "\x62", RAX, at);
}

bool fx_add_sequence(struct fx_gen *g, uint16_t form)
{
    switch (x86_rows[form].id) {
    case X86_INSN_MOVDIR64B: fill_line(g, form); return true;
    case X86_INSN_BOUND: check_bounds(g); return true;
    case X86_INSN_LDMXCSR: fx_load_mxcsr(g); return true;
    case X86_INSN_DIV:
    case X86_INSN_IDIV: divide(g, form); return true;
    default: return fx_add_transfer(g, form) || fx_add_system(g, form);
    }
}
