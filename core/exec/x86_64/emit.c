/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/emit.h"

/* Moves, LEA, CMOVcc and SETcc leave the flags alone; of what else does nobody makes use. */
static bool keeps_flags(uint32_t op)
{
    unsigned code = op & 0xff;
    switch (op >> 8 & 0xff) {
    case 0:
        return (code >= 0x88 && code <= 0x8d && code != 0x8c) || code == 0xc6 || code == 0xc7 || code == 0x63;
    case 0x0f:
        return (code >= 0x40 && code <= 0x4f) || (code >= 0x90 && code <= 0x9f) || code == 0x10 || code == 0x11 ||
               code == 0x28 || code == 0x6e || code == 0x7e || (code & 0xf6) == 0xb6;
    default:
        return false;
    }
}

/*
 * These work on a pointer of their own: bytes stored through one that lies in memory might be that
 * pointer's, as far as the compiler knows. What may be missing is written all the same, and then overwritten.
 */
static inline uint8_t *put_32(uint8_t *p, uint32_t v)
{
    memcpy(p, &v, 4);
    return p + 4;
}

/* Legacy prefixes, REX, escape and opcode; the REX bits come from the registers. */
static inline uint8_t *head(struct x86_asm *a, uint8_t *p, uint32_t op, unsigned reg, unsigned index, unsigned rm)
{
    static const uint8_t prefixes[4] = { 0, 0x66, 0xf3, 0xf2 };
    unsigned prefix = op >> 24 & 3, escape = op >> 8 & 0xff;
    a->flags_lost |= !keeps_flags(op);
    *p = prefixes[prefix];
    p += prefix != 0;
    unsigned rex = (op & OP_W ? 8u : 0) | (reg >> 3 & 1) << 2 | (index >> 3 & 1) << 1 |
                   (rm >> 3 & 1);
    bool byte = ((op & OP_R8) && reg >= RSP) || ((op & OP_RM8) && rm >= RSP);
    *p = (uint8_t)(0x40 | rex);
    p += rex != 0 || byte;
    if (escape) {
        *p++ = 0x0f;
        *p = (uint8_t)escape;
        p += escape != 0x0f;
    }
    *p++ = (uint8_t)op;
    return p;
}

/* ModRM, SIB and displacement of a memory operand. */
static inline uint8_t *tail(const struct x86_asm *a, uint8_t *p, unsigned reg, struct x86_mem m)
{
    reg = (reg & 7) << 3;
    if (UNLIKELY(m.base == RIP)) {
        *p++ = (uint8_t)(reg | 5);
        return put_32(p, (uint32_t)m.disp - ((uint32_t)(p - a->start) + 4));
    }
    unsigned base = m.base & 7u;
    bool sib = m.index != RSP || base == RSP, none = m.disp == 0 && base != RBP, one = m.disp == (int8_t)m.disp;
    unsigned mod = none ? 0 : one ? 0x40 : 0x80;
    *p++ = (uint8_t)(mod | reg | (sib ? 4 : base));
    *p = (uint8_t)((unsigned)m.scale << 6 | (m.index & 7u) << 3 | base);
    p += sib;
    (void)put_32(p, (uint32_t)m.disp); /* one byte of it, or none, if that is enough */
    return p + (none ? 0 : one ? 1 : 4);
}

void asm_rr(struct x86_asm *a, uint32_t op, unsigned reg, unsigned rm)
{
    uint8_t *p = head(a, a->p, op, reg, 0, rm);
    *p++ = (uint8_t)(0xc0 | (reg & 7) << 3 | (rm & 7));
    a->p = p;
}

void asm_rm(struct x86_asm *a, uint32_t op, unsigned reg, struct x86_mem m)
{
    uint8_t *p = head(a, a->p, op & ~OP_RM8, reg, m.index, m.base == RIP ? 0 : m.base);
    a->p = tail(a, p, reg, m);
}

/* APM volume 3, 1.2.7: three-byte VEX; R, X, B and vvvv are stored inverted. */
static inline uint8_t *vex(struct x86_asm *a, uint8_t *p, uint32_t op, unsigned reg, unsigned v, unsigned index,
                           unsigned rm)
{
    unsigned escape = op >> 8 & 0xff, map = escape == 0x38 ? 2 : escape == 0x3a ? 3 : 1;
    unsigned pp = op >> 24 & 3;
    a->flags_lost = true;
    unsigned inverted = (~reg & 8) << 4 | (~index & 8) << 3 | (~rm & 8) << 2 | map;
    return put_32(p, 0xc4 | inverted << 8 | ((op & OP_W ? 0x80u : 0) | (~v & 15) << 3 | pp) << 16 | op << 24);
}

