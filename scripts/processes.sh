# shellcheck shell=bash
# Background processes with a pid file: start, look, wait, end. Sourced after ports.sh.
#
# A pid file holds the pid and the moment the kernel started that process, so that a pid which the
# kernel has given to somebody else is never taken for ours, and never signalled.

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

pid_file() { printf '%s/run/%s.pid' "$WEIR_STATE" "$1"; }
log_file() { printf '%s/log/%s.log' "$WEIR_STATE" "$1"; }

# The start time of a process in clock ticks since boot; empty when it is gone or a zombie. The name
# in parentheses may hold spaces, so the fields are counted after it.
process_birth() {
  local stat fields
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  read -r -a fields <<<"${stat##*) }"
  # One that was killed is not gone, nor its port free, while threads beside the first are still ending.
  if [ "${fields[0]}" != Z ] || [ "${fields[17]}" -gt 1 ]; then echo "${fields[19]}"; fi
}

# Prints the pid of a process of ours when it is alive, else nothing and fails.
process_pid() {
  local pid birth file
  file=$(pid_file "$1")
  [ -f "$file" ] || return 1
  read -r pid birth <"$file" || return 1
  [ -n "$birth" ] && [ "$(process_birth "$pid")" = "$birth" ] || return 1
  echo "$pid"
}

process_running() { process_pid "$1" >/dev/null; }

# What answers nobody in the hot path gives way to what does: most of all projections and messages,
# and a little the stages, whose records nobody waits for at an open connection. On one machine all of
# Weir shares the cores, and where the kernel schedules by session each would get as much as the
# broker, which all wait for. In production a pod's CPU request sees to that. WEIR_NICE=0 turns it off.
WEIR_NICE=${WEIR_NICE:-15}
WEIR_GIVING_WAY=(notification console postgres redis)
WEIR_GIVING_WAY_A_LITTLE=(routing inventory fulfillment)

# Prints how nice a process is to be.
niceness() {
  if [[ " ${WEIR_GIVING_WAY[*]} " == *" $1 "* ]]; then
    echo "$WEIR_NICE"
  elif [[ " ${WEIR_GIVING_WAY_A_LITTLE[*]} " == *" $1 "* && $WEIR_NICE =~ ^[0-9]+$ ]]; then
    echo "$((WEIR_NICE * 3 / 10))"
  else
    echo 0
  fi
}

# Run in its new session by process_start: NICENESS COMMAND... Where the kernel schedules by session
# (sched_autogroup), `nice` counts only among the processes of one, so the session is told too. It
# takes one such word in 100 ms from all who are not root.
# shellcheck disable=SC2016
GIVE_WAY='
  if [ -w /proc/self/autogroup ]; then
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      echo "$0" >/proc/self/autogroup && break
      sleep 0.1
    done
  fi 2>/dev/null
  exec nice -n "$0" "$@"'

# process_start NAME COMMAND...: runs it detached, with its own log; the log before is kept as `.1`.
process_start() {
  local name=$1 log pid nice
  shift
  log=$(log_file "$name")
  nice=$(niceness "$name")
  [[ $nice =~ ^1?[0-9]$ ]] || die "WEIR_NICE is '$nice'; it should be a number from 0 to 19"
  if [ "$nice" -ne 0 ]; then set -- bash -c "$GIVE_WAY" "$nice" "$@"; fi
  mkdir -p "$WEIR_STATE/run" "$WEIR_STATE/log"
  if [ -f "$log" ]; then mv "$log" "$log.1"; fi
  (
    # No descriptor of ours goes along: a lock or a pipe held by a server would never be let go.
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      if [ "$fd" -gt 2 ] && [ "$fd" -ne 255 ]; then exec {fd}>&-; fi
    done
    exec setsid "$@"
  ) </dev/null >"$log" 2>&1 &
  pid=$!
  echo "$pid $(process_birth "$pid")" >"$(pid_file "$name")"
}

process_signal() {
  local pid
  pid=$(process_pid "$1") || return 0
  kill "-$2" "$pid" 2>/dev/null || true
}

# process_stop NAME SIGNAL SECONDS: the signal, a wait, and SIGKILL for what does not end in time.
process_stop() {
  local name=$1
  if process_running "$name"; then
    process_signal "$name" CONT
    process_signal "$name" "$2"
    if ! wait_until "$3" process_gone "$name"; then
      say "$name did not end within $3 s of SIG$2: killed"
      process_signal "$name" KILL
      wait_until 10 process_gone "$name" || die "$name does not die"
    fi
  fi
  rm -f "$(pid_file "$name")"
}

process_gone() { ! process_running "$1"; }

# wait_until SECONDS COMMAND...: true once the command is, false when the time is over.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    if [ "$SECONDS" -ge "$deadline" ]; then return 1; fi
    sleep 0.1
  done
}

# wait_ready NAME SECONDS COMMAND...: as wait_until, but ends at once, with the log, if it died.
wait_ready() {
  local name=$1 limit=$2 deadline
  shift 2
  deadline=$((SECONDS + limit))
  until "$@"; do
    process_running "$name" || show_log_and_die "$name" "ended before it was ready"
    [ "$SECONDS" -lt "$deadline" ] || show_log_and_die "$name" "is not ready after $limit s"
    sleep 0.1
  done
}

show_log_and_die() {
  say "--- the end of $(log_file "$1")"
  tail -n 25 "$(log_file "$1")" >&2 || true
  die "$1 $2"
}

# One at a time per state folder: `with_lock NAME COMMAND...`. The lock ends with the command.
with_lock() {
  local name=$1
  shift
  mkdir -p "$WEIR_STATE/lock"
  (
    flock 9
    "$@"
  ) 9>"$WEIR_STATE/lock/$name"
}
