"""Whether anything of a woken zombie is visible: records of `weir replay stock` on standard input.

Called with: when the process was stopped and when it was woken (Unix milliseconds). Each fact carries its owner's mark, the
offset of the Took in force when it was decided; one that carries an older mark than its partition's newest Took was
written by a fenced owner.
"""

import json
import sys


def main():
    stopped, woken = map(int, sys.argv[1:])
    owner, behind, takeovers, last = {}, [], [], {}
    for line in sys.stdin:
        record = json.loads(line)
        partition, offset, time = record["partition"], record["offset"], record["time"]
        if (record["type"] or "").endswith(".Took"):
            owner[partition] = offset
            if time >= stopped:
                takeovers.append((partition, time - stopped, time - last.get(partition, time)))
        elif partition in owner and int(record["event"]["meta"].get("owner", 0)) != owner[partition]:
            behind.append(f"stock/{partition}@{offset}, {time - woken} ms after it woke")
        last[partition] = time
    for partition, after, gap in takeovers:
        print(f"stock/{partition}: taken over {after} ms after the stop, {gap} ms behind the last fact")
    if not takeovers:
        print("FAULT: nothing was taken over: no second process had a seat")
    print(f"{len(behind)} visible records of a fenced owner")
    for place in behind[:10]:
        print(f"FAULT: {place}")
    sys.exit(1 if behind or not takeovers else 0)


main()
