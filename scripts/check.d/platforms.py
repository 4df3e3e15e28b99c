#!/usr/bin/env python3
"""What `scripts/check platforms` reads and compares; exit code 1 where something is not as it should be.

platforms.py pulled SHOP COUNT SINCE_MS stdin: `weir pulls --json`; whether each channel's shop of that name, so many, was read since then
platforms.py same PLATFORMS CONSOLE CHANNEL/SHOP
                                        the platform's own books beside all that console has, order by order
platforms.py told STATE RECONCILED...   figures of the platforms' state and of `weir reconcile --json`; whether a webhook fell silent
platforms.py placed SHOP ANNOUNCED      stdin: `weir replay orders --type OrderPlaced`; how many orders each source has placed, and how many of
                                        those of the file with OrderAnnounced
"""
import collections
import json
import os
import sys
import urllib.parse
import urllib.request


def get(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


def figure(text):
    with open(os.environ["WEIR_CHECK_FIGURES"], "a", encoding="utf-8") as figures:
        print(text, file=figures)


def pulled(shop, count, since_ms):
    pulls = [pull for pull in json.load(sys.stdin)["pulls"] if pull["shop"] == shop]
    return len(pulls) == int(count) and all(pull["last_success_ms"] > int(since_ms) for pull in pulls)


def house_orders(console, channel, shop):
    asked = {"channel": channel, "shop": shop, "page_size": "500"}
    while True:
        page = get(f"{console}/orders?{urllib.parse.urlencode(asked)}")
        yield from page["orders"]
        if not page["nextPageToken"]:
            return
        asked["page_token"] = page["nextPageToken"]


def same(platforms, console, address):
    channel, shop = address.split("/")
    truth = {order["id"]: order for order in get(f"{platforms}/control/orders/{address}")["orders"]}
    house = {order["platformOrderId"]: order for order in house_orders(console, channel, shop)}
    faults = [f"{number}: on the platform only" for number in truth.keys() - house.keys()]
    faults += [f"{number}: in the house only" for number in house.keys() - truth.keys()]
    for number in truth.keys() & house.keys():
        there, here = truth[number], house[number]
        if there["cancelled"] != here["cancelAsked"]:
            faults.append(f"{number}: cancelled is {there['cancelled']} there, {here['cancelAsked']} here")
        if there["paid"] != (here["paymentState"] == "paid"):
            faults.append(f"{number}: paid is {there['paid']} there, {here['paymentState']!r} here")
        lines = {str(line["id"]): line["quantity"] for line in there["lines"] if line["quantity"] > 0}
        ours = {line["lineId"]: line["quantity"] for line in here["lines"]}
        if not there["cancelled"] and lines != ours:
            faults.append(f"{number}: lines are {lines} there, {ours} here")
    for fault in faults[:20]:
        print(f"  {address} {fault}")
    print(f"{address}: {len(truth)} orders on the platform, {len(house)} in the house, {len(faults)} differ")
    figure(f"{address.split('/')[0]}: {len(truth)} orders there, {len(house)} here, {len(faults)} differ")
    return not faults and bool(truth)


def told(state, *reconciled):
    state = json.loads(state)
    pushes = state["pushes"]
    figure(f"{state['orders']} orders and {state['steps']} later steps, {pushes['lost']} never told, "
           f"{pushes['duplicates']} told twice, {pushes['retries']} pushed again, {pushes['given_up']} given up")
    api = state["api"]
    figure(f"{api['requests']} requests of the APIs: {api['answered_5xx']} answered 5xx, {api['cut_off']} cut off, "
           f"{api['refused_429']} refused")
    for path in reconciled:
        with open(path, encoding="utf-8") as told_by:
            sums = json.load(told_by)
        figure(f"reconcile {os.path.basename(path).split('.')[1]}: {sums['missing']} missing, {sums['extra']} extra, "
               f"{sums['different']} different, {sums['still_off']} at its end")
    worst = max(shop["worst_failures_in_a_row"] for shop in state["shops"])
    figure(f"at most {worst} failures in a row for a webhook, {pushes['withheld']} pushes withheld by one that was given up")
    return all(shop["hook"] == "enabled" for shop in state["shops"])


def placed(shop, announced_in):
    with open(announced_in, encoding="utf-8") as lines:
        told = [json.loads(line)["event"]["orderAnnounced"] for line in lines]
    announced = {(one["channel"], one["platformOrderId"]) for one in told if one["shop"] == shop}
    sources, by_notice = collections.Counter(), collections.Counter()
    for line in sys.stdin:
        identity = json.loads(line)["event"]["orderPlaced"]["order"]["identity"]
        if identity["shop"] == shop:
            sources[identity["source"]] += 1
            if identity["source"] == "pull" and (identity["channel"], identity["platformOrderId"]) in announced:
                by_notice[identity["channel"]] += 1
    figure("placed: " + (", ".join(f"{count} by {source}" for source, count in sources.most_common()) or "none"))
    figure(f"{len(announced)} orders announced by a notice; placed by a pull after one: "
           + (", ".join(f"{count} of {channel}" for channel, count in sorted(by_notice.items())) or "none"))
    return sources["pull"] > 0


COMMANDS = {"pulled": pulled, "same": same, "told": told, "placed": placed}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    sys.exit(0 if COMMANDS[sys.argv[1]](*sys.argv[2:]) else 1)
