/* SPDX-License-Identifier: Apache-2.0 */
/* x86: near, far and fast transfers of random programs. */
#include "cpu/x86/bits.h"
#include "tools/orrery/fuzz_x86_asm.h"

static void push_value(struct fx_gen *g, unsigned scratch, uint32_t value)
{
    fx_move(g, scratch, value);
    fx_push(g, scratch);
}

static uint32_t code_selector(struct fx_gen *g)
{
    static const uint8_t size[3][4] = { { FX_PC16_0, FX_PC16_3, FX_PC_CONFORMING, FX_PC32_0 },
                                        { FX_PC32_0, FX_PC32_3, FX_PC_CONFORMING, FX_PC16_3 },
                                        { FX_PC64_0, FX_PC64_3, FX_PC64_3, FX_PC32_3 } };
    static const uint8_t others[] = { FX_GATE_0, FX_GATE_3, FX_GATE_16, FX_TASK_GATE, FX_GATE64_0, FX_GATE64_3, FX_PC_BAD,
                                      FX_PC_CONFORMING, FX_PD_3 };
    if (fx_one_in(g, 24))
        return FX_SEL_TASK | 3;
    if (fx_one_in(g, 12))
        return 4 | fx_below(g, 8) << 3 | 3;
    if (g->plan->mode == X86_CODE16 && fx_one_in(g, 2))
        return FX_CODE >> 4; /* of real mode */
    unsigned s = fx_one_in(g, 3) ? others[fx_below(g, sizeof others)] : size[g->plan->mode][fx_below(g, 4)];
    return FX_SELECTOR(s) | (fx_one_in(g, 2) ? 3 : 0);
}

static uint32_t stack_selector(struct fx_gen *g)
{
    static const uint8_t all[] = { FX_STACK_P0, FX_STACK_P3, FX_STACK_P3, FX_STACK16_P3, FX_PD_3 };
    unsigned s = all[fx_below(g, sizeof all)];
    if (g->plan->mode == X86_CODE16)
        s = fx_one_in(g, 2) ? FX_STACK16_P0 : FX_STACK16_P3;
    return FX_SELECTOR(s) | (s == FX_STACK_P0 || s == FX_STACK16_P0 ? 0 : 3);
}

/* JMP and CALL through a register or memory, and RET. */
static void near_transfer(struct fx_gen *g, bool call)
{
    unsigned reg = fx_free_register(g);
    struct fx_bytes b = { 0 };
    fx_move_target(g, reg);
    if (fx_one_in(g, 3)) { /* by memory: the target is stored first */
        uint32_t at = fx_data_at(g, 0x100 + 8 * fx_below(g, 8));
        if (g->plan->mode == X86_CODE64)
            fx_byte(&b, 0x48 | (reg >> 3) << 2);
        fx_byte(&b, 0x89);
        fx_address(g, &b, reg & 7, at);
        fx_place(g, b.at, b.n);
        FX_ON_MEMORY(g, "\xff", call ? 2 : 4, at);
    } else {
        if (reg >= 8)
            fx_byte(&b, 0x41);
        fx_byte(&b, 0xff);
        fx_byte(&b, 0xc0 | (call ? 2u : 4u) << 3 | (reg & 7));
        fx_place(g, b.at, b.n);
    }
}

static void near_return(struct fx_gen *g)
{
    unsigned reg = fx_free_register(g);
    fx_move_target(g, reg);
    fx_push(g, reg);
    if (fx_one_in(g, 2))
        FX_PUT(g, "\xc3");
    else
        FX_PUT(g, "\xc2\x08\x00");
}

static void far_direct(struct fx_gen *g, unsigned opcode)
{
    struct fx_bytes b = { 0 };
    unsigned width = g->plan->mode == X86_CODE16 ? 2 : 4;
    fx_byte(&b, opcode);
    fx_bytes(&b, 0, width);
    fx_bytes(&b, code_selector(g), 2);
    fx_place_fixed(g, b.at, b.n, FX_FIX_IP, 1, width);
}

