#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The example of opcode tables in docs/decode.md does what the document says, with the decoder of cpu/x86.
# usage: opcodes.sh DECODEGEN CC SOURCE-TREE
set -eu
decodegen=$(realpath "$1") cc=$2 top=$3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
block() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$top/docs/decode.md" | sed '1d;$d'; }
block opcodes >"$dir/ex.decode"
block opcodes-c >"$dir/main.c"
block opcodes-text >"$dir/expected"
mkdir -p "$dir/cpu/x86"
"$decodegen" "$dir" cpu/x86/decode.gen.h "$dir/ex.decode"
"$cc" -std=gnu17 -Wall -Wextra -Werror -Wshadow -Wno-missing-field-initializers -I"$dir" -I"$top" \
    -o "$dir/example" "$dir/main.c" "$dir/cpu/x86/decode.gen.c" \
    "$top"/cpu/x86/{decode,decode_operands,disassemble}.c
"$dir/example" >"$dir/output"
diff -u "$dir/expected" "$dir/output"
