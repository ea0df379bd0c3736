# Owns one PostgreSQL server and its folder on behalf of another process.
# Usage: sh -c "$(cat guard.sh)" guard BIN BASE [INITDB-OPTION...]
#
# Makes a folder below BASE, initialises a cluster in it, then obeys one line of standard input at a time:
#   start PORT     starts the server on this port
#   stop MODE      stops it (pg_ctl's modes: fast, immediate)
# Each line gets a one-line answer. At the end of the input, which also comes when the owner is killed, the
# server is stopped and the folder removed. All that may leave something behind happens in here, so that at
# no moment does the owner's death leave anything.

# The owner's terminal or supervisor may signal everyone; only the end of the input ends the guard. PIPE comes
# with an answer to an owner that was killed: then the input has ended too.
trap '' HUP INT TERM PIPE
umask 077
bin=$1
base=$2
shift 2

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
# --locale=C --encoding=UTF8: text sorts by bytes, the same on every machine.
if "$bin/initdb" -D "$data" -U postgres -A trust --encoding=UTF8 --locale=C "$@" >"$log" 2>&1; then
    echo initialised
else
    echo failed
fi

while read -r verb argument; do
    case $verb in
    start) "$bin/pg_ctl" start -D "$data" -l "$log" -w -t 60 -o "-p $argument" >>"$log" 2>&1 ;;
    stop) stop "$argument" ;;
    *) false ;;
    esac && echo done || echo failed
done

if ! stop immediate; then
    read -r pid _ <"$data/postmaster.pid" && kill -KILL "$pid"
fi
rm -rf "$folder"
