/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vector extension 1.0 with VLEN 128: values worked out from the unprivileged ISA, chapter "V", section by
 * section. Tail and inactive elements are undisturbed here, agnostic or not. RAM ends at 0x84000000.
 */
#include "guest.h"
#define MSTATUS_VS 0x600
#define RAM_END    0x84000000

#define VLOAD(vr, lo, hi) li t0, lo; sd t0, 0(s0); li t0, hi; sd t0, 8(s0); vl1re64.v vr, (s0)
#define VEXPECT(vr, lo, hi) vs1r.v vr, (s0); ld a2, 0(s0); EXPECT(a2, lo); ld a2, 8(s0); EXPECT(a2, hi)
#define CSR_IS(csr, want) csrr a2, csr; EXPECT(a2, want)
#define ALL64 0xffffffffffffffff

    GUEST_BEGIN
    lla s0, scratch

    /* mstatus.VS = Off: vector instructions and CSRs are illegal */
    TRAPS(2, vsetivli a0, 4, e32, m1, ta, ma)
    TRAPS(2, csrr a0, vlenb)
    li t0, MSTATUS_VS
    csrc mstatus, t0
    li t0, 0x200 /* Initial */
    csrs mstatus, t0
    CSR_IS(vlenb, 16)
    vsetivli a0, 4, e32, m1, tu, mu
    csrr a2, mstatus
    li t0, MSTATUS_VS
    and a2, a2, t0
    EXPECT(a2, MSTATUS_VS) /* Dirty */

    /* ---- vl and vtype ---- */
    EXPECT(a0, 4)
    CSR_IS(vl, 4)
    CSR_IS(vtype, 0x10)
    li a1, 100
    vsetvli a0, a1, e8, m8, ta, ma
    EXPECT(a0, 100)
    CSR_IS(vtype, 0xc3)
    vsetvli a0, x0, e8, m8, ta, ma
    EXPECT(a0, 128)
    vsetvli x0, x0, e16, m8, ta, ma /* another ratio: no more than VLMAX */
    CSR_IS(vl, 64)
    vsetvli a0, x0, e16, mf4, ta, ma
    EXPECT(a0, 2)
    vsetvli a0, x0, e64, mf2, ta, ma /* SEW > LMUL * ELEN */
    EXPECT(a0, 0)
    CSR_IS(vtype, 1 << 63)
    TRAPS(2, vadd.vv v1, v2, v3)
    li a1, 5
    li t0, 0x18 /* e64, m1 */
    vsetvl a0, a1, t0
    EXPECT(a0, 2)
    li t0, 0x118 /* reserved bits */
    vsetvl a0, a1, t0
    CSR_IS(vtype, 1 << 63)

    /* ---- what is reserved ---- */
    vsetvli a0, x0, e32, m2, tu, mu
    TRAPS(2, vadd.vv v1, v2, v4)          /* an odd number for two registers */
    TRAPS(2, vadd.vv v0, v2, v4, v0.t)    /* masked, into the mask */
    TRAPS(2, vwadd.vv v4, v4, v8)         /* over the lower half of a wider result */
    TRAPS(2, vslideup.vi v4, v4, 1)
    TRAPS(2, vle64.v v1, (s0))
    vsetvli a0, x0, e32, m8, tu, mu
    TRAPS(2, vwadd.vv v8, v16, v24)       /* LMUL 16 */
    vsetvli a0, x0, e64, m1, tu, mu
    TRAPS(2, vwadd.vv v8, v16, v24)       /* 128 bits */

    /* ---- tail and mask stay ---- */
    vsetivli a0, 4, e32, m1, ta, ma
    VLOAD(v1, 0x0000000200000001, 0x0000000400000003)
    VLOAD(v2, 0x0000001000000010, 0x0000001000000010)
    VLOAD(v0, 0x000000000000000a, 0) /* elements 1 and 3 */
    VLOAD(v3, 0x7777777766666666, 0x5555555544444444)
    vadd.vv v3, v1, v2, v0.t
    VEXPECT(v3, 0x0000001266666666, 0x0000001444444444)
    vsetivli a0, 3, e32, m1, ta, ma
    vsub.vv v3, v1, v2
    VEXPECT(v3, 0xfffffff2fffffff1, 0x00000014fffffff3)
    li a1, -1
    vrsub.vx v3, v1, a1
    VEXPECT(v3, 0xfffffffdfffffffe, 0x00000014fffffffc)
    VLOAD(v4, ALL64, ALL64)
    vmseq.vi v4, v1, 2 /* bits 0 to 2 of the mask, the rest is what it was */
    VEXPECT(v4, 0xfffffffffffffffa, ALL64)

    /* vstart: elements before it stay, and it is 0 behind the instruction */
    vsetivli a0, 4, e32, m1, ta, ma
    VLOAD(v3, 0, 0)
    csrwi vstart, 2
    vadd.vi v3, v1, 7
    VEXPECT(v3, 0, 0x0000000b0000000a)
    CSR_IS(vstart, 0)
    csrwi vstart, 1
    TRAPS(2, vredsum.vs v3, v1, v2)
    csrwi vstart, 0

    /* ---- arithmetic ---- */
    vsetivli a0, 2, e64, m1, ta, ma
    VLOAD(v5, 0x8000000000000000, 100)
    VLOAD(v6, ALL64, 0)
    vdiv.vv v7, v5, v6
    VEXPECT(v7, 0x8000000000000000, ALL64) /* MIN / -1; / 0 */
    vrem.vv v7, v5, v6
    VEXPECT(v7, 0, 100)
    vmulhu.vv v7, v5, v6
    VEXPECT(v7, 0x7fffffffffffffff, 0)
    vmulhsu.vv v7, v5, v6
    VEXPECT(v7, 0x8000000000000000, 0)
    vmacc.vv v7, v5, v5 /* 0x8000... + 0; 100 * 100 */
    VEXPECT(v7, 0x8000000000000000, 10000)
    vsetivli a0, 8, e8, mf2, ta, ma
    VLOAD(v5, 0x80ff7f0102038081, 0)
    VLOAD(v8, 0, 0)
    vwadd.vv v8, v5, v5 /* signed, one register of 16 bits */
    VEXPECT(v8, 0x00040006ff00ff02, 0xff00fffe00fe0002)
    vwmulsu.vv v8, v5, v5 /* -128 * 128 ... */
    VEXPECT(v8, 0x00040009c000c001, 0xc000ff013f010001)
    vsetivli a0, 4, e16, mf2, ta, ma
    VLOAD(v5, 0x8000000012345678, 0xffffffff00000010)
    VLOAD(v6, 0, 0)
    vnsrl.wi v6, v5, 4
    VEXPECT(v6, 0xffff000100004567, 0)
    vnsra.wi v6, v5, 16
    VEXPECT(v6, 0xffff000080001234, 0)
    vnclip.wi v6, v5, 0 /* saturates to 16 bits */
    VEXPECT(v6, 0xffff001080007fff, 0)
    CSR_IS(vxsat, 1)
    csrwi vxsat, 0
    VLOAD(v5, 0xff807f01, 0)
    vsext.vf2 v6, v5
    VEXPECT(v6, 0xffffff80007f0001, 0)

    /* carries: v0 is an operand */
    vsetivli a0, 2, e64, m1, ta, ma
    VLOAD(v0, 1, 0)
    VLOAD(v5, ALL64, ALL64)
    vadc.vim v6, v5, 0, v0
    VEXPECT(v6, 0, ALL64)
    VLOAD(v6, 0, 0)
    vmadc.vim v6, v5, 0, v0
    VEXPECT(v6, 1, 0)
    vmadc.vi v6, v5, 1
    VEXPECT(v6, 3, 0)
    vmerge.vim v6, v5, 5, v0
    VEXPECT(v6, 5, ALL64)

    /* fixed point: (1 + 2) / 2 by vxrm: up, to even, down, to odd */
    vsetivli a0, 2, e64, m1, ta, ma
    VLOAD(v5, 1, 3)
    VLOAD(v6, 2, 4)
    csrwi vxrm, 0
    vaaddu.vv v7, v5, v6
    VEXPECT(v7, 2, 4)
    csrwi vxrm, 1
    vaaddu.vv v7, v5, v6
    VEXPECT(v7, 2, 4)
    csrwi vxrm, 2
    vaaddu.vv v7, v5, v6
    VEXPECT(v7, 1, 3)
    csrwi vxrm, 3
    vaaddu.vv v7, v5, v6
    VEXPECT(v7, 1, 3)
    CSR_IS(vcsr, 6)
    csrwi vxrm, 0
    VLOAD(v5, 0x7fffffffffffffff, 0x8000000000000000)
    vsadd.vi v7, v5, 1
    VEXPECT(v7, 0x7fffffffffffffff, 0x8000000000000001)
    CSR_IS(vxsat, 1)
    csrwi vxsat, 0
    vsmul.vv v7, v5, v5 /* MIN * MIN saturates */
    VEXPECT(v7, 0x7ffffffffffffffe, 0x7fffffffffffffff)
    CSR_IS(vxsat, 1)

    /* ---- reductions ---- */
    vsetivli a0, 4, e32, m1, ta, ma
    VLOAD(v1, 0xffffffff00000001, 0x0000000400000003)
    VLOAD(v2, 100, 9)
    VLOAD(v3, 0x1111111122222222, 0x3333333344444444)
    vredsum.vs v3, v1, v2
    VEXPECT(v3, 0x111111110000006b, 0x3333333344444444)
    vredmin.vs v3, v1, v2
    VEXPECT(v3, 0x11111111ffffffff, 0x3333333344444444)
    vwredsumu.vs v3, v1, v2
    VEXPECT(v3, 0x000000010000006b, 0x3333333344444444)

    /* ---- masks ---- */
    vsetivli a0, 8, e16, m1, ta, ma
    VLOAD(v1, 0xff94, 0) /* 1001 0100 */
    VLOAD(v0, 0xff0c, 0)
    vcpop.m a2, v1
    EXPECT(a2, 3)
    vcpop.m a2, v1, v0.t
    EXPECT(a2, 1)
    vfirst.m a2, v1
    EXPECT(a2, 2)
    vfirst.m a2, v8, v0.t /* v8: see above, 0x...c001: none of 2 and 3 */
    EXPECT(a2, -1)
    VLOAD(v2, 0, 0)
    vmsbf.m v2, v1
    VEXPECT(v2, 0x03, 0)
    vmsif.m v2, v1
    VEXPECT(v2, 0x07, 0)
    vmsof.m v2, v1
    VEXPECT(v2, 0x04, 0)
    vmandn.mm v2, v1, v0
    VEXPECT(v2, 0x90, 0)
    viota.m v2, v1
    VEXPECT(v2, 0x0001000000000000, 0x0002000200020001)
    vid.v v2
    VEXPECT(v2, 0x0003000200010000, 0x0007000600050004)

    /* ---- permutations ---- */
    vslidedown.vi v3, v2, 3
    VEXPECT(v3, 0x0006000500040003, 0x0000000000000007)
    VLOAD(v3, ALL64, ALL64)
    vslideup.vi v3, v2, 5
    VEXPECT(v3, ALL64, 0x000200010000ffff)
    li a1, 0x1234
    vslide1down.vx v3, v2, a1
    VEXPECT(v3, 0x0004000300020001, 0x1234000700060005)
    vslide1up.vx v3, v2, a1
    VEXPECT(v3, 0x0002000100001234, 0x0006000500040003)
    VLOAD(v4, 0x0008000000070001, 0xffff000200030004) /* numbers; 8 and more: 0 */
    vadd.vi v2, v2, 10
    vrgather.vv v3, v2, v4
    VEXPECT(v3, 0x0000000a0011000b, 0x0000000c000d000e)
    VLOAD(v3, 0, 0)
    vcompress.vm v3, v2, v1
    VEXPECT(v3, 0x00000011000e000c, 0)
    vmv.x.s a2, v2
    EXPECT(a2, 10)
    li a1, -2
    vmv.s.x v2, a1
    vmv.x.s a2, v2
    EXPECT(a2, -2)

    /* ---- loads and stores ---- */
    lla s1, data
    vsetivli a0, 4, e32, m1, ta, ma
    li a1, 12
    vlse32.v v1, (s1), a1 /* every third */
    VEXPECT(v1, 0x0000000300000000, 0x0000000900000006)
    vid.v v2
    vsll.vi v2, v2, 3
    vluxei32.v v1, (s1), v2
    VEXPECT(v1, 0x0000000200000000, 0x0000000600000004)
    vlseg2e32.v v4, (s1)
    VEXPECT(v4, 0x0000000200000000, 0x0000000600000004)
    VEXPECT(v5, 0x0000000300000001, 0x0000000700000005)
    VLOAD(v0, 5, 0)
    VLOAD(v1, 0, 0)
    vle32.v v1, (s1), v0.t
    VEXPECT(v1, 0, 2)
    vsetivli a0, 5, e8, m1, ta, ma
    VLOAD(v1, 0, 0)
    vlm.v v1, (s1) /* one byte: five bits */
    VEXPECT(v1, 0, 0)
    addi a1, s1, 4
    vlm.v v1, (a1)
    VEXPECT(v1, 1, 0)

    /* the access that faults: vstart is its element, those before it are done */
    vsetvli a0, x0, e32, m2, ta, ma
    li a1, RAM_END - 20
    TRAPS(5, vle32.v v4, (a1))
    CSR_IS(vstart, 5)
    csrr a2, mtval
    EXPECT(a2, RAM_END)
    addi a1, s1, 0
    vle32.v v4, (a1) /* goes on at 5 */
    CSR_IS(vstart, 0)
    VEXPECT(v4, 0, 0) /* RAM is 0 there */
    VEXPECT(v5, 0x0000000500000000, 0x0000000700000006)
    li a1, RAM_END - 8
    vsetivli a0, 4, e32, m1, ta, ma
    TRAPS(7, vse32.v v5, (a1))
    CSR_IS(vstart, 2)
    csrwi vstart, 0
    ld a2, 0(a1)
    EXPECT(a2, 0x0000000500000000)
    /* fault-only-first ends there, unless it is element 0 */
    vsetivli a0, 4, e32, m1, ta, ma
    vle32ff.v v6, (a1)
    CSR_IS(vl, 2)
    li a1, RAM_END
    TRAPS(5, vle32ff.v v6, (a1))
    CSR_IS(vl, 2)

    /* a loop over memory with vsetvli: 37 words, times two */
    lla a1, data
    lla a3, copy
    li a4, 37
1:  vsetvli a5, a4, e32, m4, ta, ma
    vle32.v v8, (a1)
    vadd.vv v8, v8, v8
    vse32.v v8, (a3)
    slli a6, a5, 2
    add a1, a1, a6
    add a3, a3, a6
    sub a4, a4, a5
    bnez a4, 1b
    lla a3, copy
    lw a2, 36 * 4(a3)
    EXPECT(a2, 72)
    lw a2, 37 * 4(a3)
    EXPECT(a2, 0)
    GUEST_END
    .data
    .balign 16
scratch: .skip 16
data:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    .word \n
    .endr
    .word 31, 32, 33, 34, 35, 36, 37, 38, 39
copy: .skip 256
