# shellcheck shell=bash
# How our own Postgres is prepared, started and known to be ready. Sourced by `servers`.
#
# Postgres refuses to run as root, so root hands it to the user `postgres` of Debian's package. That
# user must be able to reach its data folder: below a private home it can't, so then the data lies
# in /var/tmp under a name made of the state folder's path, and the state folder holds a link.

postgres_bin() {
  local folder
  folder=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
  if [ -n "$folder" ]; then echo "$folder"; else dirname "$(command -v initdb || echo /nowhere/initdb)"; fi
}

# Runs a command as the user that Postgres runs as; as ourselves when we are nobody special. The
# process keeps its pid, which the pid file stands on.
as_postgres() {
  if [ "$(id -u)" -eq 0 ]; then
    setpriv --reuid=postgres --regid=postgres --init-groups --reset-env "$@"
  else
    "$@"
  fi
}

postgres_elsewhere() { echo "/var/tmp/weir-postgres-$(printf %s "$WEIR_STATE" | sha256sum | cut -c1-12)"; }

postgres_make_home() {
  local home=$WEIR_STATE/postgres real
  if [ -e "$home" ]; then return; fi
  if [ "$(id -u)" -eq 0 ] && ! as_postgres test -x "$WEIR_STATE"; then
    real=$(postgres_elsewhere)
    rm -rf "$real"
    mkdir -m 700 "$real"
    ln -sfn "$real" "$home"
  else
    mkdir -m 700 "$home"
    real=$home
  fi
  if [ "$(id -u)" -eq 0 ]; then chown postgres: "$real"; fi
}

postgres_start() {
  local bin home data
  bin=$(postgres_bin)
  [ -x "$bin/initdb" ] || die "Postgres is not installed: run scripts/install"
  ! port_is_taken "$WEIR_POSTGRES_PORT" ||
    die "port $WEIR_POSTGRES_PORT (Postgres) is taken: set WEIR_POSTGRES_PORT"
  mkdir -p "$WEIR_STATE"
  postgres_make_home
  home=$(readlink -f "$WEIR_STATE/postgres")
  data=$home/data
  if [ ! -f "$home/initialised" ]; then postgres_init "$bin" "$home"; fi
  wait_until 30 postgres_children_gone "$data" || die "processes of a killed Postgres still use $data"
  as_postgres rm -f "$data/postmaster.pid"
  fill ../deploy/postgres/postgresql.conf POSTGRES_PORT="$WEIR_POSTGRES_PORT" |
    as_postgres tee "$data/weir.conf" >/dev/null
  # The server looks at its data folder before anything else, so it must not stand in one of root's.
  local command=("$bin/postgres" -D "$data")
  if [ "$(id -u)" -eq 0 ]; then
    command=(setpriv --reuid=postgres --regid=postgres --init-groups --reset-env "${command[@]}")
  fi
  process_start postgres "${command[@]}"
}

# After a SIGKILL the server's children live on for a moment, and its own pid may stay as a zombie
# that Postgres would take for a living server. The shared memory tells the truth: nobody attached,
# nobody there. Its id is the last word of the seventh line of `postmaster.pid`.
postgres_children_gone() {
  local id
  [ -f "$1/postmaster.pid" ] || return 0
  id=$(sed -n '7s/.* //p' "$1/postmaster.pid")
  [ -z "$id" ] || ! awk -v id="$id" '$2 == id && $7 > 0 { found = 1 } END { exit !found }' /proc/sysvipc/shm
}

postgres_init() {
  local bin=$1 home=$2
  as_postgres rm -rf "$home/data"
  (cd / && as_postgres "$bin/initdb" -D "$home/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 \
    --no-sync) >"$WEIR_STATE/initdb.log" 2>&1 || { cat "$WEIR_STATE/initdb.log" >&2; die "initdb failed"; }
  echo "include 'weir.conf'" | as_postgres tee -a "$home/data/postgresql.conf" >/dev/null
  as_postgres touch "$home/initialised"
}

postgres_sql() {
  psql -X -q -A -t -h 127.0.0.1 -p "$WEIR_POSTGRES_PORT" -U postgres -d postgres -c "$1"
}

postgres_ready() { postgres_sql 'select 1' >/dev/null 2>&1; }

postgres_wait() {
  wait_ready postgres 60 postgres_ready
  if [ -z "$(postgres_sql "select 1 from pg_database where datname = 'weir'")" ]; then
    postgres_sql 'create database weir'
  fi
}

# SIGINT is Postgres's fast shutdown: it ends its clients' sessions rather than waiting for them.
postgres_stop_signal() { echo INT; }
postgres_address() { echo "$WEIR_DATABASE_URL"; }
