# Owns one PostgreSQL server and its folder on behalf of another process.
# Usage: sh -c "$(cat guard.sh)" guard BIN BASE initdb [INITDB-OPTION...]
#        sh -c "$(cat guard.sh)" guard BIN BASE standby URL
#
# Makes a folder below BASE, with a fresh cluster in it or with a copy of the one at URL that follows it, then obeys one
# line of standard input at a time:
#   start PORT     starts the server on this port
#   stop MODE      stops it (pg_ctl's modes: fast, immediate)
#   promote        makes a standby take writes
#   signal NAME    sends all its processes a signal (STOP, CONT)
# Each line gets a one-line answer. At the end of the input, which also comes when the owner is killed, the
# server is stopped and the folder removed. All that may leave something behind happens in here, so that at
# no moment does the owner's death leave anything.

# The owner's terminal or supervisor may signal everyone; only the end of the input ends the guard. PIPE comes
# with an answer to an owner that was killed: then the input has ended too.
trap '' HUP INT TERM PIPE
umask 077
bin=$1
base=$2
kind=$3
shift 3

folder=$(mktemp -d "$base/probity-pg.XXXXXXXX") || exit 1
data=$folder/data
log=$folder/log

stop() {
    if [ ! -f "$data/postmaster.pid" ]; then return 0; fi
    "$bin/pg_ctl" stop -D "$data" -m "$1" -w -t 30 >>"$log" 2>&1
}

if ! printf 'folder %s\n' "$folder"; then
    rm -rf "$folder"
    exit 1
fi
make() {
    case $kind in
    # --locale=C --encoding=UTF8: text sorts by bytes, the same on every machine.
    initdb) "$bin/initdb" -D "$data" -U postgres -A trust --encoding=UTF8 --locale=C "$@" ;;
    standby) "$bin/pg_basebackup" -D "$data" -d "$1" --write-recovery-conf --checkpoint=fast --no-sync ;;
    esac
}
if make "$@" >"$log" 2>&1; then echo initialised; else echo failed; fi

# The postmaster and what it started: each of these has a process group of its own.
processes() {
    read -r pid _ <"$data/postmaster.pid" || return 1
    cat /proc/[0-9]*/stat 2>>"$log" | awk -v parent="$pid" '$4 == parent { print $1 }'
    echo "$pid"
}

while read -r verb argument; do
    case $verb in
    start) "$bin/pg_ctl" start -D "$data" -l "$log" -w -t 60 -o "-p $argument" >>"$log" 2>&1 ;;
    stop) stop "$argument" ;;
    promote) "$bin/pg_ctl" promote -D "$data" -w -t 30 >>"$log" 2>&1 ;;
    # One that ends meanwhile does not matter; the postmaster comes last.
    signal) processes | { while read -r pid; do kill "-$argument" "$pid" 2>>"$log"; sent=$?; done; [ "$sent" = 0 ]; } ;;
    *) false ;;
    esac && echo done || echo failed
done

# One that was stopped by a signal could not end.
if [ -f "$data/postmaster.pid" ]; then processes | while read -r pid; do kill -CONT "$pid" 2>>"$log"; done; fi
if ! stop immediate; then
    read -r pid _ <"$data/postmaster.pid" && kill -KILL "$pid"
fi
rm -rf "$folder"
