#!/usr/bin/env bash
# What must hold of exchange_control.dll and exchange-control.exe as files, without running them.
#   tests/windows/library.sh FOLDER
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/expect.sh
folder=${1:?the folder with the files for Windows}
dump() { x86_64-w64-mingw32-objdump "$@"; }

# Windows Server 2016 and later have these. The api-ms-win names are contracts that Windows itself resolves.
allowed='advapi32.dll
api-ms-win-core-synch-l1-2-0.dll
bcrypt.dll
bcryptprimitives.dll
crypt32.dll
iphlpapi.dll
kernel32.dll
msvcrt.dll
ntdll.dll
oleaut32.dll
userenv.dll
ws2_32.dll'

# IMAGE_DLLCHARACTERISTICS: HIGH_ENTROPY_VA 0x20, DYNAMIC_BASE 0x40 (ASLR), NX_COMPAT 0x100 (DEP).
flags=$((0x20 | 0x40 | 0x100))

exports() {
    dump -p "$1" | sed -n '/Name Pointer\] Table/,/^$/p' | awk '$1 == "[" { print $NF }' | sort
}
imports() {
    dump -p "$1" | sed -n 's/^\s*DLL Name: //p' | tr '[:upper:]' '[:lower:]' | sort -u
}
characteristics() {
    dump -p "$1" | awk '$1 == "DllCharacteristics" { print "0x" $2 }'
}
# Folders of the machine that built it, and names of users.
paths() {
    { strings -n 4 "$1"; strings -n 4 -e l "$1"; } |
        grep -E '/(home|root|tmp|usr|var)/|/registry/|\.cargo|[A-Za-z]:[\\/][A-Za-z]+[\\/]' || true
}

dll=$folder/exchange_control.dll
same 'the library exports what the header declares' "$(declared_functions x86_64-w64-mingw32-gcc-win32)" "$(exports "$dll")"
holds 'the library does not have what only tests need' eval '! grep -q testPanic "$dll"'
for file in "$dll" "$folder/exchange-control.exe"; do
    name=$(basename "$file")
    among "$name imports from what Windows Server 2016 has" "$allowed" "$(imports "$file")"
    same "$name is for x64" 'pei-x86-64' "$(dump -f "$file" | sed -n 's/.*file format //p')"
    same "$name has ASLR, DEP and high entropy" "$flags" "$(($(characteristics "$file") & flags))"
    holds "$name can be moved in memory" eval 'dump -h "$file" | grep -q "\.reloc"'
    same "$name holds no path of the machine that built it" '' "$(paths "$file")"
    same "$name is stripped" '' "$(dump -h "$file" | grep -o '\.debug_[a-z]*' || true)"
    holds "$name has its symbols beside it" eval 'dump -h "$folder/symbols/$name.debug" | grep -q "\.debug_line"'
done
holds "the library is under 6 MB: $(stat -c %s "$dll") bytes" test "$(stat -c %s "$dll")" -lt 6000000
echo "imports of the library: $(imports "$dll" | paste -sd ' ')"
