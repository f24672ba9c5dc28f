#!/bin/sh
# What a command takes at most, in MiB: robustness/memory.sh COMMAND…, such as
#   robustness/memory.sh ./sparsellm generate --model model.gguf --prompt Once -n 32
# "resident" is all of it, the system's own high-water mark; "for itself" the heap and what else the process has for
# itself; "mapped" pages of files, which the system takes back when it needs them. The last two are looked at every 50 ms,
# and need not be highest at the same time. A server is measured until it is ended. On Linux only.
set -eu
exec 3<&0
"$@" <&3 >/dev/null &
pid=$!
trap 'kill "$pid" 2>/dev/null' TERM INT
resident=0 anonymous=0 mapped=0
while [ -r "/proc/$pid/status" ]; do
    # No other processes: they would take the processor from the one that is measured.
    while read -r name figure _; do
        case $name in
            VmHWM:) [ "$figure" -le "$resident" ] || resident=$figure ;;
            RssAnon:) [ "$figure" -le "$anonymous" ] || anonymous=$figure ;;
            RssFile:) [ "$figure" -le "$mapped" ] || mapped=$figure ;;
            State:) [ "$figure" != Z ] || break 2 ;;
        esac
    done 2>/dev/null <"/proc/$pid/status" || break
    sleep 0.05
done
code=0
wait "$pid" || code=$?
echo "resident $((resident / 1024)), for itself $((anonymous / 1024)), mapped $((mapped / 1024)); exit code $code"
