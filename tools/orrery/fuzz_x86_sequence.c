/* SPDX-License-Identifier: Apache-2.0 */
/* x86: instructions of random programs that need others around them. */
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "tools/orrery/fuzz_x86_gen.h"
#include <string.h>

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

/* ---- an assembler of a few instructions, for the program's code size ---- */

struct bytes {
    uint8_t at[X86_MAX_LENGTH];
    unsigned n;
};

static void add(struct bytes *b, unsigned byte)
{
    b->at[b->n++] = (uint8_t)byte;
}

static void add32(struct bytes *b, uint32_t value, unsigned width)
{
    for (unsigned i = 0; i < width; i++)
        add(b, value >> 8 * i & 0xff);
}

static void place(struct fx_gen *g, const struct bytes *b)
{
    fx_place(g, b->at, b->n);
}

static void put(struct fx_gen *g, const char *code, unsigned n)
{
    fx_place(g, (const uint8_t *)code, n);
}
#define PUT(g, code) put(g, code, sizeof(code) - 1)

static void prefix32(const struct fx_gen *g, struct bytes *b)
{
    if (g->plan->mode == X86_CODE16)
        add(b, 0x66);
}

void fx_move(struct fx_gen *g, unsigned reg, uint32_t value)
{
    struct bytes b = { 0 };
    prefix32(g, &b);
    if (reg >= 8)
        add(&b, 0x41);
    add(&b, 0xb8 | (reg & 7));
    add32(&b, value, 4);
    place(g, &b);
}

/* ModRM and displacement of an address in the data segment; of one in linear space with `base` 0. */
static void add_absolute(const struct fx_gen *g, struct bytes *b, unsigned reg, uint32_t at)
{
    if (g->plan->mode == X86_CODE16) {
        add(b, reg << 3 | 6);
        add32(b, at, 2);
        return;
    }
    if (g->plan->mode == X86_CODE64) {
        add(b, reg << 3 | 4);
        add(b, 0x25);
    } else {
        add(b, reg << 3 | 5);
    }
    add32(b, at, 4);
}

static uint32_t data_at(const struct fx_gen *g, uint32_t offset)
{
    return FX_DATA + offset - g->plan->data_base;
}

static bool one_in(struct fx_gen *g, uint32_t n)
{
    return fuzz_one_in(g->g.r, n);
}

static uint32_t below(struct fx_gen *g, uint32_t n)
{
    return fuzz_below(g->g.r, n);
}

static unsigned free_register(struct fx_gen *g)
{
    unsigned n;
    do
        n = below(g, g->plan->mode == X86_CODE64 ? 16 : 8);
    while (fuzz_is_pointer(&g->g, n));
    return n;
}

/* reg = offset in the code segment of a place in the program */
static void move_target(struct fx_gen *g, unsigned reg)
{
    struct bytes b = { 0 };
    prefix32(g, &b);
    if (reg >= 8)
        add(&b, 0x41);
    add(&b, 0xb8 | (reg & 7));
    add32(&b, 0, 4);
    fx_place_fixed(g, b.at, b.n, FX_FIX_IP, b.n - 4, 4);
}

static void push(struct fx_gen *g, unsigned reg)
{
    struct bytes b = { 0 };
    if (reg >= 8)
        add(&b, 0x41);
    add(&b, 0x50 | (reg & 7));
    place(g, &b);
}

static void push_value(struct fx_gen *g, unsigned scratch, uint32_t value)
{
    fx_move(g, scratch, value);
    push(g, scratch);
}

/* ---- operands ---- */

void fx_load_indices(struct fx_gen *g, unsigned vector)
{
    struct bytes b = { 0 };
    if (vector >= 16 || one_in(g, 8))
        return;
    add(&b, 0xc5); /* VMOVDQU ymm, m256 */
    add(&b, vector < 8 ? 0xfe : 0x7e);
    add(&b, 0x6f);
    add_absolute(g, &b, vector & 7, data_at(g, 0));
    place(g, &b);
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
    unsigned i = below(g, ARRAY_LEN(loads)), reg = below(g, 8);
    struct bytes b = { 0 };
    if (i < 2) {
        prefix32(g, &b);
        reg = free_register(g);
        if (g->plan->mode == X86_CODE64)
            add(&b, 0x48 | (reg >> 3) << 2);
        reg &= 7;
    }
    if (loads[i].code[0] == 0xdd || loads[i].code[0] == 0xd9) {
        if (one_in(g, 3))
            PUT(g, "\xdf\xc0"); /* FFREEP: room for it */
        reg = 0;
    }
    for (unsigned k = 0; k < loads[i].n; k++)
        add(&b, loads[i].code[k]);
    add_absolute(g, &b, reg, data_at(g, below(g, FX_DATA_BYTES / 64) * 64));
    place(g, &b);
}

