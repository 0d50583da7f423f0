/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quick way of SHA-512's instructions (Zvknhb, SEW = 64): FIPS 180-4, 4.1.3. Hosts have nothing of the kind, so that it
 * is 64-bit arithmetic on the elements, taken out of two registers a group and put back.
 */
#include "cpu/riscv/vec.h"
#include "cpu/riscv/vec_crypto_impl.h"

typedef ir_val_t val;

static val sum(struct rv_tr *t, val a, val b)
{
    return ir_add(t->u, IR_I64, a, b);
}

static val xor_of(struct rv_tr *t, val a, val b)
{
    return ir_xor(t->u, IR_I64, a, b);
}

static val rotated(struct rv_tr *t, val v, unsigned n)
{
    return ir_op2i(t->u, IR_ROR, IR_I64, v, n);
}

static val sum_of_rotations(struct rv_tr *t, val v, unsigned r1, unsigned r2, unsigned r3)
{
    return xor_of(t, xor_of(t, rotated(t, v, r1), rotated(t, v, r2)), rotated(t, v, r3));
}

static val sigma(struct rv_tr *t, val v, unsigned r1, unsigned r2, unsigned shift)
{
    return xor_of(t, xor_of(t, rotated(t, v, r1), rotated(t, v, r2)), ir_op2i(t->u, IR_SHR, IR_I64, v, shift));
}

/* Element n of the group that begins in register reg. */
static val element(struct rv_tr *t, unsigned reg, unsigned n)
{
    return ir_vlane(t->u, IR_I64, 3, rv_v(t, reg + n / 2), n % 2);
}

static void put_elements(struct rv_tr *t, unsigned reg, const val e[4])
{
    for (unsigned i = 0; i < 4; i += 2) {
        val low = ir_vop1(t->u, IR_VSCALAR, 3, e[i]);
        rv_put_v(t, reg + i / 2, ir_vins(t->u, 3, low, 1, e[i + 1]));
    }
}

/* Ch and Maj with one operation less: the bits in which y and z differ. */
static val choose(struct rv_tr *t, val x, val y, val z)
{
    return xor_of(t, ir_and(t->u, IR_I64, x, xor_of(t, y, z)), z);
}

static val majority(struct rv_tr *t, val x, val y, val z)
{
    return xor_of(t, ir_and(t->u, IR_I64, xor_of(t, x, y), xor_of(t, y, z)), y);
}

/* vd = {c, d, g, h}, vs2 = {a, b, e, f}; two words of vs1, from element `first` on. */
static void two_rounds(struct rv_tr *t, unsigned vd, unsigned vs2, unsigned vs1, unsigned first)
{
    val a = element(t, vs2, 3), b = element(t, vs2, 2), e = element(t, vs2, 1), f = element(t, vs2, 0);
    val c = element(t, vd, 3), d = element(t, vd, 2), g = element(t, vd, 1), h = element(t, vd, 0);
    for (unsigned i = 0; i < 2; i++) {
        val t1 = sum(t, h, element(t, vs1, first + i));
        t1 = sum(t, sum(t, t1, choose(t, e, f, g)), sum_of_rotations(t, e, 14, 18, 41));
        val t2 = sum(t, majority(t, a, b, c), sum_of_rotations(t, a, 28, 34, 39));
        h = g, g = f, f = e, e = sum(t, d, t1), d = c, c = b, b = a, a = sum(t, t1, t2);
    }
    put_elements(t, vd, (const val[4]){ f, e, b, a });
}

/* Words 0 to 3 in vd; 4, 9, 10, 11 in vs2; 12, -, 14, 15 in vs1. */
static void schedule(struct rv_tr *t, unsigned vd, unsigned vs2, unsigned vs1)
{
    val w[4], old[5], seven[4], two[2];
    for (unsigned i = 0; i < 4; i++)
        old[i] = element(t, vd, i);
    old[4] = element(t, vs2, 0);
    for (unsigned i = 0; i < 3; i++)
        seven[i] = element(t, vs2, i + 1);
    seven[3] = element(t, vs1, 0);
    two[0] = element(t, vs1, 2), two[1] = element(t, vs1, 3);
    for (unsigned i = 0; i < 4; i++) {
        val v = sum(t, sum(t, old[i], sigma(t, old[i + 1], 1, 8, 7)), seven[i]);
        w[i] = sum(t, v, sigma(t, i < 2 ? two[i] : w[i - 2], 19, 61, 6));
    }
    put_elements(t, vd, w);
}

bool rv_vec_sha512(struct rv_tr *t, enum rv_sha512 what)
{
    if (!rv_tr_full(t))
        return false;
    for (unsigned k = 0; k < 1u << rv_tr_lmul(t); k += 2) {
        unsigned vd = t->d.rd + k, vs2 = t->d.rs2 + k, vs1 = t->d.rs1 + k;
        if (what == RV_SHA512_SCHEDULE)
            schedule(t, vd, vs2, vs1);
        else
            two_rounds(t, vd, vs2, vs1, what == RV_SHA512_HIGH ? 2 : 0);
    }
    return true;
}
