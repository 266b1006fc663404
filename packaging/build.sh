#!/usr/bin/env bash
# Builds the library and the command for release, stripped, each with a file of its symbols.
#   packaging/build.sh win-x64 | linux-x64
# target/delivery/<system> gets the files, its folder symbols what a debugger needs. win-x64 is built by Debian's cross compilers,
# which this script installs; linux-x64 by the cargo that is there. The same commit, built by the same compilers, gives the same
# bytes in every folder.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
system=${1:?win-x64 or linux-x64}
built=${CARGO_TARGET_DIR:-target}
[[ $built = /* ]] || built=$root/$built
folder=$built/delivery/$system

case $system in
win-x64)
    .ci/need /usr/bin/cargo=cargo-web /usr/bin/rustc=rustc-web /usr/lib/rustlib/src/rust/library=rust-web-src \
        x86_64-w64-mingw32-gcc-win32=gcc-mingw-w64-x86-64-win32
    # Debian's compilers in front of others; the standard library is built from its source, which the variable allows. Linker
    # and dlltool go by name, since the path of a flag would change what is built.
    export PATH=$root/packaging/windows:/usr/bin:$PATH RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
    target=x86_64-pc-windows-gnu tools=x86_64-w64-mingw32- library=exchange_control.dll command=exchange-control.exe
    # A folder of its own: with -Zbuild-std everything is built for this target alone.
    built=$built/windows
    build=(-Zbuild-std=std,panic_unwind)
    flags=(-Clink-arg=-Wl,--no-insert-timestamp -Cdlltool=rustc-dlltool)
    export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=rustc-link CC_x86_64_pc_windows_gnu=${tools}gcc-win32
    ;;
linux-x64)
    .ci/need cc=build-essential
    target=x86_64-unknown-linux-gnu tools='' library=libexchange_control.so command=exchange-control
    build=()
    flags=()
    ;;
*)
    echo "$system: expected win-x64 or linux-x64" >&2
    exit 2
    ;;
esac

# One at a time: it writes to the same places.
mkdir -p "$built"
exec 9>"$built/delivery.lock"
flock 9

# Bitcode in every crate, for optimising across them.
flags+=(-Cembed-bitcode=yes)

# No path of this machine goes into the files. The more special one must come later.
registry=${CARGO_HOME:-$HOME/.cargo}/registry/src
cargo fetch --locked --quiet --target "$target"
paths=("$root=." "$built=target" "$(rustc --print sysroot)/lib/rustlib/src/rust=rust")
for source in "$registry"/*; do paths+=("$source=crates"); done
flags+=("${paths[@]/#/--remap-path-prefix=}")
printf -v rustflags '%s\x1f' "${flags[@]}"
export CARGO_ENCODED_RUSTFLAGS=${rustflags%$'\x1f'}
export CC_SHELL_ESCAPED_FLAGS=1
printf -v "CFLAGS_${target//-/_}" '%q ' "${paths[@]/#/-ffile-prefix-map=}"
export "CFLAGS_${target//-/_}"

# What was built of the same source by the same compilers is not built again; cargo would, since the library is built in two ways.
key=$({
    rustc -vV
    "${tools}ld" --version
    find Cargo.toml Cargo.lock build.rs src module/ExchangeControl/{Controls,Schemas} packaging -type f -print0 | LC_ALL=C sort -z |
        xargs -0 sha256sum
} | sha256sum)
if [ "$(cat "$folder/symbols/built-from" 2>/dev/null)" = "$key" ]; then
    echo "$folder is up to date"
    exit 0
fi
rm -f "$folder/symbols/built-from"

# compile FLAGS...: optimises what it makes as a whole, without what nobody calls. Cargo would not do so for a library that is also
# made for Rust, or would build every crate in a way for each; so every crate has what both need, and the flag comes from here.
compile() {
    CARGO_PROFILE_RELEASE_DEBUG=line-tables-only CARGO_PROFILE_RELEASE_STRIP=none CARGO_PROFILE_RELEASE_LTO=false \
        CARGO_TARGET_DIR=$built cargo rustc --locked --release --target "$target" "${build[@]}" "$@" -- -Clto=thin
}

# The time that these tools would write into a file for Windows.
export SOURCE_DATE_EPOCH=0
mkdir -p "$folder/symbols"
deliver() {
    "${tools}objcopy" --only-keep-debug "$built/$target/release/$1" "$folder/symbols/$1.debug"
    "${tools}strip" --strip-all -o "$folder/$1" "$built/$target/release/$1"
    "${tools}objcopy" --add-gnu-debuglink="$folder/symbols/$1.debug" "$folder/$1"
    echo "$folder/$1: $(stat -c %s "$folder/$1") bytes"
}

compile --bin exchange-control
deliver "$command"
compile --lib --crate-type cdylib
deliver "$library"
echo "$key" >"$folder/symbols/built-from"