void fx_load_mxcsr(struct fx_gen *g)
{
    struct bytes b = { 0 };
    uint32_t at = data_at(g, 0x8000);
    prefix32(g, &b);
    add(&b, 0xc7); /* MOV m32, imm32 */
    add_absolute(g, &b, 0, at);
    add32(&b, fuzz_x86_mxcsr(g->g.r), 4);
    place(g, &b);
    b.n = 0;
    add(&b, 0x0f);
    add(&b, 0xae);
    add_absolute(g, &b, 2, at);
    place(g, &b);
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
    for (unsigned i = 0, n = 2 + below(g, 5); i < n; i++) {
        uint16_t id = i == 0 || one_in(g, 3) ? makers[below(g, ARRAY_LEN(makers))] : users[below(g, ARRAY_LEN(users))];
        uint16_t form = (uint16_t)below(g, X86_FORM_COUNT), first = form;
        while (x86_rows[form].id != id && (form = (uint16_t)((form + 1) % X86_FORM_COUNT)) != first)
            ;
        unsigned length = fx_draw(g, form, code, &d);
        if (length == 0)
            continue;
        if (d.n_ops != 0 && d.op[0].kind == X86_OP_REL) {
            unsigned width = x86_rows[form].op[0].type == X86_TYPE_B ? 1 : g->plan->mode != X86_CODE64 && d.op_size == 2 ? 2 : 4;
            fx_place_fixed(g, code, length, FX_FIX_REL, length - width, width);
        } else {
            fx_place(g, code, length);
        }
    }
}

/* ---- code and pages that change ---- */

uint32_t fx_code_address(struct fx_gen *g, uint32_t slot)
{
    uint32_t to = fuzz_target(&g->g, slot, 4);
    if (g->plan->code_base != 0) /* by CS: */
        return to - g->plan->code_base;
    return to + (one_in(g, 4) ? FX_ALIAS : 0);
}

/* The first bytes of another instruction over one of the program's. */
void fx_modify_code(struct fx_gen *g)
{
    uint8_t code[X86_MAX_LENGTH] = { 0x90, 0x90, 0x90, 0x90 };
    struct x86_decoded d;
    struct bytes b = { 0 };
    unsigned width = one_in(g, 2) ? 1 : 4;
    if (fx_draw(g, fuzz_next_form(&g->g), code, &d) == 0 || x86_insn_descs[d.form].klass == INSN_system)
        memset(code, 0x90, 4);
    if (g->plan->code_base != 0)
        add(&b, 0x2e);
    if (width == 4)
        prefix32(g, &b);
    add(&b, width == 1 ? 0xc6 : 0xc7);
    add_absolute(g, &b, 0, 0);
    unsigned address = g->plan->mode == X86_CODE16 ? 2 : 4, at = b.n - address;
    add32(&b, ld_le32(code), width);
    fx_place_fixed(g, b.at, b.n, FX_FIX_CODE, at, address);
    if (one_in(g, 4))
        PUT(g, "\x0f\xa2"); /* CPUID serialises; not that it should matter */
}

/* Flip a bit of a page table entry; then INVLPG or CR3 again, usually. */
void fx_modify_pages(struct fx_gen *g)
{
    struct bytes b = { 0 };
    if (g->plan->mode != X86_CODE64) {
        PUT(g, "\x0f\x20\xd8\x0f\x22\xd8"); /* CR3 to EAX and back */
        return;
    }
    uint32_t first = one_in(g, 3) ? FX_CODE >> 12 : FX_DATA >> 12, page = first + below(g, 16);
    static const uint8_t bits[] = { 0, 1, 2, 5, 6, 8, 63 };
    add(&b, 0x48); /* BTC m64, imm8 */
    add(&b, 0x0f);
    add(&b, 0xba);
    add_absolute(g, &b, 7, FX_PAGES + (one_in(g, 2) ? FX_TREE_BYTES : 0) + FX_PT + 8 * page);
    add(&b, bits[below(g, sizeof bits)]);
    place(g, &b);
    b.n = 0;
    if (one_in(g, 2)) {
        add(&b, 0x0f);
        add(&b, 0x01);
        add_absolute(g, &b, 7, page << 12);
        place(g, &b);
    } else if (one_in(g, 2)) {
        PUT(g, "\x0f\x20\xd8\x0f\x22\xd8");
    }
}

