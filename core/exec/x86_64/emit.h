/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_X86_64_EMIT_H
#define ORRERY_CORE_EXEC_X86_64_EMIT_H
/*
 * The assembler: x86-64 instructions into the code buffer's writable mapping.
 * Encodings: AMD64 Architecture Programmer's Manual, volume 3, chapter 1 and
 * appendix A.
 *
 * An opcode is one word: opcode byte, escape (0F, 0F38, 0F3A), mandatory prefix and
 * the flags below. Nothing here checks for room: x86_compile makes sure of it.
 */
#include "core/util/types.h"
#include <assert.h>
#include <string.h>

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, RIP };

/* Condition codes, as in jcc, setcc, cmovcc. */
enum { CC_O, CC_NO, CC_B, CC_AE, CC_E, CC_NE, CC_BE, CC_A, CC_S, CC_NS, CC_P, CC_NP, CC_L, CC_GE,
       CC_LE, CC_G };

#define OP_0F   0x00000f00u
#define OP_0F38 0x00003800u
#define OP_0F3A 0x00003a00u
#define OP_66   0x01000000u
#define OP_F3   0x02000000u
#define OP_F2   0x03000000u
#define OP_Y    0x04000000u  /* EVEX: 256 bits, else 128 */
#define OP_W    0x10000000u  /* 64-bit operands */
#define OP_R8   0x20000000u  /* `reg` is a byte register: spl..dil need REX */
#define OP_RM8  0x40000000u  /* likewise `rm` */

/* Two-operand ALU: opcode of "op r, r/m"; /digit of the immediate form is opcode >> 3. */
enum { ALU_ADD = 0x03, ALU_OR = 0x0b, ALU_AND = 0x23, ALU_SUB = 0x2b, ALU_XOR = 0x33,
       ALU_CMP = 0x3b };
enum { SH_ROL, SH_ROR, SH_SHL = 4, SH_SHR, SH_SAR = 7 };

/* base RIP: `disp` is an offset in the code buffer. index RSP: none. */
struct x86_mem {
    uint8_t base, index, scale; /* log2 */
    int32_t disp;
};

struct x86_asm {
    uint8_t *p;        /* where the next byte goes, in the writable mapping */
    uint8_t *start;    /* of the writable mapping */
    bool flags_lost;   /* something emitted since this was cleared may change the flags, or is jumped to */
};

static inline struct x86_mem mem_at(unsigned base, int32_t disp)
{
    return (struct x86_mem){ .base = (uint8_t)base, .index = RSP, .disp = disp };
}

static inline uint32_t asm_offset(const struct x86_asm *a)
{
    return (uint32_t)(a->p - a->start);
}

static inline void asm_8(struct x86_asm *a, unsigned v)
{
    *a->p++ = (uint8_t)v;
}

static inline void asm_32(struct x86_asm *a, uint32_t v)
{
    memcpy(a->p, &v, 4);
    a->p += 4;
}

static inline void asm_64(struct x86_asm *a, uint64_t v)
{
    memcpy(a->p, &v, 8);
    a->p += 8;
}

void asm_rr(struct x86_asm *a, uint32_t op, unsigned reg, unsigned rm);
void asm_rm(struct x86_asm *a, uint32_t op, unsigned reg, struct x86_mem m);
/* VEX, 128 bits: op's escape and prefix as above; OP_W is VEX.W. */
void asm_vex_rr(struct x86_asm *a, uint32_t op, unsigned reg, unsigned v, unsigned rm);
void asm_vex_rm(struct x86_asm *a, uint32_t op, unsigned reg, unsigned v, struct x86_mem m);
/* EVEX, likewise, of all 32 registers, or 256 bits of them (OP_Y); no mask. */
void asm_evex_rr(struct x86_asm *a, uint32_t op, unsigned reg, unsigned v, unsigned rm);
void asm_evex_rm(struct x86_asm *a, uint32_t op, unsigned reg, unsigned v, struct x86_mem m);

