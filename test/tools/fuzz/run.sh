#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# orrery fuzz: no difference and all encodings for some seeds; a difference that is there is found and
# made small; wrong arguments are refused; the lines of docs/lockstep.md end as they say.
# usage: run.sh ORRERY SOURCE-TREE [short]
set -eu
orrery=$(realpath "$1")
docs=$(realpath "$2")/docs/lockstep.md
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() {
    echo "$1" >&2
    cat out >&2
    exit 1
}

# A whole table takes half a million instructions, x86's a million and a half; with sanitizers that is minutes.
short() {
    "$orrery" fuzz --isa "$1" --instructions 100000 --seed 1 --report short.json >out 2>&1 ||
        { grep -q '"missing": [1-9]' short.json && ! grep -q '^lockstep' out; } || fail "$1: a difference"
}

whole_tables() {
    "$orrery" fuzz --isa aarch64 --instructions 600000 --seed 2 --report arm.json >out 2>&1 ||
        fail "aarch64: a difference, or an encoding is missing"
    grep -q '"missing": 0' arm.json || fail "aarch64: the report says something is missing"
    for cause in "trapped FP or SIMD" "branch target" "illegal execution state" SVC HVC SMC "instruction abort" \
                 "trapped system register" "pointer authentication failure" "data abort" "SP alignment" \
                 "memory copy and set" "software step" watchpoint BRK; do
        grep -Eq "\"$cause\": [1-9]" arm.json || { cp arm.json out; fail "aarch64: no $cause"; }
    done

    "$orrery" fuzz --isa loongarch64 --instructions 600000 --seed 2 --report la.json >out 2>&1 ||
        fail "loongarch64: a difference, or an encoding is missing"
    grep -q '"missing": 0' la.json || fail "loongarch64: the report says something is missing"
    for cause in "page invalid, load" "page invalid, store" "page modified" "page not readable" "page privilege" \
                 "memory address" alignment "bound check" "instruction privilege" "FP disabled" "floating point" \
                 "vector floating point" "TLB refill"; do
        grep -Eq "\"$cause\": [1-9]" la.json || { cp la.json out; fail "loongarch64: no $cause"; }
    done
}

if [ "${3:-}" = short ]; then
    short riscv64
    short aarch64
    short loongarch64
    short x86_64
else
    for seed in 1 2; do
        "$orrery" fuzz --instructions 600000 --seed $seed --report report$seed.json >out 2>&1 ||
            fail "seed $seed: a difference, or an encoding is missing"
        grep -q '"missing": 0' report$seed.json || fail "seed $seed: the report says something is missing"
    done
    whole_tables
    "$orrery" fuzz --isa x86_64 --instructions 1500000 --seed 1 --report x86.json >out 2>&1 ||
        fail "x86_64: a difference, or an encoding is missing"
    grep -q '"missing": 0' x86.json || fail "x86_64: the report says something is missing"
    for cause in "#DE" "#DB" "#BP" "#OF" "#BR" "#UD" "#NM" "#SS" "#GP" "#PF" "#MF" "#AC" "#XM"; do
        grep -Eq "\"$cause [a-zA-Z0-9 ]*\": [1-9]" x86.json || { cp x86.json out; fail "x86_64: no $cause"; }
    done
fi

# As long as a whole table takes.
if [ "${3:-}" != short ]; then
    # The table: every row retired or says why not; each kind of exception came.
    "$orrery" fuzz --instructions 600000 --seed 5 --cpu max,misaligned=off --report table.txt >out 2>&1 ||
        fail "misaligned=off differs"
    awk '/^encoding/ { rows = 1; next } /^$/ { rows = 0 } rows && $1 != "(no" && $2 == 0 && NF < 5 { print; bad = 1 }
         END { exit bad }' table.txt || fail "a row without executions has no reason"
    for cause in "illegal instruction" breakpoint "load address misaligned" "load access fault" \
                 "store/AMO address misaligned" "store/AMO access fault" "environment call from U-mode" \
                 "environment call from S-mode" "environment call from M-mode" "load page fault" \
                 "store/AMO page fault" "instruction page fault" "instruction access fault"; do
        grep -Eq "^$cause +[1-9]" table.txt || { cp table.txt out; fail "no $cause"; }
    done
fi

# Translated code without Zba: what is left must be of Zba and nothing else.
status=0
"$orrery" fuzz --seed 1 --against max,zba=off >out 2>&1 || status=$?
[ $status = 1 ] || fail "--against max,zba=off: status $status"
sed -n '/^what is left/,/^lockstep/p' out | grep -Eq ' (sh[123]add|add\.uw|slli\.uw|c\.zext\.w)' ||
    fail "the program made small shows no instruction of Zba"
[ "$(sed -n '/^what is left/,/^lockstep/p' out | wc -l)" -le 8 ] || fail "the program is not small"
command=$(sed -n 's/^  orrery //p' out)
status=0
# shellcheck disable=SC2086 # words
"$orrery" $command >again 2>&1 || status=$?
[ $status = 1 ] || fail "the printed command does not repeat the difference"
cmp out again || fail "the difference came out otherwise"

for wrong in "--isa vax" "--seed x" "--compare 0" "--frobnicate 1" "--seed" "--cpu nosuch"; do
    status=0
    # shellcheck disable=SC2086 # words
    "$orrery" fuzz $wrong >out 2>&1 || status=$?
    [ $status = 2 ] && grep -q "^orrery fuzz: " out || fail "$wrong: status $status"
done

# Sanitizers make minutes of these, which find nothing that `short` does not.
[ "${3:-}" != short ] || exit 0
orrery() { "$orrery" "$@"; }
lines=0
while read -r line; do
    lines=$((lines + 1))
    eval "$line" >out 2>&1 || fail "docs: $line"
done < <(sed -n '/^```sh/,/^```/p' "$docs" | grep orrery)
[ $lines -ge 5 ] || fail "docs/lockstep.md has only $lines lines to run"
