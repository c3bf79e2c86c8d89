#!/bin/sh
# Usage: keep.sh FOLDER SCRIPT NAME [ARGUMENT...]
#
# Runs a script, which becomes a server, until standard input ends, and removes the folder then,
# unless the last line of the input was "keep". The process that started keep.sh holds the other end
# of that pipe, so the server ends with it, however it ends.
folder=$1
shift
PATH=$PATH:/usr/sbin
exec 3<&0
sh -c "$@" 3<&- </dev/null &
server=$!
(
	read -r last <&3
	kill -9 $server
	[ "$last" = keep ] || until rm -rf "$folder"; do sleep 0.1; done
) >/dev/null 2>&1 &
exec 3<&-
wait $server
