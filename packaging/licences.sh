#!/usr/bin/env bash
# Writes what the licences of the dependencies want passed on: of each crate that is in the library its name, its licence, and the
# licence files that came with it. A text that many crates have is written once.
set -euo pipefail
cd "$(dirname "$0")/.."

crates() {
    for target in x86_64-pc-windows-gnu x86_64-unknown-linux-gnu; do
        cargo tree --locked --edges normal --target "$target" --prefix none --format '{p}|{l}|{r}'
    done | grep -v '^exchange-control ' | sed 's/ (\*)$//; s/ (proc-macro)|/|/' | LC_ALL=C sort -u
}

declare -A seen
echo 'ExchangeControl is under the MIT License (see LICENSE). It contains these crates, under these licences.'
while IFS='|' read -r crate licence repository; do
    folder=("${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"${crate/ v/-}")
    printf '\n%s\n%s\n%s\n%s\n' '--------' "$crate" "$licence" "$repository"
    files=$(find "${folder[0]}" -maxdepth 1 -type f -iregex '.*/\(licen[cs]e\|copying\|copyright\|notice\|unlicense\)[^/]*')
    while IFS= read -r file; do
        [ -n "$file" ] || continue
        text=$(tr -d '\r' <"$file")
        hash=$(tr -d '[:space:]' <<<"$text" | sha256sum)
        if [ -n "${seen[$hash]:-}" ]; then
            printf '%s: as that of %s\n' "${file##*/}" "${seen[$hash]}"
        else
            seen[$hash]=$crate
            printf '\n%s:\n%s\n' "${file##*/}" "$text"
        fi
    done < <(LC_ALL=C sort <<<"$files")
done < <(crates)