static void far_indirect(struct fx_gen *g, unsigned reg)
{
    uint32_t at = fx_data_at(g, 0x200 + 16 * fx_below(g, 8));
    unsigned width = g->plan->mode == X86_CODE16 ? 2 : 4;
    unsigned n = fx_free_register(g) & 7;
    if (fuzz_is_pointer(&g->g, n))
        n = RAX;
    fx_move_target(g, n);
    FX_ON_MEMORY(g, "\x89", n, at);
    fx_move(g, n, code_selector(g));
    FX_ON_MEMORY(g, "\x89", n, at + width);
    FX_ON_MEMORY(g, "\xff", reg, at);
}

static void far_return(struct fx_gen *g, bool iret)
{
    unsigned reg = fx_free_register(g);
    bool outer = fx_one_in(g, 2) || g->plan->mode == X86_CODE64;
    uint32_t sp = FX_STACK + 0x6000 + (fx_below(g, 0x2000) & ~15u) - g->plan->stack_base;
    if (g->plan->mode == X86_CODE16)
        sp &= 0xffff;
    if (iret && g->plan->mode == X86_CODE32 && fx_one_in(g, 6)) /* to virtual-8086 mode */
        for (unsigned i = 0; i < 4; i++)
            push_value(g, reg, FX_DATA >> 4);
    if (outer) {
        push_value(g, reg, stack_selector(g));
        push_value(g, reg, sp);
    }
    if (iret) {
        uint32_t flags = 2 | (uint32_t)(fuzz_next(g->g.r) & X86_ARITH) | (fx_one_in(g, 8) ? X86_TF : 0) | X86_IF;
        flags |= fx_one_in(g, 8) ? X86_VM : 0;
        flags |= fx_one_in(g, 8) ? X86_NT : 0;
        flags |= fx_below(g, 4) << 12 | (fx_one_in(g, 4) ? X86_RF : 0) | (fx_one_in(g, 4) ? X86_AC : 0);
        push_value(g, reg, flags);
    }
    push_value(g, reg, code_selector(g));
    fx_move_target(g, reg);
    fx_push(g, reg);
    if (g->plan->mode == X86_CODE64 && (iret || !fx_one_in(g, 4)))
        FX_PUT(g, "\x48");
    if (iret)
        FX_PUT(g, "\xcf");
    else if (fx_one_in(g, 2))
        FX_PUT(g, "\xcb");
    else
        FX_PUT(g, "\xca\x08\x00");
}

static void fast_return(struct fx_gen *g, bool sysexit)
{
    fx_move_target(g, sysexit ? RDX : RCX);
    if (sysexit)
        fx_move(g, RCX, FX_STACK + 0x7000 - g->plan->stack_base);
    else if (g->plan->mode == X86_CODE64)
        fx_move(g, 11, 2 | (uint32_t)(fuzz_next(g->g.r) & X86_ARITH) | X86_IF);
    if (g->plan->mode == X86_CODE64 && fx_one_in(g, 2))
        FX_PUT(g, "\x48");
    if (sysexit)
        FX_PUT(g, "\x0f\x35");
    else
        FX_PUT(g, "\x0f\x07");
}

bool fx_add_transfer(struct fx_gen *g, uint16_t form)
{
    bool wide = g->plan->mode == X86_CODE64;
    switch (x86_rows[form].id) {
    case X86_INSN_JMP_IND: near_transfer(g, false); return true;
    case X86_INSN_CALL_IND: near_transfer(g, true); return true;
    case X86_INSN_RET: near_return(g); return true;
    case X86_INSN_JMP_FAR:
    case X86_INSN_CALL_FAR:
        if (!wide)
            far_direct(g, x86_rows[form].id == X86_INSN_JMP_FAR ? 0xea : 0x9a);
        return !wide;
    case X86_INSN_JMP_FARIND: far_indirect(g, 5); return true;
    case X86_INSN_CALL_FARIND: far_indirect(g, 3); return true;
    case X86_INSN_RET_FAR: far_return(g, false); return true;
    case X86_INSN_IRET: far_return(g, true); return true;
    case X86_INSN_SYSRET: fast_return(g, false); return true;
    case X86_INSN_SYSEXIT: fast_return(g, true); return true;
    default: return false;
    }
}
