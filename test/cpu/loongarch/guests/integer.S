/* SPDX-License-Identifier: Apache-2.0 */
/* Integer instructions: manual, 2.2.1 to 2.2.3, 2.2.9. */
#include "guest.h"
#define MIN64 0x8000000000000000
#define MIN32 0xffffffff80000000
GUEST_BEGIN(integer)
    /* 2.2.1: .w forms use the low words and sign-extend */
    RRR(add.w, MIN32, 0x7fffffff, 1)
    RRR(add.w, 3, 0xdead00000001, 2)
    RRR(add.d, 0, -1, 1)
    RRR(sub.w, 0x7fffffff, MIN32, 1)
    RRR(sub.d, -1, 0, 1)
    RRI(addi.w, MIN32, 0x7fffffff, 1)
    RRI(addi.w, -1, 0xffffffff, 0)
    RRI(addi.d, -2048, 0, -2048)
    RRI(addu16i.d, 0xffffffff80000001, 1, -32768)
    RRI(addu16i.d, 0x7fff0000, 0, 32767)
    RRRI(alsl.w, MIN32, 0x40000000, 0, 1)
    RRRI(alsl.w, 0x11, 1, 1, 4)
    RRRI(alsl.wu, 0x80000000, 0x40000000, 0, 1)
    RRRI(alsl.wu, 0xfffffff1, -2, 1, 3)
    RRRI(alsl.d, 0x11, 1, 1, 4)
    RRRI(alsl.d, 6, MIN64, 6, 1)
    RRR(slt, 1, -1, 0)
    RRR(slt, 0, 0, 0)
    RRR(sltu, 0, -1, 0)
    RRR(sltu, 1, 0, -1)
    RRI(slti, 1, -5, -4)
    RRI(slti, 0, -4, -4)
    RRI(sltui, 1, 5, -1)
    RRI(sltui, 0, -1, -1)
    RRR(and, 0xf000, 0xff00, 0xf0f0)
    RRR(or, 0xfff0, 0xff00, 0xf0f0)
    RRR(xor, 0x0ff0, 0xff00, 0xf0f0)
    RRR(nor, ~0xfff0, 0xff00, 0xf0f0)
    RRR(andn, 0x0f00, 0xff00, 0xf0f0)
    RRR(orn, ~0x00f0, 0xff00, 0xf0f0)
    RRI(andi, 0xfff, -1, 0xfff)
    RRI(ori, 0x1fff, 0x1000, 0xfff)
    RRI(xori, 0xfffffffffffff000, -1, 0xfff)
    RRR(maskeqz, 0, 5, 0)
    RRR(maskeqz, 5, 5, MIN64)
    RRR(masknez, 5, 5, 0)
    RRR(masknez, 0, 5, 1)
    lu12i.w $a2, -0x80000
    EXPECT($a2, MIN32)
    lu12i.w $a2, 0x7ffff
    EXPECT($a2, 0x7ffff000)
    li.d $a2, 0x12345678
    lu32i.d $a2, -0x80000
    EXPECT($a2, 0xfff8000012345678)
    RRI(lu52i.d, 0xfff4567812345678, 0x1234567812345678, -1)
    addi.d $zero, $zero, 5
    EXPECT($zero, 0)
    /* relative to the instruction */
#define PC(op, want, imm) 1: op $a1, imm; la.pcrel $a0, 1b; sub.d $a2, $a1, $a0; EXPECT($a2, want)
    PC(pcaddi, -12, -3)
    PC(pcaddu12i, 0x1000, 1)
    PC(pcaddu12i, -0x80000000, -0x80000)
    PC(pcaddu18i, -0x40000, -1)
