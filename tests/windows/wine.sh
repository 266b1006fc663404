#!/usr/bin/env bash
# What must hold of the library and the command when they run as Windows programs, here under Wine.
#   tests/windows/wine.sh FOLDER LINUX
# FOLDER has the files for Windows as they ship, LINUX those for Linux.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/expect.sh
root=$PWD
shipped=$(realpath "${1:?the folder with the files for Windows}")
linux=$(realpath "${2:?the folder with the files for Linux}")

work=$(mktemp -d)
export WINEPREFIX=$work/prefix WINEDEBUG=-all LC_ALL=C.UTF-8
trap 'wineserver -k || true; rm -rf "$work"' EXIT
wine wineboot --init >/dev/null 2>&1
wineserver --wait

# Compiles SOURCE to PROGRAM for Windows.
compile() {
    local source=$1 program=$2
    shift 2
    x86_64-w64-mingw32-gcc-win32 -Wall -Wextra -Werror -O1 -o "$program" "$source" "$@"
}
# What Windows calls a file of ours.
windows_path() {
    printf 'Z:%s' "${1//\//\\}"
}
# Runs the command that ships; its exit code becomes the last line.
on_windows() {
    local code=0
    wine "$work/bin/exchange-control.exe" "$@" 2>&1 || code=$?
    echo "exit code $code"
}
on_linux() {
    local code=0
    "$linux/exchange-control" "$@" 2>&1 || code=$?
    echo "exit code $code"
}
# Two runs are made at two times.
timeless() {
    sed 's/"generated": *"[^"]*"/"generated": ""/'
}

