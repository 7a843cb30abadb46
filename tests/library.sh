#!/bin/sh
# library.sh BUILD [CFLAGS]: installs BUILD into a folder and uses libstepcast from there alone: only
# its own names are visible, no GSL, C by pkg-config (shared and static), C++, CMake, Python; and the
# .deb, unpacked, works.
set -eu
build=$(cd "$1" && pwd)
flags=${2:-}
examples=$(cd "$(dirname "$0")/../examples" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
failures=0

fail() {
    failures=$((failures + 1))
    echo "FAILED: $*"
}

cmake --install "$build" --prefix "$prefix" >/dev/null
library=$(find "$prefix" -name 'libstepcast.so')
static=$(find "$prefix" -name 'libstepcast.a')
libdir=$(dirname "$library")
cd "$work" # nothing of the source tree is near

# what programs see
for names in "nm -D --defined-only $library" "nm -g --defined-only $static"; do
    $names | awk 'NF == 3 && $2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >names
    [ -s names ] || fail "$names: nothing"
    if grep -v '^stepcast_' names; then fail "$names: other names"; fi
    sed -n 's/.*\(stepcast_[a-z_]*\)(.*/\1/p' "$prefix/include/stepcast.h" | sort -u >declared
    cmp -s names declared || fail "$names: not what stepcast.h declares"
done
if command -v ldd >/dev/null && ldd "$library" | grep -i gsl; then fail "it needs GSL"; fi

# C by pkg-config, shared and static, against the program's own answers
export PKG_CONFIG_PATH="$libdir/pkgconfig"
# shellcheck disable=SC2086,SC2046 # words are meant
if command -v pkg-config >/dev/null; then
    ${CC:-cc} -std=c99 -Wall -Wextra -Werror -pedantic $flags "$examples/library.c" \
        $(pkg-config --cflags --libs stepcast) -o shared || fail "shared"
    ${CC:-cc} -std=c99 $flags "$examples/library.c" $(pkg-config --cflags stepcast) \
        "$static" $(pkg-config --libs-only-l --static stepcast | sed 's/-lstepcast//') -o static ||
        fail "static"
    LD_LIBRARY_PATH=$libdir ./shared >shared.json || fail "shared: exit $?"
    ./static >static.json || fail "static: exit $?"
    "$prefix/bin/stepcast" estimate --model llama3-70b --system dgx-h100 --gpus 512 \
        --seq-length 8192 --global-batch 1024 --tp 8 --pp 4 --vpp 5 --json >program.json
    head -n "$(wc -l <program.json)" shared.json | cmp - program.json || fail "another answer"
    grep -v elapsed_s shared.json >a
    grep -v elapsed_s static.json >b
    cmp a b || fail "static and shared differ"
fi
printf '#include <stepcast.h>\nint main() { return stepcast_version()[0] == 0; }\n' >plus.cc
# shellcheck disable=SC2086
if command -v c++ >/dev/null; then
    c++ $flags "-I$prefix/include" plus.cc "-L$libdir" -lstepcast -o plus &&
        LD_LIBRARY_PATH=$libdir ./plus || fail "C++"
fi

# CMake finds both
mkdir package
cat >package/CMakeLists.txt <<END
cmake_minimum_required(VERSION 3.22)
project(uses_stepcast C)
find_package(stepcast 0.1 REQUIRED)
add_executable(with_shared $examples/library.c)
target_link_libraries(with_shared stepcast::stepcast)
add_executable(with_static $examples/library.c)
target_link_libraries(with_static stepcast::stepcast_static)
END
if cmake -S package -B package/build "-DCMAKE_PREFIX_PATH=$prefix" "-DCMAKE_C_FLAGS=$flags" >log 2>&1 &&
    cmake --build package/build >>log 2>&1; then
    for program in with_shared with_static; do
        package/build/$program >$program.json || fail "$program: exit $?"
    done
else
    cat log
    fail "find_package"
fi

# Python, where no sanitizer must be loaded first
if [ -z "$flags" ] && command -v python3 >/dev/null; then
    python3 "$examples/library.py" "$library" >python.txt || fail "library.py: exit $?"
    [ "$(wc -l <python.txt)" -eq 4 ] || fail "library.py prints $(cat python.txt)"
fi

# the program and its manual, from the package
if [ -z "$flags" ] && command -v dpkg-deb >/dev/null; then
    (cd "$build" && cpack -G DEB -B "$work/deb") >log 2>&1 || { cat log; fail "cpack"; }
    dpkg-deb -x deb/stepcast_*.deb root
    dpkg-deb -f deb/stepcast_*.deb Depends | grep -q libcjson || fail "the package lacks dependencies"
    env -i LD_LIBRARY_PATH="$work/root/usr/lib" root/usr/bin/stepcast list models --quiet >models ||
        fail "the packaged program"
    grep -q llama3-70b models || fail "the packaged program knows no models"
    for file in bin/stepcast include/stepcast.h share/man/man1/stepcast.1 share/doc/stepcast/copyright \
        share/bash-completion/completions/stepcast; do
        [ -f "root/usr/$file" ] || fail "the package lacks $file"
    done
fi
[ "$failures" -eq 0 ]
