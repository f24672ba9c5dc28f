#!/bin/sh
# Fuzzes with Jazzer for as long as you like: robustness/fuzz.sh SECONDS [CLASS.METHOD…], all targets one after the other
# by default, each until it has had the processor for so many seconds, however busy the machine is with other things. New
# inputs go to robustness/target/fuzz/CLASS.METHOD/corpus, those that found something beside it; what is worth keeping is
# copied to src/test/resources/…/CLASSInputs/METHOD, where every build runs it. See docs/reliability.md. It needs a JDK 25:
# SPARSELLM_JAVA (a java command or a JDK's folder), that of JAVA_HOME, or the java on the path.
set -eu
[ $# -ge 1 ] || { echo "usage: robustness/fuzz.sh SECONDS [CLASS.METHOD…]" >&2; exit 2; }
seconds=$1
shift
cd "$(dirname "$0")/.."
java=${SPARSELLM_JAVA:-${JAVA_HOME:+$JAVA_HOME/bin/java}}
java=${java:-java}
[ ! -d "$java" ] || java=$java/bin/java
version=$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
[ "${version:-0}" -ge 25 ] || { echo "$java is no JDK 25; set SPARSELLM_JAVA or JAVA_HOME" >&2; exit 2; }
mvn -B -q -pl robustness -am test-compile dependency:build-classpath -Dmdep.outputFile=target/classpath
classpath=$PWD/robustness/target/test-classes:$(cat robustness/target/classpath)
sources=robustness/src/test/java
if [ $# -eq 0 ]; then
    for file in $(grep -rl '@FuzzTest' "$sources"); do
        class=$(basename "$file" .java)
        for method in $(sed -n '/@FuzzTest/{n;s/^ *void \([a-z_]*\)(.*/\1/p;}' "$file"); do
            set -- "$@" "$class.$method"
        done
    done
fi

# What the processes waited for have had of the processor so far, in whole seconds, into $spent.
processor() {
    times > robustness/target/times
    spent=$(sed -n '2{s/\([0-9]*\)m\([0-9]*\)[0-9.]*s/ + \1 * 60 + \2/gp;}' robustness/target/times)
    spent=$((0 $spent))
}

for target in "$@"; do
    class=${target%%.*} method=${target#*.}
    file=$(find "$sources" -name "$class.java")
    package=$(sed -n 's/^package \(.*\);/\1/p' "$file")
    folder=robustness/target/fuzz/$target
    mkdir -p "$folder/corpus"
    known=$PWD/robustness/src/test/resources/$(echo "$package" | tr . /)/${class}Inputs/$method
    processor
    start=$spent runs=0 rounds=0
    while [ $((spent - start)) -lt "$seconds" ]; do
        # Jazzer's limit is by the clock. Not shorter than a minute: each round begins with compiling and the corpus.
        left=$((seconds - spent + start))
        [ "$left" -ge 60 ] || [ "$seconds" -lt 60 ] || left=60
        # Scalar kernels: instrumented vector code would be boxed. 150 s are a hang, or a machine put to sleep.
        (cd "$folder" && "$java" -Xmx256m -XX:+EnableDynamicAgentLoading --enable-native-access=ALL-UNNAMED \
            --sun-misc-unsafe-memory-access=allow -Dsparsellm.vectorBits=0 -cp "$classpath" \
            com.code_intelligence.jazzer.Jazzer "--target_class=$package.$class" "--target_method=$method" \
            '--instrumentation_includes=dev.sparsellm.**' '--instrumentation_excludes=dev.sparsellm.robustness.**' \
            '--custom_hook_includes=dev.sparsellm.**' --keep_going=20 -timeout=150 -rss_limit_mb=3000 \
            "-max_total_time=$left" corpus $([ -d "$known" ] && echo "$known") > log 2>&1) || true
        processor
        rounds=$((rounds + 1))
        done=$(grep -a -o '^Done [0-9]*' "$folder/log" | cut -d ' ' -f 2) || true
        runs=$((runs + ${done:-0}))
        if grep -a -q 'Java Exception' "$folder/log" || [ -z "$done" ]; then
            break
        fi
    done
    echo "$target: $((spent - start)) s of the processor, $runs executions in $rounds round(s)," \
        "$(grep -a -o 'cov: [0-9]* ft: [0-9]* corp: [^ ]*' "$folder/log" | tail -1)"
    if grep -a 'Java Exception' "$folder/log"; then
        continue
    fi
    [ -n "$done" ] || { tail -5 "$folder/log" >&2; exit 1; }
    echo "nothing found"
done
