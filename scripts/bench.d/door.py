"""What a delivery costs at the door.

  door.py measure beside|later INGEST-PID KAFKA-PID REPEATS CONNECTIONS... -- OPTION...    runs `weir bench door` and looks
  door.py table FIGURES [--json]                                                           the figures, by connections

Times are the kernel's (/proc/PID/stat, in hundredths of a second), taken when `weir bench door` says that its warm-up is over
and when its last answer has come. The clerk reads what came in on the same cores, later the more there is of it: what it costs
in that time is told apart, by the names of threads, and it comes to rest before the next run. "later" lets its threads run
only where a core would else be idle: then the figures are the door's own.
"""

import collections
import glob
import json
import os
import re
import statistics
import subprocess
import sys
import time

TICKS = os.sysconf("SC_CLK_TCK")
# Threads of ingest by what they are for; the kernel keeps 15 bytes of a name. The runtime's have their process's.
THREADS = [
    ("runtime", re.compile(r"^ingest$")),
    ("writer", re.compile(r"^(writer|acknowledged)$")),
    ("kafka_client", re.compile(r"^rdk:")),
    ("clerk", re.compile(r"clerk")),
]
# At rest is who takes less than this of a core.
REST = 0.1
REST_PATIENCE_S = 240


def ticks(path):
    """Name of a process or thread, and its time in seconds."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            stat = file.read()
    except OSError:
        return None  # It has ended since it was listed.
    fields = stat[stat.rindex(")") + 2 :].split()
    return stat[stat.index("(") + 1 : stat.rindex(")")], (int(fields[11]) + int(fields[12])) / TICKS


def spent(pid):
    known = ticks(f"/proc/{pid}/stat")
    if known is None:
        sys.exit(f"error: process {pid} has ended")
    return known[1]


def threads(pid):
    """Group and time of each thread, by its id."""
    found = {}
    for stat in glob.glob(f"/proc/{pid}/task/*/stat"):
        known = ticks(stat)
        if known:
            group = next((group for group, name in THREADS if name.search(known[0])), "other")
            found[stat] = (group, known[1])
    return found


def by_group(before, after, total):
    """Seconds of each group of threads; what ended in between leaves the rest to "other"."""
    sums = collections.Counter()
    for thread, (group, now) in after.items():
        sums[group] += now - before.get(thread, (group, 0.0))[1]
    sums["other"] += max(0.0, total - sum(sums.values()))
    return sums


def busy():
    """Seconds that the machine's cores were not idle since its start; what a host took away from it counts too."""
    with open("/proc/stat", encoding="utf-8") as file:
        user, nice, system, _idle, _waiting, irq, softirq, steal, *_ = map(int, file.readline().split()[1:])
    return (user + nice + system + irq + softirq + steal) / TICKS


def look(pids):
    return {
        "at": time.monotonic(),
        "busy": busy(),
        "processes": {name: spent(pid) for name, pid in pids.items()},
        "threads": threads(pids["ingest"]),
    }


def rest(pid):
    """Until the clerk has nothing more to read."""
    deadline = time.monotonic() + REST_PATIENCE_S
    before = spent(pid)
    while time.monotonic() < deadline:
        time.sleep(1)
        now = spent(pid)
        if now - before < REST:
            return
        before = now
    sys.exit(f"error: ingest does not come to rest within {REST_PATIENCE_S} s; its log says what it does")


def expect(sender, word):
    line = sender.stdout.readline().strip()
    if line != word:
        sys.exit(f"error: `weir bench door` said {line!r} in place of {word!r}")


def go_on(sender):
    sender.stdin.write("\n")
    sender.stdin.flush()


def run(ingest, kafka, connections, options):
    rest(ingest)
    words = ["./weir", "bench", "door", "--json", "--hold", "--connections", str(connections), *options]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sender:
        pids = {"ingest": ingest, "broker": kafka, "sender": sender.pid}
        expect(sender, "ready")
        before = look(pids)
        go_on(sender)
        expect(sender, "done")
        after = look(pids)
        go_on(sender)
        said = sender.stdout.read()
    if sender.returncode != 0:
        sys.exit(f"error: `weir bench door` ended with {sender.returncode}")
    taken = json.loads(said)
    per_delivery = 1e6 / max(taken["accepted"], 1)
    cost = {name: per_delivery * (now - before["processes"][name]) for name, now in after["processes"].items()}
    in_ingest = after["processes"]["ingest"] - before["processes"]["ingest"]
    groups = by_group(before["threads"], after["threads"], in_ingest)
    parts = {name: per_delivery * seconds for name, seconds in groups.items()}
    seconds = after["at"] - before["at"]
    cores = (sum(after["processes"].values()) - sum(before["processes"].values())) / seconds
    others = max(0.0, (after["busy"] - before["busy"]) / seconds - cores)
    print(
        f"{connections} connections: {taken['accepted_per_second']:.0f}/s, ingest {cost['ingest']:.0f} µs, "
        f"broker {cost['broker']:.0f} µs, sender {cost['sender']:.0f} µs, others {others:.2f} cores",
        file=sys.stderr,
    )
    return {**taken, "cpu_us": cost, "ingest_cpu_us": parts, "cores": cores, "cores_of_others": others}


