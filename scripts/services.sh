# shellcheck shell=bash
# How one service is started, with what environment, and known to be ready. Sourced after processes.sh.

export WEIR_PROFILE=${WEIR_PROFILE:-release}

bin_folder() {
  local target=${CARGO_TARGET_DIR:-$WEIR_ROOT/target}
  case $WEIR_PROFILE in
    release) echo "${WEIR_BIN:-$target/release}" ;;
    dev) echo "${WEIR_BIN:-$target/debug}" ;;
    *) die "WEIR_PROFILE is '$WEIR_PROFILE'; it should be release or dev" ;;
  esac
}

service_url() {
  local name=WEIR_${1^^}_URL
  echo "${!name}"
}

# The master key of personal fields, made once per state folder: 32 random bytes.
load_tenant_key() {
  local file=$WEIR_STATE/tenant.key
  if [ -z "${WEIR_TENANT_KEY:-}" ]; then
    if [ ! -s "$file" ]; then
      mkdir -p "$WEIR_STATE"
      (umask 077 && head -c 32 /dev/urandom | base64 >"$file.new" && mv "$file.new" "$file")
    fi
    WEIR_TENANT_KEY=$(<"$file")
    export WEIR_TENANT_KEY
  fi
}

# Where an ingest keeps what the log does not take: a folder of each process's own.
journal_folder() { printf '%s/journal/%s' "$WEIR_STATE" "$1"; }

service_start() {
  local name=$1 url binary own=()
  url=$(service_url "$name")
  binary=$(bin_folder)/weir-$name
  if [ "$name" = ingest ]; then own=(WEIR_JOURNAL="${WEIR_JOURNAL-$(journal_folder ingest)}"); fi
  [ -x "$binary" ] || die "$binary is not built: run scripts/build"
  ! port_is_taken "${url##*:}" || die "port ${url##*:} ($name) is taken: set WEIR_${name^^}_PORT"
  process_start "$name" env --chdir="$WEIR_ROOT" WEIR_LISTEN="${url#http://}" \
    WEIR_ALLOW_LOOPBACK_TARGETS="${WEIR_ALLOW_LOOPBACK_TARGETS:-true}" "${own[@]}" "$binary"
}

service_wait() { wait_ready "$1" "${WEIR_READY_SECONDS:-60}" service_ready "$1"; }
service_ready() {
  [ "$(curl -s -o /dev/null -m 2 -w '%{http_code}' "$(service_url "$1")/ready")" = 200 ]
}

# A rebuilt binary leaves the old one, which a running process holds, without a name.
service_is_outdated() {
  local pid
  pid=$(process_pid "$1") && [[ $(readlink "/proc/$pid/exe") == *' (deleted)' ]]
}
