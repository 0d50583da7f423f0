/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_X86_DECODE_H
#define ORRERY_CPU_X86_DECODE_H
/*
 * One x86 instruction taken apart: prefixes, operands with their sizes, memory address,
 * immediates (Intel SDM volume 2, chapter 2; AMD APM volume 3, chapter 1). The tables
 * cpu/x86/x86_*.decode say which rows exist; decodegen makes of them the ids, the
 * descriptors and, for each opcode map, what may match.
 *
 * A row is one meaning: all operand sizes of `add Ev, Gv` are one row and the operand
 * size is in the result; a translator looks at operands, never at opcode bytes. Ids are enum
 * x86_insn of cpu/x86/decode.gen.h.
 *
 * What operands there are: those that the manual writes. Of x87 arithmetic with one operand the
 * other is ST(0); of IMUL (`imul`) two or three, of its one-operand form (`imul@wide`), MUL and DIV
 * one. Far pointers in the code are two: IMM2, the selector, and IMM, the offset. Strings have
 * none. Addresses in a fixed register (XLAT, MASKMOVQ, MONITOR, CLZERO, VMRUN, PVALIDATE...) are
 * memory operands with that base; XLAT's AL is not added. Of MOVDIR64B and the like the first
 * operand is a register: the address in ES.
 *
 * Not here: XOP, 3DNow!, AMX, APX, MPX, Key Locker. 66 in front of near branches of 64-bit mode is
 * ignored, as Intel's processors do.
 */
#include "core/ir/insn.h"

#define X86_MAX_LENGTH 15u

enum x86_code { X86_CODE16, X86_CODE32, X86_CODE64 }; /* CS.D and CS.L with EFER.LMA */

/* Numbers of the segment registers as ModRM.reg encodes them. */
enum x86_seg { X86_ES, X86_CS, X86_SS, X86_DS, X86_FS, X86_GS, X86_SEGS };

enum x86_operand_kind {
    X86_OP_NONE,
    X86_OP_REG,   /* general register 0..15; size 1 is its low byte */
    X86_OP_REG8H, /* AH, CH, DH, BH: bits 15:8 of general register 0..3 */
    X86_OP_MEM,   /* at x86_decoded.base + index << scale + disp in segment seg */
    X86_OP_IMM,   /* x86_decoded.imm, sign- or zero-extended to 64 bits as the instruction says */
    X86_OP_IMM2,  /* x86_decoded.imm2: ENTER's second, the selector of far pointers, EXTRQ's */
    X86_OP_REL,   /* branch displacement from the next instruction: imm, sign-extended; size: of the
                     new IP */
    X86_OP_SEG,   /* enum x86_seg */
    X86_OP_CR,
    X86_OP_DR,
    X86_OP_ST,  /* ST(i) */
    X86_OP_MM,  /* MMX 0..7 */
    X86_OP_VEC, /* XMM, YMM, ZMM 0..31; size 16, 32 or 64 is the register's name; scalars have 16 */
    X86_OP_K,   /* opmask 0..7; size of KMOVW and the like, else 8 */
};

/* bytes of the operand; 0: none of its own (LEA, INVLPG, prefetches); 10 m80; 6 m16:32; 512 and
 * more are 0 */
struct x86_operand {
    uint8_t kind, reg, size;
};

#define X86_NO_REG  0xffu
#define X86_REG_RIP 16u /* as base: the address of the next instruction */

struct x86_decoded {
    int64_t disp;       /* EVEX's disp8*N is multiplied already */
    uint64_t imm, imm2; /* of two immediates of an instruction the first and the second */

    uint16_t id, form; /* enum x86_insn; the row that matched. From here on: what follows from the bytes up to SIB */
    uint8_t length;
    uint8_t op_size;   /* effective operand size in bytes: 2, 4, 8; of rows with fixed sizes: of no
                          meaning; of   string instructions 1 too */
    uint8_t addr_size; /* effective address size: 2, 4, 8 */
    uint8_t modrm;     /* raw; 0 without one */
    bool lock, rep, repne; /* F0; F3, F2 where they are no mandatory prefix */
    bool rex;              /* any REX: SPL, BPL, SIL, DIL instead of the high bytes */
    bool w;                /* REX.W, VEX.W, EVEX.W */
    bool seg_override;

