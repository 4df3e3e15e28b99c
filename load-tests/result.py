"""A run's report with what it was measured on: result.py PROFILE COMMIT REPORT OPTIONS, one JSON document to standard output."""

import datetime
import json
import os
import re
import sys


def first(pattern, path):
    """What the first line that fits says, or "unknown": not every machine tells all of it."""
    try:
        with open(path, encoding="utf-8") as file:
            found = re.search(pattern, file.read(), re.M)
    except OSError:
        return "unknown"
    return found.group(1) if found else "unknown"


def main():
    profile, commit, path, options = sys.argv[1:5]
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    machine = {
        "cores": os.cpu_count(),
        "processor": first(r"^model name\s*:\s*(.+)$", "/proc/cpuinfo"),
        "memory_kb": first(r"^MemTotal:\s*(\d+)", "/proc/meminfo"),
        "kernel": os.uname().release,
    }
    at = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    result = {"profile": profile, "options": options.strip(), "commit": commit, "at": at, "machine": machine, "report": report}
    json.dump(result, sys.stdout, indent=1)
    print()


main()
