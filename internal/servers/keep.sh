#!/bin/sh
# Runs a command until standard input ends. The process that started this script holds the other end of that pipe, so
# the command ends with it, however it ends.
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
(cat <&3; kill -9 $server) >/dev/null 2>&1 &
exec 3<&-
wait $server
