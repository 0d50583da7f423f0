/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_RISCV_VEC_H
#define ORRERY_CPU_RISCV_VEC_H
/*
 * The vector extension: unprivileged ISA, chapters "V" (1.0), "Zvfh" and "Vector Cryptography". VLEN is 128, ELEN 64.
 *
 * State. 32 registers of 128 bits (slots RV_SLOT_V + n; groups lie one behind the other, so that element i of a group is
 * at byte i << EEW of its first register, whatever LMUL), vl and vtype (slots), vstart, vxsat (a slot), vxrm.
 * mstatus.VS as FS. The block key has vtype, whether vl = VLMAX, and whether vstart is not 0 (mode.c), so that a
 * translation knows SEW, LMUL and what is legal; while VS is Off the key says nothing of it.
 *
 * Tail and inactive elements are left as they were, agnostic or not; bits of masks behind vl too. vl = min(AVL, VLMAX).
 * Where the manual reserves an encoding it is an illegal instruction.
 *
 * Every instruction is one row of a table, struct rv_vec_row, that says it in two ways:
 *   general: C over the elements vstart .. vl - 1, masked or not, any LMUL. Either `element`, a function of one
 *       element of each operand, and vec.c loops; or `whole`, a function of the state. Called from translated code with all
 *       slots in memory, by rv_helper_vec*, which sets vstart to 0 and brings the key up to date.
 *   quick: IR operations on each register of the group, for vstart = 0. vec_quick.c selects the active ones (by v0, by vl), so
 *       `quick` computes all lanes. Only what has no side effects (flags!) for inactive lanes may have a quick way
 *       without saying QUICK_FULL, which keeps it to unmasked instructions with vl = VLMAX and LMUL >= 1.
 * Both are of the same row, and the switch `vquick` of a CPU turns the quick ways off (but for loads and stores, where a fault
 * takes a cycle more), so that tests and `orrery fuzz --against max,vquick=off` compare them.
 *
 * A chapter is a file with a table of rows, listed in rv_vec_chapters (vec.c).
 */
#include "core/ir/build_vec.h"
#include "cpu/riscv/translate_impl.h"

#define RV_VLENB 16u

/* ---- operands ---- */
/*
 * What stands in vd, vs2 and vs1: the size of its elements, and thereby how many registers it has (EMUL = EEW / SEW * LMUL).
 */
enum rv_vec_operand {
    RV_VO_NONE,
    RV_VO_S,    /* EEW = SEW */
    RV_VO_W,    /* 2 * SEW */
    RV_VO_H,    /* SEW / 2, / 4, / 8 */
    RV_VO_Q,
    RV_VO_O,
    RV_VO_16,   /* EEW = 16: indices of vrgatherei16 */
    RV_VO_M,    /* a mask: one register */
    RV_VO_1,    /* element 0 of one register, of SEW (reductions, moves of scalars) */
    RV_VO_1W,   /* the same of 2 * SEW */
    RV_VO_X,    /* vs1's place: x[rs1], low SEW bits, sign-extended from XLEN if SEW is larger (it is not: 64) */
    RV_VO_F,    /* vs1's place: f[rs1], unboxed to SEW: what is no box of it is its default NaN */
    RV_VO_I,    /* the immediate as decoded: simm5 or uimm5 by the field the row of the decode table names */
};
/* d, a, b: vd, vs2, vs1. */
#define RV_VOPS(d, a, b) ((d) | (a) << 4 | (b) << 8)
#define RV_VO_D(row)     ((row)->operands & 15)
#define RV_VO_A(row)     ((row)->operands >> 4 & 15)
#define RV_VO_B(row)     ((row)->operands >> 8 & 15)

