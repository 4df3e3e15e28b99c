"""limit.py LIMIT REPORT...: each rate of `weir demo` as a share of the bare copies' rate.

Ends with 3 once a rate was not kept up with: more orders waited for their pick list when the load ended than came in its last second,
or one answer in a hundred took more than a second from its intended moment, for then the load itself was late.
"""

import json
import sys


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main():
    limit, reports = load(sys.argv[1]), [load(path) for path in sys.argv[2:]]
    most = limit["median_orders_per_second"]
    rounds = ", ".join(f"{rate:.0f}" for rate in limit["orders_per_second"])
    print(f"bare copies, {limit['records_per_order']} records an order: {most:.0f} orders/s (rounds: {rounds})")
    print(f"{'orders/s':>9} {'of that':>8} {'answer p50/p99':>16} {'pick list p50/p99':>19} {'waiting at the end':>19}")
    kept = True
    for report in reports:
        rate, waiting = report["rate_per_second"], report["pace"]["waiting"][-1]
        answer, picked = report["answer"], report["pick_list_written"]
        kept = waiting <= rate and answer["p99_ms"] <= 1000
        print(
            f"{rate:9} {rate / most:8.0%} {answer['p50_ms']:7.0f}/{answer['p99_ms']:.0f} ms"
            f" {picked['p50_ms']:10.0f}/{picked['p99_ms']:.0f} ms {waiting:12}{'' if kept else '  not kept up with'}"
        )
    sys.exit(0 if kept else 3)


main()
