/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_X86_OPCODE_H
#define ORRERY_CPU_X86_OPCODE_H
/*
 * The tables that decodegen makes of cpu/x86/x86_*.decode and x86_decode() reads. An opcode leads
 * to a few candidate rows in the order in which they are tried. What the bytes offer is a key with
 * one bit set in each dimension; a row accepts a set of bits and matches if it has all of the
 * key's.
 */
#include "core/util/types.h"
#include "cpu/x86/operands.def"

#define X86_MAX_OPERANDS 5

enum x86_method {
#define X(name, text, modrm) X86_METHOD_##name,
    X86_METHODS(X)
#undef X
        X86_METHOD_COUNT
};
enum x86_type {
#define X(name, text) X86_TYPE_##name,
    X86_TYPES(X)
#undef X
        X86_TYPE_COUNT
};

/* Opcode maps. VEX.mmmmm and EVEX.mmm are added to X86_MAP_VEX and X86_MAP_EVEX. */
enum x86_map {
    X86_MAP_1BYTE,
    X86_MAP_0F,
    X86_MAP_0F38,
    X86_MAP_0F3A,
    X86_MAP_VEX,
    X86_MAP_EVEX = X86_MAP_VEX + 4,
    X86_MAPS = X86_MAP_EVEX + 7
};

/* Dimensions of a key: the first bit of each, and how many there are. */
enum {
    X86_KEY_MODE = 0,
    X86_KEY_MODES = 3, /* enum x86_code */
    X86_KEY_PP = 3,
    X86_KEY_PPS = 4, /* none, 66, F3, F2, as VEX.pp counts */
    X86_KEY_MOD = 7,
    X86_KEY_MODS = 2, /* memory, register */
    X86_KEY_REG = 9,
    X86_KEY_REGS = 8, /* ModRM.reg without REX.R */
    X86_KEY_RM = 17,
    X86_KEY_RMS = 8, /* ModRM.rm where mod = 3; 0 for memory */
    X86_KEY_W = 25,
    X86_KEY_WS = 2,
    X86_KEY_L = 27,
    X86_KEY_LS = 4, /* 128, 256, 512, reserved */
    X86_KEY_REXB = 31,
    X86_KEY_REXBS = 2,
    X86_KEY_BITS = 33
};

/* Flags of rows. */
enum {
    X86_ROW_LOCK = 1 << 0, /* LOCK is allowed where the first operand is memory */
    X86_ROW_O64 = 1 << 1,  /* operand size 64 in 64-bit mode unless 66 says 16 */
    X86_ROW_F64 = 1 << 2,  /* operand size 64 in 64-bit mode whatever the prefixes */
    X86_ROW_CC = 1 << 3,   /* the opcode's low four bits are a condition */
    X86_ROW_PLUS_R = 1 << 4,
    X86_ROW_MODRM = 1 << 5,
    X86_ROW_ANY_MOD = 1 << 6, /* a register operand whatever mod is: MOV to and from CRn, DRn */
    X86_ROW_VVVV = 1 << 7,    /* vvvv is an operand; otherwise it must be 1111 */
    X86_ROW_VSIB = 1 << 8,
    X86_ROW_LIG = 1 << 9,
    X86_ROW_MASK = 1 << 10,  /* EVEX.aaa may mask */
    X86_ROW_ZMASK = 1 << 11, /* and EVEX.z zero */
    X86_ROW_KMUST = 1 << 12, /* aaa = 0 is undefined: gathers and scatters */
    X86_ROW_ER = 1 << 13,    /* static rounding where EVEX.b stands with registers */
    X86_ROW_SAE = 1 << 14,
    X86_ROW_NO_66 = 1 << 15,      /* 66 belongs to the opcode: no operand size */
    X86_ROW_NO_REP = 1 << 16,     /* likewise F3, F2 */
    X86_ROW_ADDR_NAMES = 1 << 17, /* the printed name depends on the address size */
    X86_ROW_STRING = 1 << 18,
    X86_ROW_DISTINCT = 1 << 19, /* destination, VSIB index and mask or sources must differ */
    X86_ROW_READS_CC = 1 << 20, /* the arithmetic flags */
    X86_ROW_WRITES_CC = 1 << 21,
    X86_ROW_REPE = 1 << 23,  /* F3 is printed as repe: CMPS, SCAS */
    X86_ROW_NO_VL = 1 << 22, /* EVEX of 128 bits that does not want AVX512VL */
};

/* What an instruction does with an operand. */
enum { X86_READ = 1, X86_WRITE = 2, X86_READ_WRITE = 3 };

struct x86_operand_code {
    uint8_t method, type, reg, access;
};

struct x86_row {
    uint64_t accept; /* key bits */
    uint32_t flags;
    uint16_t id, form;
    uint16_t need,
        need_256; /* first of n_needs in x86_needs: any of them; need_256: one more, 0 is none */
    uint16_t reads, writes; /* general registers that no operand names, a bit each */
    uint8_t n_needs, n_ops;
    uint8_t map, opcode; /* the first opcode of +r and +cc */
    uint8_t broadcast;   /* bytes of an EVEX.b element, 0: not allowed */
    uint8_t disp8;       /* EVEX's N where it is not the memory operand's size; 0 */
    uint8_t cond;        /* of FCMOVcc */
    struct x86_operand_code op[X86_MAX_OPERANDS];
    const char
        *names[4]; /* printed, by log2 of operand or address size; [0] alone: whatever that is */
};

struct x86_opcode {
    uint16_t first; /* in x86_candidates */
    uint8_t n;
    bool modrm;
};

extern const struct x86_row x86_rows[]; /* by form */
extern const uint16_t x86_candidates[]; /* forms */
extern const struct x86_opcode x86_opcodes[X86_MAPS][256];
/* x86_needs[][X86_EXT_WORDS] is declared by the generated header, which knows how many words. */

#endif
