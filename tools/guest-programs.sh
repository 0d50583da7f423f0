# SPDX-License-Identifier: Apache-2.0
# For scripts that put a program of Debian's, for the guest architecture $arch, on top of fetch-guest's initial RAM
# disk in $guest: sourced by tools/fetch-nested and tools/fetch-programs, which set $dir and have die and say.
# Packages come from the mirror and suite that fetch-guest used, through a private apt state directory.

apt() {
    apt-get -q -o "APT::Architecture=$arch" -o "APT::Architectures=$arch" -o "Dir::State=$dir/apt" \
        -o "Dir::State::status=$dir/apt/status" -o "Dir::State::lists=$guest/apt/lists" -o "Dir::Cache=$dir/apt" \
        -o "Dir::Cache::archives=$dir/apt/archives" -o "Dir::Etc::sourcelist=$guest/apt/sources.list" \
        -o "Dir::Etc::sourceparts=/nonexistent" -o "Dir::Etc::preferencesparts=$dir/apt/etc/preferences.d" \
        -o "Dir::Etc::preferences=/nonexistent" -o Acquire::Languages=none -o Acquire::Retries=5 \
        -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false -o APT::Sandbox::User=root \
        -o APT::Install-Recommends=false "$@"
}

# PACKAGES: they and all they depend on, unpacked in $dir/root.
unpack_package() {
    local fetched=0 state=$dir/apt file
    [ -s "$guest/apt/sources.list" ] || die "$guest/apt/sources.list is missing; remove $guest and fetch it again"
    rm -rf "$dir/root" "$dir/ram" "$dir/stamp"
    mkdir -p "$state/archives/partial" "$guest/apt/lists/partial" "$state/etc/preferences.d" "$dir/root"
    : >"$state/status"
    for try in 1 2 3; do
        if apt update >"$state/log" 2>&1 && apt -y --download-only install "$@" >>"$state/log" 2>&1; then
            fetched=1
            break
        fi
    done
    [ "$fetched" = 1 ] || { tail -n 5 "$state/log" >&2; die "downloading failed (full log: $state/log)"; }
    for file in "$state"/archives/*.deb; do dpkg-deb -x "$file" "$dir/root"; done
    libraries=$(find "$dir/root" -name '*.so*' \( -type f -o -type l \))
}

# FILE: copy the libraries it needs, and those they need, to $top/lib.
add_needed() {
    local name path
    for name in $(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
        [ ! -e "$top/lib/$name" ] || continue
        path=$(grep "/$name\$" <<<"$libraries" | sed -n 1p)
        [ -n "$path" ] || die "no package holds $name, which $(basename "$1") needs"
        cp -L "$path" "$top/lib/$name"
        add_needed "$top/lib/$name"
    done
}

# PROGRAM of the packages, PLACE in the RAM disk, NAME, WORDS...: the program, its libraries, and a script NAME that
# runs it with WORDS and what it is given.
add_program() {
    local program=$dir/root/$1 place=$2 name=$3 loader
    shift 3
    top=$dir/ram$place
    mkdir -p "$top/lib"
    [ -x "$program" ] || die "the packages hold no $(basename "$program")"
    cp "$program" "$top/lib/$name.program"
    add_needed "$program"
    loader=$(readelf -l "$program" | sed -n 's/.*interpreter: \(.*\)\]/\1/p')
    loader=${loader##*/}
    [ -e "$top/lib/$loader" ] || cp -L "$(grep "/$loader\$" <<<"$libraries" | sed -n 1p)" "$top/lib/$loader"
    cat >"$top/$name" <<RUN
#!/bin/sh
exec $place/lib/$loader --library-path $place/lib $place/lib/$name.program $* "\$@"
RUN
    chmod +x "$top/$name"
}

# The RAM disk of fetch-guest and $dir/ram: two archives, one behind the other; the kernel unpacks both.
write_initrd() {
    local size
    (cd "$dir/ram" && find . -mindepth 1 | sort | cpio -o -H newc --owner=0:0 --quiet) >"$dir/cpio"
    cp "$guest/initrd.img" "$dir/initrd.img.new"
    size=$(stat -c %s "$dir/initrd.img.new") # an archive that is not compressed begins at a multiple of 4
    head -c $(((4 - size % 4) % 4)) /dev/zero >>"$dir/initrd.img.new"
    cat "$dir/cpio" >>"$dir/initrd.img.new"
    mv "$dir/initrd.img.new" "$dir/initrd.img"
    (cd "$dir/apt/archives" && printf '%s\n' "$wanted" *.deb) >"$dir/stamp"
    rm -rf "$dir/ram" "$dir/root" "$dir/cpio"
}