/* ---- transfers ---- */

static uint32_t code_selector(struct fx_gen *g)
{
    static const uint8_t size[3][4] = { { FX_PC16_0, FX_PC16_3, FX_PC_CONFORMING, FX_PC32_0 },
                                        { FX_PC32_0, FX_PC32_3, FX_PC_CONFORMING, FX_PC16_3 },
                                        { FX_PC64_0, FX_PC64_3, FX_PC64_3, FX_PC32_3 } };
    static const uint8_t others[] = { FX_GATE_0, FX_GATE_3, FX_GATE_16, FX_TASK_GATE, FX_GATE64_0, FX_GATE64_3, FX_PC_BAD,
                                      FX_PC_CONFORMING, FX_PD_3 };
    if (one_in(g, 24))
        return FX_SEL_TASK | 3;
    if (one_in(g, 12))
        return 4 | below(g, 8) << 3 | 3;
    if (g->plan->mode == X86_CODE16 && one_in(g, 2))
        return FX_CODE >> 4; /* of real mode */
    unsigned s = one_in(g, 3) ? others[below(g, sizeof others)] : size[g->plan->mode][below(g, 4)];
    return FX_SELECTOR(s) | (one_in(g, 2) ? 3 : 0);
}

static uint32_t stack_selector(struct fx_gen *g)
{
    static const uint8_t all[] = { FX_STACK_P0, FX_STACK_P3, FX_STACK_P3, FX_STACK16_P3, FX_PD_3 };
    unsigned s = all[below(g, sizeof all)];
    if (g->plan->mode == X86_CODE16)
        s = one_in(g, 2) ? FX_STACK16_P0 : FX_STACK16_P3;
    return FX_SELECTOR(s) | (s == FX_STACK_P0 || s == FX_STACK16_P0 ? 0 : 3);
}

/* JMP and CALL through a register or memory, and RET. */
static void near_transfer(struct fx_gen *g, bool call)
{
    unsigned reg = free_register(g);
    struct bytes b = { 0 };
    move_target(g, reg);
    if (one_in(g, 3)) { /* by memory: the target is stored first */
        uint32_t at = data_at(g, 0x100 + 8 * below(g, 8));
        if (g->plan->mode == X86_CODE64)
            add(&b, 0x48 | (reg >> 3) << 2);
        add(&b, 0x89);
        add_absolute(g, &b, reg & 7, at);
        place(g, &b);
        b.n = 0;
        add(&b, 0xff);
        add_absolute(g, &b, call ? 2 : 4, at);
    } else {
        if (reg >= 8)
            add(&b, 0x41);
        add(&b, 0xff);
        add(&b, 0xc0 | (call ? 2u : 4u) << 3 | (reg & 7));
    }
    place(g, &b);
}

static void near_return(struct fx_gen *g)
{
    unsigned reg = free_register(g);
    move_target(g, reg);
    push(g, reg);
    if (one_in(g, 2))
        PUT(g, "\xc3");
    else
        PUT(g, "\xc2\x08\x00");
}

static void far_direct(struct fx_gen *g, unsigned opcode)
{
    struct bytes b = { 0 };
    unsigned width = g->plan->mode == X86_CODE16 ? 2 : 4;
    add(&b, opcode);
    add32(&b, 0, width);
    add32(&b, code_selector(g), 2);
    fx_place_fixed(g, b.at, b.n, FX_FIX_IP, 1, width);
}

static void far_indirect(struct fx_gen *g, unsigned reg)
{
    struct bytes b = { 0 };
    uint32_t at = data_at(g, 0x200 + 16 * below(g, 8));
    unsigned width = g->plan->mode == X86_CODE16 ? 2 : 4;
    unsigned n = free_register(g) & 7;
    if (fuzz_is_pointer(&g->g, n))
        n = RAX;
    move_target(g, n);
    add(&b, 0x89);
    add_absolute(g, &b, n, at);
    place(g, &b);
    b.n = 0;
    fx_move(g, n, code_selector(g));
    add(&b, 0x89);
    add_absolute(g, &b, n, at + width);
    place(g, &b);
    b.n = 0;
    add(&b, 0xff);
    add_absolute(g, &b, reg, at);
    place(g, &b);
}

