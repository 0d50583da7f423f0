/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vector floating point in a guest: unprivileged ISA, chapter "V". What an element becomes is tested on the host
 * (test/cpu/riscv/vec_float.c); here: lanes, vl, masks, flags of active elements alone, frm, boxes, reductions, moves, and what is
 * illegal. With vl = VLMAX, where the IR's operations do it, and with less.
 */
#include "guest.h"
#define MSTATUS_VS 0x600
#define LOAD(reg, label) lla t0, label; vl1re8.v reg, (t0)
#define SAME(reg, label)                                                                           \
    li gp, __LINE__; addi t0, sp, -64; vs1r.v reg, (t0); lla t1, label; ld t2, 0(t0); ld t3, 0(t1); \
    ld t4, 8(t0); ld t5, 8(t1); sub t2, t2, t3; sub t4, t4, t5; or t2, t2, t4; beqz t2, 9f;        \
    j guest_fail; 9:
#define ILLEGAL(...) TRAPS(2, __VA_ARGS__)
    .option arch, +v
GUEST_BEGIN
    li t0, MSTATUS_VS
    csrs mstatus, t0
    fsflags x0
    /* ---- four singles: 1, 2, -3, 0.5 and 1, 0.5, 3, NaN ---- */
    vsetivli x0, 4, e32, m1, tu, mu
    LOAD(v2, singles)
    LOAD(v3, others)
    vfadd.vv v4, v2, v3
    SAME(v4, sums)
    FLAGS(0)
    vfmul.vv v4, v2, v3
    SAME(v4, products)
    FLAGS(0)
    LOAD(v4, ones)
    vfmacc.vv v4, v2, v3
    SAME(v4, sums_of_products)
    LOAD(v4, ones)
    vfnmsac.vv v4, v2, v3
    SAME(v4, differences_of_products)
    vfmin.vv v4, v2, v3
    SAME(v4, least)
    FLAGS(0)
    vfsgnjx.vv v4, v2, v3
    SAME(v4, signs)
    vfneg.v v4, v2
    SAME(v4, negated)
    vfabs.v v4, v2
    SAME(v4, absolute)
    /* comparisons: bits of v5, those above vl as they were */
    li a0, -1
    vsetivli x0, 2, e64, m1, tu, mu
    vmv.v.x v5, a0
    vsetivli x0, 4, e32, m1, tu, mu
    vmfeq.vv v5, v2, v3
    vsetivli x0, 2, e64, m1, tu, mu
    vmv.x.s a2, v5
    EXPECT(a2, 0xfffffffffffffff1)
    FLAGS(0)
    vsetivli x0, 4, e32, m1, tu, mu
    vmflt.vv v5, v2, v3
    vsetivli x0, 2, e64, m1, tu, mu
    vmv.x.s a2, v5
    EXPECT(a2, 0xfffffffffffffff4)
    FLAGS(NV) /* a quiet NaN, but the comparison signals */

    /* ---- flags are those of body and active elements ---- */
    vsetivli x0, 4, e32, m1, tu, mu
    LOAD(v2, ones)
    LOAD(v3, divisors) /* 2, 0, 3, 0 */
    LOAD(v4, singles)
    vsetivli x0, 1, e32, m1, tu, mu
    vfdiv.vv v4, v2, v3
    FLAGS(0)
    vsetivli x0, 2, e32, m1, tu, mu
    vfdiv.vv v4, v2, v3
    FLAGS(DZ)
    vsetivli x0, 4, e32, m1, tu, mu
    li a0, 5
    vmv.s.x v0, a0
    vfdiv.vv v4, v2, v3, v0.t
    FLAGS(NX)
    SAME(v4, quotients) /* 1/2, infinity from before, 1/3, 0.5 as it was */
    vfdiv.vv v4, v2, v3
    FLAGS(NX | DZ)

    /* ---- frm; nearest with ties away is none of the host's modes ---- */
    LOAD(v3, thirds)
    fsrmi 2
    vfdiv.vv v4, v2, v3
    fsrmi 3
    vfdiv.vv v5, v2, v3
    fsrmi 4
    LOAD(v6, tie)
    vfadd.vv v6, v2, v6
    fsrmi 0
    LOAD(v7, tie)
    vfadd.vv v7, v2, v7
    SAME(v4, third_down)
    SAME(v5, third_up)
    SAME(v6, tie_away)
    SAME(v7, ones)
    fsflags x0

    /* ---- scalars: what is no box is the default NaN; vfmv ---- */
    li a0, 0x3f800000
    fmv.d.x fa0, a0
    vfmv.v.f v4, fa0
    SAME(v4, nans)
    fmv.w.x fa0, a0
    vfmv.v.f v4, fa0
    SAME(v4, ones)
    LOAD(v2, singles)
    vfrsub.vf v4, v2, fa0
    SAME(v4, one_minus)
    vfmv.f.s fa1, v2
    fmv.x.d a2, fa1
    EXPECT(a2, 0xffffffff3f800000)
    vsetivli x0, 0, e32, m1, tu, mu
    LOAD(v4, singles)
    vfmv.s.f v4, fa0
    SAME(v4, singles) /* vl = 0: nothing */
    vfmv.f.s fa1, v2  /* of this vl says nothing */
    fmv.x.d a2, fa1
    EXPECT(a2, 0xffffffff3f800000)
    vsetivli x0, 4, e32, m1, tu, mu
    li a0, 2
    vmv.s.x v0, a0
    vfmerge.vfm v4, v2, fa0, v0
    SAME(v4, merged)
    vfslide1up.vf v4, v2, fa0
    SAME(v4, slid_up)
    vfslide1down.vf v4, v2, fa0
    SAME(v4, slid_down)
    FLAGS(0)

    /* ---- reductions: in order, so that 2^25 + 1 + 1 - 2^25 is 0; in doubles it is 2 ---- */
    LOAD(v2, big_and_small)
    LOAD(v3, zeros)
    vfredosum.vs v4, v2, v3
    vfmv.f.s fa1, v4
    fmv.x.w a2, fa1
    EXPECT(a2, 0)
    FLAGS(NX)
    vfwredosum.vs v4, v2, v3
    vsetivli x0, 2, e64, m1, tu, mu
    vfmv.f.s fa1, v4
    fmv.x.d a2, fa1
    EXPECT(a2, 0x4000000000000000)
    FLAGS(0)
    vsetivli x0, 4, e32, m1, tu, mu
    vfredmax.vs v4, v2, v3
    vfmv.f.s fa1, v4
    fmv.x.w a2, fa1
    EXPECT(a2, 0x4c000000)
    LOAD(v4, singles)
    vsetivli x0, 0, e32, m1, tu, mu
    vfredosum.vs v4, v2, v3
    SAME(v4, singles)

    /* ---- wider and narrower ---- */
    vsetivli x0, 4, e32, m1, tu, mu
    LOAD(v2, singles)
    LOAD(v3, ones)
    vfwadd.vv v4, v2, v3
    SAME(v4, wide_low)
    SAME(v5, wide_high)
    vfncvt.f.f.w v6, v4
    SAME(v6, one_more)
    vfncvt.rtz.x.f.w v6, v4
    SAME(v6, one_more_int)
    FLAGS(NX)
    vfcvt.x.f.v v6, v2 /* 0.5 is nearest to 0 */
    SAME(v6, singles_int)
    FLAGS(NX)
    vfcvt.f.x.v v6, v6
    FLAGS(0)
    vsetivli x0, 4, e16, mf2, tu, mu
    vfncvt.f.f.w v6, v2
    vmv.x.s a2, v6
    EXPECT(a2, 0x3c00)
    vfwcvt.f.f.v v7, v6
    SAME(v7, singles)
    vsetivli x0, 8, e16, m1, tu, mu
    li a0, 0x4000 /* 2 */
    vmv.v.x v6, a0
    vfmul.vv v6, v6, v6
    vfsqrt.v v6, v6
    vmv.x.s a2, v6
    EXPECT(a2, 0x4000)
    vfclass.v v6, v6
    vmv.x.s a2, v6
    EXPECT(a2, 0x40)
    FLAGS(0)
    /* a group of two registers, doubles; the last register's lanes too */
    vsetivli x0, 4, e64, m2, tu, mu
    lla t0, doubles
    vle64.v v2, (t0)
    vfadd.vv v4, v2, v2
    vfsub.vv v6, v4, v2
    SAME(v6, doubles)
    SAME(v7, doubles + 16)
    vfsqrt.v v4, v2
    SAME(v5, roots_high)

    /* ---- illegal ---- */
    fsrmi 5
    ILLEGAL(vfadd.vv v4, v2, v2)
    ILLEGAL(vfsgnj.vv v4, v2, v2) /* though it rounds nothing */
    fsrmi 0
    ILLEGAL(vfwadd.vv v8, v2, v4) /* no floats of 128 bits */
    vsetivli x0, 4, e8, m1, tu, mu
    ILLEGAL(vfadd.vv v4, v2, v2)
    ILLEGAL(vfmv.f.s fa0, v2)
    vsetivli x0, 4, e32, m1, tu, mu
    ILLEGAL(vfwadd.vv v5, v2, v3) /* odd group */
    csrwi vstart, 1
    ILLEGAL(vfredosum.vs v4, v2, v3)
    csrwi vstart, 0
    li t0, MSTATUS_FS
    csrc mstatus, t0
    ILLEGAL(vfadd.vv v4, v2, v2)
    /* FS: Initial becomes Dirty by flags, without an f register */
    li t0, 0x2000
    csrs mstatus, t0
    LOAD(v2, ones)
    LOAD(v3, thirds)
    vfdiv.vv v4, v2, v3
    csrr a2, mstatus
    li t0, MSTATUS_FS
    and a2, a2, t0
    EXPECT(a2, MSTATUS_FS)
    li t0, MSTATUS_VS
    csrc mstatus, t0
    ILLEGAL(vfadd.vv v4, v2, v2)
    j guest_pass

    .balign 16