    uint8_t n_ops;
    struct x86_operand op[5]; /* X86_MAX_OPERANDS, in Intel's order: destination first; implicit
                                 ones that the row names too */

    /* The memory operand, explicit or implied (moffs, XLAT; string instructions have none here). */
    uint8_t
        seg; /* enum x86_seg: override or default (SS for bases BP, SP); of strings the source's */
    uint8_t base, index; /* general registers, X86_REG_RIP, X86_NO_REG; with vsib: index is a vector
                            register */
    uint8_t scale;       /* log2 */
    bool vsib;

    uint8_t cond; /* Jcc, SETcc, CMOVcc, FCMOVcc: the low four bits of Jcc's opcode */

    uint8_t vl; /* VEX, EVEX: vector length in bytes 16, 32, 64 (64 too with embedded rounding); 0:
                   legacy */
    bool evex;
    uint8_t k; /* EVEX.aaa; 0: unmasked */
    bool zeroing,
        broadcast; /* EVEX.z; EVEX.b with a memory operand: the operand's size is one element's */
    bool rounding,
        sae;    /* EVEX.b with registers: static rounding `rc` (which implies sae); only sae */
    uint8_t rc; /* 0 nearest, 1 down, 2 up, 3 zero */
};

/* What a decoder answers besides an instruction. */
enum x86_decode_result {
    X86_DECODED,
    X86_UNDEFINED, /* #UD: no such instruction here. length: bytes up to where that was seen */
    X86_TOO_SHORT, /* more than `n` bytes are needed to know */
    X86_TOO_LONG,  /* over 15 bytes: #GP(0); length: 15 */
};

/*
 * Decode what lies at `code`, of which `n` bytes can be read, for a CPU that has `features` (bits
 * X86_EXT_*, as many words as X86_EXT_WORDS). Checks that are the encoding's own are made here:
 * LOCK where it may not be, VEX in real or virtual-8086 mode (`vex_ok` false), register forms of
 * memory operands, reserved EVEX bits. Rights, CR0, CR4 and XCR0 are the translator's.
 */
enum x86_decode_result x86_decode(const uint8_t *code, size_t n, enum x86_code mode, bool vex_ok,
                                  const uint64_t *features, struct x86_decoded *d);

/*
 * The same in 64-bit mode, with what was decoded before in mind: instructions that differ in displacement and immediate
 * alone are decoded once. `memo`: zeros at first, X86_DECODE_MEMO bytes that nobody else uses at the same time; `id` (less than
 * 16) stands for `features`.
 */
#define X86_DECODE_MEMO ((2048u + 1) * 64 + 65536u)
enum x86_decode_result x86_decode_again(void *memo, unsigned id, const uint8_t *code, size_t n, const uint64_t *features,
                                        struct x86_decoded *d);

/* As Intel's manual writes it. `pc`: of the instruction. */
void x86_disassemble(const struct x86_decoded *d, uint64_t pc, char *text, size_t size);

/*
 * Bytes that decode to row `form` in `mode` on a CPU with all features; free bits are next(arg)'s.
 * The length, or 0 if the row does not exist in that mode, needs memory although `memory` is false,
 * or is hidden by another.
 */
size_t x86_random_insn(uint16_t form, enum x86_code mode, bool memory, uint64_t (*next)(void *arg),
                       void *arg, uint8_t code[X86_MAX_LENGTH]);

/* Registers read and written, for timing models: slots of cpu/x86 (cpu.h), INSN_NO_REG where the
 * lists end. */
void x86_insn_regs(const struct x86_decoded *d, struct insn_regs *regs);

#endif
