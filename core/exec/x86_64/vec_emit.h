/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_X86_64_VEC_EMIT_H
#define ORRERY_CORE_EXEC_X86_64_VEC_EMIT_H
/* What the selectors of vector operations share: VEX forms of 128 bits. */
#include "core/exec/x86_64/gen.h"

#define P66  (OP_0F | OP_66)
#define P38  (OP_0F38 | OP_66)
#define P3A  (OP_0F3A | OP_66)

static inline void op3(struct x86_gen *g, uint32_t op, unsigned dst, unsigned a, unsigned b)
{
    asm_vex_rr(g->a, op, dst, a, b);
}

/* Likewise, the last operand where it is: VEX forms do not mind how memory is aligned. */
static inline void op3o(struct x86_gen *g, uint32_t op, unsigned dst, unsigned a, struct opnd b)
{
    if (b.kind == O_MEM)
        asm_vex_rm(g->a, op, dst, a, opnd_mem(b));
    else
        asm_vex_rr(g->a, op, dst, a, b.reg);
}

static inline void op3oi(struct x86_gen *g, uint32_t op, unsigned dst, unsigned a, struct opnd b, unsigned imm)
{
    op3o(g, op, dst, a, b);
    asm_8(g->a, imm);
}

/* Of operations that commute: the operand that is in a register first. */
static inline void swap_memory(struct opnd *a, struct opnd *b)
{
    struct opnd x = *a;
    if (a->kind == O_MEM && b->kind == O_REG) {
        *a = *b;
        *b = x;
    }
}

/* The register of an operand, `scratch` loaded with it when it is in memory. */
static inline unsigned vec_reg(struct x86_gen *g, struct opnd o, unsigned scratch)
{
    if (o.kind == O_REG)
        return o.reg;
    x86_load_vec(g, scratch, o);
    return scratch;
}

static inline void op3i(struct x86_gen *g, uint32_t op, unsigned dst, unsigned a, unsigned b, unsigned imm)
{
    asm_vex_rr(g->a, op, dst, a, b);
    asm_8(g->a, imm);
}

/* Two-operand forms leave VEX.vvvv unused. */
static inline void op2(struct x86_gen *g, uint32_t op, unsigned dst, unsigned a)
{
    asm_vex_rr(g->a, op, dst, 0, a);
}

static inline void op2i(struct x86_gen *g, uint32_t op, unsigned dst, unsigned a, unsigned imm)
{
    op2(g, op, dst, a);
    asm_8(g->a, imm);
}

/* Shifts by a constant: VEX.vvvv is the destination. */
static inline void shift(struct x86_gen *g, unsigned opcode, unsigned digit, unsigned dst, unsigned a,
                  unsigned n)
{
    op3i(g, opcode | P66, digit, dst, a, n);
}

static inline void ones(struct x86_gen *g, unsigned dst)
{
    op3(g, 0x76 | P66, dst, dst, dst); /* vpcmpeqd */
}

static inline void zeros(struct x86_gen *g, unsigned dst)
{
    op3(g, 0xef | P66, dst, dst, dst); /* vpxor */
}

static inline uint32_t packed(const struct ir_inst *in) /* ps, pd */
{
    return OP_0F | (in->aux == 3 ? OP_66 : 0);
}

/* enum K_*: one of the constants that many units want. */
static inline struct x86_mem vec_shared_const(const struct x86_gen *g, unsigned k)
{
    return (struct x86_mem){ .base = RIP, .index = RSP,
                             .disp = (int32_t)(g->be->fixed.consts + 16 * k) };
}

/* select_vec_int.c: the opcode of an operation that is one instruction, `op dst, a, b`; 0: it is not. */
uint32_t gen_vec_opcode(unsigned op, unsigned lane);
bool gen_vec_commutes(unsigned op);
/* select_vec.c: 16 bytes in the code buffer, or 8 if both halves are the same. */
struct x86_mem gen_pooled(struct x86_gen *g, uint64_t low, uint64_t high);
/* A constant, by way of rax. */
void gen_vec_const(struct x86_gen *g, unsigned dst, uint64_t low, uint64_t high);
/* select_vec_int.c, select_vec_move.c, select_vec_fp.c: operations of each; false: not inline, and nothing was emitted. */
bool gen_vec_int(struct x86_gen *g, const struct ir_inst *in);
bool gen_vec_move(struct x86_gen *g, const struct ir_inst *in);
bool gen_vec_fp(struct x86_gen *g, const struct ir_inst *in);
/* select_vec_fp.c: the reference does the operation in a stub; its result and the one in xmm0 come to `dst`, which was defined. */
struct stub *gen_vec_stub(struct x86_gen *g, const struct ir_inst *in);
void gen_vec_join(struct x86_gen *g, struct stub *s, unsigned dst);
/* select_native.c: what is one host instruction; false: not so here. */
bool gen_select_native(struct x86_gen *g, const struct ir_inst *in);
/* select_composed.c: what is a few, for sizes of lanes the host does not have. */
bool gen_select_composed(struct x86_gen *g, const struct ir_inst *in);

#endif
