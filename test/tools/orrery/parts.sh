#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Options of clock, fw_cfg and flash: what is refused says why, what is accepted runs.
# usage: parts.sh ORRERY (orrery-system-riscv64 lies beside it)
set -uo pipefail
orrery=$1 qemu=$(dirname "$1")/orrery-system-riscv64
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
truncate -s 32M "$dir/bank"
truncate -s 31M "$dir/short"
printf 'text' >"$dir/text"

run() { # an empty machine for a moment of simulated time
    case $1 in
    native) shift; "$orrery" run --bios none --serial null --until 1us "$@" ;;
    qemu) shift; "$qemu" -M virt -bios none -serial null -monitor none "$@" ;;
    esac </dev/null 2>&1
}
refused() { # refused 'WORDS OF THE MESSAGE' SIDE OPTION...
    local want=$1 out
    shift
    out=$(run "$@") && { echo "FAILED: accepted: $*"; failed=1; return; }
    grep -qF -- "$want" <<<"$out" || { echo "FAILED: $*: '$out' lacks '$want'"; failed=1; }
}
accepted() {
    local out
    out=$(run "$@") || { echo "FAILED: $*: $out"; failed=1; return; }
    [ -z "$out" ] || { echo "FAILED: $*: printed '$out'"; failed=1; }
}

for date in 2026-02-30 1969-12-31 2106-02-08 25:00 ''; do refused "date '$date'" native --rtc "$date"; done
for date in utc localtime 2026-02-28 2026-02-28T23:59:59 1767225600 0x10 base=2026-01-01; do
    accepted native --rtc "$date"
done
refused "date '2026-13-01'" qemu -rtc base=2026-13-01,clock=vm
refused 'host, rt and vm' qemu -rtc clock=sun

refused 'file=FILE and string=TEXT' native --fw-cfg opt/a
refused 'file=FILE and string=TEXT' native --fw-cfg "opt/a,string=1,file=$dir/text"
refused 'exists already' native --fw-cfg opt/a,string=1 --fw-cfg "name=opt/a,file=$dir/text"
refused '1 to 55 characters' native --fw-cfg "opt/$(printf 'n%.0s' {1..52}),string=1"
refused "did you mean \"string\"" native --fw-cfg opt/a,strng=1
refused "'$dir/none'" native --fw-cfg "opt/a,file=$dir/none"
accepted native --fw-cfg opt/a,string=1,,2 --fw-cfg "name=opt/b,file=$dir/text"
[[ $(run native --fw-cfg a,string=1) == *"begin with opt/"* ]] || { echo "FAILED: no warning"; failed=1; }

refused '32505856' native --pflash "$dir/short"
refused 'truncate -s 32M' native --pflash "$dir/short"
refused 'there is no flash bank 2' native --drive "if=pflash,unit=2,format=raw,file=$dir/bank"
refused 'has an image already' native --drive "if=pflash,unit=0,format=raw,file=$dir/bank,readonly=on" \
    --drive "if=pflash,unit=0,format=raw,file=$dir/bank,readonly=on"
refused 'in use' native --pflash "$dir/bank" --pflash "$dir/bank"
refused 'there is no such drive' native --board virt,pflash1=f
refused 'two images' native --board virt,pflash0=f --pflash "$dir/bank"
refused 'in use already' native --board virt,pflash1=f --drive "if=none,id=f,format=raw,file=$dir/bank" \
    --device virtio-blk-device,drive=f
refused 'JSON is not accepted' qemu -blockdev '{"driver":"raw"}'
accepted native --pflash "$dir/bank,readonly" --drive "if=pflash,format=raw,file=$dir/bank,readonly=on"
accepted native --board virt,pflash1=f --drive "if=none,id=f,format=raw,file=$dir/bank"
[ "$(stat -c %s "$dir/bank" "$dir/short" | tr '\n' ' ')" = '33554432 32505856 ' ] || { echo "FAILED: an image changed its size"; failed=1; }
[ $failed = 0 ] && echo OK
exit $failed
