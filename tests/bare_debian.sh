#!/bin/sh
# bare_debian.sh BUILD: makes the packages of BUILD, installs stepcast in a Debian that has nothing but
# its base system (debootstrap, minbase), uses it there and purges it. Needs root, debootstrap and the
# network. STEPCAST_BARE_DEBIAN names a folder that holds such a system already.
set -eu
build=$(cd "$1" && pwd)
if [ "$(id -u)" -ne 0 ] || ! command -v debootstrap >/dev/null; then
    echo "needs root and debootstrap"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bare=$work/bare
if [ -n "${STEPCAST_BARE_DEBIAN:-}" ]; then
    cp -a "$STEPCAST_BARE_DEBIAN" "$bare"
else
    debootstrap --variant=minbase "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$bare" \
        >"$work/log" 2>&1 || { tail "$work/log"; exit 77; }
fi
(cd "$build" && cpack -G DEB -B "$bare/packages") >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }

cat >"$bare/use.sh" <<'END'
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends /packages/stepcast_*.deb
cd /root
stepcast --version
stepcast search --model llama3-70b --system dgx-h100 --gpus 512 --seq-length 8192 \
    --global-batch 1024 --top 1
stepcast validate | tail -n 2
stepcast list models --quiet | wc -l
dpkg -V stepcast
apt-get purge -y -qq stepcast
find / -xdev -name '*stepcast*' -not -path '/proc/*' -not -path '/packages/*' >/tmp/left
cat /tmp/left
[ ! -s /tmp/left ]
END
chroot "$bare" sh /use.sh
