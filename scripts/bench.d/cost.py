"""What each part of Weir costs for an order.

  cost.py look PARTS KAFKA-DATA SECONDS     every process now and SECONDS later, as JSON
  cost.py table LOOKS REPORT [--json]       both looks beside the demo's report

PARTS has "part pid" on each line; what a process has started counts as its own. Times are the kernel's (/proc/PID/stat, in
hundredths of a second), so a window wants thousands of orders. System calls are counted by perf where it is installed and
may; it slows each call by a tenth of a microsecond or so.
"""

import collections
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time

TICKS = os.sysconf("SC_CLK_TCK")
TITLES = {"kafka": "broker"}
# Threads by what they are for; others go by their own names.
THREADS = [
    ("Kafka's client", re.compile(r"^rdk:")),
    ("async runtime", re.compile(r"^(tokio|weir-)")),
    # A worker is named "stage/number", and the kernel keeps 15 bytes of it.
    ("stage", re.compile(r"/\d*$")),
]


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""  # It has ended since it was listed.


def fields(stat):
    """Name, and the fields of a stat line from the third on: a name may hold spaces and parentheses."""
    if ")" not in stat:
        return None
    return stat[stat.index("(") + 1 : stat.rindex(")")], stat[stat.rindex(")") + 2 :].split()


def processes():
    """Every process and its parent."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        known = fields(read(f"/proc/{pid}/stat"))
        if known:
            found[int(pid)] = int(known[1][1])
    return found


def with_children(pid, parents):
    family = {pid}
    while True:
        more = {child for child, parent in parents.items() if parent in family} - family
        if not more:
            return family
        family |= more


def look_at(family):
    seen = {"user": 0.0, "system": 0.0, "switches": 0, "memory": 0, "threads": collections.Counter()}
    for pid in family:
        process = fields(read(f"/proc/{pid}/stat"))
        if not process:
            continue
        seen["user"] += int(process[1][11]) / TICKS
        seen["system"] += int(process[1][12]) / TICKS
        # Shared pages once: Postgres counts its buffers in each backend.
        status = dict(re.findall(r"^(Rss\w+):\s+(\d+) kB", read(f"/proc/{pid}/status"), re.M))
        seen["memory"] += int(status.get("RssAnon", 0)) * 1024
        for thread in glob.glob(f"/proc/{pid}/task/*"):
            one = fields(read(f"{thread}/stat"))
            switches = re.findall(r"ctxt_switches:\s+(\d+)", read(f"{thread}/status"))
            seen["switches"] += sum(map(int, switches))
            if one:
                seen["threads"][group(one[0])] += (int(one[1][11]) + int(one[1][12])) / TICKS
    return seen


def group(name):
    for title, pattern in THREADS:
        if pattern.search(name):
            return title
    return re.sub(r"[-_ ]?\d+$", "", name)


def loopback_bytes():
    line = next(line for line in read("/proc/net/dev").splitlines() if line.strip().startswith("lo:"))
    return int(line.split(":")[1].split()[0])


def topics(data):
    """Bytes of each topic's segments."""
    sizes = collections.Counter()
    for segment in glob.glob(f"{data}/*/*.log"):
        topic = os.path.basename(os.path.dirname(segment)).rsplit("-", 1)[0]
        sizes[topic] += os.path.getsize(segment)
    return sizes


def snapshot(parts, data):
    parents = processes()
    return {
        "at": time.monotonic(),
        "parts": {part: look_at(with_children(pid, parents)) for part, pid in parts.items()},
        "loopback": loopback_bytes(),
        "topics": topics(data),
    }


def counters(parts, seconds):
    """One perf for each part; none where perf is missing or may not count."""
    if not shutil.which("perf"):
        return {}
    parents = processes()
    started = {}
    for part, pid in parts.items():
        pids = ",".join(map(str, sorted(with_children(pid, parents))))
        words = ["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-p", pids, "--", "sleep", str(seconds)]
        started[part] = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return started


def look(parts_file, data, seconds):
    with open(parts_file, encoding="utf-8") as file:
        parts = {part: int(pid) for part, pid in (line.split() for line in file)}
    before = snapshot(parts, data)
    counting = counters(parts, seconds)
    time.sleep(max(0.0, before["at"] + seconds - time.monotonic()))
    after = snapshot(parts, data)
    calls = {}
    for part, perf in counting.items():
        said = perf.communicate()[1].split(",")[0].strip()
        if said.isdigit():
            calls[part] = int(said) / seconds
    json.dump({"before": before, "after": after, "calls_per_second": calls}, sys.stdout)


