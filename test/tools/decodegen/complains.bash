# SPDX-License-Identifier: Apache-2.0
# Sourced: the cases of tables that decodegen must refuse. Wants $1 = decodegen; $head is what goes before each table.
decodegen=$(realpath "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
failed=0 cases=0

# complains LINE TEXT <<table
complains() {
    cases=$((cases + 1))
    { printf '%s\n' "$head"; cat; } >t.decode
    rm -f t.h t.c
    if "$decodegen" . t.h t.decode 2>errors; then
        echo "case $cases (line $1, $2): passed" >&2; failed=1
    elif ! grep -q "^t.decode:$1: error: .*$2" errors; then
        echo "case $cases: wanted line $1 '$2', got:" >&2; cat errors >&2; failed=1
    elif [ -e t.h ] || [ -e t.c ]; then
        echo "case $cases: wrote a file in spite of an error" >&2; failed=1
    fi
}

all_complained() {
    [ $failed = 0 ] && echo "$cases tables were refused as they should be"
    exit $failed
}
