/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bare-metal guests: one assembly file each, M mode from reset, exit through the
 * board's test device (sifive_test): all right, or the number of the failed check,
 * named by its line. Expected values stand beside the instruction
 * and come from the manuals.
 */
#define TEST_DEVICE 0x100000
#define MSTATUS_FS  0x6000

#define GUEST_BEGIN                                                                                \
    .option norvc; .option norelax; .section .text.start; .globl _start; _start:                   \
    lla sp, stack_top; lla t0, trap_default; csrw mtvec, t0; li t0, MSTATUS_FS; csrs mstatus, t0

/* a register against a value; gp holds the line of the check */
#define EXPECT(reg, value)                                                                         \
    li gp, __LINE__; li t5, value; beq reg, t5, 9f; j guest_fail; 9:

#define GUEST_END                                                                                  \
    j guest_pass;                                                                                  \
    .balign 4; trap_default: li gp, 0x7e; j guest_fail;                                            \
    guest_pass: li t0, TEST_DEVICE; li t1, 0x5555; sw t1, 0(t0); 1: j 1b;                          \
    guest_fail: li t0, TEST_DEVICE; slli t1, gp, 16; li t2, 0x3333; or t1, t1, t2; sw t1, 0(t0);   \
    2: j 2b;                                                                                       \
    .section .bss; .balign 4096; .skip 8192; stack_top:

/* operation with two operands / one operand / an immediate, in a2 */
#define RR(op, want, vx, vy)  li a0, vx; li a1, vy; op a2, a0, a1; EXPECT(a2, want)
#define R1(op, want, vx)     li a0, vx; op a2, a0; EXPECT(a2, want)
#define RI(op, want, vx, i)  li a0, vx; op a2, a0, i; EXPECT(a2, want)

/* floating point on bit patterns; F2D(op, want, flags, x, y) checks result and fflags */
#define FLAGS(want)         frflags a3; EXPECT(a3, want); fsflags x0
#define F2D(op, want, fl, vx, vy)                                                                    \
    li a0, vx; li a1, vy; fmv.d.x fa0, a0; fmv.d.x fa1, a1; op fa2, fa0, fa1; fmv.x.d a2, fa2;       \
    EXPECT(a2, want); FLAGS(fl)
#define F1D(op, want, fl, vx)                                                                       \
    li a0, vx; fmv.d.x fa0, a0; op fa2, fa0; fmv.x.d a2, fa2; EXPECT(a2, want); FLAGS(fl)
#define F2S(op, want, fl, vx, vy)                                                                    \
    li a0, vx; li a1, vy; fmv.w.x fa0, a0; fmv.w.x fa1, a1; op fa2, fa0, fa1; fmv.x.w a2, fa2;       \
    EXPECT(a2, want); FLAGS(fl)
#define FCD(op, want, fl, vx, vy)                                                                    \
    li a0, vx; li a1, vy; fmv.d.x fa0, a0; fmv.d.x fa1, a1; op a2, fa0, fa1; EXPECT(a2, want);       \
    FLAGS(fl)
#define NV 16
#define DZ 8
#define OF 4
#define UF 2
#define NX 1

/* An instruction that must trap: cause and tval; then goes on behind it (4 bytes). */
#define TRAPS(cause, ...)                                                                          \
    lla t0, 1f; csrw mtvec, t0; __VA_ARGS__; li gp, __LINE__; j guest_fail; .balign 4;            \
    1: lla t0, trap_default; csrw mtvec, t0; csrr t1, mcause; EXPECT(t1, cause)