static void far_return(struct fx_gen *g, bool iret)
{
    unsigned reg = free_register(g);
    bool outer = one_in(g, 2) || g->plan->mode == X86_CODE64;
    uint32_t sp = FX_STACK + 0x6000 + (below(g, 0x2000) & ~15u) - g->plan->stack_base;
    if (g->plan->mode == X86_CODE16)
        sp &= 0xffff;
    if (iret && g->plan->mode == X86_CODE32 && one_in(g, 6)) /* to virtual-8086 mode */
        for (unsigned i = 0; i < 4; i++)
            push_value(g, reg, FX_DATA >> 4);
    if (outer) {
        push_value(g, reg, stack_selector(g));
        push_value(g, reg, sp);
    }
    if (iret) {
        uint32_t flags = 2 | (uint32_t)(fuzz_next(g->g.r) & X86_ARITH) | (one_in(g, 8) ? X86_TF : 0) | X86_IF;
        flags |= one_in(g, 8) ? X86_VM : 0;
        flags |= one_in(g, 8) ? X86_NT : 0;
        flags |= below(g, 4) << 12 | (one_in(g, 4) ? X86_RF : 0) | (one_in(g, 4) ? X86_AC : 0);
        push_value(g, reg, flags);
    }
    push_value(g, reg, code_selector(g));
    move_target(g, reg);
    push(g, reg);
    if (g->plan->mode == X86_CODE64 && (iret || !one_in(g, 4)))
        PUT(g, "\x48");
    if (iret)
        PUT(g, "\xcf");
    else if (one_in(g, 2))
        PUT(g, "\xcb");
    else
        PUT(g, "\xca\x08\x00");
}

static void fast_return(struct fx_gen *g, bool sysexit)
{
    move_target(g, sysexit ? RDX : RCX);
    if (sysexit)
        fx_move(g, RCX, FX_STACK + 0x7000 - g->plan->stack_base);
    else if (g->plan->mode == X86_CODE64)
        fx_move(g, 11, 2 | (uint32_t)(fuzz_next(g->g.r) & X86_ARITH) | X86_IF);
    if (g->plan->mode == X86_CODE64 && one_in(g, 2))
        PUT(g, "\x48");
    if (sysexit)
        PUT(g, "\x0f\x35");
    else
        PUT(g, "\x0f\x07");
}

/* ---- system registers ---- */

static void write_cr(struct fx_gen *g)
{
    static const uint32_t cr0[] = { X86_CR0_TS, X86_CR0_MP, X86_CR0_EM, X86_CR0_WP, X86_CR0_AM, X86_CR0_NE, X86_CR0_CD };
    static const uint32_t cr4[] = { X86_CR4_TSD, X86_CR4_DE, X86_CR4_PGE, X86_CR4_PCE, X86_CR4_OSXMMEXCPT, X86_CR4_UMIP,
                                    X86_CR4_SMAP, X86_CR4_SMEP, X86_CR4_FSGSBASE, X86_CR4_PKE, X86_CR4_OSFXSR, X86_CR4_VME,
                                    X86_CR4_PKS };
    unsigned which = below(g, 5);
    struct bytes b = { 0 };
    if (which == 2) {
        PUT(g, "\x0f\x20\xd8\x0f\x22\xd8"); /* CR3 again */
        return;
    }
    if (which == 3) {
        fx_move(g, RAX, below(g, 16));
        PUT(g, "\x44\x0f\x22\xc0"); /* CR8 */
        return;
    }
    unsigned cr = which == 4 ? 2 : which == 0 ? 0 : 4;
    add(&b, 0x0f);
    add(&b, 0x20);
    add(&b, 0xc0 | cr << 3);
    place(g, &b);
    b.n = 0;
    prefix32(g, &b);
    add(&b, 0x35); /* XOR EAX */
    add32(&b, cr == 4 ? cr4[below(g, ARRAY_LEN(cr4))] : cr0[below(g, ARRAY_LEN(cr0))], 4);
    place(g, &b);
    b.n = 0;
    add(&b, 0x0f);
    add(&b, 0x22);
    add(&b, 0xc0 | cr << 3);
    place(g, &b);
}