void asm_mov_ri(struct x86_asm *a, unsigned reg, uint64_t v); /* keeps the flags */
void asm_mov_rr(struct x86_asm *a, bool w, unsigned dst, unsigned src); /* nothing if the same, w */
void asm_alu_ri(struct x86_asm *a, unsigned alu, bool w, unsigned reg, int32_t imm);
void asm_alu_mi(struct x86_asm *a, unsigned alu, bool w, struct x86_mem m, int32_t imm);
void asm_shift_ri(struct x86_asm *a, unsigned sh, bool w, unsigned reg, unsigned n);
void asm_mov_mi(struct x86_asm *a, unsigned size_log2, struct x86_mem m, int32_t imm);
void asm_lea(struct x86_asm *a, bool w, unsigned reg, struct x86_mem m);
void asm_nop5(struct x86_asm *a);
void asm_align(struct x86_asm *a, unsigned to);
/* No-operations so that a 4-byte field `ahead` bytes on lies within 8 aligned bytes. */
void asm_align_field(struct x86_asm *a, unsigned ahead);

/* ---- forms that are used most, without what other forms need ---- */

/* call, jmp: opcode and displacement, at `p`; behind them. */
static inline uint8_t *asm_put_rel(const struct x86_asm *a, uint8_t *p, unsigned opcode, uint32_t target)
{
    uint32_t disp = target - ((uint32_t)(p - a->start) + 5);
    *p = (uint8_t)opcode;
    memcpy(p + 1, &disp, 4);
    return p + 5;
}

/* op reg, [rbp + disp], or the other way round; opcodes of one byte */
static inline void asm_cpu(struct x86_asm *a, unsigned opcode, bool w, unsigned reg, int32_t disp)
{
    uint8_t *p = a->p;
    unsigned rex = 0x40 | (w ? 8u : 0) | reg >> 3 << 2;
    bool one = disp == (int8_t)disp;
    *p = (uint8_t)rex;
    p += rex != 0x40;
    p[0] = (uint8_t)opcode;
    p[1] = (uint8_t)((one ? 0x45 : 0x85) | (reg & 7) << 3);
    memcpy(p + 2, &disp, 4);
    a->p = p + (one ? 3 : 6);
}

/* mov [rbp + disp], imm */
static inline void asm_cpu_imm(struct x86_asm *a, bool w, int32_t disp, int32_t imm)
{
    uint8_t *p = a->p;
    bool one = disp == (int8_t)disp;
    *p = 0x48;
    p += w;
    p[0] = 0xc7;
    p[1] = one ? 0x45 : 0x85;
    memcpy(p + 2, &disp, 4);
    p += one ? 3 : 6;
    memcpy(p, &imm, 4);
    a->p = p + 4;
}

/* op reg, rm; opcodes of one byte, no byte registers */
static inline void asm_rr1(struct x86_asm *a, unsigned opcode, bool w, unsigned reg, unsigned rm)
{
    uint8_t *p = a->p;
    unsigned rex = 0x40 | (w ? 8u : 0) | reg >> 3 << 2 | rm >> 3;
    *p = (uint8_t)rex;
    p += rex != 0x40;
    p[0] = (uint8_t)opcode;
    p[1] = (uint8_t)(0xc0 | (reg & 7) << 3 | (rm & 7));
    a->p = p + 2;
}

/* As asm_alu_ri; `alu` is usually known where it is called. */
static inline void asm_alu_ri1(struct x86_asm *a, unsigned alu, bool w, unsigned reg, int32_t imm)
{
    uint8_t *p = a->p;
    unsigned rex = 0x40 | (w ? 8u : 0) | reg >> 3;
    bool one = imm == (int8_t)imm;
    *p = (uint8_t)rex;
    p += rex != 0x40;
    p[0] = one ? 0x83 : 0x81;
    p[1] = (uint8_t)(0xc0 | alu >> 3 << 3 | (reg & 7));
    memcpy(p + 2, &imm, 4);
    a->p = p + (one ? 3 : 6);
}

/* Shifts by a constant, as asm_shift_ri. */
static inline void asm_shift_ri1(struct x86_asm *a, unsigned sh, bool w, unsigned reg, unsigned n)
{
    uint8_t *p = a->p;
    unsigned rex = 0x40 | (w ? 8u : 0) | reg >> 3;
    *p = (uint8_t)rex;
    p += rex != 0x40;
    p[0] = 0xc1;
    p[1] = (uint8_t)(0xc0 | sh << 3 | (reg & 7));
    p[2] = (uint8_t)n;
    a->p = p + 3;
}