enum rv_vec_flag {
    RV_VF_SA = 1 << 0,         /* a (vs2) is signed: extended so to 64 bits for `element`, widened so for `quick` */
    RV_VF_SB = 1 << 1,         /* b likewise */
    RV_VF_D = 1 << 2,          /* `element` and `quick` want the old vd */
    RV_VF_APART = 1 << 3,      /* vd may overlap no vector source, whatever the sizes */
    RV_VF_CARRY = 1 << 4,      /* v0 is an operand, not a mask: `element` finds its bit in o->carry; vm says if it is there */
    RV_VF_START0 = 1 << 5,     /* vstart must be 0 */
    RV_VF_FP = 1 << 6,         /* wants FS, a valid frm, and SEW of 16 (Zvfh), 32 or 64; may set fflags */
    RV_VF_NO_RM = 1 << 7,      /* with FP: frm may be reserved (it is not looked at) */
    RV_VF_NO_VTYPE = 1 << 8,   /* does not depend on vtype: legal under vill */
    RV_VF_QUICK_FULL = 1 << 9, /* see above */
    RV_VF_XD = 1 << 10,        /* writes x[rd]: `whole` returns the value */
    RV_VF_FD = 1 << 11,        /* writes f[rd] likewise (the whole image) */
    RV_VF_MEMORY = 1 << 12,    /* `whole` may fault; it returns false in o->done then, with vstart set */
    RV_VF_VL = 1 << 13,        /* `whole` may change vl (fault-only-first) */
    RV_VF_V0_FREE = 1 << 14,   /* masked, vd may be v0 */
    RV_VF_WIDE_FP = 1 << 15,   /* with FP: 2 * SEW is a float too, so SEW is 16 or 32 */
    RV_VF_FP_2SEW = 1 << 16,   /* with FP: only what has 2 * SEW is a float, so SEW is 8, 16 or 32 */
    RV_VF_FP_MIN = 1 << 17,    /* with FP: f16 wants no more than Zvfhmin */
    RV_VF_GROUPS = 1 << 18,    /* vl and vstart must be multiples of `arg`, a power of 2 */
};

/* ---- the general way ---- */
struct rv_vec_row;
struct rv_vop {
    struct rv_cpu *rv;
    const struct rv_vec_row *row;
    uint32_t vl, vlmax, vstart;
    uint8_t vd, vs1, vs2;       /* numbers as encoded; rs1 and rs2 too */
    bool masked;                /* vm = 0 */
    uint8_t sew;                /* log2 of bytes */
    int8_t lmul;                /* log2 */
    uint8_t nf;                 /* segments: fields, 1..8 */
    bool carry;                 /* of the element at hand: RV_VF_CARRY */
    bool done;                  /* MEMORY */
    uint32_t i;                 /* the element at hand */
    uint64_t scalar;            /* x[rs1], the immediate, or the unboxed float */
    uint64_t scalar2;           /* x[rs2] of strided accesses */
};
/*
 * One element of each operand, zero- or sign-extended to 64 bits; the result's low bits are written (of a mask: bit 0).
 * FP flags go to o->rv->cpu.fp_flags, saturation to o->rv->vxsat.
 */
typedef uint64_t rv_vec_element_fn(struct rv_vop *o, uint64_t a, uint64_t b, uint64_t d);
typedef uint64_t rv_vec_whole_fn(struct rv_vop *o);

/* Element i of the group that begins in register v; `eew` is log2 of bytes. */
uint64_t rv_vec_get(const struct rv_cpu *rv, unsigned v, unsigned eew, uint32_t i);
void rv_vec_put(struct rv_cpu *rv, unsigned v, unsigned eew, uint32_t i, uint64_t value);
bool rv_vec_bit(const struct rv_cpu *rv, unsigned v, uint32_t i);
void rv_vec_put_bit(struct rv_cpu *rv, unsigned v, uint32_t i, bool value);
/* Is element i active: unmasked, or its bit in v0 set? */
static inline bool rv_vec_active(const struct rv_vop *o, uint32_t i)
{
    return !o->masked || rv_vec_bit(o->rv, 0, i);
}
static inline unsigned rv_vec_bits(const struct rv_vop *o)
{
    return 8u << o->sew;
}

/* "Vector Slide1up", "Slide1down", of x and f. */
rv_vec_whole_fn rv_vec_slide1up, rv_vec_slide1down;

/* ---- the quick way ---- */
/*
 * One register's worth of lanes of `lane` (log2 of bytes): that of vd, or of the sources if those are wider (VO_W as a
 * source: results are narrowed by vec_quick.c) or vd is a mask (all ones or zeros in each lane). a, b are widened to it before.
 * `b` of X, F and I is in all lanes. d: the old register if the row says RV_VF_D; if it says RV_VF_CARRY, v0's bits as
 * lanes of ones and zeros (IR_NONE: vm = 1).
 */
typedef ir_val_t rv_vec_quick_fn(struct rv_tr *t, const struct rv_vec_row *row, unsigned lane, ir_val_t a, ir_val_t b,
                                 ir_val_t d);
/* Emits the whole instruction, or returns false for the general way. vstart = 0; everything is legal. */
typedef bool rv_vec_emit_fn(struct rv_tr *t, const struct rv_vec_row *row);

/* True: a reserved combination beyond what operands and flags say (Zvk: element groups; segments...). */
typedef bool rv_vec_reserved_fn(const struct rv_tr *t, const struct rv_vec_row *row);

