#!/bin/sh
# cmake/install_packages.sh against stand-ins for apt-get, dpkg-query, id and sudo, alone in PATH.
set -eu
script=$(cd "$(dirname "$0")/.." && pwd)/cmake/install_packages.sh
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
failed=0

# stand_in NAME 'SHELL COMMANDS'
stand_in() {
    printf '#!/bin/sh\n%s\n' "$2" >"$root/$1"
    chmod +x "$root/$1"
}

# expect STATUS 'CALLS' PACKAGE...: the script ends so, and has called apt-get and sudo so.
expect() {
    want_status=$1
    want_calls=$2
    shift 2
    : >"$root/calls"
    status=0
    PATH=$root sh "$script" "$@" 2>"$root/stderr" || status=$?
    calls=$(cat "$root/calls")
    if [ "$status" != "$want_status" ] || [ "$calls" != "$want_calls" ]; then
        echo "$*: expected $want_status: $want_calls; got $status: $calls"
        cat "$root/stderr"
        failed=1
    fi
}

for tool in sh grep env; do
    ln -s "$(command -v $tool)" "$root/$tool"
done
expect 0 '' gcc libcjson-dev # no apt-get here: the build says what it misses

stand_in apt-get "echo apt-get \"\$@\" >>$root/calls"
# shellcheck disable=SC2016 # expanded by the stand-in
stand_in dpkg-query '[ "$4" != libgsl-dev ] || echo install ok installed'
stand_in id 'echo 0'
stand_in cmake ''
expect 0 '' libgsl-dev cmake # there already: as a package, as a tool
expect 0 'apt-get update -qq
apt-get install -y -qq --no-install-recommends libcjson-dev ninja-build' \
    libgsl-dev libcjson-dev cmake ninja-build

stand_in id 'echo 1000'
expect 4 '' libcjson-dev # neither root nor sudo
grep -q 'missing packages: libcjson-dev' "$root/stderr" || failed=1
stand_in sudo "echo sudo >>$root/calls; exec \"\$@\""
expect 0 'sudo
apt-get update -qq
sudo
apt-get install -y -qq --no-install-recommends libcjson-dev' libcjson-dev
stand_in apt-get 'exit 100'
expect 100 sudo libcjson-dev # what apt-get says is what counts

exit "$failed"
