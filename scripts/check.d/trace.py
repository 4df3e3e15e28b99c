"""Joins the span files of the services and prints one order's trace, and that of its shipment, as trees.

Of all traces that begin with a webhook the one with most services is taken, and of those the first. Fails where a service
between the webhook and the message is missing from it.
"""

import json
import sys

ON_THE_WAY = ("ingest", "routing", "inventory", "fulfillment", "notification")
NO_PARENT = "0" * 16
TOLD = ("messaging.destination.name", "kafka.offset", "http.response.status_code", "rpc.method", "weir.notice.medium")


def read(paths):
    traces = {}
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                span = json.loads(line)
                traces.setdefault(span["trace_id"], []).append(span)
    return traces


def roots(spans):
    ids = {span["span_id"] for span in spans}
    return [span for span in spans if span["parent_span_id"] not in ids]


def services(spans):
    return {span["service"] for span in spans}


def is_order(spans):
    """Begun by a webhook that the door took."""

    def taken(root):
        return 200 <= int(root["attributes"].get("http.response.status_code", 0)) < 300

    return any(root["service"] == "ingest" and "webhooks" in root["name"] and taken(root) for root in roots(spans))


def sent(spans):
    return [span for span in spans if span["service"] == "notification" and span["name"].startswith("send ")]


def keys(spans):
    found = (span["attributes"].get("kafka.message.key") for span in spans)
    return {key for key in found if key and "/" not in key}


def label(span, begin):
    told = [str(span["attributes"][name]) for name in TOLD if name in span["attributes"]]
    after = (span["start_unix_ns"] - begin) / 1e6
    took = (span["end_unix_ns"] - span["start_unix_ns"]) / 1e6
    failed = "" if span["status"] in ("Unset", "Ok") else f"  {span['status']}"
    return f"{after:9.1f} ms  {took:8.1f} ms", f"{span['service']}: {span['name']}", " ".join(told) + failed


def tree(spans):
    begin = min(span["start_unix_ns"] for span in spans)
    below = {}
    for span in sorted(spans, key=lambda span: span["start_unix_ns"]):
        below.setdefault(span["parent_span_id"], []).append(span)

    def show(span, lead, branch, rest):
        times, name, told = label(span, begin)
        print(f"{times}  {lead}{branch}{name}  ({told})" if told else f"{times}  {lead}{branch}{name}")
        children = below.get(span["span_id"], [])
        for number, child in enumerate(children):
            last = number == len(children) - 1
            show(child, lead + rest, "└─ " if last else "├─ ", "   " if last else "│  ")

    for root in sorted(roots(spans), key=lambda span: span["start_unix_ns"]):
        show(root, "", "", "")


def main():
    traces = read(sys.argv[1:])
    orders = [spans for spans in traces.values() if is_order(spans)]
    if not orders:
        sys.exit(f"no trace begins with a webhook; {len(traces)} traces were read")
    orders.sort(key=lambda spans: min(span["start_unix_ns"] for span in spans))
    chosen = max(orders, key=lambda spans: (len(services(spans)), len(sent(spans)) > 0))
    print(f"trace {chosen[0]['trace_id']}: {len(chosen)} spans, {', '.join(sorted(services(chosen)))}")
    print("    after        took")
    tree(chosen)
    order = keys(chosen)
    for trace_id, spans in traces.items():
        is_shipped = any(span["name"] == "send shipped" for span in spans)
        if spans is not chosen and is_shipped and order & keys(spans):
            print(f"\ntrace {trace_id}: the same order's shipment, begun by the warehouse's call")
            tree(spans)
    faults = [f"{name} is missing" for name in ON_THE_WAY if name not in services(chosen)]
    if not sent(chosen):
        faults.append("no span tells of the message sent")
    complete = sum(1 for spans in orders if services(spans) >= set(ON_THE_WAY) and sent(spans))
    print(f"\n{complete} of {len(orders)} traces that begin with a webhook run from it through every service to a message")
    for fault in faults:
        print(f"FAULT: {fault}")
    sys.exit(1 if faults else 0)


main()
