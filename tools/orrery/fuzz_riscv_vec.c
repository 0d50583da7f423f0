/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RISC-V: vector instructions of a random program, and the states they run in: vtype, vl, vstart. Most are ordinary; the
 * corners of the unprivileged ISA's chapter "V" (vl = 0, elements before vstart, vill, reserved encodings) come often enough
 * for each row to meet them.
 */
#include "tools/orrery/fuzz_riscv.h"
#include <string.h>

#define RV_VSETVLI(rd, rs1, vtype)  (0x57u | 7u << 12 | (rd) << 7 | (rs1) << 15 | (vtype) << 20)
#define RV_VSETIVLI(rd, avl, vtype) (0xc0000057u | 7u << 12 | (rd) << 7 | (avl) << 15 | (vtype) << 20)
#define RV_VL1RE8(vd, rs1)          (0x02800007u | (vd) << 7 | (rs1) << 15)
#define RV_VAND_VI(vd, vs2, imm)    (0x26003057u | (vd) << 7 | (imm) << 15 | (vs2) << 20)
#define VTYPE_E32_M2                0x11u
#define VTYPE_RESERVED              0x700u /* bits that none of the profiles gives a meaning: vill */

static void put(struct fuzz_gen *g, uint32_t word)
{
    (void)fuzz_place_word(g, word, 4);
}

bool fuzz_rv_is_vector(const struct insn_desc *d)
{
    return d->feature[0] == 'v' || (d->feature[0] == 'z' && d->feature[1] == 'v');
}

/* Most often one that is supported; LMUL is seldom large, so that registers fit. */
uint32_t fuzz_rv_vtype(struct fuzz_gen *g)
{
    static const uint8_t lmul[] = { 0, 0, 0, 1, 1, 2, 3, 5, 6, 7, 4 };
    uint32_t vtype = fuzz_below(g->r, 4) << 3 | lmul[fuzz_below(g->r, ARRAY_LEN(lmul))] | fuzz_below(g->r, 4) << 6;
    return fuzz_one_in(g->r, 40) ? (uint32_t)fuzz_next(g->r) & 0x3ff : vtype;
}

/* Numbers of registers as groups have them, masks now and then, few segments. */
uint32_t fuzz_rv_vector_word(struct fuzz_gen *g, uint32_t word)
{
    uint32_t low = fuzz_below(g->r, 8), clear = low < 4 ? 1 : low < 6 ? 3 : 7; /* LMUL of 2, 4, 8 */
    if (!fuzz_one_in(g->r, 3))
        word &= ~(clear << 7 | clear << 20);
    if (!fuzz_one_in(g->r, 3) && g->desc->klass != INSN_vec_mem)
        word &= ~(clear << 15);
    if (fuzz_one_in(g->r, 2))
        word |= 1u << 25;
    if (g->desc->klass == INSN_vec_mem && !fuzz_one_in(g->r, 3))
        word &= 0x1fffffff;
    return word;
}

void fuzz_rv_refresh_vectors(struct fuzz_gen *g)
{
    if (fuzz_one_in(g->r, 3))
        put(g, RV_VL1RE8(fuzz_below(g->r, 32), fuzz_pointer(g)));
    else if (fuzz_one_in(g->r, 3))
        put(g, RV_VSETIVLI(fuzz_free_register(g), fuzz_below(g->r, 32), fuzz_rv_vtype(g)));
    else /* VLMAX, or whatever a register says */
        put(g, RV_VSETVLI(fuzz_free_register(g), fuzz_one_in(g->r, 2) ? 0 : fuzz_free_register(g), fuzz_rv_vtype(g)));
}

/* vstart: mostly below the VLMAX of small groups; what is not below vl leaves vd as it is. */
static void set_vstart(struct fuzz_gen *g)
{
    put(g, RV_CSRWI(RV_VSTART, fuzz_below(g->r, fuzz_one_in(g->r, 3) ? 32 : 5)));
}

/* Any word of the major opcodes that vectors use: OP-V, or LOAD-FP and STORE-FP with their widths and modes. */
static uint32_t any_vector_encoding(struct fuzz_gen *g)
{
    static const uint8_t widths[] = { 0, 5, 6, 7 };
    uint32_t word = (uint32_t)fuzz_next(g->r) & ~0x7fu;
    if (!fuzz_one_in(g->r, 3))
        return word | 0x57;
    word = (word & ~(7u << 12 | 31u << 15)) | (uint32_t)widths[fuzz_below(g->r, 4)] << 12 | fuzz_pointer(g) << 15;
    return word | (fuzz_one_in(g->r, 2) ? 0x07 : 0x27);
}

/* A state in which little or nothing is done, or something is reserved. */
static void visit_corner(struct fuzz_gen *g)
{
    switch (fuzz_below(g->r, 8)) {
    case 0: /* vl = 0 */
        put(g, RV_VSETIVLI(fuzz_free_register(g), 0u, fuzz_rv_vtype(g)));
        break;
    case 1: /* few elements, and perhaps all of them before vstart */
        put(g, RV_VSETIVLI(fuzz_free_register(g), fuzz_below(g->r, 6), fuzz_rv_vtype(g)));
        set_vstart(g);
        break;
    case 2: /* vl stays: the ratio of SEW to LMUL may be another */
        put(g, RV_VSETVLI(0u, 0u, fuzz_rv_vtype(g)));
        break;
    case 3:
        put(g, RV_VSETVLI(fuzz_free_register(g), 0u, fuzz_rv_vtype(g) | ((uint32_t)fuzz_next(g->r) & VTYPE_RESERVED)));
        break;
    case 4:
        put(g, any_vector_encoding(g));
        break;
    default:
        set_vstart(g);
        break;
    }
}

void fuzz_rv_before_vector(struct fuzz_gen *g, const struct insn_desc *d, uint32_t word)
{
    bool groups = strncmp(d->feature, "zvk", 3) == 0;
    if (d->klass == INSN_vec_mem && (word >> 26 & 1) && !fuzz_one_in(g->r, 4)) /* indices that hit */
        put(g, RV_VAND_VI(word >> 20 & 31, word >> 20 & 31, 15u));
    if (groups && fuzz_one_in(g->r, 2)) /* whole groups */
        put(g, RV_VSETVLI(fuzz_free_register(g), 0u, VTYPE_E32_M2));
    if (fuzz_one_in(g->r, groups ? 16 : 6))
        visit_corner(g);
}
