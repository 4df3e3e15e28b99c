"""Runs of `weir demo` as one table: each run, then median and spread.

Called with pairs: a run's JSON report, and the processors' ticks (busy, idle, stolen) before and after it.
"""

import json
import statistics
import sys

# At 500 orders/s on two cores, everything on one machine.
ANSWER_P99, PICK_P50, PICK_P99 = 100, 300, 1200


def row(path, ticks):
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    busy, idle, stolen, busy_after, idle_after, stolen_after = map(int, ticks.split())
    spent = (busy_after - busy, idle_after - idle, stolen_after - stolen)
    answer, pick = report["answer"], report["pick_list_written"]
    lead_in = report["lead_in"]["seconds"] if report.get("lead_in") else 0
    waiting = report["pace"]["waiting"][lead_in:]
    figures = {
        "answer p50": answer["p50_ms"],
        "answer p99": answer["p99_ms"],
        "pick list p50": pick["p50_ms"],
        "pick list p99": pick["p99_ms"],
        "most waiting": max(waiting, default=0),
        "waiting at the end": waiting[-1] if waiting else 0,
        "slowest answer": max(report["pace"]["slowest_answer_ms"][lead_in:], default=0),
        "lead-in's p99": report["lead_in"]["answer"]["p99_ms"] if lead_in else 0.0,
        "busy %": 100 * spent[0] / max(1, sum(spent)),
        "stolen %": 100 * spent[2] / max(1, sum(spent)),
    }
    if report.get("bare"):
        figures["bare p50"] = report["bare"]["seen"]["p50_ms"]
        figures["bare p99"] = report["bare"]["seen"]["p99_ms"]
    return figures


def main():
    words = sys.argv[1:]
    rows = [row(path, ticks) for path, ticks in zip(words[::2], words[1::2])]
    if not rows:
        print("no run ended well")
        sys.exit(1)
    heads = ["run", *map(str, range(1, len(rows) + 1)), "median", "from", "to"]
    print("  ".join(f"{head:>8}" if n else f"{head:<18}" for n, head in enumerate(heads)))
    for name in rows[0]:
        values = [figures.get(name, 0.0) for figures in rows]
        shown = [*values, statistics.median(values), min(values), max(values)]
        print("  ".join([f"{name:<18}", *(f"{value:8.0f}" for value in shown)]))
    met = [
        f["answer p99"] <= ANSWER_P99 and f["pick list p50"] <= PICK_P50 and f["pick list p99"] <= PICK_P99
        for f in rows
    ]
    wanted = f"answer p99 {ANSWER_P99}, pick list p50 {PICK_P50} and p99 {PICK_P99} ms"
    print(f"{sum(met)} of {len(met)} runs met {wanted}; milliseconds where nothing else is said")


main()