1:  pcalau12i $a1, 2
    la.pcrel $a0, 1b
    bstrins.d $a0, $zero, 11, 0
    sub.d $a2, $a1, $a0
    EXPECT($a2, 0x2000)

    /* multiplication */
    RRR(mul.w, 1, -1, -1)
    RRR(mul.w, MIN32, 0x10000, 0x8000)
    RRR(mulh.w, 0x40000000, MIN32, MIN32)
    RRR(mulh.w, -1, -1, 1)
    RRR(mulh.wu, 0xfffffffffffffffe, 0xffffffff, 0xffffffff)
    RRR(mulh.wu, 0, 0xdead00000001, 0xbeef00000001)
    RRR(mul.d, 1, -1, -1)
    RRR(mulh.d, 0, -1, -1)
    RRR(mulh.d, 0x4000000000000000, MIN64, MIN64)
    RRR(mulh.du, -2, -1, -1)
    RRR(mulw.d.w, 0x4000000000000000, 0x80000000, 0x80000000)
    RRR(mulw.d.w, -1, 0xffffffff, 1)
    RRR(mulw.d.wu, 0xfffffffe00000001, -1, -1)
    /* division truncates; MIN / -1 does not trap */
    RRR(div.w, -2, -7, 3)
    RRR(mod.w, -1, -7, 3)
    RRR(div.w, MIN32, MIN32, -1)
    RRR(mod.w, 0, MIN32, -1)
    RRR(div.wu, 0x7fffffff, 0xfffffffffffffffe, 2)
    RRR(div.wu, -1, -1, 1)
    RRR(mod.wu, 0xf, -1, 16)
    RRR(div.d, -2, -7, 3)
    RRR(mod.d, -1, -7, 3)
    RRR(div.d, MIN64, MIN64, -1)
    RRR(mod.d, 0, MIN64, -1)
    RRR(div.du, 0x7fffffffffffffff, -1, 2)
    RRR(mod.du, 7, -1, 8)
    /* with CPUCFG2.DIV32 the upper halves do not count */
    RRR(div.w, 3, 0x1200000007, 0x3400000002)
    li.d $a0, 5
    div.d $a2, $a0, $zero           # any value, no trap

    /* 2.2.2: counts modulo the width */
    RRR(sll.w, 2, 1, 33)
    RRR(sll.w, MIN32, 1, 31)
    RRR(srl.w, 1, 0x80000000, 31)
    RRR(srl.w, MIN32, 0xdead80000000, 32)
    RRR(sra.w, -1, 0x80000000, 31)
    RRR(rotr.w, MIN32, 1, 1)
    RRR(sll.d, 2, 1, 65)
    RRR(srl.d, 1, MIN64, 63)
    RRR(sra.d, -1, MIN64, 63)
    RRR(rotr.d, MIN64, 1, 65)
    RRI(slli.w, MIN32, 0xff01, 31)
    RRI(srli.w, 0xff, 0xff000000, 24)
    RRI(srli.w, MIN32, 0x80000000, 0)
    RRI(srai.w, -8, 0x80000000, 28)
    RRI(rotri.w, 0x30000012, 0x123, 4)
    RRI(slli.d, MIN64, 3, 63)
    RRI(srli.d, 1, -1, 63)
    RRI(srai.d, -1, MIN64, 63)
    RRI(rotri.d, 0xf00000000000000f, 0xff, 4)

    /* 2.2.3 */
    RR(clo.w, 4, 0xf0000000)
    RR(clo.w, 32, -1)
    RR(clz.w, 32, 0xffffffff00000000)
    RR(clz.w, 3, 0x1fffffff)
    RR(cto.w, 4, 0xffffffff0000000f)
    RR(ctz.w, 32, 0x100000000)
    RR(ctz.w, 4, 0x10)
    RR(clo.d, 64, -1)
    RR(clo.d, 1, 0xbfffffffffffffff)
    RR(clz.d, 64, 0)
    RR(cto.d, 33, 0x1ffffffff)
    RR(ctz.d, 63, MIN64)
    RR(revb.2h, 0x22114433, 0xdead000011223344)
    RR(revb.2h, 0xffffffff80112233, 0x11803322)
    RR(revb.4h, 0x2211443366558877, 0x1122334455667788)
    RR(revb.2w, 0x4433221188776655, 0x1122334455667788)
    RR(revb.d, 0x8877665544332211, 0x1122334455667788)
    RR(revh.2w, 0x3344112277885566, 0x1122334455667788)
    RR(revh.d, 0x7788556633441122, 0x1122334455667788)
    RR(bitrev.4b, 0xffffffff8040c020, 0xdead01020304)
    RR(bitrev.8b, 0x8040c020a060e010, 0x0102030405060708)
    RR(bitrev.w, 0x20c04080, 0x01020304)
    RR(bitrev.w, MIN32, 1)
    RR(bitrev.d, 0x10e060a020c04080, 0x0102030405060708)
    RR(ext.w.b, -128, 0x1280)
    RR(ext.w.b, 0x7f, 0xff7f)
    RR(ext.w.h, -32768, 0x128000)
    RRRI(bytepick.w, 0x11223344, 0x55667788, 0x11223344, 0)
    RRRI(bytepick.w, 0x22334455, 0x55667788, 0x11223344, 1)
    RRRI(bytepick.w, 0x44556677, 0x55667788, 0x11223344, 3)
    RRRI(bytepick.w, 0xffffffff80000055, 0x55667788, 0x11800000, 1)
    RRRI(bytepick.d, 0x2233445566778899, 0x99aabbccddeeff00, 0x1122334455667788, 1)
    RRRI(bytepick.d, 0x8899aabbccddeeff, 0x99aabbccddeeff00, 0x1122334455667788, 7)
    li.d $a2, 0x1122334455667788
    li.d $a0, 0xfedcba9876543210
    bstrins.w $a2, $a0, 15, 8
    EXPECT($a2, 0x55661088)
    li.d $a2, -1
    bstrins.w $a2, $a0, 31, 0
    EXPECT($a2, 0x76543210)
    li.d $a2, -1
    bstrins.d $a2, $a0, 47, 4
    EXPECT($a2, 0xffffa9876543210f)
    RRI(bstrpick.w, 0x21, 0xdead76543210, 11, 4)
    RRI(bstrpick.w, MIN32, 0x80000000, 31, 0)
    RRI(bstrpick.w, 0x80, 0x80000000, 31, 24)
    RRI(bstrpick.d, 0xfedc, 0xfedcba9876543210, 63, 48)
    RRI(bstrpick.d, 1, 0xfedcba9876543210, 4, 4)

    /* 2.2.9: of "1", as a byte: CRC-32 is 0x83dcefb7 before the inversions at either end */
    RRR(crc.w.b.w, 0x7c231048, 0x31, 0xffffffff)
    RRR(crcc.w.b.w, 0x6f0a661c, 0x31, 0xffffffff)
    RRR(crc.w.b.w, 0, 0, 0xdead00000000)
    /* doublewords are eight bytes, lowest first: the polynomial, shifted into by one bit in the right place */
    RRR(crc.w.w.w, 0xffffffffedb88320, 0x80000000, 0)
    RRR(crc.w.d.w, 0xffffffffedb88320, MIN64, 0)
    RRR(crcc.w.w.w, 0xffffffff82f63b78, 0x80000000, 0)
    RRR(crcc.w.d.w, 0xffffffff82f63b78, MIN64, 0)
    RRR(crc.w.h.w, 0xffffffffedb88320, 0x8000, 0)
    RRR(crcc.w.h.w, 0xffffffff82f63b78, 0x8000, 0)
    RRR(crc.w.b.w, 0xffffffffedb88320, 0x80, 0)
    RRR(crcc.w.b.w, 0xffffffff82f63b78, 0x80, 0)
    GUEST_END