/* lea reg, [base + index], neither rsp nor r13 */
static inline void asm_lea_sum(struct x86_asm *a, bool w, unsigned reg, unsigned base, unsigned index)
{
    uint8_t *p = a->p;
    unsigned rex = 0x40 | (w ? 8u : 0) | reg >> 3 << 2 | index >> 3 << 1 | base >> 3;
    *p = (uint8_t)rex;
    p += rex != 0x40;
    p[0] = 0x8d;
    p[1] = (uint8_t)((reg & 7) << 3 | 4);
    p[2] = (uint8_t)((index & 7) << 3 | (base & 7));
    a->p = p + 3;
}

/* movsx, movzx reg, rm and what else has opcodes of two bytes */
static inline void asm_rr2(struct x86_asm *a, unsigned opcode, bool w, unsigned reg, unsigned rm, bool byte)
{
    uint8_t *p = a->p;
    unsigned rex = 0x40 | (w ? 8u : 0) | reg >> 3 << 2 | rm >> 3;
    *p = (uint8_t)rex;
    p += rex != 0x40 || (byte && rm >= RSP);
    p[0] = 0x0f;
    p[1] = (uint8_t)opcode;
    p[2] = (uint8_t)(0xc0 | (reg & 7) << 3 | (rm & 7));
    a->p = p + 3;
}

/* lea reg, [base + disp], 64 bits; base is not rsp, rbp, r12 or r13 */
static inline void asm_lea1(struct x86_asm *a, unsigned reg, unsigned base, int32_t disp)
{
    uint8_t *p = a->p;
    bool one = disp == (int8_t)disp;
    p[0] = (uint8_t)(0x48 | reg >> 3 << 2 | base >> 3);
    p[1] = 0x8d;
    p[2] = (uint8_t)((one ? 0x40 : 0x80) | (reg & 7) << 3 | (base & 7));
    memcpy(p + 3, &disp, 4);
    a->p = p + (one ? 4 : 7);
}

/* op reg, [rax + index + disp], any operation without VEX */
static inline void asm_indexed(struct x86_asm *a, uint32_t op, unsigned reg, unsigned index, int32_t disp)
{
    static const uint8_t prefixes[4] = { 0, 0x66, 0xf3, 0xf2 };
    uint8_t *p = a->p;
    unsigned rex = 0x40 | (op & OP_W ? 8u : 0) | reg >> 3 << 2 | index >> 3 << 1;
    bool one = disp == (int8_t)disp;
    *p = prefixes[op >> 24 & 3];
    p += (op >> 24 & 3) != 0;
    *p = (uint8_t)rex;
    p += rex != 0x40 || ((op & OP_R8) && reg >= RSP);
    *p = 0x0f;
    p += (op & OP_0F) != 0;
    p[0] = (uint8_t)op;
    p[1] = (uint8_t)((one ? 0x44 : 0x84) | (reg & 7) << 3);
    p[2] = (uint8_t)((index & 7) << 3);
    memcpy(p + 3, &disp, 4);
    a->p = p + (one ? 4 : 7);
}

/* The short forms: Valgrind knows no others of registers r8 to r15. */
static inline void asm_push(struct x86_asm *a, unsigned reg)
{
    if (reg >= 8)
        asm_8(a, 0x41);
    asm_8(a, 0x50 | (reg & 7));
}

static inline void asm_pop(struct x86_asm *a, unsigned reg)
{
    if (reg >= 8)
        asm_8(a, 0x41);
    asm_8(a, 0x58 | (reg & 7));
}

static inline void asm_vzeroupper(struct x86_asm *a)
{
    asm_8(a, 0xc5), asm_8(a, 0xf8), asm_8(a, 0x77);
}

/* Jumps return the offset of their displacement. */
uint32_t asm_jcc(struct x86_asm *a, unsigned cc, uint32_t target);
uint32_t asm_jmp(struct x86_asm *a, uint32_t target);
uint32_t asm_call(struct x86_asm *a, uint32_t target);
void asm_patch(struct x86_asm *a, uint32_t disp_at, uint32_t target);

/* Short forward jump; close it with asm_here. */
static inline uint8_t *asm_jcc8(struct x86_asm *a, unsigned cc)
{
    asm_8(a, 0x70 + cc);
    asm_8(a, 0);
    return a->p;
}

static inline uint8_t *asm_jmp8(struct x86_asm *a)
{
    asm_8(a, 0xeb);
    asm_8(a, 0);
    return a->p;
}

static inline void asm_here(struct x86_asm *a, uint8_t *from)
{
    assert(a->p - from <= INT8_MAX);
    from[-1] = (uint8_t)(a->p - from);
}

#endif
