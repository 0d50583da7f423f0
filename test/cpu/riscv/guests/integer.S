/* SPDX-License-Identifier: Apache-2.0 */
/* RV64I, M: unprivileged ISA, chapters of these names; division table in chapter "M". */
#include "guest.h"
#define MIN64 0x8000000000000000
#define MIN32 0xffffffff80000000
GUEST_BEGIN
    RR(add, 0, -1, 1)
    RR(addw, MIN32, 0x7fffffff, 1)
    RR(sub, -1, 0, 1)
    RR(subw, 0x7fffffff, MIN32, 1)
    RR(sll, 2, 1, 65)
    RR(sllw, 2, 1, 33)
    RR(srl, 1, MIN64, 63)
    RR(srlw, 1, 0xffffffff80000000, 31)
    RR(sra, -1, MIN64, 63)
    RR(sraw, -1, 0x80000000, 31)
    RR(slt, 1, -1, 1)
    RR(sltu, 0, -1, 1)
    RI(slti, 1, -5, -4)
    RI(sltiu, 1, 5, -1)
    RI(addiw, MIN32, 0x7fffffff, 1)
    RI(slliw, MIN32, 0xff01, 31)
    RI(sraiw, -8, 0x80000000, 28)
    RR(mul, 1, -1, -1)
    RR(mulh, 0, -1, -1)
    RR(mulhu, -2, -1, -1)
    RR(mulhsu, -1, -1, -1)
    RR(mulhsu, 0x4000000000000000 - 0x8000000000000000, MIN64, MIN64)
    RR(mulw, 1, 0xffffffff, 0xffffffff)
    RR(div, -1, 5, 0)
    RR(divu, -1, 5, 0)
    RR(rem, 5, 5, 0)
    RR(remu, 5, 5, 0)
    RR(div, MIN64, MIN64, -1)
    RR(rem, 0, MIN64, -1)
    RR(div, -2, -7, 3)
    RR(rem, -1, -7, 3)
    RR(divw, MIN32, MIN32, -1)
    RR(remw, 0, MIN32, -1)
    RR(divw, -1, 5, 0x100000000)
    RR(divuw, -1, 5, 0)
    RR(remuw, MIN32, 0x80000000, 0)
    RR(remw, MIN32, 0x80000000, 0)
    RR(divuw, 0x7fffffff, 0xfffffffe, 2)
    /* lui and auipc sign-extend; x0 stays 0 */
    lui a2, 0x80000
    EXPECT(a2, MIN32)
    addi x0, x0, 5
    EXPECT(x0, 0)
    auipc a2, 0
    lla a3, . - 4
    sub a2, a2, a3
    /* jalr clears bit 0 of the target and links */
    lla a0, 1f + 1
    jalr a1, 0(a0)
after:
    j guest_fail
1:  lla a2, after
    sub a2, a2, a1
    EXPECT(a2, 0)
    /* jalr with rd = rs1 uses the old value */
    lla a0, 2f
    jalr a0, 0(a0)
    j guest_fail
    /* loads and stores of every width, misaligned too */
2:  lla s0, data
    ld a2, 0(s0)
    EXPECT(a2, 0x8877665544332281)
    lb a2, 0(s0)
    EXPECT(a2, -0x7f)
    lbu a2, 7(s0)
    EXPECT(a2, 0x88)
    lh a2, 6(s0)
    EXPECT(a2, 0xffffffffffff8877)
    lhu a2, 1(s0)
    EXPECT(a2, 0x3322)
    lw a2, 4(s0)
    EXPECT(a2, 0xffffffff88776655)
    lwu a2, 4(s0)
    EXPECT(a2, 0x88776655)
    ld a2, 3(s0)
    EXPECT(a2, 0x0000008877665544)
    li a0, -1
    sb a0, 9(s0)
    sh a0, 12(s0)
    ld a2, 8(s0)
    EXPECT(a2, 0x0000ffff0000ff00)
    /* across a page */
    lla s1, page + 4093
    li a0, 0x1122334455667788
    sd a0, 0(s1)
    ld a2, 0(s1)
    EXPECT(a2, 0x1122334455667788)
    lw a2, 3(s1)
    EXPECT(a2, 0x22334455)
    /* a loop of taken and not taken branches: sum of 1..1000 */
    li a0, 1000
    li a1, 0
3:  add a1, a1, a0
    addi a0, a0, -1
    bnez a0, 3b
    EXPECT(a1, 500500)
    bltu x0, a1, 4f
    j guest_fail
4:  bge x0, a1, guest_fail_far
    fence
    fence.i
GUEST_END
.text
guest_fail_far: j guest_fail
.data
.balign 8
data: .dword 0x8877665544332281, 0
.balign 4096
page: .skip 8192
