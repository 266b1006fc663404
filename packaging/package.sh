#!/usr/bin/env bash
# Makes the module as it ships, as a folder and as an archive: target/delivery/ExchangeControl and ExchangeControl-<version>.zip.
# The same commit gives the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
.ci/need zip=zip
delivery=$(realpath -m "${CARGO_TARGET_DIR:-target}/delivery")
module=$delivery/ExchangeControl
archive=$delivery/ExchangeControl-$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1).zip

packaging/build.sh win-x64
packaging/build.sh linux-x64

rm -rf "$module" "$archive"
mkdir -p "$module/bin/win-x64" "$module/bin/linux-x64"
git ls-files -z module/ExchangeControl | tar -c --null -T - | tar -x -C "$module" --strip-components=2
cp LICENSE "$module"
packaging/licences.sh >"$module/THIRD-PARTY-LICENSES.txt"
cp "$delivery/win-x64/exchange_control.dll" "$module/bin/win-x64"
cp "$delivery/linux-x64/libexchange_control.so" "$module/bin/linux-x64"

cd "$module"
find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum >"$delivery/SHA256SUMS"
mv "$delivery/SHA256SUMS" .

# Nothing of this machine: modes, times, order.
find . -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
find . -exec touch -d "@$(git -C "$OLDPWD" log -1 --format=%ct)" {} +
cd ..
find ExchangeControl -type f | LC_ALL=C sort | TZ=UTC zip -X -D -q -@ "$archive"
echo "$archive: $(stat -c %s "$archive") bytes"
