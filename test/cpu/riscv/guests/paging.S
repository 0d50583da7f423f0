/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sv39 with Svade, Svadu, Svnapot, Svpbmt, Svinval: supervisor level, "Virtual Address
 * Translation Process". Data accesses are made from M with MPRV and MPP = S; fetches
 * from S.
 *
 *   root[0] -> middle, root[2] = 1 GiB of RAM at its own address (S: rwx)
 *   middle[0] -> leaf; leaf[n] maps page n of virtual memory
 */
#include "guest.h"
#define V 1
#define R 2
#define W 4
#define X 8
#define U 16
#define A 64
#define D 128
/* leaf[n] = the page at `cell` with these bits */
#define MAP(n, bits)                                                                               \
    li t0, bits; or t0, t0, s3; sd t0, (8 * (n))(s2); sfence.vma
#define AS_S    li t0, 0x1800; csrc mstatus, t0; li t0, 0x20800; csrs mstatus, t0
#define AS_M    li t0, 0x20000; csrc mstatus, t0
#define FAULT(cause, address, ...)                                                                 \
    AS_S; TRAPS(cause, __VA_ARGS__); AS_M; csrr a0, mtval; EXPECT(a0, address)
#define WORKS(want, ...)                                                                           \
    AS_S; __VA_ARGS__; AS_M; EXPECT(a2, want)
#define ENTRY(table, n, target, bits)                                                              \
    lla t0, table; lla t1, target; srli t1, t1, 2; ori t1, t1, bits; sd t1, (8 * (n))(t0)
