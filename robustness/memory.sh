#!/bin/sh
# What a command takes at most, in MiB: robustness/memory.sh COMMAND…, such as
#   robustness/memory.sh ./sparsellm generate --model model.gguf --prompt Once -n 32
# "resident" is all of it; "anonymous" the heap and what else the process has for itself; "mapped" pages of files, which
# the system takes back when it needs them. Looked at every 20 ms, on Linux only.
set -eu
"$@" >/dev/null 2>&1 &
pid=$!
resident=0 anonymous=0 mapped=0
while [ -r "/proc/$pid/status" ]; do
    status=$(cat "/proc/$pid/status" 2>/dev/null) || break
    figure() { echo "$status" | sed -n "s/^$1:[^0-9]*\([0-9]*\) kB/\1/p"; }
    r=$(figure VmHWM) a=$(figure RssAnon) m=$(figure RssFile)
    [ "${r:-0}" -le "$resident" ] || resident=$r
    [ "${a:-0}" -le "$anonymous" ] || anonymous=$a
    [ "${m:-0}" -le "$mapped" ] || mapped=$m
    sleep 0.02
done
code=0
wait "$pid" || code=$?
echo "resident $((resident / 1024)), anonymous $((anonymous / 1024)), mapped $((mapped / 1024)); exit code $code"
