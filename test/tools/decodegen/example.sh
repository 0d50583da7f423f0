#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The worked example of docs/decode.md does what the document says.
# usage: example.sh DECODEGEN CC SOURCE-TREE
set -eu
decodegen=$(realpath "$1") cc=$2 top=$3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
block() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$top/docs/decode.md" | sed '1d;$d'; }
block decode >"$dir/ex.decode"
block c >"$dir/main.c"
block text >"$dir/expected"
"$decodegen" "$dir" ex.gen.h "$dir/ex.decode"
"$cc" -std=gnu17 -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -I"$top" -I"$dir" \
    -o "$dir/example" "$dir/main.c" "$dir/ex.gen.c"
"$dir/example" >"$dir/output"
diff -u "$dir/expected" "$dir/output"
