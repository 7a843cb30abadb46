#!/bin/sh
# Help, manual page, completion and README agree, because one table feeds them.
set -eu
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)

expect 0 help man
cp "$work/out" "$work/man"
cmp -s "$work/man" "$root/cli/stepcast.1" ||
    fail "cli/stepcast.1 is stale: stepcast help man -o cli/stepcast.1"
if command -v mandoc >/dev/null; then
    mandoc -T lint <"$work/man" >"$work/lint" || true
    [ ! -s "$work/lint" ] || fail "mandoc -T lint: $(head -n 3 "$work/lint")"
fi

# every option that a command's help shows is in the manual and in all completions
for shell in bash zsh fish; do
    expect 0 completion "$shell" -o "$work/$shell"
    ! command -v "$shell" >/dev/null || "$shell" -n "$work/$shell" || fail "$shell -n"
done
# what follows an operand: the names of show's kinds, the commands of help
if command -v bash >/dev/null; then
    # shellcheck disable=SC2016 # bash expands it
    bash -c '. "$1"; shift; COMP_WORDS=(stepcast "$@"); COMP_CWORD=$#; _stepcast
        printf "%s\n" "${COMPREPLY[@]}"' bash "$work/bash" show gpu h100-s >"$work/offered"
    grep -qx h100-sxm "$work/offered" || fail "bash offers $(cat "$work/offered") for show gpu h100-s"
    # shellcheck disable=SC2016
    bash -c '. "$1"; shift; COMP_WORDS=(stepcast "$@"); COMP_CWORD=$#; _stepcast
        printf "%s\n" "${COMPREPLY[@]}"' bash "$work/bash" help vali >"$work/offered"
    grep -qx validate "$work/offered" || fail "bash offers $(cat "$work/offered") for help vali"
fi
"$program" --help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p' >"$work/commands"
[ "$(wc -l <"$work/commands")" -ge 13 ] || fail "stepcast --help lists $(cat "$work/commands")"
while read -r command; do
    expect 0 "$command" --help
    grep -o -e '--[a-z][a-z-]*' "$work/out" | sort -u >"$work/options"
    while read -r option; do
        name=${option#--}
        grep -qF -- "$(printf '%s' "$option" | sed 's/-/\\-/g; s/^..//')" "$work/man" ||
            fail "the manual lacks $option"
        for shell in bash zsh; do
            grep -qF -- "--$name" "$work/$shell" || fail "$shell completion lacks $option"
        done
        grep -qF -- "-l $name" "$work/fish" || fail "fish completion lacks $option"
    done <"$work/options"
    grep -q "^\.It Cm $command" "$work/man" || fail "the manual lacks $command"
    grep -qE "stepcast $command" "$root/README.md" || fail "README.md lacks stepcast $command"
    # bash offers exactly this command's options
    if command -v bash >/dev/null; then
        # shellcheck disable=SC2016 # bash expands it
        bash -c '. "$1"; COMP_WORDS=(stepcast "$2" --); COMP_CWORD=2; _stepcast
            printf "%s\n" "${COMPREPLY[@]}"' bash "$work/bash" "$command" | tr -d " =" |
            sort -u >"$work/offered"
        sed -n 's/^  \(-., \)*\(--.*\)/\2/p' "$work/out" | sed 's/  .*//' |
            grep -o -e '--[][a-z-]*' | sed 's/\[no-\]\(.*\)/\1\n--no-\1/' | sort -u >"$work/shown"
        cmp -s "$work/offered" "$work/shown" ||
            fail "bash offers for $command other than its help: $(diff "$work/offered" "$work/shown")"
    fi
    # its examples are in the manual, and name what exists
    sed -n '/^Examples:/,$ { s/^  //p; }' "$work/out" | while read -r line; do
        grep -qF -- "$(printf '%s' "$line" | cut -c 1-40 | sed 's/-/\\-/g')" "$work/man" ||
            grep -qF -- "$(printf '%s' "$line" | cut -c 1-40)" "$work/man" ||
            echo "the manual lacks the example: $line"
    done >"$work/missing"
    [ ! -s "$work/missing" ] || fail "$(cat "$work/missing")"
done <"$work/commands"

# every option that the README names exists
grep -o -e '--[a-z][a-z-]*' "$root/README.md" | sort -u >"$work/options"
while read -r option; do
    grep -qwF -- "$option" "$work/bash" || case $option in
    --preset | --build | --install | --target | --prefix | --parallel) ;;
    *) fail "README.md names $option, which no command has" ;;
    esac
done <"$work/options"

# bash completes what it should
if command -v bash >/dev/null; then
    # shellcheck disable=SC2016 # bash expands it
    words=$(bash -c '. "$1"; COMP_WORDS=(stepcast search --model llama3-7); COMP_CWORD=3; _stepcast; echo "${COMPREPLY[@]}"' bash "$work/bash")
    [ "$words" = llama3-70b ] || fail "bash completes --model llama3-7 with: $words"
    # shellcheck disable=SC2016 # bash expands it
    words=$(bash -c '. "$1"; COMP_WORDS=(stepcast estimate --recompute f); COMP_CWORD=3; _stepcast; echo "${COMPREPLY[@]}"' bash "$work/bash")
    [ "$words" = full ] || fail "bash completes --recompute f with: $words"
fi

# what the README says that its examples print, they print (but for the time a search took)
sed -n 's/^\$ stepcast //p' "$root/README.md" >"$work/examples"
grep -q . "$work/examples" || fail "README.md has no example"
while read -r arguments; do
    # shellcheck disable=SC2086 # several words
    "$program" $arguments >"$work/printed" 2>&1 </dev/null || true # 1: what it estimates does not fit
    sed -n "/^\\$ stepcast $arguments\$/,/^\`\`\`/p" "$root/README.md" |
        grep -vxF -e "\$ stepcast $arguments" -e '```' -e '...' >"$work/told"
    grep -vxF -f "$work/printed" "$work/told" | grep -v '^[0-9.]* m*s on [0-9]* threads*\.$' >"$work/stale" || true
    [ ! -s "$work/stale" ] || fail "README.md: stepcast $arguments does not print: $(head -n 1 "$work/stale")"
done <"$work/examples"

finish
