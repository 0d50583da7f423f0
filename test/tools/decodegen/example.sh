#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The worked examples of docs/decode.md do what the document says.
# usage: example.sh DECODEGEN CC SOURCE-TREE HEADER TABLE-TAG C-TAG TEXT-TAG [SOURCE...]
# The tags are those of the fenced blocks; sources of the tree are built with the example.
set -eu
decodegen=$(realpath "$1") cc=$2 top=$3 header=$4 table=$5 code=$6 text=$7
shift 7
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
block() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$top/docs/decode.md" | sed '1d;$d'; }
block "$table" >"$dir/ex.decode"
block "$code" >"$dir/main.c"
block "$text" >"$dir/expected"
mkdir -p "$(dirname "$dir/$header")"
"$decodegen" "$dir" "$header" "$dir/ex.decode"
"$cc" -std=gnu17 -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -Wno-missing-field-initializers \
    -I"$dir" -I"$top" -o "$dir/example" "$dir/main.c" "$dir/${header%.h}.c" "${@/#/$top/}"
"$dir/example" >"$dir/output"
diff -u "$dir/expected" "$dir/output"
