#!/bin/sh
# references.sh [ROOT]: what comments cite as [Author09] or by another key stands in the README's
# references, and every key there is cited. Prints what does not; exit 1 if there is any.
set -eu
cd "${1:-$(dirname "$0")/..}"
failed=0

keys=$(awk '/^## / { on = $2 == "References" } on && /^\| [A-Za-z]/ && $2 != "key" { print $2 }' README.md)
sources=$(mktemp)
trap 'rm -f "$sources"' EXIT
find base hardware model parallelism calibrate reports cli tests -type f -name '*.[ch]*' \
    -exec cat {} + >"$sources"

for key in $keys; do
    grep -Eq "(\[|[^A-Za-z0-9])$key([]. ,:]|\$)" "$sources" ||
        { echo "README.md: nothing cites $key"; failed=1; }
done
for key in $(grep -Eo '\[[A-Z][A-Za-z]+[0-9][0-9][] ]' "$sources" | tr -d '[] ' | sort -u); do
    echo "$keys" | grep -qx "$key" || { echo "[$key] is not among the README's references"; failed=1; }
done
exit "$failed"
