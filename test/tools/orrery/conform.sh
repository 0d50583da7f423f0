#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# orrery conform on vectors, ROM images and programs made here: what passes, fails, is left out or refused, and how it
# is told. Values are those of the SDM's pages of ADD, DIV, IN and INC.
# usage: conform.sh ORRERY
set -uo pipefail
orrery=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

le16() { printf '%02x%02x' $(($1 & 255)) $(($1 >> 8 & 255)); }
le32() { le16 $(($1 & 65535)); le16 $(($1 >> 16)); }
chunk() { # ID HEX
    printf '%s' "$1" | xxd -p | tr -d '\n'
    le32 $((${#2} / 2))
    printf '%s' "$2"
}
ram() { # ADDRESS=BYTE...
    local pair
    le32 $#
    for pair; do le32 $((${pair%=*})); printf '%02x' $((${pair#*=})); done
}
bytes() { le32 $((${#1} / 2)); printf '%s' "$1"; }
# test NAME BYTES REGS_BEFORE 'RAM_BEFORE' REGS_AFTER 'RAM_AFTER' [EXTRA]: registers as chunks' payload
vector() {
    chunk TEST "$(le32 0)$(chunk NAME "$(bytes "$(printf '%s' "$1" | xxd -p | tr -d '\n')")")$(chunk BYTS "$(bytes "$2")")$(
        chunk INIT "$(chunk REGS "$3")$(chunk 'RAM ' "$(ram $4)")")$(
        chunk FINA "$(chunk REGS "$5")$(chunk 'RAM ' "$(ram $6)")")${7:-}$(chunk HASH "$(printf '%040x' "${8:-1}")")"
}
moo() { # FILE CPU TEST...
    local file=$1 cpu=$2
    shift 2
    { chunk 'MOO ' "01010000$(le32 $#)$(printf '%-4s' "$cpu" | xxd -p)"; printf '%s' "$@"; } | xxd -r -p >"$dir/$file"
}
# AX BX CX DX CS SS DS ES SP BP SI DI IP FLAGS
regs() { le16 0x3fff; for r; do le16 $((r)); done; }
before=$(regs 0x7f01 0x0200 0 0 0x100 0x300 0x400 0 0x100 0 0 0 0x10 0xf002)
code="0x1010=0x00 0x1011=0x07 0x1012=0xf4"                   # add [bx],al; hlt
# ADD of 01 to the byte 7f at 400:200: 80, OF SF AF; IP goes behind the HLT
after=$(le16 $((1 << 12 | 1 << 13)))$(le16 0x13)$(le16 0x892)
good=$(vector 'add [bx],al' 0007f4 "$before" "$code 0x4200=0x7f" "$after" 0x4200=0x80)

has() { grep -qF -- "$2" <<<"$1" || { echo "FAILED: '$1' lacks '$2'"; failed=1; }; }
conform() { out=$("$orrery" conform "$@" "$dir" 2>&1); status=$?; }
expect() { [ "$status" = "$1" ] || { echo "FAILED: status $status, not $1: $out"; failed=1; }; }

moo 00.MOO C286 "$good"
conform
expect 0
has "$out" 'vectors: 3 passed, 0 failed, 0 not compared'
gzip "$dir/00.MOO"
conform --exec jit --tap
expect 0
has "$out" 'ok 1 - 00.MOO.gz [jit]'
rm "$dir/00.MOO.gz"

# What is wrong is told: register, flags, memory, a byte too many
wrong() { # MESSAGE AFTER_REGS AFTER_RAM
    moo 00.MOO C286 "$(vector 'add [bx],al' 0007f4 "$before" "$code 0x4200=0x7f" "$2" "$3")"
    conform --exec interp
    expect 1
    has "$out" "$1"
}
wrong 'rip is 13, expected 14' "$(le16 $((1 << 12 | 1 << 13)))$(le16 0x14)$(le16 0x892)" 0x4200=0x80
wrong 'eflags is 892, expected 893' "$(le16 $((1 << 12 | 1 << 13)))$(le16 0x13)$(le16 0x893)" 0x4200=0x80
wrong 'memory at 4200 is 80, expected 81' "$after" 0x4200=0x81
moo 00.MOO C286 "$(vector 'add [bx],al' 0007f4 "$before" "$code" "$after" '')"
conform --exec interp --junit --output "$dir/report"
expect 1
has "$(<"$dir/report")" 'expected 892'
has "$(<"$dir/report")" '<testcase classname="interp" name="00.MOO"><failure message="1 of 1 vectors'
moo 00.MOO C286 "$(vector 'inc ax' 40f4 "$before" '0x1010=0x88 0x1011=0x07 0x1012=0xf4' \
    "$(le16 $((1 << 12)))$(le16 0x13)" '')" # the bytes are MOV [BX],AL: a store that nobody expects
conform --exec interp
has "$out" 'memory at 4200 was written: 01'

# An exception: DIV by 0 to the vector at 0; what DIV leaves undefined in the pushed flags is not compared
code="0x1010=0xf6 0x1011=0xf3 0x1012=0xf4 0x0=0x00 0x1=0x20 0x2=0x00 0x3=0x05 0x7000=0xf4"
zero=$(regs 0x7f01 0 0 0 0x100 0x300 0x400 0 0x100 0 0 0 0x10 0x2)
after=$(le16 $((1 << 4 | 1 << 8 | 1 << 12 | 1 << 13)))$(le16 0x500)$(le16 0xfa)$(le16 0x2001)$(le16 0x893)
moo F6.6.MOO C286 "$(vector 'div bl' f6f3f4 "$zero" "$code" "$after" \
    '0x30fe=0x93 0x30ff=0x08 0x30fc=0x00 0x30fd=0x01 0x30fa=0x10 0x30fb=0x00' "$(chunk EXCP 00fe300000)")"
rm "$dir/00.MOO"
conform
expect 0
has "$out" 'vectors: 3 passed'

# LOCK INC AX is for a 286 only: counted, not compared; neither is what the suite revokes
moo F6.6.MOO C286 "$(vector 'lock inc ax' f040f4 "$zero" '0x1010=0xf0 0x1011=0x40 0x1012=0xf4' \
    "$(le16 $((1 | 1 << 12)))$(le16 0x7f02)$(le16 0x13)" '')" "$(vector 'div bl' f6f3f4 "$zero" "$code" "$after" '' '' 2748)"
printf '%040x\n' 2748 >"$dir/revocation_list.txt"
conform --exec interp
expect 0
has "$out" 'LOCK is accepted'
has "$out" 'revoked by the suite'
rm "$dir"/*

# A 386's: 32 bits, the registers CR0 CR3 EAX EBX ECX EDX ESI EDI EBP ESP CS DS ES FS GS SS EIP EFLAGS DR6 DR7; a mask
# of what is defined. 7fffffff + 1: OF SF AF PF
regs32() { le32 $((0xfffff)); for r; do le32 $((r)); done; }
before=$(regs32 0x7ffefff0 0 0x7fffffff 0 0 0 0 0 0 0x100 0x100 0 0 0 0 0 0x10 0xfffc0002 0xffff1ff0 0)
vector32() { vector "$@" | sed "s/$(printf REGS | xxd -p)/$(printf RG32 | xxd -p)/g"; }
moo 6605.MOO 386E "$(vector32 'add eax,1' 660501000000f4 "$before" \
    '0x1010=0x66 0x1011=0x05 0x1012=0x01 0x1013=0 0x1014=0 0x1015=0 0x1016=0xf4' \
    "$(le32 $((1 << 2 | 1 << 16 | 1 << 17)))$(le32 0x80000000)$(le32 0x17)$(le32 0xfffc0897)" '')"
conform --exec interp --filter 6605
expect 1
has "$out" 'eflags is 896, expected 897'
{ xxd -p "$dir/6605.MOO" | tr -d '\n' | cut -c1-40 && chunk RM32 "$(le32 $((1 << 17)))$(le32 0xfffffffe)" &&
    xxd -p "$dir/6605.MOO" | tr -d '\n' | cut -c41-; } | xxd -r -p >"$dir/masked"
mv "$dir/masked" "$dir/6605.MOO"
conform --filter 6605
expect 0
rm "$dir"/*

# JSON, of an 8086: no HLT, and addresses of 20 bits: FFFF:0020 is 00010h
cat >"$dir/8A.json" <<'JSON'
[{"name": "mov al, [bx]", "bytes": [138, 7],
  "initial": {"regs": {"ax": 0, "bx": 32, "cx": 0, "dx": 0, "cs": 256, "ss": 0, "ds": 65535, "es": 0, "sp": 256, "bp": 0,
                       "si": 0, "di": 0, "ip": 16, "flags": 61442},
              "ram": [[4112, 138], [4113, 7], [4114, 144], [16, 90]]},
  "final": {"regs": {"ax": 90, "ip": 18}, "ram": []}}]
JSON
conform
expect 0
has "$out" '3 passed, 0 failed'
sed -i 's/"ax": 90/"ax": 91/' "$dir/8A.json"
conform --exec interp
expect 1
has "$out" 'rax is 5a, expected 5b'

refused() { # MESSAGE: the one file there cannot be read
    conform --exec interp
    expect 1
    has "$out" "$1"
}
echo '[{"initial": {"regs": {"rq": 1}}}]' >"$dir/8A.json"
refused "register 'rq'"
echo '[' >"$dir/8A.json"
refused 'line 2'
rm "$dir"/*
echo nonsense >"$dir/00.MOO"
refused 'does not begin with'
moo 00.MOO Z80 "$good"
refused "processor 'Z80 '"
moo 00.MOO C286 "$good"
truncate -s -9 "$dir/00.MOO"
refused 'cut short'
rm "$dir"/*
refused 'no test here'
conform --exec tcg
expect 1
has "$out" "orrery conform: --exec: 'tcg'"

# A ROM image: POST codes on port 190h, FFh at the end, then HLT. mov dx,190h; mov al,1; out dx,al; mov al,N; out dx,al; hlt
rom() {
    truncate -s 65536 "$dir/post.rom"
    printf "\xba\x90\x01\xb0\x01\xee\xb0\x$1\xee\xf4" | dd of="$dir/post.rom" conv=notrunc status=none
    printf '\xe9\x0d\x00' | dd of="$dir/post.rom" bs=1 seek=65520 conv=notrunc status=none # jmp 0 from fff0h
}
rom ff
conform --exec interp,jit --timeout 10ms
expect 0
has "$out" '2 passed, 0 failed'
rom 17
conform --exec interp --timeout 10ms
expect 1
has "$out" 'the last POST code is 17h, not FFh'
rm "$dir"/*

# An x86 program by Multiboot: ELF, 32 bits, one segment of the whole file at 1 MiB, from 100060h. mov al,N; out f4h,al; hlt
exiting() {
    printf '%s' 7f454c4601010100 0000000000000000 0200030001000000 60001000 34000000 00000000 00000000 3400 2000 0100 0000 0000 0000 \
        01000000 00000000 00001000 00001000 70000000 70000000 07000000 04000000 \
        02b0ad1b 00000000 fe4f52e4 "b0$1" e6f4 f4 0000000000000000000000 | xxd -r -p >"$dir/program"
}
exiting 00
conform --timeout 10ms
expect 0
has "$out" '3 passed, 0 failed'
exiting 01
conform --exec jit --timeout 10ms
expect 1
has "$out" 'exit status 3, not 1'
exiting 00
conform --exec jit --cpu nosuch # a refusal ends with 1, too
expect 1
has "$out" 'no machine ran to its end; exit status 1'
has "$out" "orrery: "
rm "$dir"/*

# By their names: tests of extensions that no profile has are not run, those of V are.
for name in rv32ui-p-add hypervisor-p-2_stage rv64up-p-add rv64uv-p-vadd; do
    printf '7f454c460201010000000000000000000200f300' | xxd -r -p >"$dir/$name" # ELF, 64 bits, EXEC, EM_RISCV
done
conform --exec interp
expect 1
has "$out" 'not run  rv32ui-p-add [-]: RV32 is not modelled'
has "$out" 'not run  hypervisor-p-2_stage [-]: the H extension is not modelled'
has "$out" 'not run  rv64up-p-add [-]: the P extension is not modelled'
has "$out" 'FAILED   rv64uv-p-vadd [interp]: no machine ran to its end; exit status'
has "$out" '0 passed, 1 failed, 3 skipped'
exit $failed