static void access_msr(struct fx_gen *g, bool write)
{
    static const uint32_t msrs[] = {
        0x10, 0x1b, 0x3a, 0x3b, 0x48, 0x8b, 0xc1, 0xfe, 0x174, 0x175, 0x176, 0x179, 0x186, 0x1a0, 0x1d9, 0x200, 0x201,
        0x250, 0x277, 0x2ff, 0x309, 0x38d, 0x38f, 0x400, 0x401, 0x6e0, 0x6e1, 0x802, 0xda0, 0xc0000080, 0xc0000081,
        0xc0000082, 0xc0000084, 0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103, 0xc0010000, 0xc0010004, 0xc0010015,
        0xc0010117, 0xc0010200, 0xc0010201, 0xc0000300, 0xc0000301, 0xc0000302,
    };
    fx_move(g, RCX, one_in(g, 12) ? (uint32_t)fuzz_next(g->g.r) : msrs[below(g, ARRAY_LEN(msrs))]);
    if (!write) {
        PUT(g, "\x0f\x32");
        return;
    }
    if (!one_in(g, 3))
        PUT(g, "\x0f\x32"); /* the value it has */
    else
        fx_move(g, RAX, (uint32_t)fuzz_x86_integer(g->g.r));
    if (one_in(g, 2))
        fx_move(g, RDX, one_in(g, 2) ? 0 : (uint32_t)fuzz_next(g->g.r));
    PUT(g, "\x0f\x30");
}

/* LGDT and LIDT of what is there already: the image is stored first. */
static void load_table(struct fx_gen *g, bool idt)
{
    struct bytes b = { 0 };
    uint32_t at = data_at(g, 0x300);
    add(&b, 0x0f);
    add(&b, 0x01);
    add_absolute(g, &b, idt ? 1 : 0, at);
    place(g, &b);
    b.n = 0;
    add(&b, 0x0f);
    add(&b, 0x01);
    add_absolute(g, &b, idt ? 3 : 2, at);
    place(g, &b);
}

static void load_selector(struct fx_gen *g, uint16_t id)
{
    unsigned reg = free_register(g) & 7;
    struct bytes b = { 0 };
    uint32_t sel = FX_SELECTOR(below(g, FX_SEGMENTS)) | (one_in(g, 2) ? 3 : 0);
    if (id == X86_INSN_LLDT)
        sel = one_in(g, 4) ? 0 : FX_SEL_LDT;
    else if (id == X86_INSN_LTR)
        sel = g->plan->mode == X86_CODE64 ? FX_SEL_TSS64 : one_in(g, 2) ? FX_SEL_TASK : FX_SEL_TSS;
    if (id == X86_INSN_LTR && g->plan->data_base == 0) { /* not busy: AND m8, imm8 */
        add(&b, 0x80);
        add_absolute(g, &b, 4, FX_GDT + sel + 5);
        add(&b, 0xfd);
        place(g, &b);
        b.n = 0;
    }
    if (fuzz_is_pointer(&g->g, reg))
        reg = RAX;
    fx_move(g, reg, sel);
    if (id == X86_INSN_MOV_SEG) {
        static const uint8_t segments[] = { 0, 3, 4, 5, 2 };
        add(&b, 0x8e);
        add(&b, 0xc0 | segments[below(g, 5)] << 3 | reg);
    } else {
        add(&b, 0x0f);
        add(&b, 0x00);
        add(&b, 0xc0 | (id == X86_INSN_LLDT ? 2u : id == X86_INSN_LTR ? 3u : id == X86_INSN_VERR ? 4u : 5u) << 3 | reg);
    }
    place(g, &b);
}

/* The row's register operand 1 is a selector. */
static void look_up(struct fx_gen *g, uint16_t id)
{
    fx_move(g, RCX, FX_SELECTOR(below(g, FX_SEGMENTS)) | (one_in(g, 2) ? 3 : 0));
    if (id == X86_INSN_LAR)
        PUT(g, "\x0f\x02\xc1");
    else
        PUT(g, "\x0f\x03\xc1");
}

/* CX, and AX with DX, for what takes them. */
static void with_registers(struct fx_gen *g, uint16_t form, uint32_t ecx, uint32_t eax, uint32_t edx)
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
    with_registers(g, form, (uint32_t)fuzz_next(g->g.r) | 1, (uint32_t)fuzz_next(g->g.r) & (one_in(g, 2) ? 0x7f : 0x7fffffff), 0);
}

