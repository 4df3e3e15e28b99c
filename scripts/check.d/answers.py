"""How many of a door's answers took 50 ms at most, out of its own histogram: pairs of dumps of /metrics, before and after.

Prints the share in percent and the number of answers. A dump that is `-` counts as all zeroes: a process that has just begun.
"""

import re
import sys

BOUND = "0.05"
SAMPLE = re.compile(r'^http_server_request_duration_seconds_(bucket|count)\{(.*)\} (\S+)')


def read(path):
    """Answers within the bound, and all of them, over every status of the webhooks' route."""
    within = total = 0
    if path == "-":
        return within, total
    with open(path, encoding="utf-8") as file:
        for line in file:
            sample = SAMPLE.match(line)
            if not sample or 'http_route="/webhooks/' not in sample[2]:
                continue
            if sample[1] == "count":
                total += int(float(sample[3]))
            elif f'le="{BOUND}"' in sample[2]:
                within += int(float(sample[3]))
    return within, total


def main(paths):
    within = total = 0
    for before, after in zip(paths[::2], paths[1::2]):
        (before_within, before_total), (after_within, after_total) = read(before), read(after)
        within += after_within - before_within
        total += after_total - before_total
    if total == 0:
        sys.exit("error: the door answered nothing between the dumps")
    print(f"{100 * within / total:.2f} {total}")


if __name__ == "__main__":
    main(sys.argv[1:])
