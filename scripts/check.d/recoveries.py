"""How long services took after each kill, from many: to being ready, and to the first new decision of each partition.

Called with a table of kills (service, moment just before the SIGKILL, moment of being ready; Unix milliseconds), how many
kills there must be, the bound of the p99 in milliseconds, and the partitions of a topic. Decisions are told by the broker's
times: one counts as new where it stands behind a Took that was written after the kill. Of the partitions of a service the
last to decide counts, and the first is shown beside it. Console decides nothing: it is back when it is ready.

A partition that gets its first input only when its service is ready again has had nothing to decide: that time is taken out.
Where nothing comes before the service is killed again, or before the end, it does not count. Where something came, and the
service was killed again before it was decided, the kill is counted apart, unless the time up to the next kill alone is
above the bound: then it counts with that.
"""

import datetime
import json
import subprocess
import sys
from collections import namedtuple

import figures

FACTS = {
    "ingest": "orders",
    "routing": "routes",
    "inventory": "stock",
    "fulfillment": "shipments",
    "notification": "notices",
}
# A take-over: its time, that of the first decision behind it, and when that decision's input came (0: a deadline has none).
Took = namedtuple("Took", "time decided came")


def is_decision(record):
    """A fact, unless it is an empty one by which a stage at rest learns the broker's time."""
    if not (record["type"] or "").endswith(".Ignored"):
        return True
    return bool(record["event"].get("stage", {}).get("ignored", {}).get("inputs"))


def take_overs(topic, since_ms):
    """For each partition its take-overs, in order."""
    since = datetime.datetime.fromtimestamp(since_ms / 1000, datetime.timezone.utc).isoformat()
    command = ["./weir", "replay", topic, "--from", since.replace("+00:00", "Z")]
    tooks = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as replay:
        for line in replay.stdout:
            record = json.loads(line)
            of_partition = tooks.setdefault(record["partition"], [])
            if (record["type"] or "").endswith(".Took"):
                of_partition.append(Took(record["time"], None, 0))
            elif of_partition and of_partition[-1].decided is None and is_decision(record):
                meta = record["event"]["meta"]
                # Of a decision without an input nobody knows since when it could have been made.
                has_input = "cause" in meta or (record["type"] or "").endswith(".Ignored")
                came = int(meta["atMs"]) if has_input else 0
                of_partition[-1] = of_partition[-1]._replace(decided=record["time"], came=came)
    if replay.returncode != 0:
        sys.exit(f"weir replay {topic} failed")
    return tooks


def of_partition(tooks, killed, ready, again):
    """What became of one partition after a kill, and in what time; `again`: the service's next kill, if there is one."""
    mine = [took for took in tooks if killed <= took.time < (again or took.time + 1)]
    decided = next((took for took in mine if took.decided is not None), None)
    if decided:
        return "decided", decided.decided - killed - max(0, decided.came - ready)
    later = next((took for took in tooks if took.time >= killed and took.decided is not None), None)
    if again and later and later.came < again:
        return "again", again - killed - max(0, later.came - ready)
    if not again and not mine:
        return "lost", 0
    return "idle", 0


class Service:
    """Its kills, and what became of them."""

    def __init__(self, name):
        self.name, self.ready, self.first, self.last = name, [], [], []
        self.again, self.idle, self.lost = 0, 0, 0

    def measure(self, kills, partitions, limit):
        tooks = take_overs(FACTS[self.name], kills[0][0]) if self.name in FACTS else {}
        ends = [killed for killed, _ in kills[1:]] + [None]
        for (killed, ready), again in zip(kills, ends):
            self.ready.append(ready - killed)
            if self.name not in FACTS:
                self.last.append(ready - killed)
                continue
            found = [of_partition(tooks.get(number, []), killed, ready, again) for number in partitions]
            self.note(found, limit)

    def note(self, found, limit):
        decided = [ms for what, ms in found if what == "decided"]
        cut = [ms for what, ms in found if what == "again"]
        self.lost += sum(1 for what, _ in found if what == "lost")
        if max(cut, default=0) > limit:
            self.last.append(max(cut + decided))
        elif cut:
            self.again += 1
        elif decided:
            self.first.append(min(decided))
            self.last.append(max(decided))
        else:
            self.idle += 1


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def show(name, what, values):
    if values:
        told = (quantile(values, 0.5), quantile(values, 0.99), max(values))
        print(f"{name:<14}{what:<34}{len(values):>6}" + "".join(f"{value:>9}" for value in told))


def judge(services, count, wanted, limit):
    """The sums, the figures of the verdict, and what is wrong."""
    first = [ms for service in services for ms in service.first]
    last = [ms for service in services for ms in service.last]
    again, idle = (sum(getattr(service, what) for service in services) for what in ("again", "idle"))
    show("all", "first partition's new decision", first)
    show("all", "that, and console ready", last)
    print(f"{again} killed again before a partition with input had decided, {idle} with nothing to decide: not among these")
    faults = [f"{s.name}: {s.lost} partitions were never taken over after the last kill" for s in services if s.lost]
    if count < wanted:
        faults.append(f"{count} services were killed, fewer than {wanted}")
    p99 = quantile(last, 0.99) if last else None
    if p99 is None:
        faults.append("nothing was decided after any kill")
    elif p99 > limit:
        faults.append(f"the p99 of the recoveries is {p99} ms; the bound is {limit} ms")
    figures.note(f"{count} kills (at least {wanted})")
    if p99 is not None:
        told = f"recovery p99 {figures.seconds(p99)} (bound {figures.seconds(limit)}), worst {figures.seconds(max(last))}"
        beside = f", p99 of the first partitions {figures.seconds(quantile(first, 0.99))}" if first else ""
        figures.note(f"{told}{beside}, {again} killed again before they had decided")
    return faults


def main():
    path, (wanted, limit, partitions) = sys.argv[1], map(int, sys.argv[2:])
    kills = {}
    with open(path, encoding="utf-8") as lines:
        for name, killed, ready in map(str.split, lines):
            kills.setdefault(name, []).append((int(killed), int(ready)))
    count = sum(map(len, kills.values()))
    print(f"{count} kills; milliseconds from the SIGKILL")
    print(f"{'service':<14}{'until':<34}{'kills':>6}{'median':>9}{'p99':>9}{'worst':>9}")
    services = []
    for name in sorted(kills):
        service = Service(name)
        service.measure(sorted(kills[name]), range(partitions), limit)
        services.append(service)
        show(name, "ready", service.ready)
        show(name, "first partition's new decision", service.first)
        show(name, "last partition's new decision", service.last if name in FACTS else [])
    faults = judge(services, count, wanted, limit)
    for fault in faults:
        print(f"FAULT: {fault}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