struct rv_vec_row {
    uint16_t id;                /* RV_INSN_* */
    uint16_t operands;          /* RV_VOPS */
    uint32_t flags;             /* enum rv_vec_flag */
    rv_vec_element_fn *element; /* one of these two */
    rv_vec_whole_fn *whole;
    rv_vec_quick_fn *quick;     /* at most one of these two */
    rv_vec_emit_fn *emit;
    uint32_t arg;               /* whatever the functions want: an IR operation... */
    rv_vec_reserved_fn *reserved;
};
/* clang-format off */
#define RV_VEC_END { .id = 0, .element = NULL, .whole = NULL }
/* clang-format on */
extern const struct rv_vec_row rv_vec_int_rows[], rv_vec_widen_rows[], rv_vec_fixed_rows[], rv_vec_mask_rows[],
    rv_vec_reduce_rows[], rv_vec_permute_rows[], rv_vec_memory_rows[], rv_vec_float_rows[], rv_vec_bit_rows[],
    rv_vec_crypto_rows[];

/* ---- what a translation knows ---- */
static inline unsigned rv_tr_sew(const struct rv_tr *t) /* log2 of bytes */
{
    return t->mode >> (RV_MODE_VTYPE_SHIFT + 3) & 3;
}
static inline int rv_tr_lmul(const struct rv_tr *t) /* log2: -3..3 */
{
    unsigned m = t->mode >> RV_MODE_VTYPE_SHIFT & 7;
    return m >= 4 ? (int)m - 8 : (int)m;
}
static inline uint32_t rv_tr_vlmax(const struct rv_tr *t)
{
    return 1u << (4 - (int)rv_tr_sew(t) + rv_tr_lmul(t));
}
/* vl = VLMAX and whole registers: no element of a group of EEW = SEW is a tail's. */
static inline bool rv_tr_full(const struct rv_tr *t)
{
    return (t->mode & RV_MODE_VL_MAX) && rv_tr_lmul(t) >= 0;
}
/* log2 of the bytes of an operand's elements; masks: 0. */
unsigned rv_vec_eew(unsigned operand, unsigned sew);
/* Registers of an operand: 1 for fractions of one. */
unsigned rv_vec_registers(unsigned operand, unsigned sew, int lmul);
/* The low bits of `v` in all lanes. */
ir_val_t rv_vec_dup(struct rv_tr *t, unsigned lane, uint64_t v);
/* Lanes of register `k` of a group of elements of `lane` that are active: all ones; IR_NONE: all of them. */
ir_val_t rv_vec_lanes(struct rv_tr *t, unsigned lane, unsigned k, bool masked);
static inline ir_val_t rv_v(struct rv_tr *t, unsigned n)
{
    return ir_get(t->u, RV_SLOT_V + n);
}
static inline void rv_put_v(struct rv_tr *t, unsigned n, ir_val_t v)
{
    ir_put(t->u, RV_SLOT_V + n, v);
}
/* As many ones as vl says, at most 64; 0 for vl = 0. */
ir_val_t rv_vec_length_bits(struct rv_tr *t);
bool rv_vec_quick(struct rv_tr *t, const struct rv_vec_row *row);
/* vec_segment.c: unmasked accesses with a stride or of segments; false: not by few operations. */
bool rv_vec_segments(struct rv_tr *t, unsigned eew, bool store, bool strided);
/*
 * Bits of the mask vd: elements 0 to 63, or `half` = 1 those from 64 on (then vl = VLMAX). Those that are not active (v0, vl)
 * stay.
 */
void rv_vec_put_mask(struct rv_tr *t, unsigned half, ir_val_t bits, bool masked);
/* quick: an IR operation of two lanes, row->arg. */
rv_vec_quick_fn rv_vq_op, rv_vq_reversed;
rv_vec_quick_fn rv_vq_index; /* of rows without sources: vid */
rv_vec_quick_fn rv_vq_shift; /* VSHLV, VSHRV or VSARV by the low bits of b */

/* ---- translate.c's side ---- */
uint32_t rv_vec_row_count(void);
const struct rv_vec_row *rv_vec_row_at(uint32_t n);
rv_translate_fn rv_vec_insn; /* arg: number of the row */
extern const struct rv_semantics rv_vec_config_rows[];

/* ---- state ---- */
/* vtype as vsetvl is given it: the value it has then, RV_VTYPE_VILL for what is not supported; and VLMAX under it. */
uint64_t rv_vtype_legal(uint64_t vtype);
uint32_t rv_vtype_vlmax(uint64_t vtype);

#endif
