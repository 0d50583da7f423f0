/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vector loads and stores whose page ends before they do: "Vector Loads and Stores", "Exception Handling", "Vector
 * Start Index". Accesses of whole registers, segments, strides; what was done stays done, and the instruction goes on at
 * vstart. Data accesses are made from M with MPRV and MPP = S, under Sv39.
 *
 *   pages 1 and 2 of virtual memory are `cells`; page 3, behind them, is mapped now and then, to `more`; 4 never
 */
#include "guest.h"
#define RWV        0xc7 /* D A W R V */
#define AS_S       li t0, 0x1800; csrc mstatus, t0; li t0, 0x20800; csrs mstatus, t0
#define AS_M       li t0, 0x20000; csrc mstatus, t0
#define END        0x3000
#define FAULTS(cause, address, start, ...)                                                         \
    AS_S; TRAPS(cause, __VA_ARGS__); AS_M; csrr a2, mtval; EXPECT(a2, address);                    \
    csrr a2, vstart; EXPECT(a2, start)
#define DONE(...)  AS_S; __VA_ARGS__; AS_M; csrr a2, vstart; EXPECT(a2, 0)
#define MAP3       srli t0, s4, 2; ori t0, t0, RWV; sd t0, 24(s2); sfence.vma
#define UNMAP3     sd x0, 24(s2); sfence.vma
#define ENTRY(table, n, target, bits)                                                              \
    lla t0, table; lla t1, target; srli t1, t1, 2; ori t1, t1, bits; sd t1, (8 * (n))(t0)
#define VIS(vr, lo, hi) vs1r.v vr, (s0); ld a2, 0(s0); EXPECT(a2, lo); ld a2, 8(s0); EXPECT(a2, hi)
#define ZERO(vr)   vmv.v.i vr, 0
GUEST_BEGIN
    li t0, 0x600
    csrs mstatus, t0
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    lla s0, scratch
    lla s2, leaf
    lla s3, cells
    lla s4, more
    ENTRY(root, 0, middle, 1)
    ENTRY(middle, 0, leaf, 1)
    ENTRY(leaf, 1, cells, RWV)
    ENTRY(leaf, 2, cells + 4096, RWV)
    lla t0, root
    srli t0, t0, 12
    li t1, 8 << 60
    or t0, t0, t1
    csrw satp, t0
    sfence.vma
    /* words 0, 1, 2... up to the end of page 2, and on in page 3 */
    lla a0, cells
    lla a1, cells_end
    li a2, 0
1:  sw a2, 0(a0)
    addi a2, a2, 1
    addi a0, a0, 4
    bltu a0, a1, 1b
    lla a0, more
    lla a1, more_end
1:  sw a2, 0(a0)
    addi a2, a2, 1
    addi a0, a0, 4
    bltu a0, a1, 1b
    lla s5, cells_end /* where END is for M */

    /* ---- two registers at once: five words are there (2043 = 0x7fb and on), three are not ---- */
    li a0, 3
