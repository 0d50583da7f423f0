/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Four harts do the same with vectors, each in memory of its own; then the first does it by itself. All results have to be
 * the same, on however many host threads they were made. RAM ends at 0x84000000.
 */
#define TEST_DEVICE 0x100000
#define RAM_END     0x84000000
#define HARTS       4
#define ROUNDS      8000
    .option norvc
    .section .text.start
    .globl _start
_start:
    csrr s0, mhartid
    lla t0, trap
    csrw mtvec, t0
    li t0, 0x6600 /* FS, VS */
    csrs mstatus, t0
    slli t0, s0, 12
    lla s1, areas
    add s1, s1, t0
    call work
    lla t0, results
    slli t1, s0, 3
    add t0, t0, t1
    sd a0, 0(t0)
    fence rw, rw
    lla t0, arrived
    li t1, 1
    amoadd.w x0, t1, (t0)
    bnez s0, sleep
1:  lw t1, 0(t0)
    li t2, HARTS
    bne t1, t2, 1b
    fence rw, rw
    call work /* alone */
    lla t0, results
    li t1, HARTS
2:  ld t2, 0(t0)
    bne t2, a0, fail
    addi t0, t0, 8
    addi t1, t1, -1
    bnez t1, 2b
    li t0, TEST_DEVICE
    li t1, 0x5555
    sw t1, 0(t0)
sleep:
    wfi
    j sleep
fail:
    li t0, TEST_DEVICE
    slli t1, t1, 16
    li t2, 0x3333
    or t1, t1, t2
    sw t1, 0(t0)
    j sleep

/* a0 = what it comes to; from s1 on 1 KiB is its own */
work:
    li t0, 1024
    mv t1, s1
    li t2, 0x9e3779b97f4a7c15
    mv t3, t2
1:  sd t3, 0(t1)
    mul t3, t3, t2
    addi t3, t3, 77
    addi t1, t1, 8
    addi t0, t0, -8
    bnez t0, 1b
    li a0, 0
    li s2, ROUNDS
round:
    vsetvli t0, x0, e32, m2, tu, mu
    vle32.v v8, (s1)
    addi t1, s1, 64
    vle32.v v10, (t1)
    vmul.vv v12, v8, v10
    vadd.vx v12, v12, s2
    vmsltu.vv v0, v8, v12
    vsub.vv v12, v12, v10, v0.t
    vse32.v v12, (s1)
    vcpop.m t2, v0
    add a0, a0, t2
    li t0, 5 /* less than a register */
    vsetvli t0, t0, e16, m1, tu, mu
    addi t1, s1, 70
    vle16.v v14, (t1)
    vsll.vi v14, v14, 1
    vadd.vi v14, v14, 3
    vse16.v v14, (t1)
    vsetvli t0, x0, e64, m1, tu, mu
    addi t1, s1, 256
    vlseg2e64.v v16, (t1)
    vxor.vv v16, v16, v17
    vsseg2e64.v v16, (t1)
    vfcvt.f.x.v v18, v16
    vfcvt.f.x.v v19, v17
    vfadd.vv v18, v18, v19
    vfcvt.x.f.v v18, v18
    vredxor.vs v20, v18, v17
    vmv.x.s t2, v20
    xor a0, a0, t2
    vwadd.vv v20, v16, v17 /* 128 bits: illegal, 4 bytes on */
    andi t2, s2, 15
    bnez t2, 2f
    vsetvli t0, x0, e32, m2, tu, mu
    li a1, RAM_END - 20
    vle32.v v22, (a1) /* ends at element 5 */
2:  slli t2, a0, 7
    srli t3, a0, 57
    or a0, t2, t3
    addi s2, s2, -1
    bnez s2, round
    ret

    .balign 4
trap: /* counts causes and vstart */
    csrr t5, mepc
    addi t5, t5, 4
    csrw mepc, t5
    csrr t5, mcause
    add a0, a0, t5
    csrr t5, vstart
    add a0, a0, t5
    csrw vstart, x0
    mret

    .balign 4096
areas: .skip 4096 * HARTS
results: .skip 8 * HARTS
arrived: .skip 8
