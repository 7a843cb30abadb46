#!/bin/sh
# install.sh BUILD [SANITIZED]: installs BUILD into a fresh folder, moves that folder, and works from
# there alone: nothing that was installed names the sources or the build, and where the kernel lets us,
# both are hidden while the programs run. Then removes it: nothing is left.
set -eu
build=$(cd "$1" && pwd)
sanitized=${2:-}
source=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
    failures=$((failures + 1))
    echo "FAILED: $*"
}

cmake --install "$build" --prefix "$work/first" >/dev/null
# An installation by somebody else, which must survive.
mkdir -p "$work/first/share/man/man1"
touch "$work/first/share/man/man1/other.1"
mv "$work/first" "$work/prefix"

# debug information names sources, and may
if [ -z "$sanitized" ]; then
    cp -r "$work/prefix" "$work/stripped"
    find "$work/stripped" -type f \( -path '*/bin/*' -o -name '*.so*' -o -name '*.a' \) \
        -exec strip --strip-debug {} +
    if grep -rlF -e "$source" -e "$build" "$work/stripped"; then
        fail "these name the sources or the build"
    fi
fi

cat >"$work/use.sh" <<'END'
set -eu
cd "$1"
export PATH="$1/prefix/bin:/usr/bin:/bin"
stepcast list models --quiet >models
grep -qx llama3-70b models
stepcast list stacks --quiet >stacks
grep -qx megatron-core stacks
stepcast show gpu h100-sxm >/dev/null
stepcast validate --json >validation
grep -q korthikanti22 validation
stepcast search --model llama3-70b --system dgx-h100 --gpus 64 --seq-length 8192 \
    --global-batch 128 --top 1 >/dev/null
END
env -i sh "$work/use.sh" "$work" || fail "from a folder that moved: exit $?"
# The same while empty folders lie over the sources and the build.
if [ "$(id -u)" -eq 0 ] && unshare --mount true 2>/dev/null; then
    # shellcheck disable=SC2016 # sh expands it
    env -i PATH="$PATH" unshare --mount sh -c 'mount -t tmpfs none "$2"
        [ ! -d "$3" ] || mount -t tmpfs none "$3"
        sh "$1/use.sh" "$1"' sh "$work" "$source" "$build" || fail "without sources: exit $?"
else
    echo "not root, or no mount name spaces: not run with the sources hidden"
fi

# removed from where it was installed
mv "$work/prefix" "$work/first"
cmake --build "$build" --target uninstall >"$work/log" 2>&1 || { cat "$work/log"; fail "uninstall"; }
left=$(cd "$work/first" && find . -type f -o -type l)
[ "$left" = ./share/man/man1/other.1 ] || fail "uninstall leaves $left"
rm -r "$work/first"
cmake --install "$build" --prefix "$work/first" >/dev/null
cmake -DMANIFEST="$build/install_manifest.txt" -P "$source/cmake/uninstall.cmake" >/dev/null 2>&1
[ ! -d "$work/first" ] || fail "uninstall leaves folders: $(find "$work/first")"
[ "$failures" -eq 0 ]