GUEST_BEGIN
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    ENTRY(root, 0, middle, V)
    ENTRY(middle, 0, leaf, V)
    lla t0, root
    li t1, (0x80000000 >> 2) | D | A | X | W | R | V
    sd t1, 16(t0)
    lla s2, leaf
    lla s3, cell
    srli s3, s3, 2
    lla s4, cell
    li a0, 0x1122334455667788
    sd a0, 8(s4)
    lla t0, root
    srli t0, t0, 12
    li t1, 8 << 60
    or t0, t0, t1
    csrw satp, t0
    csrr t1, satp
    sub t1, t1, t0
    EXPECT(t1, 0)
    li s5, 0x1008
    li a3, 99
    /* permissions */
    FAULT(13, 0x1008, ld a2 , 0(s5))
    MAP(1, D | A | W | R | V)
    WORKS(0x1122334455667788, ld a2 , 0(s5))
    AS_S
    sd a3, 0(s5)
    AS_M
    ld a2, 8(s4)
    EXPECT(a2, 99)
    MAP(1, D | A | R | V)
    FAULT(15, 0x1008, sd a3 , 0(s5))
    FAULT(15, 0x1008, amoadd.d a2 , a3 , (s5))
    WORKS(99, ld a2 , 0(s5))
    MAP(1, D | A | W | V)                       /* reserved */
    FAULT(13, 0x1008, ld a2 , 0(s5))
    MAP(1, D | A | X | V)
    FAULT(13, 0x1008, ld a2 , 0(s5))
    li t0, 1 << 19                              /* MXR */
    csrs mstatus, t0
    WORKS(99, ld a2 , 0(s5))
    csrc mstatus, t0
    li t0, 1 << 19
    csrc mstatus, t0
    MAP(1, D | A | U | W | R | V)
    FAULT(13, 0x1008, ld a2 , 0(s5))
    li t0, 1 << 18                              /* SUM */
    csrs mstatus, t0
    WORKS(99, ld a2 , 0(s5))
    li t0, 1 << 18
    csrc mstatus, t0
    /* A and D: fault while ADUE = 0, set by the walk with ADUE */
    MAP(1, W | R | V)
    FAULT(13, 0x1008, ld a2 , 0(s5))
    MAP(1, A | W | R | V)
    WORKS(99, ld a2 , 0(s5))
    FAULT(15, 0x1008, sd a3 , 0(s5))
    li t0, 1 << 61
    csrs 0x30a, t0
    MAP(1, W | R | V)
    WORKS(99, ld a2 , 0(s5))
    ld a2, 8(s2)
    andi a2, a2, 0xff
    EXPECT(a2, A | W | R | V)
    AS_S
    sd a3, 0(s5)
    AS_M
    ld a2, 8(s2)
    andi a2, a2, 0xff
    EXPECT(a2, D | A | W | R | V)
    li t0, 1 << 61
    csrc 0x30a, t0
    /* reserved bits; PBMT needs PBMTE */
    MAP(1, 1 << 54 | D | A | W | R | V)
    FAULT(13, 0x1008, ld a2 , 0(s5))
    MAP(1, 1 << 61 | D | A | W | R | V)
    FAULT(13, 0x1008, ld a2 , 0(s5))
    li t0, 1 << 62
    csrs 0x30a, t0
    sfence.vma
    WORKS(99, ld a2 , 0(s5))
    MAP(1, 3 << 61 | D | A | W | R | V)
    FAULT(13, 0x1008, ld a2 , 0(s5))
    /* addresses that are not sign-extended from bit 38 */
    li s6, 1 << 38
    FAULT(13, 1 << 38, ld a2 , 0(s6))
    /* a superpage that is not aligned */
    lla t0, middle
    li t1, (0x80001000 >> 2) | D | A | W | R | V
    sd t1, 8(t0)
    sfence.vma
    li s6, 0x200000
    FAULT(13, 0x200000, ld a2 , 0(s6))
    li t1, (0x80000000 >> 2) | D | A | W | R | V
    lla t0, middle
    sd t1, 8(t0)
    sfence.vma
    lla s6, cell
    li t0, 0x80000000 - 0x200000
    sub s6, s6, t0
    WORKS(99, ld a2 , 8(s6))
    /* an access across pages reports the page that is missing */
    MAP(1, D | A | W | R | V)
    li s6, 0x1ffc
    FAULT(13, 0x2000, ld a2 , 0(s6))
    FAULT(15, 0x2000, sd a3 , 0(s6))
    li t1, 0xffc
    add t1, t1, s4
    lw a2, 0(t1)
    EXPECT(a2, 0)
    MAP(2, D | A | W | R | V)
    AS_S
    sd a3, 0(s6)
    AS_M
    lw a2, 0(s4)
    EXPECT(a2, 0)
    li t1, 0xffc
    add t1, t1, s4
    lw a2, 0(t1)
    EXPECT(a2, 99)
    /* Svnapot: 16 pages with one pattern; any other size faults */
    lla t0, napot
    srli t0, t0, 2
    li t1, 8 << 10 | D | A | W | R | V
    or t0, t0, t1
    li t1, 1 << 63
    or t0, t0, t1
    sd t0, (8 * 21)(s2)
    sfence.vma
    li s6, 0x15000
    AS_S
    sd a3, 16(s6)
    AS_M
    lla t0, napot
    li t1, 0x5010
    add t0, t0, t1
    ld a2, 0(t0)
    EXPECT(a2, 99)
    li t1, 4 << 10
    ld t0, (8 * 21)(s2)
    xor t0, t0, t1
    sd t0, (8 * 21)(s2)
    sfence.vma
    FAULT(13, 0x15000, ld a2 , 0(s6))
    /* Svinval's three */
    .word 0x18000073
    .word 0x16000073
    .word 0x18100073
    /* fetches from S: no X, then X; U pages never */
#define FETCH(label, bits, want)                                                                   \
    MAP(1, bits); lla t0, label; csrw mtvec, t0; li t0, 0x1800; csrc mstatus, t0;                  \
    li t0, 0x800; csrs mstatus, t0; li t0, 0x1100; csrw mepc, t0; mret;                            \
    .balign 4; label: csrr t1, mcause; EXPECT(t1, want)
    li t0, 0x00000073                           /* ecall */
    sw t0, 0x100(s4)
    FETCH(f0, D | A | W | R | V, 12)
    csrr a0, mtval
    EXPECT(a0, 0x1100)
    FETCH(f1, D | A | X | R | V, 9)
    FETCH(f2, D | A | U | X | R | V, 12)
    FETCH(f3, D | X | R | V, 12)
    csrw satp, x0
GUEST_END
.data
.balign 65536
napot: .skip 65536
.balign 4096
root: .skip 4096
middle: .skip 4096
leaf: .skip 4096
cell: .skip 8192
