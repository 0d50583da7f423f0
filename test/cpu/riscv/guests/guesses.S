/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One load that finds another page in each round, long enough for a translator to have guessed where the next one
 * lies, to have been wrong and to have given it up; then one whose page is mapped elsewhere now and then. Sv39, from M
 * with MPRV and MPP = S.
 */
#include "guest.h"
#define LEAF 0xcf /* D A X W R V */
#define ENTRY(table, n, target, bits)                                                              \
    lla t0, table; lla t1, target; srli t1, t1, 2; ori t1, t1, bits; sd t1, (8 * (n))(t0)
GUEST_BEGIN
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    ENTRY(root, 0, middle, 1)
    ENTRY(middle, 0, leaf, 1)
    ENTRY(leaf, 1, second, LEAF)                /* crosswise: the distances to memory differ */
    ENTRY(leaf, 2, first, LEAF)
    lla t0, root
    li t1, (0x80000000 >> 2) | LEAF
    sd t1, 16(t0)
    lla t0, first
    li t1, 3
    sd t1, 8(t0)
    lla t0, second
    li t1, 5
    sd t1, 8(t0)
    lla t0, root
    srli t0, t0, 12
    li t1, 8 << 60
    or t0, t0, t1
    csrw satp, t0
    li t0, 0x1800
    csrc mstatus, t0
    li t0, 0x20800
    csrs mstatus, t0
    /* alternately */
    li s5, 0x1008
    li s6, 0x3000
    li s7, 60000
    li a3, 0
1:  ld a2, 0(s5)
    add a3, a3, a2
    xor s5, s5, s6
    addi s7, s7, -1
    bnez s7, 1b
    EXPECT(a3, 240000)
    /* a fault in the same load, in the middle */
    li s5, 0x1008
    li s7, 60000
    lla t0, 3f
    csrw mtvec, t0
    j 2f
    .balign 4
3:  csrr t1, mcause                             /* MPP says M now: what follows needs no translation */
    EXPECT(t1, 13)
    csrr t1, mtval
    EXPECT(t1, 0x5008)
    EXPECT(s7, 1)
    li t0, 0x1800
    csrc mstatus, t0
    li t0, 0x800
    csrs mstatus, t0
    j 4f
2:  ld a2, 0(s5)
    xor s5, s5, s6
    addi s7, s7, -1
    addi t2, s7, -1
    bnez t2, 2b
    li s5, 0x5008
    j 2b
4:  /* the same address, mapped to the one page and the other */
    lla t0, trap_default
    csrw mtvec, t0
    lla t1, leaf
    lla t2, first
    lla t3, second
    xor t2, t2, t3
    srli t2, t2, 2                              /* between the two entries */
    li s5, 0x1008
    li s8, 40
    li a3, 0
5:  li s7, 1000
6:  ld a2, 0(s5)
    add a3, a3, a2
    add s5, s5, x0
    mv s6, s5
    mv s5, s6
    addi s7, s7, -1
    bnez s7, 6b
    ld t0, 8(t1)
    xor t0, t0, t2
    sd t0, 8(t1)
    sfence.vma
    addi s8, s8, -1
    bnez s8, 5b
    EXPECT(a3, 160000)
    csrw satp, x0
GUEST_END
.data
.balign 4096
root: .skip 4096
middle: .skip 4096
leaf: .skip 4096
first: .skip 4096
second: .skip 4096
