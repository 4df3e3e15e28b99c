"""How long a partition stood still when its owner went: by the broker's times of the facts around the next Took.

Called with a table: service, when its second process went (Unix milliseconds), and how ("left", "away").
"""

import datetime
import json
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
# A process that stays away keeps its seat for a session of 6 s.
LIMIT_MS = 10_000


def standstills(topic, gone):
    """For each partition that was taken over after that moment: from it to the first new decision."""
    since = datetime.datetime.fromtimestamp(gone / 1000 - 1, datetime.timezone.utc).isoformat()
    command = ["./weir", "replay", topic, "--from", since.replace("+00:00", "Z")]
    took, first = set(), {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as replay:
        for line in replay.stdout:
            record = json.loads(line)
            partition, time = record["partition"], record["time"]
            if time >= gone and (record["type"] or "").endswith(".Took"):
                took.add(partition)
            elif partition in took and partition not in first:
                first[partition] = time - gone
    if replay.returncode != 0:
        sys.exit(f"weir replay {topic} failed")
    return first


def main():
    faults, worsts = [], {}
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in lines:
            name, gone, how = line.split()
            still = standstills(FACTS[name], int(gone))
            worst = max(still.values(), default=None)
            shown = ", ".join(f"{partition}: {ms} ms" for partition, ms in sorted(still.items()))
            print(f"{name:<14}{how:<6}to the first new decision of each partition: {shown or 'none'}")
            worsts.setdefault(how, []).append(worst or 0)
            if worst is None:
                faults.append(f"{name}: nothing was taken over after its second process went")
            elif worst > LIMIT_MS:
                faults.append(f"{name}: {worst} ms to the first new decision; the limit is {LIMIT_MS} ms")
    for how, what in (("left", "left in good order"), ("away", "gone without a word")):
        if worsts.get(how):
            span = f"{min(worsts[how]) / 1000:.1f}–{figures.seconds(max(worsts[how]))}"
            figures.note(f"{len(worsts[how])} {what}: every partition's first new decision after {span}")
    for fault in faults:
        print(f"FAULT: {fault}")
    sys.exit(1 if faults else 0)


main()
