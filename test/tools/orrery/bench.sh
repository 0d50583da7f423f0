#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# orrery bench: names, groups and options; a checksum that is wrong, a mark that is missing, and what is not there are
# failures, in the table and in JSON. No time is judged. The peer is a script, the guest some instructions.
# usage: bench.sh ORRERY
set -uo pipefail
orrery=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

refused() { # refused 'WORDS OF THE MESSAGE' OPTION...
    local want=$1 out
    shift
    out=$("$orrery" bench "$@" 2>&1) && { echo "FAILED: accepted: $*"; failed=1; return; }
    grep -qF -- "$want" <<<"$out" || { echo "FAILED: $*: '$out' lacks '$want'"; failed=1; }
}
shows() { # shows 'WORDS' OPTION...; the last status is in $status
    local want=$1
    shift
    out=$("$orrery" bench "$@" 2>&1)
    status=$?
    rm -f $(grep -o '/tmp/orrery-bench-[A-Za-z0-9]*' <<<"$out") # output that is kept of a failure
    grep -qE -- "$want" <<<"$out" || { echo "FAILED: $*: '$out' lacks '$want'"; failed=1; }
}

shows 'usage: orrery bench' --help
for group in integer fp boot micro translation parallel patterns; do
    grep -q "^  $group  *" <<<"$out" || { echo "FAILED: the help has no group $group"; failed=1; }
done
refused "did you mean 'micro'" micr
refused "did you mean 'hashing'" hashin
refused 'riscv64, arm64, loong64 or amd64 is expected' --arch vax
refused '--runs' --runs 0
refused '--runs' --runs 52
refused 'there is no such program' --qemu "$dir/none"
refused 'its value is missing' --arch
refused 'build the target bench-kernels' --qemu none --kernels "$dir" hashing
XDG_CACHE_HOME=$dir refused 'tools/fetch-guest riscv64' --qemu none boot
XDG_CACHE_HOME=$dir refused 'tools/fetch-programs arm64' --qemu none --arch arm64 xz
XDG_CACHE_HOME=$dir refused 'tools/fetch-programs amd64' --qemu none --arch amd64 parallel

# A guest that prints what stands behind it and powers the board off: addresses are relative to its start.
#   auipc t0, 0; addi t0, t0, 52; lui t1, 0x10000; 1: lbu t2, (t0); beqz t2, 2f; sb t2, (t1); addi t0, t0, 1; j 1b
#   2: lui t1, 0x100; lui t2, 5; addi t2, t2, 0x555; sw t2, (t1); 3: j 3b
guest() { # guest NAME WANTED TEXT
    printf '\x97\x02\x00\x00\x93\x82\x42\x03\x37\x03\x00\x10\x83\xc3\x02\x00\x63\x88\x03\x00\x23\x00\x73\x00\x93\x82\x12\x00\x6f\xf0\x1f\xff' >"$dir/$1.elf"
    printf '\x37\x03\x10\x00\xb7\x53\x00\x00\x93\x83\x53\x55\x23\x20\x73\x00\x6f\x00\x00\x00' >>"$dir/$1.elf"
    printf "$3\0" >>"$dir/$1.elf"
    printf '%b' "$2" >"$dir/$1.sum"
}
guest embedded 'checksum 1\n' 'begin\nchecksum 1\n'
guest hashing 'checksum 2\n' 'begin\nchecksum 1\n'
guest trees 'checksum 1\n' 'checksum 1\n'
guest mmio 'checksum 3\nevents 1000\n' 'begin\r\nchecksum 3\n'
for peer in 1 2; do # the second does not end well
    printf '#!/bin/sh\necho begin\necho checksum 1\nexit %d\n' $((peer - 1)) >"$dir/peer$peer"
done
chmod +x "$dir"/peer?
alone=(--qemu none --runs 2 --kernels "$dir")
shows '^embedded ' "${alone[@]}" embedded
[ $status = 0 ] || { echo "FAILED: embedded: status $status"; failed=1; }
shows '^mmio .* ns ' "${alone[@]}" mmio
shows "hashing under .* did not end with 'checksum 2'" "${alone[@]}" hashing embedded
[ $status = 1 ] || { echo "FAILED: hashing: status $status"; failed=1; }
shows "trees under .* did not end" "${alone[@]}" trees
shows '"time": "cpu"' "${alone[@]}" --cpu-time --json embedded
shows '"failed": true' "${alone[@]}" --json hashing
shows '^integer ' --qemu "$dir/peer1" --runs 1 --kernels "$dir" embedded
[ $status = 0 ] || { echo "FAILED: beside a peer: status $status"; failed=1; }
shows '"not_measured": 2' --qemu "$dir/peer1" --runs 1 --kernels "$dir" --json hashing trees
shows 'embedded under .*peer2 did not end' --qemu "$dir/peer2" --runs 1 --kernels "$dir" embedded
shows '^integer  *1 not measured' --qemu "$dir/peer2" --runs 1 --kernels "$dir" embedded

# Two CPUs: a firmware that does its work more often than it is asked to, and one that ends before. Only hart 0 prints. It does
# not wait to be stopped: eleven looks at its output may take 4 KiB each, and the pipe holds 64 KiB; 12000 times are 156 KB.
#   csrr t0, mhartid; beqz t0, 1f; 0: wfi; j 0b; 1: as above
firmware() { # firmware TIMES
    local at=$dir/orrery/guests/riscv64/firmware/generic next
    next=$(yes -- '--- next ---' | head -n "$1")
    mkdir -p "$at" "$dir/orrery/guests/riscv64/programs"
    guest parallel '' "\n--- begin ---\n--- end ---\norrery exit 0\n$next\n"
    { printf '\xf3\x22\x40\xf1\x63\x86\x02\x00\x73\x00\x50\x10\x6f\xf0\xdf\xff'; cat "$dir/parallel.elf"; } >"$at/fw_dynamic.bin"
    : >"$dir/orrery/guests/riscv64/programs/initrd.img"
    cp "$dir/parallel.elf" "$dir/orrery/guests/riscv64/kernel"
}
export XDG_CACHE_HOME=$dir
firmware 12000
shows '2 CPUs: .*x .* as fast as one; 2 machines of one CPU at once: .*x ' --qemu none --runs 1 parallel
[ $status = 0 ] || { echo "FAILED: parallel: status $status"; failed=1; }
shows '"speedup_by_machines"' --qemu none --runs 1 --json parallel
firmware 5
shows 'parallel under .* ended before it was to' --qemu none --runs 1 parallel
[ $status = 1 ] || { echo "FAILED: parallel that ends: status $status"; failed=1; }
exit $failed
