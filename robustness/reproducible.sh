#!/bin/sh
# Builds the last commit twice, in two folders, and compares what comes out: robustness/reproducible.sh
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for build in one another; do
    mkdir "$folder/$build"
    git archive HEAD | tar -x -C "$folder/$build"
    (cd "$folder/$build" && mvn -B -q package -Dmaven.test.skip.exec=true)
    (cd "$folder/$build" && find . -path '*/target/*' \( -name '*.jar' -o -name 'bom.*' \) -not -path '*/lib/*' |
        sort | xargs sha256sum) > "$folder/$build.sums"
done
if cmp -s "$folder/one.sums" "$folder/another.sums"; then
    cat "$folder/one.sums"
    echo "the same bits twice: $(wc -l < "$folder/one.sums") files"
else
    diff "$folder/one.sums" "$folder/another.sums" || true
    exit 1
fi