/* XRSTOR and its like of what XSAVE has just stored. */
static void restore_state(struct fx_gen *g, uint16_t id)
{
    struct bytes b = { 0 };
    uint32_t at = data_at(g, 0xa000);
    fx_move(g, RAX, one_in(g, 2) ? 0xffffffff : (uint32_t)fuzz_next(g->g.r));
    fx_move(g, RDX, 0);
    bool compacted = id == X86_INSN_XRSTORS || (id == X86_INSN_XRSTOR && one_in(g, 2));
    add(&b, 0x0f);
    add(&b, id == X86_INSN_FXRSTOR ? 0xae : compacted ? 0xc7 : 0xae);
    add_absolute(g, &b, id == X86_INSN_FXRSTOR ? 0 : id == X86_INSN_XRSTORS ? 5 : 4, at);
    place(g, &b);
    b.n = 0;
    add(&b, 0x0f);
    add(&b, id == X86_INSN_XRSTORS ? 0xc7 : 0xae);
    add_absolute(g, &b, id == X86_INSN_FXRSTOR ? 1 : id == X86_INSN_XRSTORS ? 3 : 5, at);
    place(g, &b);
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
        fx_move(g, d.op[0].reg, data_at(g, below(g, FX_DATA_BYTES / 64) * 64));
    fx_place(g, code, n);
}

/* INVPCID of a descriptor that is 0, or nearly. */
static void invalidate(struct fx_gen *g)
{
    struct bytes b = { 0 };
    fx_move(g, RCX, below(g, one_in(g, 4) ? 5 : 4));
    add(&b, 0x66);
    add(&b, 0x0f);
    add(&b, 0x38);
    add(&b, 0x82);
    add_absolute(g, &b, RCX, data_at(g, 0xa210));
    place(g, &b);
}

/* BOUND whose limits are the widest there are, usually. */
static void check_bounds(struct fx_gen *g)
{
    uint32_t at = data_at(g, 0x500), wide = g->plan->mode == X86_CODE16 ? 2 : 4;
    for (unsigned i = 0; i < 2; i++) {
        struct bytes b = { 0 };
        add(&b, 0xc7);
        add_absolute(g, &b, 0, at + wide * i);
        add32(&b, one_in(g, 4) ? (uint32_t)fuzz_next(g->g.r) : wide == 2 ? 0x8000u - i : 0x80000000u - i, wide);
        place(g, &b);
    }
    struct bytes b = { 0 };
    add(&b, 0x62);
    add_absolute(g, &b, RAX, at);
    place(g, &b);
}

static bool add_system(struct fx_gen *g, uint16_t form)
{
    switch (x86_rows[form].id) {
    case X86_INSN_MOV_CR: write_cr(g); return true;
    case X86_INSN_WRMSR: access_msr(g, true); return true;
    case X86_INSN_RDMSR: access_msr(g, false); return true;
    case X86_INSN_LGDT: load_table(g, false); return true;
    case X86_INSN_LIDT: load_table(g, true); return true;
    case X86_INSN_INVPCID: invalidate(g); return true;
    case X86_INSN_LMSW:
        PUT(g, "\x0f\x01\xe0\x0f\x01\xf0"); /* SMSW, LMSW */
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
    case X86_INSN_XSETBV: with_registers(g, form, 0, 7 | (one_in(g, 2) ? 0xe0 : 0) | (one_in(g, 2) ? 0x200 : 0), 0); return true;
    case X86_INSN_XGETBV: with_registers(g, form, below(g, 2), 0, 0); return true;
    case X86_INSN_RDPKRU: with_registers(g, form, 0, 0, 0); return true;
    case X86_INSN_WRPKRU: with_registers(g, form, 0, below(g, 2) ? 0 : (uint32_t)fuzz_next(g->g.r) & ~3u, 0); return true;
    case X86_INSN_RDPMC: with_registers(g, form, below(g, 4), 0, 0); return true;
    case X86_INSN_RDPRU: with_registers(g, form, below(g, 2), 0, 0); return true;
    case X86_INSN_MWAIT:
    case X86_INSN_MONITOR: with_registers(g, form, 0, data_at(g, 0x400), 0); return true;
    case X86_INSN_FXRSTOR:
    case X86_INSN_XRSTOR:
    case X86_INSN_XRSTORS: restore_state(g, x86_rows[form].id); return true;
    default: return false;
    }
}

bool fx_add_sequence(struct fx_gen *g, uint16_t form)
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
    case X86_INSN_MOV_SEG:
        if (one_in(g, 2))
            return false;
        load_selector(g, X86_INSN_MOV_SEG);
        return true;
    case X86_INSN_MOVDIR64B: fill_line(g, form); return true;
    case X86_INSN_BOUND: check_bounds(g); return true;
    case X86_INSN_LDMXCSR: fx_load_mxcsr(g); return true;
    case X86_INSN_DIV:
    case X86_INSN_IDIV: divide(g, form); return true;
    default: return add_system(g, form);
    }
}