def give_way(pid, policy):
    """Whether the clerk's threads run beside the door's or only on what these leave idle."""
    for stat in glob.glob(f"/proc/{pid}/task/*/stat"):
        known = ticks(stat)
        if known and "clerk" in known[0]:
            os.sched_setscheduler(int(stat.split("/")[4]), policy, os.sched_param(0))


def measure(words):
    cut = words.index("--")
    clerk = words[0]
    ingest, kafka, repeats, *connections = map(int, words[1:cut])
    options = words[cut + 1 :]
    if clerk not in ("beside", "later"):
        sys.exit(f"error: WEIR_BENCH_CLERK is {clerk!r}; it should be beside or later")
    if clerk == "later":
        give_way(ingest, os.SCHED_IDLE)
    try:
        runs = series(ingest, kafka, repeats, connections, options)
    finally:
        give_way(ingest, os.SCHED_OTHER)
    json.dump({"cores_here": os.cpu_count(), "clerk": clerk, "runs": runs}, sys.stdout, indent=2)
    print()


def series(ingest, kafka, repeats, connections, options):
    # The broker and the caches of a process that was just started are cold; this one does not count.
    run(ingest, kafka, connections[len(connections) // 2], options)
    # In turns, so that what changes with time touches all alike.
    return [run(ingest, kafka, count, options) for _ in range(repeats) for count in connections]


def spread(values, digits=0):
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def table(figures):
    by_connections = collections.defaultdict(list)
    for one in figures["runs"]:
        by_connections[one["connections"]].append(one)
    first = figures["runs"][0]
    repeats = len(next(iter(by_connections.values())))
    print(
        f"{first['deliveries']} signed deliveries of {first['request_bytes']} bytes to {len(first['shops'])} shops, "
        f"{figures['cores_here']} cores for all, the clerk {figures['clerk']}; median of {repeats} (least–most):"
    )
    rows = [
        ("accepted/s", lambda one: one["accepted_per_second"], 0),
        ("answer p50, ms", lambda one: one["answer"]["p50_ms"], 1),
        ("answer p99, ms", lambda one: one["answer"]["p99_ms"], 1),
        ("cores in use", lambda one: one["cores"], 2),
        ("by others", lambda one: one["cores_of_others"], 2),
        ("CPU µs, ingest", lambda one: one["cpu_us"]["ingest"], 0),
        ("  async runtime", lambda one: one["ingest_cpu_us"].get("runtime", 0), 0),
        ("  writer", lambda one: one["ingest_cpu_us"].get("writer", 0), 0),
        ("  Kafka's client", lambda one: one["ingest_cpu_us"].get("kafka_client", 0), 0),
        ("  clerk", lambda one: one["ingest_cpu_us"].get("clerk", 0), 0),
        ("  other", lambda one: one["ingest_cpu_us"].get("other", 0), 0),
        ("CPU µs, broker", lambda one: one["cpu_us"]["broker"], 0),
        ("CPU µs, sender", lambda one: one["cpu_us"]["sender"], 0),
        ("in the journal", lambda one: one["journaled"], 0),
        ("not accepted", lambda one: one["deliveries"] - one["accepted"], 0),
    ]
    print(f"{'connections':<18}" + "".join(f"{count:>24}" for count in by_connections))
    for title, of, digits in rows:
        cells = [spread([of(one) for one in runs], digits) for runs in by_connections.values()]
        print(f"{title:<18}" + "".join(f"{cell:>24}" for cell in cells))


def main():
    if sys.argv[1] == "measure":
        measure(sys.argv[2:])
        return
    with open(sys.argv[2], encoding="utf-8") as file:
        figures = json.load(file)
    if "--json" in sys.argv[3:]:
        json.dump(figures, sys.stdout, indent=2)
        print()
    else:
        table(figures)


main()