2:  vsetvli x0, x0, e32, m2, ta, ma
    vsetvli a1, x0, e32, m2, ta, ma
    ZERO(v4)
    li a1, END - 20
    FAULTS(13, END, 5, vle32.v v4, (a1))
    csrwi vstart, 0
    VIS(v4, 0x7fc000007fb, 0x7fe000007fd)
    VIS(v5, 0x7ff, 0)
    csrwi vstart, 5
    sw x0, -20(s5) /* those that are done are not done again */
    MAP3
    DONE(vle32.v v4, (a1))
    UNMAP3
    VIS(v4, 0x7fc000007fb, 0x7fe000007fd)
    VIS(v5, 0x800000007ff, 0x80200000801)
    li t0, 0x7fb
    sw t0, -20(s5)
    addi a0, a0, -1
    bnez a0, 2b

    /* where S has other things at the address of this code */
    lla t0, root
    li t1, RWV
    sd t1, 16(t0)
    sfence.vma
    FAULTS(13, END, 5, vle32.v v4, (a1))
    csrwi vstart, 0
    lla t0, root
    sd x0, 16(t0)
    sfence.vma

    /* stores */
    vadd.vi v4, v4, 1
    FAULTS(15, END, 5, vse32.v v4, (a1))
    lwu a2, -4(s5)
    EXPECT(a2, 0x800)
    sw x0, -4(s5)
    MAP3
    DONE(vse32.v v4, (a1))
    UNMAP3
    lwu a2, -4(s5)
    EXPECT(a2, 0)
    lwu a2, 0(s4)
    EXPECT(a2, 0x801)
    lwu a2, 8(s4)
    EXPECT(a2, 0x803)
    lwu a2, 12(s4)
    EXPECT(a2, 0x803)

    /* an element that lies on both pages is not done at all */
    ZERO(v4)
    li a1, END - 18
    FAULTS(13, END, 4, vle32.v v4, (a1))
    csrwi vstart, 0
    sh x0, -2(s5)
    ZERO(v4)
    FAULTS(15, END, 4, vse32.v v4, (a1))
    csrwi vstart, 0
    lhu a2, -4(s5)
    EXPECT(a2, 0)

    /* ---- nothing is accessed: vl = 0, vstart >= vl, inactive elements ---- */
    li a1, 4 << 12
    vsetivli x0, 0, e32, m1, ta, ma
    DONE(vle32.v v4, (a1))
    DONE(vsse32.v v4, (a1), a1)
    vsetivli x0, 2, e32, m1, ta, ma
    csrwi vstart, 2
    DONE(vse32.v v4, (a1))
    vsetivli x0, 4, e32, m1, ta, ma
    vmv.v.i v0, 3
    ZERO(v4)
    li a1, END - 8
    DONE(vle32.v v4, (a1), v0.t)
    DONE(vse32.v v4, (a1), v0.t)
    FAULTS(13, END, 2, vle32.v v4, (a1))
    csrwi vstart, 0

    /* ---- segments: the number of the segment; both fields of those before it ---- */
    li t0, 0x1122334455667788
    sd t0, -24(s5)
    sd t0, -16(s5)
    addi t0, t0, 1
    sd t0, -8(s5)
    vsetivli x0, 2, e64, m1, ta, ma
    ZERO(v4)
    ZERO(v5)
    li a1, END - 24
    FAULTS(13, END, 1, vlseg2e64.v v4, (a1))
    csrwi vstart, 0
    VIS(v5, 0x1122334455667788, 0)
    csrwi vstart, 1
    MAP3
    DONE(vlseg2e64.v v4, (a1))
    UNMAP3
    VIS(v4, 0x1122334455667788, 0x1122334455667789)
    ld t0, 0(s4)
    vslidedown.vi v5, v5, 1
    vmv.x.s a2, v5
    sub a2, a2, t0
    EXPECT(a2, 0)
    li a1, END - 24
    FAULTS(15, END, 1, vsseg2e64.v v4, (a1))
    csrwi vstart, 0

    /* ---- strides, indices ---- */
    vsetvli a1, x0, e64, m1, ta, ma
    ZERO(v4)
    li a1, END - 4096 + 8
    li a3, 4096
    FAULTS(13, END + 8, 1, vlse64.v v4, (a1), a3)
    MAP3
    DONE(vlse64.v v4, (a1), a3)
    UNMAP3
    vid.v v6
    vsll.vi v6, v6, 12 /* 0 and 4096 */
    FAULTS(15, END + 8, 1, vsoxei64.v v4, (a1), v6)
    csrwi vstart, 0

    /* ---- fault-only-first ---- */
    vsetvli a1, x0, e32, m2, ta, ma
    ZERO(v4)
    li a1, END - 20
    DONE(vle32ff.v v4, (a1))
    csrr a2, vl
    EXPECT(a2, 5)
    vsetvli a1, x0, e32, m2, ta, ma
    li a1, END
    FAULTS(13, END, 0, vle32ff.v v4, (a1))
    csrr a2, vl
    EXPECT(a2, 8)
    vsetivli x0, 4, e32, m1, ta, ma
    vmv.v.i v0, 6 /* element 0 is not active, 2 faults */
    li a1, END - 8
    DONE(vle32ff.v v4, (a1), v0.t)
    csrr a2, vl
    EXPECT(a2, 2)
    vsetivli x0, 4, e32, m1, ta, ma
    li a1, END - 20
    DONE(vlseg2e32ff.v v4, (a1)) /* two whole segments */
    csrr a2, vl
    EXPECT(a2, 2)

    /* ---- whole registers count elements of the size that loads name, stores bytes; masks bytes ---- */
    li a1, END - 24
    FAULTS(13, END, 6, vl2re32.v v4, (a1))
    csrwi vstart, 0
    FAULTS(15, END, 24, vs2r.v v4, (a1))
    csrwi vstart, 0
    vsetvli a1, x0, e8, m8, ta, ma
    li a1, END - 3
    FAULTS(13, END, 3, vlm.v v4, (a1))
    csrwi vstart, 0
    FAULTS(15, END, 3, vsm.v v4, (a1))
    csrwi vstart, 0

    /* ---- a device that takes words: priorities of the PLIC's sources 1 to 4 ---- */
    vsetvli a1, x0, e32, m1, ta, ma
    vid.v v4
    vadd.vi v4, v4, 1
    li a1, 0x0c000004
    vse32.v v4, (a1)
    lwu a2, 0(a1)
    EXPECT(a2, 1)
    lwu a2, 12(a1)
    EXPECT(a2, 4)
    vle32.v v5, (a1)
    VIS(v5, 0x200000001, 0x400000003)

    /* ---- reserved: one register as data and as indices of another size, or as the mask ---- */
    vsetvli a1, x0, e32, m1, ta, ma
    lla a1, scratch
    TRAPS(2, vsuxei64.v v5, (a1), v4)
    TRAPS(2, vsoxseg2ei16.v v4, (a1), v5)
    TRAPS(2, vse32.v v0, (a1), v0.t)
    TRAPS(2, vluxei32.v v4, (a1), v0, v0.t)
GUEST_END
    .balign 4096
root: .skip 4096
middle: .skip 4096
leaf: .skip 4096
cells: .skip 8192
cells_end: .skip 4096 /* not `more`: what lies behind for the host must not matter */
more: .skip 4096
more_end:
    .balign 16
scratch: .skip 64
