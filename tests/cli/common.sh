# shellcheck shell=sh
# What the scripts of this folder share: sourced with the program's path as $1.
# Each check says what it wanted and what it got; finish exits 1 if one failed.
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
    failures=$((failures + 1))
    echo "FAILED: $*"
}

# expect CODE ARGUMENTS...: runs the program; its output is in $work/out and $work/err.
expect() {
    wanted=$1
    shift
    code=0
    "$program" "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
    if [ "$code" -ne "$wanted" ]; then
        fail "stepcast $*: exit $code, expected $wanted"
        sed 's/^/    /' "$work/err"
    fi
}

# says TEXT, prints TEXT: the last run's standard error, standard output holds it.
says() {
    grep -qF -- "$1" "$work/err" || {
        fail "standard error lacks: $1"
        sed 's/^/    /' "$work/err"
    }
}

prints() {
    grep -qF -- "$1" "$work/out" || {
        fail "standard output lacks: $1"
        head -n 20 "$work/out" | sed 's/^/    /'
    }
}

silent() {
    [ ! -s "$work/out" ] || fail "expected nothing on standard output"
}

finish() {
    [ "$failures" -eq 0 ] || exit 1
    exit 0
}
