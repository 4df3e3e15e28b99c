"""Records of `weir replay` (standard input) counted in steps of five seconds, with the outage marked.

Called with: the load's begin, the outage's begin and end (Unix milliseconds), and how many seconds the load lasts. Fails
where a whole step of the outage has none.
"""

import json
import sys

import figures

STEP_MS = 5000


def main():
    began, gone, back, seconds = map(int, sys.argv[1:])
    counts = {}
    for line in sys.stdin:
        step = (json.loads(line)["time"] - began) // STEP_MS
        if step >= 0:
            counts[step] = counts.get(step, 0) + 1
    empty, away = 0, 0
    for step in range(max([*counts, 0]) + 1):
        begin, end = began + step * STEP_MS, began + (step + 1) * STEP_MS
        is_away = begin < back and end > gone
        count = counts.get(step, 0)
        if count == 0 and begin >= gone and end <= min(back, began + seconds * 1000):
            empty += 1
        away += count if is_away else 0
        mark = "away" if is_away else ""
        print(f"  {step * 5:4d} … {step * 5 + 5:4d} s  {count:6d}  {mark}".rstrip())
    figures.note(f"{away:,} pick lists meanwhile, {empty} spells of 5 s without any")
    if empty:
        print(f"FAULT: no pick list in {empty} steps of the outage")
    sys.exit(1 if empty else 0)


main()
