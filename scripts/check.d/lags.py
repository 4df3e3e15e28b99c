"""How far each projection is behind, from `weir doctor --json` on standard input.

Prints "name records", one a line; with --below FILE it prints nothing and tells by its exit code whether each is no
further behind than that file says, a little room added for what is just being written.
"""

import json
import sys

ROOM = 300


def main():
    try:
        parts = json.load(sys.stdin)["parts"]
    except (ValueError, KeyError):
        sys.exit(1)
    lags = {}
    for part in parts:
        if part["part"].startswith("projection ") and part["found"].endswith(" records behind"):
            lags[part["part"].split()[1]] = int(part["found"].split()[0])
    if len(sys.argv) > 2 and sys.argv[1] == "--below":
        with open(sys.argv[2], encoding="utf-8") as file:
            wanted = {name: int(lag) for name, lag in (line.split() for line in file)}
        good = all(name in lags and lags[name] <= lag + ROOM for name, lag in wanted.items())
        sys.exit(0 if good and wanted else 1)
    for name, lag in sorted(lags.items()):
        print(name, lag)


main()
