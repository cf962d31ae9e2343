#!/bin/sh
# SPDX-License-Identifier: MIT
# A private PostgreSQL cluster for tests: Unix socket only, trust, no fsync, never root.
#
#   tests/lib/pg.sh start DIR   makes DIR/data, DIR/sock (and DIR/log) and starts the server; prints nothing
#   tests/lib/pg.sh stop DIR    stops it by its own pid (waits) and removes DIR/data and DIR/sock
#   tests/lib/pg.sh halt DIR    stops it, keeps the data (start DIR brings it back)
#   tests/lib/pg.sh kill DIR    as power loss of the server: SIGQUIT (immediate), keeps the data
#   tests/lib/pg.sh conninfo DIR  prints the conninfo of the superuser: host=DIR/sock user=postgres dbname=postgres
#
# The server runs as `postgres` (or the caller, if not root). Superuser roles: postgres and the calling user.
# Further settings of the server: lines in $PG_EXTRA_CONF. DIR must be shorter than 90 bytes (socket paths).
set -eu

usage() { sed -n '5,12s/^# \{0,1\}//p' "$0" >&2; exit 64; }
[ $# -eq 2 ] || usage
verb=$1 dir=$2
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
[ ${#dir} -lt 90 ] || { echo "pg.sh: $dir is too long for a socket path" >&2; exit 64; }

bin=${PG_BIN:-}
if [ -z "$bin" ]; then
	for d in /usr/lib/postgresql/*/bin; do [ -x "$d/initdb" ] && bin=$d; done
fi
[ -x "$bin/initdb" ] || { echo "pg.sh: no PostgreSQL server programs found" >&2; exit 69; }

me=$(id -un)
if [ "$(id -u)" = 0 ]; then
	server=postgres
	as() { (cd / && setpriv --reuid=postgres --regid=postgres --init-groups env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8 "$@"); }
else
	server=$me
	as() { (cd / && env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8 "$@"); }
fi

init() {
	as "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >>"$dir/log" 2>&1 ||
		{ cat "$dir/log" >&2; exit 70; }
	as tee -a "$dir/data/postgresql.conf" >/dev/null <<-EOF
		listen_addresses = ''
		unix_socket_directories = '$dir/sock'
		unix_socket_permissions = 0777
		fsync = off
		full_page_writes = off
		shared_buffers = 64MB
		max_connections = 60
		log_line_prefix = '%m [%p] %a '
		logging_collector = off
		timezone = 'UTC'
		${PG_EXTRA_CONF:-}
	EOF
}

start() {
	mkdir -p "$dir"
	chmod a+x "$dir"
	mkdir -p "$dir/data" "$dir/sock"
	: >>"$dir/log"
	[ "$server" = "$me" ] || chown "$server:" "$dir/data" "$dir/sock" "$dir/log"
	chmod 700 "$dir/data"
	chmod 755 "$dir/sock"
	fresh=no
	[ -f "$dir/data/PG_VERSION" ] || { fresh=yes; init; }
	as "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 start </dev/null >/dev/null 2>&1 ||
		{ tail -20 "$dir/log" >&2; exit 70; }
	if [ $fresh = yes ] && [ "$me" != postgres ]; then
		as psql -qX -h "$dir/sock" -U postgres -d postgres -c "CREATE ROLE \"$me\" SUPERUSER LOGIN" </dev/null >/dev/null
	fi
}

stop() { # mode
	[ -f "$dir/data/postmaster.pid" ] || return 0
	as "$bin/pg_ctl" -D "$dir/data" -m "$1" -w -t 60 stop </dev/null >/dev/null 2>&1
}

case $verb in
start) start ;;
stop) stop immediate; rm -rf "$dir/data" "$dir/sock" ;;
halt) stop fast ;;
kill) stop immediate ;;
conninfo) echo "host=$dir/sock user=postgres dbname=postgres" ;;
*) usage ;;
esac
