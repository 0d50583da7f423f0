/* SPDX-License-Identifier: Apache-2.0 */
/* Load- and Store-Exclusive: Arm ARM, F4.1.4 (A32), F3.1 (T32), B2.12. Always naturally aligned. */
#include "cpu/arm64/a32/a32_impl.h"

enum { BYTES = 0xf, ACQ = 0x10, REL = 0x20 };

static ir_val_t address(struct a32_tr *t, unsigned arg, enum insn_mem kind)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t va = a32_r(t, t->o.rn);
    if (t->o.imm != 0) /* LDREX and STREX of T32 */
        va = ir_op2i(u, IR_ADD, IR_I32, va, (uint64_t)t->o.imm);
    va = ir_zext(u, IR_I64, va, 32);
    a64_check_access(&t->b, 0, va, 0, arg & BYTES, kind | A64_ACCESS_ALIGNED, false);
    return va;
}

static uint16_t memop(struct a32_tr *t, unsigned arg)
{
    return a64_memop(&t->b, arg & BYTES, IR_MEM_ALIGNED | IR_MEM_ATOMIC | (arg & ACQ ? IR_MEM_ACQUIRE : 0u) |
                                             (arg & REL ? IR_MEM_RELEASE : 0u));
}

static unsigned second(const struct a32_tr *t)
{
    return t->thumb ? t->o.rt2 : t->o.rt + 1u;
}

static bool is_refused(const struct a32_tr *t, unsigned arg)
{
    return t->o.rn == 15 || t->o.rt == 15 || t->o.rs == 15 || ((arg & BYTES) == 8 && second(t) == 15);
}

static void ldrex(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    bool be = t->b.mode & A64_MODE_BE;
    if (is_refused(t, arg)) {
        a32_undefined(t);
        return;
    }
    ir_val_t v = ir_loadr(u, IR_I64, address(t, arg, INSN_MEM_READ), memop(t, arg));
    if ((arg & BYTES) != 8) {
        a32_put_slot(t, t->o.rt, v);
        return;
    }
    /* the first register is the word at the lower address */
    ir_val_t low = ir_zext(u, IR_I64, v, 32), high = ir_op2i(u, IR_SHR, IR_I64, v, 32);
    a32_put_slot(t, t->o.rt, be ? high : low);
    a32_put_slot(t, second(t), be ? low : high);
}

static void strex(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    bool be = t->b.mode & A64_MODE_BE;
    if (is_refused(t, arg)) {
        a32_undefined(t);
        return;
    }
    ir_val_t v = ir_get(u, t->o.rt);
    if ((arg & BYTES) == 8) {
        ir_val_t w = ir_get(u, second(t));
        v = ir_deposit(u, IR_I64, be ? w : v, be ? v : w, 32, 32);
    }
    a32_put_slot(t, t->o.rs, ir_storec(u, IR_I64, address(t, arg, INSN_MEM_WRITE), v, memop(t, arg)));
}

/* clang-format off */
#define ROWS                                                                                       \
    ROW(LDREX, ldrex, 4) ROW(LDREXB, ldrex, 1) ROW(LDREXH, ldrex, 2) ROW(LDREXD, ldrex, 8)         \
    ROW(LDAEX, ldrex, 4 | ACQ) ROW(LDAEXB, ldrex, 1 | ACQ) ROW(LDAEXH, ldrex, 2 | ACQ)             \
    ROW(LDAEXD, ldrex, 8 | ACQ)                                                                    \
    ROW(STREX, strex, 4) ROW(STREXB, strex, 1) ROW(STREXH, strex, 2) ROW(STREXD, strex, 8)         \
    ROW(STLEX, strex, 4 | REL) ROW(STLEXB, strex, 1 | REL) ROW(STLEXH, strex, 2 | REL)             \
    ROW(STLEXD, strex, 8 | REL)
const struct a32_semantics a32_exclusive_rows[] = {
#define ROW(name, fn, arg) { A32_INSN_##name, 0, fn, arg },
    ROWS
#undef ROW
    A32_ROWS_END
};
const struct a32_semantics t32_exclusive_rows[] = {
#define ROW(name, fn, arg) { T32_INSN_##name, 0, fn, arg },
    ROWS
#undef ROW
    A32_ROWS_END
};
/* clang-format on */
