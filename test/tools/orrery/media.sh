#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# CD-ROM drives of a PC: -cdrom, the empty one that nobody asked for, and the monitor's info block, change and eject.
# usage: media.sh DIRECTORY (of the programs)
set -uo pipefail
emulator=$1/orrery-system-x86_64
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "FAILED: $*"; exit 1; }
head -c 65536 /dev/zero >"$dir/a.iso"
cp "$dir/a.iso" "$dir/b.iso"
head -c 4096 /dev/zero >"$dir/bios"

talk() { # COMMANDS OPTION...: what the monitor says
    local commands=$1
    shift
    printf "$commands"'quit\n' | timeout 60 "$emulator" -bios "$dir/bios" -vga none -m 64 -serial null -monitor stdio -display none "$@" 2>&1 | tr -d '\r'
    [ "${PIPESTATUS[1]}" = 0 ] || echo "status ${PIPESTATUS[1]}"
}
expect() { [[ $1 != *$'\n'status\ * ]] || fail "the emulator did not quit: $1"; grep -q -F -- "$2" <<<"$1" || fail "'$2' is not in: $1"; }
refuse() { # TEXT OPTION...
    local text=$1 said
    shift
    said=$(timeout 60 "$emulator" -bios "$dir/bios" -display none -serial null "$@" </dev/null 2>&1) && fail "accepted: $*"
    expect "$said" "$text"
}

expect "$(talk 'info block\n')" 'ide2-cd0: [not inserted]'
expect "$(talk 'info block\n' -M pc)" 'ide1-cd0: [not inserted]'
said=$(talk 'info block\n' -nodefaults)
[[ $said == *ide2-cd0* ]] && fail "a drive in spite of -nodefaults: $said"
expect "$(talk 'info block\n' -cdrom "$dir/a.iso")" "ide2-cd0: $dir/a.iso"
said=$(talk "change ide2-cd0 $dir/b.iso\nsystem_reset\ninfo block\neject ide9\nchange ide2-cd0 /nonexistent\nchange ide2-cd0 $dir/a.iso vhd\neject\n" -cdrom "$dir/a.iso")
expect "$said" "there is no CD-ROM drive 'ide9'; the drives are: ide2-cd0"
expect "$said" '/nonexistent: cannot open'
expect "$said" "format 'vhd': accepted are raw and qcow2"
expect "$said" 'usage: eject [-f] DRIVE'

refuse 'floppy drives are not modelled' -fda "$dir/a.iso"
refuse 'floppy drives are not modelled' -drive "file=$dir/a.iso,if=floppy"
refuse 'index 0 to 5' -drive if=ide,index=6,media=cdrom
refuse 'index 0 to 3' -M pc -drive if=ide,index=4,media=cdrom
refuse 'want index 2' -cdrom "$dir/a.iso" -drive if=ide,index=2,media=cdrom
refuse "only a CD-ROM drive (ide-cd) may be" -drive if=none,id=d,media=cdrom -device virtio-blk-pci,drive=d
refuse 'no PCI here' -M microvm,pcie=on
refuse 'one I/O APIC' -M microvm,ioapic2=on
refuse "machine 'isapc' is not modelled" -M isapc
echo OK
