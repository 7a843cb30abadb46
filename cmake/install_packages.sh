#!/bin/sh
# install_packages.sh PACKAGE...: installs what is missing on Debian 12 or Ubuntu 24.04 with apt-get, as
# root or with sudo. A tool that is there already, however it came, counts as installed. On a system
# without apt-get it leaves the packages to the user, and the build says what it does not find.
set -eu

# The command that a package is wanted for, if it is wanted for one.
command_of() {
    case $1 in
    cmake | gcc) echo "$1" ;;
    ninja-build) echo ninja ;;
    gnuplot-nox) echo gnuplot ;;
    esac
}

is_installed() {
    command=$(command_of "$1")
    if [ -n "$command" ] && command -v "$command" >/dev/null 2>&1; then
        return 0
    fi
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'
}

command -v apt-get >/dev/null 2>&1 || exit 0
missing=
for package in "$@"; do
    is_installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "missing packages:$missing" >&2
        echo "  hint: install them as root, or install sudo" >&2
        exit 4
    fi
    as_root=sudo
fi
echo "installing:$missing" >&2
$as_root apt-get update -qq >&2
# shellcheck disable=SC2086 # one word a package
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
