"""How long services took after each kill, from many: to the first new decision, by the broker's times, and to being ready.

Called with a table of kills: service, moment of the SIGKILL, moment of being ready (Unix milliseconds). A decision counts as
new where it stands behind a Took that was written after the kill. Console decides nothing; of it only "ready" is told.
"""

import bisect
import datetime
import json
import subprocess
import sys

FACTS = {
    "ingest": "orders",
    "routing": "routes",
    "inventory": "stock",
    "fulfillment": "shipments",
    "notification": "notices",
}


def records(topic, since_ms):
    """For each partition the times of its take-overs, and of the first other fact behind each."""
    since = datetime.datetime.fromtimestamp(since_ms / 1000, datetime.timezone.utc).isoformat()
    tooks, waiting = {}, {}
    with subprocess.Popen(
        ["./weir", "replay", topic, "--from", since.replace("+00:00", "Z")], stdout=subprocess.PIPE, text=True
    ) as replay:
        for line in replay.stdout:
            record = json.loads(line)
            partition, time = record["partition"], record["time"]
            if (record["type"] or "").endswith(".Took"):
                # One that was taken over again before it decided anything has decided nothing.
                waiting.setdefault(partition, []).append(time)
            elif waiting.get(partition):
                tooks.setdefault(partition, []).extend((took, time) for took in waiting.pop(partition))
    if replay.returncode != 0:
        sys.exit(f"weir replay {topic} failed")
    return tooks


def first_decision(tooks, killed):
    firsts = []
    for pairs in tooks.values():
        at = bisect.bisect_left(pairs, (killed, 0))
        if at < len(pairs):
            firsts.append(pairs[at][1] - killed)
    return min(firsts, default=None)


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def show(name, what, values):
    if values:
        figures = (quantile(values, 0.5), quantile(values, 0.99), max(values))
        print(f"{name:<14}{what:<20}{len(values):>6}" + "".join(f"{value:>9}" for value in figures))


def main():
    with open(sys.argv[1], encoding="utf-8") as lines:
        kills = [(name, int(killed), int(ready)) for name, killed, ready in map(str.split, lines)]
    print(f"{len(kills)} kills; milliseconds from the SIGKILL")
    print(f"{'service':<14}{'until':<20}{'kills':>6}{'median':>9}{'p99':>9}{'worst':>9}")
    everything, faults = [], []
    begin = min(killed for _, killed, _ in kills)
    for name in sorted({name for name, _, _ in kills}):
        mine = [(killed, ready) for service, killed, ready in kills if service == name]
        show(name, "ready", [ready - killed for killed, ready in mine])
        if name not in FACTS:
            continue
        tooks = records(FACTS[name], begin)
        firsts = [first_decision(tooks, killed) for killed, _ in mine]
        unseen = firsts.count(None)
        if unseen:
            faults.append(f"{name}: after {unseen} kills no new decision was seen")
        firsts = [first for first in firsts if first is not None]
        show(name, "first new decision", firsts)
        everything += firsts
    show("all", "first new decision", everything)
    for fault in faults:
        print(f"FAULT: {fault}")
    sys.exit(1 if faults else 0)


main()
