#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tables that must not pass: every case below is a table and the complaint it must bring, with its line.
# usage: errors.sh DECODEGEN
set -eu
. "$(dirname "$0")/complains.bash"

head='isa t 16 32
names xn zero one
bank x 0 zero 0 names xn
ext e1 e2
field rd 11:7 write x   field rs1 19:15 read x   field rs2 24:20 read x
field imm 31:20 imm signed
base imm rs1 000 rd 0010011 class=int_alu "rd, rs1, imm"   # with the rows below all fields are used
use2 0000001 rs2 rs1 111 rd 0110011 class=int_alu "rd, rs1, rs2"'

complains 9 'x overlaps base .*t.decode:7.*both match 0x' <<'E'
x 000000000000 rs1 000 rd 0010011 class=int_alu ""
E
complains 9 'over=base, but no word matches both' <<'E'
x imm rs1 001 rd 0010011 class=int_alu over=base ""
E
complains 9 'over=nothing, but there is no such row' <<'E'
x imm rs1 001 rd 0010011 class=int_alu over=nothing ""
E
complains 7 'base can never be reached: all it matches goes to x' <<'E'
x imm rs1 000 rd 0010011 class=int_alu over=base ""
E
complains 9 'x can never be reached: no value of its fields is left' <<'E'
x imm rs1 001 rd 0010011 class=int_alu rd!=0..31 ""
E
complains 9 'circle' <<'E'
x imm rs1 001 rd 0010011 class=int_alu over=y ""
y imm rs1 001 rd 0010011 class=int_alu over=x ""
E
complains 9 "field 'lost' is used by no row" <<'E'
field lost 14:12 imm
E
complains 9 "unknown class 'int_alo'" <<'E'
x imm rs1 001 rd 0010011 class=int_alo ""
E
complains 9 'x has no class' <<'E'
x imm rs1 001 rd 0010011 ""
E
complains 9 'x has no operand format' <<'E'
x imm rs1 001 rd 0010011 class=int_alu
E
complains 9 "unknown extension 'e3'" <<'E'
x imm rs1 001 rd 0010011 class=int_alu if=e1+e3 ""
E
complains 9 'comes before all bits are described' <<'E'
x imm rs1 001 rd 001001 class=int_alu ""
E
complains 9 'goes past bit 0' <<'E'
x imm rs1 001 rd 00100110 class=int_alu ""
E
complains 9 "'rd' is a field that has no piece starting there" <<'E'
x imm rs1 0010 rd 010011 class=int_alu ""
E
complains 9 "'rt' is neither bits, a field nor an attribute" <<'E'
x imm rs1 001 rt 0010011 class=int_alu ""
E
complains 10 "not all bits of field 'split' stand in the row" <<'E'
field split 31:25 11:7 imm
x split rs2 rs1 001 00000 0010011 class=int_alu ""
E
complains 9 "a second row 'base'" <<'E'
base imm rs1 001 rd 0010011 class=int_alu ""
E
complains 9 "field 'rd' is declared twice" <<'E'
field rd 11:7 read x
E
complains 9 "has bit 8 twice" <<'E'
field twice 11:8 8:5 imm
E
complains 9 "no bank 'y' is declared" <<'E'
field r 11:7 read y
E
complains 9 "class load wants mem= and size=" <<'E'
x imm rs1 001 rd 0010011 class=load ""
E
complains 9 "class branch wants branch=" <<'E'
x imm rs1 001 rd 0010011 class=branch ""
E
complains 9 "unknown mem 'z'" <<'E'
x imm rs1 001 rd 0010011 class=load mem=z size=4 ""
E
complains 9 "unknown branch 'maybe'" <<'E'
x imm rs1 001 rd 0010011 class=jump branch=maybe ""
E
complains 9 "'rs9' is no member of it" <<'E'
x imm rs1 001 rd 0010011 class=int_alu "rd, rs9"
E
complains 9 '{ without }' <<'E'
x imm rs1 001 rd 0010011 class=int_alu "rd{, rs1"
E
complains 9 "attribute 'colour=red' is not understood" <<'E'
x imm rs1 001 rd 0010011 class=int_alu colour=red ""
E
complains 9 "'rs2' is not a field of this row" <<'E'
x imm rs1 001 rd 0010011 class=int_alu rs2!=0 ""
E
complains 9 "'rd' of 5 bits is never 32 anyway" <<'E'
x imm rs1 001 rd 0010011 class=int_alu rd!=32 ""
E
complains 9 "expand=base leaves out 'imm'" <<'E'
x 0000000000000000000000000000 0000 expand=base(rd=0, rs1=0)
E
complains 9 "base has no member 'rs3'" <<'E'
x 00000000 00000000 expand=base(rd=0, rs1=0, imm=0, rs3=1)
E
complains 10 "'y' is itself expanded" <<'E'
y 00000000 00000001 expand=base(rd=0, rs1=0, imm=0)
x 00000000 00000000 expand=y(rd=0)
E
complains 10 "expand=base does not use 'small'" <<'E'
field small 5:2 imm
x 00000000 00 small 00 expand=base(rd=0, rs1=0, imm=0)
E
complains 10 "fields 'rd2' and 'rd' both fill 'rd'" <<'E'
field rd2 19:15 write x as rd
x imm rd2 001 rd 0010011 class=int_alu ""
E
complains 9 'a quote or parenthesis is not closed' <<'E'
x imm rs1 001 rd 0010011 class=int_alu "rd
E
complains 9 'a second isa line' <<'E'
isa u 32
E
all_complained
