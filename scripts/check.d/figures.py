"""Figures for the one line that ends a check: `note` keeps one for it; called as a program it says what a demo came to.

The file is named by WEIR_CHECK_FIGURES (setting.sh); each line of it is one figure. As a program: the demo's JSON report.
"""

import json
import os
import sys


def note(text):
    """One more figure. Without the file, as when a script is tried by hand, it goes nowhere."""
    path = os.environ.get("WEIR_CHECK_FIGURES")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            print(text, file=file)


def seconds(ms):
    return f"{ms / 1000:.1f} s"


def of_demo(path):
    try:
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
    except (OSError, ValueError):
        return "the demo gave no report"
    orders, deliveries = report["orders"]["placed"], report["deliveries"]
    faults = len(report["faults"])
    accounted = "all accounted for" if faults == 0 else f"{faults} FAULTS of the demo"
    return f"{orders:,} orders, {deliveries['acknowledged']:,} acknowledged and {accounted}, verify {report['verify']}"


if __name__ == "__main__":
    print(of_demo(sys.argv[1]))
