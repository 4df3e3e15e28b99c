"""How long a killed service took to its first new decision, and how that splits.

Two clocks of one machine are put side by side: the service's own log lines, and the times at which the broker
appended its records (topics are LogAppendTime). Called by `kills` with: its table of kills, the folder with a copy
of each service's log, and the limit in milliseconds. Console decides nothing; of it only "ready" is told.
"""

import datetime
import json
import re
import subprocess
import sys

import figures

FACTS = {
    "ingest": "orders",
    "routing": "routes",
    "inventory": "stock",
    "fulfillment": "shipments",
    "notification": "notices",
}
HEAD = ("service", "listening", "session", "transaction", "fold", "decision", "first new decision", "ready")
TAKEN = re.compile(r"^(\S+)\s.*partitions taken over.* ms=(\d+)")
LISTENING = re.compile(r"^(\S+)\s.*: listening ")


def unix_ms(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int(moment.timestamp() * 1000)


def log_times(path):
    """When it listened, and of each take-over when it began and ended."""
    listening, taken = None, []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if found := LISTENING.match(line):
                listening = unix_ms(found[1])
            if found := TAKEN.match(line):
                end = unix_ms(found[1])
                taken.append((end - int(found[2]), end))
    return listening, taken


def records(topic, since_ms):
    """The topic's records from then on, as (time, partition, offset, is it a Took)."""
    since = datetime.datetime.fromtimestamp(since_ms / 1000, datetime.timezone.utc).isoformat()
    command = ["./weir", "replay", topic, "--from", since.replace("+00:00", "Z")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as replay:
        for line in replay.stdout:
            record = json.loads(line)
            is_took = (record["type"] or "").endswith(".Took")
            yield record["time"], record["partition"], record["offset"], is_took
    if replay.returncode != 0:
        sys.exit(f"weir replay {topic} failed")


def measure(name, killed, folder):
    """The five parts in milliseconds, and their sum; or why it can't be told."""
    listening, taken = log_times(f"{folder}/kills.{name}.log")
    tooks, first = {}, None
    for time, partition, offset, is_took in records(FACTS[name], killed):
        if is_took:
            tooks.setdefault(partition, (offset, time))
        elif partition in tooks and offset > tooks[partition][0]:
            first = time if first is None else min(first, time)
    if first is None or listening is None:
        return None, "no new decision was seen after the restart"
    # The take-over that the first decision came out of: the broker's time may be a millisecond off.
    ended = [span for span in taken if span[1] <= first + 50]
    if not ended:
        return None, "no take-over is told of before the first decision"
    begin, end = ended[-1]
    took = max(time for _, time in tooks.values() if time <= end + 50)
    parts = (listening - killed, begin - listening, took - begin, end - took, max(first - end, 0))
    return parts, first - killed


def main():
    kills, folder, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
    rows, faults, totals = [], [], []
    with open(kills, encoding="utf-8") as lines:
        for line in lines:
            name, killed, ready = line.split()
            killed, ready = int(killed), int(ready)
            if name not in FACTS:
                rows.append((name, *["-"] * 6, ready - killed))
                continue
            parts, total = measure(name, killed, folder)
            if parts is None:
                faults.append(f"{name}: {total}")
                continue
            rows.append((name, *parts, total, ready - killed))
            totals.append(total)
            if total > limit:
                faults.append(f"{name} took {total} ms to its first new decision; the limit is {limit} ms")
    print("milliseconds from the SIGKILL, after which the service was started at once")
    for row in [HEAD, *rows]:
        print("  ".join(str(cell).ljust(12) if n == 0 else str(cell).rjust(len(HEAD[n])) for n, cell in enumerate(row)))
    print("listening: the process up to its port · session: broker, group and assignment · transaction: fencing the")
    print("predecessor and Took · fold: the commit's visibility and the state · decision: the first decided and written")
    if totals:
        span = f"{min(totals) / 1000:.1f}–{figures.seconds(max(totals))}"
        bound = figures.seconds(limit)
        figures.note(f"{len(rows)} services killed, first new decision after {span} (bound {bound})")
    for fault in faults:
        print(f"FAULT: {fault}")
    sys.exit(1 if faults else 0)


main()
