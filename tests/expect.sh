# What the checks written as shell scripts say of the project: each prints a line, and the first that fails ends the script.
# To be sourced by bash with set -e.

# Nothing ends without a word.
trap 'echo "FAILED $0, line $LINENO: $BASH_COMMAND" >&2' ERR

# same WHAT EXPECTED FOUND
same() {
    if [ "$2" != "$3" ]; then
        printf 'FAILED %s\n' "$1" >&2
        diff --label expected --label found -u <(printf '%s\n' "$2") <(printf '%s\n' "$3") | head -40 >&2
        exit 1
    fi
    printf 'ok %s\n' "$1"
}

# holds WHAT COMMAND...: the command must succeed; it prints to standard error why it does not.
holds() {
    local what=$1
    shift
    if ! "$@"; then
        printf 'FAILED %s: %s\n' "$what" "$*" >&2
        exit 1
    fi
    printf 'ok %s\n' "$what"
}

# among WHAT ALLOWED FOUND: every line of FOUND is one of ALLOWED, which has one a line too.
among() {
    local others
    others=$(comm -13 <(sort -u <<<"$2") <(sort -u <<<"$3"))
    [ -n "$3" ] || others='(nothing was found)'
    same "$1" '' "$others"
}

# The version that all files must have: the crate's.
version_of_the_crate() {
    sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1
}

# The functions that the header declares, one a line. A C compiler takes the comments out.
declared_functions() {
    "${1:-cc}" -E -P include/exchange_control.h | grep -oE '\bxc_[a-z_]+ *\(' | tr -d ' (' | sort
}