mkdir "$work/bin" "$work/abi" "$work/data"
cp "$shipped"/*.exe "$shipped"/*.dll "$work/bin"
compile tests/windows/prng.c "$work/bin/bcryptprimitives.dll" -shared -ladvapi32
compile tests/windows/version.c "$work/version.exe" -lversion
compile tests/windows/interrupt.c "$work/interrupt.exe" -municode

# The version resource.
for file in exchange_control.dll exchange-control.exe; do
    kind=library
    [ "$file" = exchange_control.dll ] || kind=application
    same "$file has a version resource" "Version=$(version_of_the_crate)
Type=$kind
CompanyName=ExchangeControl contributors
FileDescription=$(sed -n 's/^description = "\(.*\)"$/\1/p' Cargo.toml)
FileVersion=$(version_of_the_crate)
InternalName=exchange-control
LegalCopyright=MIT License
OriginalFilename=$file
ProductName=ExchangeControl
ProductVersion=$(version_of_the_crate)" "$(wine "$work/version.exe" "$(windows_path "$work/bin/$file")" | tr -d '\r')"
done

# The C ABI: the program that Linux runs too.
cp "$work/bin"/*.dll "$work/abi"
cp "$(x86_64-w64-mingw32-gcc-win32 -print-file-name=libwinpthread-1.dll)" "$work/abi"
compile tests/c/abi.c "$work/abi/abi.exe" -std=c99 -pedantic -pthread -DAS_SHIPPED -Iinclude "$work/abi/exchange_control.dll"
# Quick: what could differ here are calls and threads, not sizes.
holds 'the C program passes' wine "$work/abi/abi.exe" quick

# The same answers as on Linux.
same 'version' "$(on_linux --version)" "$(on_windows --version)"
same 'schema' "$(on_linux schema)" "$(on_windows schema)"
same 'list' "$(on_linux list --format json)" "$(on_windows list --format json)"
for format in json ndjson table; do
    same "the example as $format" "$(on_linux test examples/contoso --offline --format "$format" | timeless)" \
        "$(on_windows test examples/contoso --offline --format "$format" | timeless)"
done

# Names beyond ASCII and with blanks: of connectors, files, folders, arguments.
name='Zürich ✉ 日本 𝄞'
export_of() {
    printf '{"Identity":"%s","Name":"%s","Enabled":true,"IgnoreSTARTTLS":true,"AddressSpaces":["SMTP:*;1"],"SmartHosts":[]}' "$1" "$1"
}
folder="$work/data/Größe und Maß/日本"
mkdir -p "$folder"
export_of "$name" >"$folder/$name.json"
cd "$folder"
same 'a connector and a file beyond ASCII' "$(on_linux test "$name.json" --format json | timeless)" \
    "$(on_windows test "$name.json" --format json | timeless)"
holds 'the name came through' grep -qF "\"identity\": \"$name\"" <<<"$(on_windows test "$name.json" --format json)"
same 'a folder beyond ASCII, by its whole path' "$(on_linux test . --format json | timeless)" \
    "$(on_windows test "$(windows_path "$folder")" --format json | timeless)"
same 'an argument beyond ASCII' "$(on_linux test . --control "$name")" "$(on_windows test . --control "$name")"
same 'an output beyond ASCII' 'exit code 1' "$(on_windows test . --format json --output "out $name.json")"
same 'is what Linux writes' "$(on_linux test "$name.json" --format json | timeless)" \
    "$(timeless <"out $name.json"; echo 'exit code 1')"
same 'nothing else is left' "$name.json
out $name.json" "$(ls -A | sort)"
cd "$root"

# Paths longer than MAX_PATH (260), plain and in the form that says so.
part=$(printf 'x%.0s' {1..60})
long="$work/data/$part/$part/$part/$part/$part"
mkdir -p "$long"
export_of Long >"$long/long.json"
expected=$(on_linux test "$long/long.json" --format ndjson)
for path in "$(windows_path "$long/long.json")" "\\\\?\\$(windows_path "$long/long.json")"; do
    holds "${path::7}... has ${#path} characters" test ${#path} -gt 260
    same 'a long path is read' "$expected" "$(on_windows test "$path" --format ndjson)"
    same 'a long path is written' 'exit code 1' \
        "$(on_windows test "$path" --format ndjson --output "${path%.json}.ndjson")"
    same 'in full' "$expected" "$(cat "$long/long.ndjson"; echo 'exit code 1')"
    rm "$long/long.ndjson"
done

# The DNS servers of the system are read. Nothing is asked of them: there is only a loopback here, and the servers are addresses
# for documentation (RFC 5737, RFC 3849), named in an /etc that only the command sees.
cp -a /etc "$work/etc" 2>/dev/null || true
rm -f "$work/etc/resolv.conf"
printf 'nameserver 192.0.2.53\nnameserver 2001:db8::53\n' >"$work/etc/resolv.conf"
apart() {
    unshare --map-root-user --net --mount sh -c 'ip link set lo up && mount --bind "$0" /etc && exec "$@"' "$work/etc" "$@"
}
wineserver --kill || true
if ! apart true; then
    echo 'SKIPPED: this system lets nobody have a network apart, so the DNS servers of the system were not looked for' >&2
else
    said() { grep -E '"(reason|message)"'; }
    asked=$(apart "$linux/exchange-control" test --domain contoso.com --format json | said) || true
    for server in 192.0.2.53:53 '[2001:db8::53]:53'; do
        holds "$server is named" grep -F "$server: cannot be reached" <<<"$asked"
    done
    same 'the DNS servers of the system are those of Linux' "$asked" \
        "$(apart wine "$work/bin/exchange-control.exe" test --domain contoso.com --format json 2>&1 | said)"
    apart wineserver --kill || true
fi

# Ctrl+C, while it waits for input and while it writes.
interrupt() {
    local code=0
    wine "$work/interrupt.exe" "$@" || code=$?
    echo "exit code $code"
}
mkdir "$work/data/interrupted"
cd "$work/data/interrupted"
mkfifo "$work/input"
sleep 60 >"$work/input" &
waiting=$!
same 'Ctrl+C ends it while it reads' 'exit code 130' \
    "$(interrupt - "$(windows_path "$work/bin/exchange-control.exe")" test - --output out.json <"$work/input")"
kill "$waiting"
same 'and nothing is left' '' "$(ls -A)"
{
    printf '['
    export_of C-0
    for number in {1..60000}; do printf ',' && export_of "C-$number"; done
    printf ']'
} >"$work/data/large.json"
echo old >out.json
same 'Ctrl+C ends it while it writes' 'exit code 130' \
    "$(interrupt '.exchange-control-*.tmp' "$(windows_path "$work/bin/exchange-control.exe")" test ..\\large.json --format json --output out.json)"
same 'and the old output is whole' 'out.json: old' "$(ls -A): $(cat out.json)"
cd "$root"

# Whoever reads the output may have seen enough.
{
    code=0
    wine "$work/bin/exchange-control.exe" test "$(windows_path "$work/data/large.json")" --format ndjson 2>"$work/said" || code=$?
    echo "exit code $code" >>"$work/said"
} | head -n 1 >/dev/null
same 'a reader that has seen enough does not change the exit code' 'exit code 1' "$(cat "$work/said")"
