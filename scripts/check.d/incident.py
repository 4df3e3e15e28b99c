#!/usr/bin/env python3
"""What `scripts/check incident` reads and writes.

incident.py same PLATFORMS CONSOLE CHANNEL/SHOP    whether the house has the platform's orders, each once; says how many
incident.py csv PLATFORMS CHANNEL/SHOP             the platform's orders as `weir backfill` reads them
incident.py sums REPORT                            a report of `weir backfill --json` in a line
incident.py nothing REPORT                         whether that run entered nothing
"""
import csv
import datetime
import json
import sys
import urllib.parse
import urllib.request

COLUMNS = ["order_id", "placed_at", "currency", "payable", "payment_state", "line_id", "sku", "quantity", "price"]


def get(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


def orders(platforms, address):
    return get(f"{platforms}/control/orders/{address}")["orders"]


def house(console, channel, shop):
    asked = {"channel": channel, "shop": shop, "page_size": "500"}
    while True:
        page = get(f"{console}/orders?{urllib.parse.urlencode(asked)}")
        yield from (order["platformOrderId"] for order in page["orders"])
        if not page["nextPageToken"]:
            return
        asked["page_token"] = page["nextPageToken"]


def same(platforms, console, address):
    there = {order["id"] for order in orders(platforms, address)}
    here = list(house(console, *address.split("/")))
    lost = len(there - set(here))
    print(f"{len(there)} orders on the platform, {len(here)} in the house, {lost} lost")
    return bool(there) and sorted(there) == sorted(here)


def decimal(minor):
    return f"{minor // 100}.{minor % 100:02}"


def as_csv(platforms, address):
    rows = csv.writer(sys.stdout)
    rows.writerow(COLUMNS)
    for order in orders(platforms, address):
        placed = datetime.datetime.fromtimestamp(order["created_at_ms"] / 1000, datetime.timezone.utc)
        # The platform's books tell no prices of lines: the sum is spread over the units.
        units = sum(line["quantity"] for line in order["lines"])
        for line in order["lines"]:
            rows.writerow([
                order["id"], placed.strftime("%Y-%m-%dT%H:%M:%SZ"), order["currency"], decimal(order["total_minor"]),
                "paid" if order["paid"] else "pending", line["id"], line["sku"], line["quantity"],
                decimal(order["total_minor"] // max(units, 1)),
            ])
    return True


def report(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def sums(path):
    told = report(path)
    print(f"{told['orders']} orders in the file, {told['entered']} entered, {told['known']} known, "
          f"{len(told['refused'])} refused, {len(told['unanswered'])} without an answer")
    return True


def nothing(path):
    told = report(path)
    return told["entered"] == 0 and told["known"] == told["orders"]


COMMANDS = {"same": same, "csv": as_csv, "sums": sums, "nothing": nothing}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    sys.exit(0 if COMMANDS[sys.argv[1]](*sys.argv[2:]) else 1)
