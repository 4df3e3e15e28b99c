"""Sends what a door must refuse, and shows what it answered and what it kept. Called by `door`."""

import http.client
import json
import re
import subprocess
import sys
import time
import urllib.parse

from door_requests import cases

PATIENCE_S = 60
FAULTS = []


def say_fault(text):
    FAULTS.append(text)


def weir(*words, ends=0):
    done = subprocess.run(["./weir", *words], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != ends:
        sys.exit(f"weir {' '.join(words)} ended with {done.returncode}")
    return done.stdout


def post(door, channel, shop, headers, body):
    """Status and body; a connection that ends in the middle of a body that is too large may still have an answer."""
    place = urllib.parse.urlsplit(door)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=15)
    try:
        try:
            connection.request("POST", f"/webhooks/{channel}/{shop}", body, {"content-type": "application/json", **headers})
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.getheader("content-type", "")
    except (OSError, http.client.HTTPException) as failure:
        return 0, str(failure), ""
    finally:
        connection.close()


def wait(what, look):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(0.3)
    say_fault(f"{what}: not within {PATIENCE_S} s")
    return None


def documented(path):
    """The status of each error's name, as docs/errors says."""
    with open(path, encoding="utf-8") as page:
        rows = re.findall(r"^\| \[([a-z-]+)\]\(\S+\) \| (\d{3}) \|", page.read(), re.MULTILINE)
    return {name: int(status) for name, status in rows}


def register(door, shop, secret):
    for channel in ("generic", "shopify", "woocommerce"):
        weir("shop", "add", channel, shop, "--secret", secret)
        wait(f"the door knows {channel}/{shop}",
             lambda c=channel: True if post(door, c, shop, {}, b"{}")[0] in (400, 401) else None)


def judge(case, status, body, content_type, table):
    """One line of the table; what is not as documented is a fault."""
    if case.code is None:
        if not 200 <= status < 300:
            say_fault(f"{case.name}: {status} {body}")
        return (case.name, status, "-", "-", "-")
    try:
        problem = json.loads(body)
    except ValueError:
        say_fault(f"{case.name}: {status}, and no problem body: {body!r}")
        return (case.name, status, "none", "-", "-")
    fields = [error.get("field") or error.get("pointer") for error in problem.get("errors", [])]
    kept = problem.get("kept", "-")
    found = (problem.get("code"), status, content_type.split(";")[0])
    wanted = (case.code, table.get(case.code), "application/problem+json")
    if found != wanted:
        say_fault(f"{case.name}: {found}, documented is {wanted}")
    if case.field is not None and case.field not in fields:
        say_fault(f"{case.name}: names {fields}, not {case.field}")
    if (kept == "true") != case.kept:
        say_fault(f"{case.name}: kept is {kept}")
    return (case.name, status, problem.get("code"), ", ".join(map(str, fields)) or "-", kept)


def quarantined(shop_cases):
    """The entries of our bytes, once each kept body lies there."""
    entries = [json.loads(line) for line in weir("quarantine", "list", "--json", "--all").splitlines()]
    ours = {}
    for case in shop_cases:
        held = [entry for entry in entries if received(entry) and case.body in received(entry)]
        if held:
            ours[case.name] = held
    return ours if len(ours) == len(shop_cases) else None


def received(entry):
    """The record's bytes; the webhook's body lies in them as it came."""
    return bytes(entry["bytes"])


def table(head, rows):
    widths = [max(len(str(row[n])) for row in [head, *rows]) for n in range(len(head))]
    for row in [head, *rows]:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())


def placed(shop):
    seconds = int(time.monotonic() - STARTED) + 5
    lines = weir("replay", "orders", "--type", "OrderPlaced", "--from", f"{seconds}s").splitlines()
    count = sum(1 for line in lines if f'"{shop}"' in line)
    return True if count == 2 else None


def redrive(case, entries):
    """Back through its topic, marked as redriven.

    How a body is read depends on its bytes and on the adapter's code, never on reference data. So there is no record at
    the door that mended reference data would let through: what is redriven without a new adapter is read again, and
    comes to lie in quarantine again under a place of its own. Nothing is lost, and nothing is placed twice.
    """
    first = entries[0]
    print(weir("quarantine", "redrive", "--key", first["key"], "--reason", first["reason"], ends=1).strip())

    def again():
        now = (quarantined([case]) or {}).get(case.name, [])
        return now if len(now) > len(entries) and any(entry["redriven"] for entry in now) else None

    now = wait("the redriven record has been read again", again) or []
    table(("place", "from", "reason", "field", "redriven"),
          [(e["place"], e["from"], e["reason"], e["field"] or "-", e["redriven"]) for e in now])


def main():
    door, table_path = sys.argv[1:]
    shop, secret = f"door-{int(time.time())}", "a secret of this check alone"
    register(door, shop, secret)
    errors, rows, kept = documented(table_path), [], []
    for case in cases(shop, secret):
        answer = post(door, case.channel, case.shop, case.headers, case.body)
        rows.append(judge(case, *answer, errors))
        if case.kept:
            kept.append(case)
    table(("case", "status", "problem", "field", "kept"), rows)
    found = wait("what was kept lies in quarantine", lambda: quarantined(kept)) or {}
    print(f"\nin quarantine, with the bytes that were sent ({len(found)} of {len(kept)}):")
    table(("case", "place", "reason", "field", "detail"),
          [(name, e[0]["place"], e[0]["reason"], e[0]["field"] or "-", e[0]["detail"]) for name, e in found.items()])
    for case in kept:
        if case.name in found and found[case.name][0]["reason"] != case.code:
            say_fault(f"{case.name}: in quarantine for {found[case.name][0]['reason']}")
    if "field missing" in found:
        print("\nredriven, one of them; no reference data decides how a body is read, so it comes back:")
        redrive(next(case for case in kept if case.name == "field missing"), found["field missing"])
    if wait("both good orders are placed", lambda: placed(shop)):
        print("\nboth good orders, before and after, are placed")
    for fault in FAULTS:
        print(f"FAULT: {fault}")
    sys.exit(1 if FAULTS else 0)


STARTED = time.monotonic()
main()
