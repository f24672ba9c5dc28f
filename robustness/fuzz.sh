#!/bin/sh
# Fuzzes with Jazzer for as long as you like: robustness/fuzz.sh SECONDS [CLASS.METHOD…], all targets one after the other
# by default. New inputs go to robustness/target/fuzz/CLASS.METHOD/corpus, those that found something beside it; what is
# worth keeping is copied to src/test/resources/…/CLASSInputs/METHOD, where every build runs it. See docs/reliability.md.
set -eu
[ $# -ge 1 ] || { echo "usage: robustness/fuzz.sh SECONDS [CLASS.METHOD…]" >&2; exit 2; }
seconds=$1
shift
cd "$(dirname "$0")/.."
mvn -B -q -pl robustness -am test-compile dependency:build-classpath -Dmdep.outputFile=target/classpath
classpath=robustness/target/test-classes:$(cat robustness/target/classpath)
java=${SPARSELLM_JAVA:-${JAVA_HOME:+$JAVA_HOME/bin/java}}
sources=robustness/src/test/java
if [ $# -eq 0 ]; then
    for file in $(grep -rl '@FuzzTest' "$sources"); do
        class=$(basename "$file" .java)
        for method in $(sed -n '/@FuzzTest/{n;s/^ *void \([a-z_]*\)(.*/\1/p;}' "$file"); do
            set -- "$@" "$class.$method"
        done
    done
fi
for target in "$@"; do
    class=${target%%.*} method=${target#*.}
    file=$(find "$sources" -name "$class.java")
    package=$(sed -n 's/^package \(.*\);/\1/p' "$file")
    folder=robustness/target/fuzz/$target
    mkdir -p "$folder/corpus"
    known=robustness/src/test/resources/$(echo "$package" | tr . /)/${class}Inputs/$method
    echo "$target for $seconds s"
    # Scalar kernels: instrumented vector code would be boxed. 150 s are a hang, or a machine put to sleep.
    (cd "$folder" && "${java:-java}" -Xmx256m -XX:+EnableDynamicAgentLoading --enable-native-access=ALL-UNNAMED \
        --sun-misc-unsafe-memory-access=allow -Dsparsellm.vectorBits=0 \
        -cp "$(echo "$classpath" | sed "s#\(^\|:\)robustness/#\1$OLDPWD/robustness/#g")" \
        com.code_intelligence.jazzer.Jazzer "--target_class=$package.$class" "--target_method=$method" \
        '--instrumentation_includes=dev.sparsellm.**' '--instrumentation_excludes=dev.sparsellm.robustness.**' \
        '--custom_hook_includes=dev.sparsellm.**' --keep_going=20 -timeout=150 -rss_limit_mb=3000 \
        "-max_total_time=$seconds" corpus $([ -d "$OLDPWD/$known" ] && echo "$OLDPWD/$known") > log 2>&1) || true
    grep -a 'Java Exception' "$folder/log" || echo "nothing found"
    grep -a '^Done ' "$folder/log"
    grep -a -o 'cov: [0-9]* ft: [0-9]* corp: [^ ]*' "$folder/log" | tail -1
done