void asm_vex_rr(struct x86_asm *a, uint32_t op, unsigned reg, unsigned v, unsigned rm)
{
    uint8_t *p = vex(a, a->p, op, reg, v, 0, rm);
    *p++ = (uint8_t)(0xc0 | (reg & 7) << 3 | (rm & 7));
    a->p = p;
}

void asm_vex_rm(struct x86_asm *a, uint32_t op, unsigned reg, unsigned v, struct x86_mem m)
{
    uint8_t *p = vex(a, a->p, op, reg, v, m.index, m.base == RIP ? 0 : m.base);
    a->p = tail(a, p, reg, m);
}

/* SDM volume 2, 2.7.1: R, X, B, R', V' and vvvv are stored inverted. */
static inline uint8_t *evex(struct x86_asm *a, uint8_t *p, uint32_t op, unsigned reg, unsigned v, unsigned index, unsigned rm)
{
    unsigned escape = op >> 8 & 0xff, map = escape == 0x38 ? 2 : escape == 0x3a ? 3 : 1;
    unsigned p0 = (~reg & 8) << 4 | (~index & 8) << 3 | (~rm & 8) << 2 | (~reg & 16) | map;
    unsigned p1 = (op & OP_W ? 0x80u : 0) | (~v & 15) << 3 | 4 | (op >> 24 & 3);
    unsigned p2 = (op & OP_Y ? 0x20u : 0) | (~v & 16) >> 1;
    a->flags_lost = true;
    p = put_32(p, 0x62 | p0 << 8 | p1 << 16 | p2 << 24);
    *p++ = (uint8_t)op;
    return p;
}

void asm_evex_rr(struct x86_asm *a, uint32_t op, unsigned reg, unsigned v, unsigned rm)
{
    uint8_t *p = evex(a, a->p, op, reg, v, rm >> 1, rm); /* X is rm's fifth bit */
    *p++ = (uint8_t)(0xc0 | (reg & 7) << 3 | (rm & 7));
    a->p = p;
}

/* A displacement of one byte would count in units of the operand's length (2.7.5): always four. */
void asm_evex_rm(struct x86_asm *a, uint32_t op, unsigned reg, unsigned v, struct x86_mem m)
{
    uint8_t *p = evex(a, a->p, op, reg, v, m.index, m.base == RIP ? 0 : m.base);
    if (m.base == RIP) {
        a->p = tail(a, p, reg, m);
        return;
    }
    *p++ = (uint8_t)(0x80 | (reg & 7) << 3 | 4);
    *p++ = (uint8_t)((unsigned)m.scale << 6 | (m.index & 7u) << 3 | (m.base & 7u));
    a->p = put_32(p, (uint32_t)m.disp);
}

void asm_mov_ri(struct x86_asm *a, unsigned reg, uint64_t v)
{
    uint8_t *p = a->p;
    if (v <= UINT32_MAX) {
        *p = 0x41;
        p += reg >= 8;
        *p++ = (uint8_t)(0xb8 | (reg & 7));
        a->p = put_32(p, (uint32_t)v);
    } else if ((int64_t)v == (int32_t)v) {
        asm_rr(a, 0xc7 | OP_W, 0, reg);
        asm_32(a, (uint32_t)v);
    } else {
        *p++ = (uint8_t)(0x48 | reg >> 3);
        *p++ = (uint8_t)(0xb8 | (reg & 7));
        memcpy(p, &v, 8);
        a->p = p + 8;
    }
}

void asm_mov_rr(struct x86_asm *a, bool w, unsigned dst, unsigned src)
{
    if (dst != src)
        asm_rr(a, 0x8b | (w ? OP_W : 0), dst, src);
}

static void alu_imm(struct x86_asm *a, int32_t imm)
{
    if (imm == (int8_t)imm)
        asm_8(a, (uint8_t)imm);
    else
        asm_32(a, (uint32_t)imm);
}