#define WORDS(name, ...) name: .word __VA_ARGS__
WORDS(singles, 0x3f800000, 0x40000000, 0xc0400000, 0x3f000000) /* 1, 2, -3, 0.5 */
WORDS(others, 0x3f800000, 0x3f000000, 0x40400000, 0x7fc00001)  /* 1, 0.5, 3, NaN */
WORDS(ones, 0x3f800000, 0x3f800000, 0x3f800000, 0x3f800000)
WORDS(sums, 0x40000000, 0x40200000, 0, 0x7fc00000)
WORDS(products, 0x3f800000, 0x3f800000, 0xc1100000, 0x7fc00000)
WORDS(sums_of_products, 0x40000000, 0x40000000, 0xc1000000, 0x7fc00000)
WORDS(differences_of_products, 0, 0, 0x41200000, 0x7fc00000)
WORDS(least, 0x3f800000, 0x3f000000, 0xc0400000, 0x3f000000)
WORDS(signs, 0x3f800000, 0x40000000, 0xc0400000, 0x3f000000)
WORDS(negated, 0xbf800000, 0xc0000000, 0x40400000, 0xbf000000)
WORDS(absolute, 0x3f800000, 0x40000000, 0x40400000, 0x3f000000)
WORDS(divisors, 0x40000000, 0, 0x40400000, 0)
WORDS(quotients, 0x3f000000, 0x7f800000, 0x3eaaaaab, 0x3f000000)
WORDS(thirds, 0x40400000, 0x40400000, 0x40400000, 0x40400000)
WORDS(third_down, 0x3eaaaaaa, 0x3eaaaaaa, 0x3eaaaaaa, 0x3eaaaaaa)
WORDS(third_up, 0x3eaaaaab, 0x3eaaaaab, 0x3eaaaaab, 0x3eaaaaab)
WORDS(tie, 0x33800000, 0x33800000, 0x33800000, 0x33800000) /* 2^-24 */
WORDS(tie_away, 0x3f800001, 0x3f800001, 0x3f800001, 0x3f800001)
WORDS(nans, 0x7fc00000, 0x7fc00000, 0x7fc00000, 0x7fc00000)
WORDS(one_minus, 0, 0xbf800000, 0x40800000, 0x3f000000)
WORDS(merged, 0x3f800000, 0x3f800000, 0xc0400000, 0x3f000000)
WORDS(slid_up, 0x3f800000, 0x3f800000, 0x40000000, 0xc0400000)
WORDS(slid_down, 0x40000000, 0xc0400000, 0x3f000000, 0x3f800000)
WORDS(big_and_small, 0x4c000000, 0x3f800000, 0x3f800000, 0xcc000000)
WORDS(zeros, 0, 0, 0, 0)
WORDS(one_more, 0x40000000, 0x40400000, 0xc0000000, 0x3fc00000)
WORDS(one_more_int, 2, 3, 0xfffffffe, 1)
WORDS(singles_int, 1, 2, 0xfffffffd, 0)
    .balign 16
wide_low: .dword 0x4000000000000000, 0x4008000000000000
wide_high: .dword 0xc000000000000000, 0x3ff8000000000000
doubles: .dword 0x3ff0000000000000, 0x4010000000000000, 0x4022000000000000, 0x3fd0000000000000 /* 1, 4, 9, 1/4 */
roots_high: .dword 0x4008000000000000, 0x3fe0000000000000
GUEST_END
