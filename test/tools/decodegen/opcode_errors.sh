#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Opcode tables that must not pass: every case is a table and the complaint it must bring, with its line.
# usage: opcode_errors.sh DECODEGEN
set -eu
. "$(dirname "$0")/complains.bash"

head='isa x86 opcodes
ext e1 e-2
base Eb, Gb 00 /r class=int_alu
call Jz E8 class=call branch=call mem=w'

complains 5 'x overlaps base .*t.decode:3.*opcode 00 of map 0' <<'E'
x Gv, Ev 00 /r class=int_alu
E
complains 5 'x overlaps base' <<'E'
x Gv, Ev F3 00 /3 class=int_alu
E
complains 5 'over=base, but nothing matches both' <<'E'
x Gv, Ev 01 /r class=int_alu over=base
E
complains 5 'over=nothing, but there is no such row' <<'E'
x Gv, Ev 01 /r class=int_alu over=nothing
E
complains 3 'base can never be reached' <<'E'
x Gv, Ev 00 /r class=int_alu over=base
E
complains 3 'base can never be reached' <<'E'
x Rv 00 /r class=int_alu over=base
y Mv 00 /r class=int_alu over=base
E
complains 5 "'Eq8' is no operand code" <<'E'
x Eq8, Gv 01 /r class=int_alu
E
complains 5 "'Gv' is neither a comma nor an encoding" <<'E'
x Ev Gv 01 /r class=int_alu
E
complains 5 'x has no opcode byte' <<'E'
x Ev, Gv class=int_alu
E
complains 5 'operands want ModRM, but there is no /r' <<'E'
x Ev, Gv 01 class=int_alu
E
complains 5 "a Z operand wants +r" <<'E'
x Zv 50 class=int_alu
E
complains 5 "'51+r' is not aligned" <<'E'
x Zv 51+r class=int_alu
E
complains 5 "'W2' of 'VEX.66.0F.W2' is not understood" <<'E'
x Vx, Wx VEX.66.0F.W2 10 /r class=vec_int
E
complains 5 "'VEX.128.66' names no opcode map" <<'E'
x Vx, Wx VEX.128.66 10 /r class=vec_int
E
complains 5 'one opcode, but only one has ModRM' <<'E'
x rAX, sIz F2 00 class=int_alu over=base
E
complains 5 'x matches nothing' <<'E'
x Mv, Rv 01 /r class=int_alu mod=reg
y Mv 02 /r mod=reg class=int_alu
E
complains 5 "unknown extension 'e3'" <<'E'
x Ev, Gv 01 /r class=int_alu if=e3
E
complains 5 "unknown extension 'e3'" <<'E'
x Ev, Gv 01 /r class=int_alu if256=e3
E
complains 5 'io=xq wants r, w, x or -' <<'E'
x Ev, Gv 01 /r class=int_alu io=xq
E
complains 5 "'rxx' is no general register" <<'E'
x Ev, Gv 01 /r class=int_alu reads=rxx
E
complains 5 'names= wants one, or four' <<'E'
x Ev, Gv 01 /r class=int_alu names=a,b
E
complains 5 'x has no class' <<'E'
x Ev, Gv 01 /r
E
complains 5 "attribute 'colour' is not understood" <<'E'
x Ev, Gv 01 /r class=int_alu colour
E
complains 5 'class branch wants branch=' <<'E'
x Jb 70+cc class=branch
E
complains 5 'of several prefixes only F2 or F3 counts' <<'E'
x Ev, Gv 66 F2 0F 10 /r class=int_alu
E
head='isa y opcodes'
complains 1 "opcode tables are x86's" <<'E'
E
all_complained