void asm_alu_ri(struct x86_asm *a, unsigned alu, bool w, unsigned reg, int32_t imm)
{
    bool one = imm == (int8_t)imm;
    uint8_t *p = head(a, a->p, (one ? 0x83 : 0x81) | (w ? OP_W : 0), 0, 0, reg);
    *p++ = (uint8_t)(0xc0 | alu >> 3 << 3 | (reg & 7));
    (void)put_32(p, (uint32_t)imm);
    a->p = p + (one ? 1 : 4);
}

void asm_alu_mi(struct x86_asm *a, unsigned alu, bool w, struct x86_mem m, int32_t imm)
{
    asm_rm(a, (imm == (int8_t)imm ? 0x83 : 0x81) | (w ? OP_W : 0), alu >> 3, m);
    alu_imm(a, imm);
}

void asm_shift_ri(struct x86_asm *a, unsigned sh, bool w, unsigned reg, unsigned n)
{
    asm_rr(a, 0xc1 | (w ? OP_W : 0), sh, reg);
    asm_8(a, n);
}

void asm_mov_mi(struct x86_asm *a, unsigned size_log2, struct x86_mem m, int32_t imm)
{
    static const uint32_t ops[] = { 0xc6, 0xc7 | OP_66, 0xc7, 0xc7 | OP_W };
    asm_rm(a, ops[size_log2], 0, m);
    if (size_log2 == 0) {
        asm_8(a, (uint8_t)imm);
    } else if (size_log2 == 1) {
        asm_8(a, (uint8_t)imm);
        asm_8(a, (uint8_t)(imm >> 8));
    } else {
        asm_32(a, (uint32_t)imm);
    }
}

void asm_lea(struct x86_asm *a, bool w, unsigned reg, struct x86_mem m)
{
    asm_rm(a, 0x8d | (w ? OP_W : 0), reg, m);
}

/* Recommended multi-byte no-operations (APM volume 3, NOP), `n` bytes in all. What is written behind them is not used. */
static void nops(struct x86_asm *a, unsigned n)
{
    static const uint8_t forms[8][8] = {
        { 0 }, { 0x90 }, { 0x66, 0x90 }, { 0x0f, 0x1f, 0x00 }, { 0x0f, 0x1f, 0x40, 0 },
        { 0x0f, 0x1f, 0x44, 0, 0 }, { 0x66, 0x0f, 0x1f, 0x44, 0, 0 },
        { 0x0f, 0x1f, 0x80, 0, 0, 0, 0 },
    };
    for (; n > 7; n -= 7, a->p += 7)
        memcpy(a->p, forms[7], 8);
    memcpy(a->p, forms[n], 8);
    a->p += n;
}

void asm_nop5(struct x86_asm *a)
{
    nops(a, 5);
}

void asm_align(struct x86_asm *a, unsigned to)
{
    nops(a, (0u - asm_offset(a)) & (to - 1));
}

void asm_align_field(struct x86_asm *a, unsigned ahead)
{
    unsigned at = (asm_offset(a) + ahead) & 7;
    if (at > 4)
        nops(a, 8 - at);
}

uint32_t asm_jcc(struct x86_asm *a, unsigned cc, uint32_t target)
{
    a->flags_lost = true; /* it may come back */
    uint8_t *p = a->p;
    uint32_t at = asm_offset(a) + 2;
    p[0] = 0x0f;
    p[1] = (uint8_t)(0x80 | cc);
    a->p = put_32(p + 2, target - (at + 4));
    return at;
}

uint32_t asm_jmp(struct x86_asm *a, uint32_t target)
{
    uint8_t *p = a->p;
    uint32_t at = asm_offset(a) + 1;
    *p = 0xe9;
    a->p = put_32(p + 1, target - (at + 4));
    return at;
}

uint32_t asm_call(struct x86_asm *a, uint32_t target)
{
    a->flags_lost = true;
    uint8_t *p = a->p;
    uint32_t at = asm_offset(a) + 1;
    *p = 0xe8;
    a->p = put_32(p + 1, target - (at + 4));
    return at;
}

void asm_patch(struct x86_asm *a, uint32_t disp_at, uint32_t target)
{
    uint32_t disp = target - (disp_at + 4);
    /*
     * The field is within 8 aligned bytes where it matters: one store, after all that was written about the code it leads
     * to (the host keeps stores in order), since other threads follow it at once.
     */
    __asm__ volatile("" ::: "memory");
    __builtin_memcpy(a->start + disp_at, &disp, 4);
}