def rows(looks, rate):
    before, after = looks["before"], looks["after"]
    seconds = after["at"] - before["at"]
    orders = rate * seconds
    found = []
    for part, now in after["parts"].items():
        then = before["parts"][part]
        user, system = now["user"] - then["user"], now["system"] - then["system"]
        calls = looks["calls_per_second"].get(part)
        threads = {
            name: 1e6 * (spent - then["threads"].get(name, 0.0)) / orders for name, spent in now["threads"].items()
        }
        found.append(
            {
                "part": TITLES.get(part, part),
                "cores": (user + system) / seconds,
                "us": 1e6 * (user + system) / orders,
                "user_us": 1e6 * user / orders,
                "system_us": 1e6 * system / orders,
                "calls": calls / rate if calls is not None else None,
                "switches": (now["switches"] - then["switches"]) / orders,
                "memory_mb": now["memory"] / 1e6,
                # The runtime's threads have their process's name.
                "threads_us": {
                    "async runtime" if name == part else name: us for name, us in threads.items() if us >= 0.5
                },
            }
        )
    found.sort(key=lambda row: -row["us"])
    kept = {
        topic: (size - before["topics"].get(topic, 0)) / orders
        for topic, size in sorted(after["topics"].items())
        if size > before["topics"].get(topic, 0)
    }
    return {
        "seconds": seconds,
        "orders": round(orders),
        "rate_per_second": rate,
        "parts": found,
        "us": sum(row["us"] for row in found),
        "loopback_bytes": (after["loopback"] - before["loopback"]) / orders,
        "log_bytes": kept,
    }


def table(cost, report):
    print(
        f"{cost['orders']} orders in {cost['seconds']:.0f} s at {cost['rate_per_second']}/s; picking goes on at a fifth of that"
    )
    print(f"{'per order':<18}{'CPU µs':>8}{'share':>7}{'user':>7}{'system':>8}{'calls':>7}{'switches':>10}{'memory':>10}")
    for row in cost["parts"]:
        calls = "–" if row["calls"] is None else f"{row['calls']:.1f}"
        share = f"{100 * row['us'] / cost['us']:.0f} %"
        print(
            f"{row['part']:<18}{row['us']:>8.0f}{share:>7}{row['user_us']:>7.0f}{row['system_us']:>8.0f}"
            f"{calls:>7}{row['switches']:>10.1f}{row['memory_mb']:>7.0f} MB"
        )
        if row["part"] != "broker" and len(row["threads_us"]) > 1:
            for name, us in sorted(row["threads_us"].items(), key=lambda pair: -pair[1]):
                if us >= row["us"] / 100:
                    print(f"  {name:<16}{us:>8.0f}")
    cores = cost["us"] * cost["rate_per_second"] / 1e6
    print(f"{'all parts':<18}{cost['us']:>8.0f}   {cores:.2f} cores")
    print(f"over loopback {cost['loopback_bytes'] / 1000:.1f} kB; into the log {sum(cost['log_bytes'].values()) / 1000:.1f} kB:")
    for topic, size in sorted(cost["log_bytes"].items(), key=lambda pair: -pair[1]):
        print(f"  {topic:<28}{size:>8.0f} bytes")
    answer, pick = report["answer"], report["pick_list_written"]
    print(
        f"meanwhile answer p50 {answer['p50_ms']:.0f} p99 {answer['p99_ms']:.0f} ms, pick list p50 {pick['p50_ms']:.0f} "
        f"p99 {pick['p99_ms']:.0f} ms, waiting at the end of the load {report['pace']['waiting'][-1]}, verify {report['verify']}"
    )


def main():
    if sys.argv[1] == "look":
        look(sys.argv[2], sys.argv[3], int(sys.argv[4]))
        return
    with open(sys.argv[2], encoding="utf-8") as file:
        looks = json.load(file)
    with open(sys.argv[3], encoding="utf-8") as file:
        report = json.load(file)
    cost = rows(looks, report["rate_per_second"])
    if "--json" in sys.argv[4:]:
        json.dump({"cost": cost, "report": report}, sys.stdout, indent=2)
        print()
    else:
        table(cost, report)


main()
