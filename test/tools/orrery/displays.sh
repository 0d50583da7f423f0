#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Displays, keyboards and mice from the command line and the monitor: what is refused says why, what is accepted works.
# usage: displays.sh ORRERY (orrery-system-riscv64 lies beside it)
set -uo pipefail
orrery=$1 qemu=$(dirname "$1")/orrery-system-riscv64
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
no() { echo "FAILED: $*"; failed=1; }
printf '\x55\xaa and more' >"$dir/rom"
printf 'no option ROM' >"$dir/text"

run() { "$orrery" run --bios none --serial null --until 1us "$@" </dev/null 2>&1; }
refused() { # refused 'WORDS OF THE MESSAGE' OPTION...
    local want=$1 out
    shift
    out=$(run "$@") && { no "accepted: $*"; return; }
    grep -qF -- "$want" <<<"$out" || no "$*: '$out' lacks '$want'"
}
accepted() {
    local out
    out=$(run "$@") || { no "$*: $out"; return; }
    [ -z "$out" ] || no "$*: printed '$out'"
}
both=(--board riscv-virt --board arm-virt)
for ((i = 0; i < ${#both[@]}; i += 2)); do
    accepted "${both[@]:i:2}" --device ramfb --device VGA,vgamem_mb=32 --device secondary-vga --device bochs-display,vgamem=64M,xres=1920,yres=1080
    accepted "${both[@]:i:2}" --device virtio-keyboard-pci --device virtio-mouse --device virtio-tablet-device
done
accepted --device "VGA,romfile=$dir/rom,edid=off,addr=5,id=screen"
refused 'power of two' --device VGA,vgamem_mb=3
refused 'power of two' --device bochs-display,vgamem=512M
refused 'is no size' --device bochs-display,vgamem=big
refused '64 to 4095' --device VGA,xres=50,yres=50
refused 'needs a clock' --device VGA,xres=4000,yres=4000
refused 'begins with' --device "VGA,romfile=$dir/text"
refused 'was not found' --device VGA,romfile=/nonexistent
refused 'romfile' --device "bochs-display,romfile=$dir/rom"
refused 'no PCI address' --device VGA,addr=99
refused 'no bus' --device VGA,bus=isa
refused 'etc/ramfb' --device ramfb --device ramfb
refused 'did you mean' --device VGA,vgamem_mbb=4
refused "has no legacy" --device virtio-keyboard-pci-transitional
refused 'has no display' --screendump "$dir/none.png"
refused 'shows nothing' --device VGA --screendump "$dir/none.png"
[ -e "$dir/none.png" ] && no "a picture of nothing"
out=$("$qemu" -M virt -bios none -serial none -monitor none -vga cirrus </dev/null 2>&1) && no "accepted: -vga cirrus"
grep -q 'none and std' <<<"$out" || no "-vga cirrus: '$out'"

monitor() { # monitor 'COMMANDS' OPTION...: what the monitor says
    local commands=$1
    shift
    printf '%s\nquit\n' "$commands" |
        timeout -k 2 60 "$orrery" run --bios none --serial null --monitor stdio "$@" 2>&1 | tr -d '\r'
}
says() { # says 'WORDS' 'COMMAND' OPTION...
    local want=$1 out
    shift
    out=$(monitor "$@")
    grep -qF -- "$want" <<<"$out" || no "monitor, $*: '$out' lacks '$want'"
}
says 'has no keyboard' 'sendkey a'
says 'has no mouse' 'mouse_move 1 1' --device virtio-tablet-pci
says 'usage: sendkey' 'sendkey' --device virtio-keyboard-pci
says "did you mean 'ctrl'" 'sendkey ctr-a' --device virtio-keyboard-pci
says 'up to 60000' 'sendkey a 70000' --device virtio-keyboard-pci
says 'the sum of' 'mouse_button 8' --device virtio-mouse-pci
says 'usage: mouse_move' 'mouse_move 1' --device virtio-mouse-pci
says 'usage: screendump' 'screendump' --device VGA
says 'shows nothing' "screendump $dir/a.ppm" --device VGA
says 'there are: VGA0 ramfb1' "screendump $dir/a.ppm -f png nothing" --device VGA --device ramfb
says 'png and ppm' "screendump -f gif $dir/a.gif" --device VGA
out=$(monitor $'sendkey ctrl-alt-f1\nmouse_move 3 -4 1\nmouse_button 1' --device virtio-keyboard-pci --device virtio-mouse-pci)
grep -qE 'no |usage' <<<"$out" && no "sendkey, mouse_move, mouse_button: '$out'"
[ $failed = 0 ] && echo OK
exit $failed
