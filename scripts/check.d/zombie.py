"""Whether anything of a woken zombie is visible: records of `weir replay stock` on standard input; and what it says itself.

Called with: when the process was stopped and when it was woken (Unix milliseconds), what of its transaction was open at the
broker while it was stopped ("partition stable end", as unstable.py prints it), and its log. Each fact carries its owner's
mark, the offset of the Took in force when it was decided; one that carries an older mark than its partition's newest Took
was written by a fenced owner. What was open is aborted by the broker, so that nothing is ever visible in its place.
"""

import datetime
import json
import re
import sys

import figures

# What a worker says when it learns that it was fenced, that its seat is another's, or that it slept through its patience.
FENCED = re.compile(
    r"weir_pipeline::stage::\w+: ((?:taking over again|gave up the open transaction on revocation|worker hangs).*)"
)


def read_open(path):
    with open(path, encoding="utf-8") as lines:
        return {int(number): (int(stable), int(end)) for number, stable, end in map(str.split, lines)}


def own_words(path, woken):
    """What the process has said of being fenced since it woke."""
    since = datetime.datetime.fromtimestamp(woken / 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")
    found = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            said = FENCED.search(line)
            if said and line[: len(since)] >= since:
                found.append(said[1].strip())
    # First what names the reason: a worker that slept may first notice that nothing answered meanwhile.
    return sorted(found, key=lambda words: not re.search("fenced|assignment lost", words))


def visible(unsettled, stopped, woken):
    """Take-overs, what is behind a newer owner's Took, and what is visible in the open transaction's place."""
    owner, last, takeovers, behind, inside = {}, {}, [], [], []
    for line in sys.stdin:
        record = json.loads(line)
        partition, offset, time = record["partition"], record["offset"], record["time"]
        place = f"stock/{partition}@{offset}"
        stable, end = unsettled.get(partition, (0, 0))
        if stable <= offset < end:
            inside.append(place)
        if (record["type"] or "").endswith(".Took"):
            owner[partition] = offset
            if time >= stopped:
                takeovers.append((partition, time - stopped, time - last.get(partition, time)))
        elif partition in owner and int(record["event"]["meta"].get("owner", 0)) != owner[partition]:
            behind.append(f"{place}, {time - woken} ms after it woke")
        last[partition] = time
    return takeovers, behind, inside


def main():
    stopped, woken = map(int, sys.argv[1:3])
    unsettled, said = read_open(sys.argv[3]), own_words(sys.argv[4], woken)
    takeovers, behind, inside = visible(unsettled, stopped, woken)
    for partition, after, gap in takeovers:
        print(f"stock/{partition}: taken over {after} ms after the stop, {gap} ms behind the last fact")
    for number, (stable, end) in unsettled.items():
        print(f"stock/{number}: {end - stable} records from @{stable} were in its open transaction")
    for words in said:
        print(f"the woken process: {words}")
    faults = [f"{place} is visible" for place in (behind + inside)[:10]]
    meanwhile = [partition for partition, after, _ in takeovers if after < woken - stopped]
    if not meanwhile:
        faults.append("nothing was taken over while it was stopped")
    if not said:
        faults.append("the log of the woken process does not say that it was fenced")
    figures.note(f"{len(behind)} visible records of a fenced owner")
    records = sum(end - stable for stable, end in unsettled.values())
    if unsettled:
        figures.note(f"stopped inside a transaction with {records} records at the broker, {len(inside)} of them visible")
    else:
        figures.note("NOT stopped inside a transaction: none was met open at the broker")
    figures.note(f"the woken process: {said[0]}" if said else "the woken process says nothing")
    for fault in faults:
        print(f"FAULT: {fault}")
    sys.exit(1 if faults else 0)


main()
