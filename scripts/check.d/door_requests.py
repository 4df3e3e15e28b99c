"""Webhooks as platforms sign them, and the ways in which they are wrong. Called by `door.py`."""

import base64
import hashlib
import hmac
import json
import time


def digest(secret, *parts):
    signed = hmac.new(secret.encode(), b"".join(parts), hashlib.sha256)
    return base64.b64encode(signed.digest()).decode()


class Case:
    """A request, and what must come of it: a problem's name, the field it names, whether its bytes are kept."""

    def __init__(self, name, channel, shop, headers, body, code=None, field=None, kept=False):
        self.name, self.channel, self.shop = name, channel, shop
        self.headers, self.body = headers, body
        self.code, self.field, self.kept = code, field, kept


def generic_body(number, shop):
    lines = [{"line_id": "1", "sku": "DOOR-1", "title": "Door", "quantity": 1, "price": "12.50"}]
    data = {
        "order_id": number, "number": number, "version": 1, "status": "open", "placed_at": "2026-01-01T10:00:00Z",
        "currency": "EUR", "total": "12.50", "freight": "0.00", "payment_state": "paid",
        "buyer": {"id": shop, "email": "buyer@door.example", "phone": "+49 821 1"},
        "ship_to": {"country": "DE", "province": "BY", "city": "Augsburg", "name": "B", "address": "Lechweg 7"},
        "lines": lines,
    }
    return {"type": "order.created", "timestamp": "2026-01-01T10:00:00Z", "data": data}


def text(value):
    return json.dumps(value, separators=(",", ":")).encode()


def generic(name, shop, secret, body, moment=None, **expected):
    """Signed by Standard Webhooks: id.timestamp.body."""
    identity = f"door-{shop}-{name}".replace(" ", "-")
    stamp = str(int(time.time()) if moment is None else moment)
    signature = "v1," + digest(secret, identity.encode(), b".", stamp.encode(), b".", body)
    headers = {"webhook-id": identity, "webhook-timestamp": stamp, "webhook-signature": signature}
    return Case(name, "generic", shop, headers, body, **expected)


def shopify(name, shop, secret, body, **expected):
    headers = {
        "x-shopify-topic": "orders/create", "x-shopify-webhook-id": f"door-{shop}-{name}".replace(" ", "-"),
        "x-shopify-hmac-sha256": digest(secret, body),
    }
    return Case(name, "shopify", shop, headers, body, **expected)


def woocommerce(name, shop, secret, body, **expected):
    headers = {
        "x-wc-webhook-topic": "order.created", "x-wc-webhook-delivery-id": f"door-{shop}-{name}".replace(" ", "-"),
        "x-wc-webhook-signature": digest(secret, body),
    }
    return Case(name, "woocommerce", shop, headers, body, **expected)


def without(case, header, field):
    del case.headers[header]
    case.code, case.field = "signature-missing", field
    return case


def cases(shop, secret):
    good = text(generic_body("1", shop))
    total_missing = generic_body("2", shop)
    del total_missing["data"]["total"]
    money_float = generic_body("3", shop)
    money_float["data"]["total"] = 12.5
    twice = text(generic_body("4", shop)).replace(b'"total":"12.50"', b'"total":"12.50","total":"99.00"')
    nul = generic_body("8", shop)
    nul["data"]["lines"][0]["sku"] = "DOOR\0"
    nul_id = generic_body("9\0", shop)
    long = generic_body("10", shop)
    long["data"]["lines"] = [{"line_id": str(n), "sku": "D", "quantity": 1, "price": "1.00"} for n in range(501)]
    large = generic_body("5", shop)
    large["data"]["lines"][0]["title"] = "x" * 1_000_000
    price_float = text({"id": 6, "note": shop, "currency": "EUR", "total_price": 12.5, "financial_status": "paid",
                        "created_at": "2026-01-01T10:00:00Z", "updated_at": "2026-01-01T10:00:00Z",
                        "line_items": []})
    money = "money-not-integer-or-decimal-string"
    return [
        generic("good order before", shop, secret, good),
        generic("wrong signature", shop, "another secret", good, code="signature-mismatch"),
        shopify("wrong signature, shopify", shop, "another secret", good, code="signature-mismatch"),
        woocommerce("wrong signature, woo", shop, "another secret", good, code="signature-mismatch"),
        without(generic("missing signature", shop, secret, good), "webhook-signature", "webhook-signature"),
        without(shopify("missing signature, shopify", shop, secret, good), "x-shopify-hmac-sha256",
                "x-shopify-hmac-sha256"),
        without(woocommerce("missing signature, woo", shop, secret, good), "x-wc-webhook-signature",
                "x-wc-webhook-signature"),
        generic("old signature", shop, secret, good, moment=int(time.time()) - 3600, code="signature-expired"),
        generic("unknown shop", shop + "-nobody", secret, good, code="unknown-shop"),
        Case("unknown channel", "fax", shop, {}, good, code="unknown-channel"),
        generic("not JSON", shop, secret, f"<order>{shop}</order>".encode(), code="body-not-json", kept=True),
        generic("field missing", shop, secret, text(total_missing), code="field-missing", field="data.total", kept=True),
        generic("NUL in a SKU", shop, secret, text(nul), code="field-invalid", field="data.lines[0].sku", kept=True),
        generic("NUL in an order id", shop, secret, text(nul_id), code="field-invalid", field="data.order_id", kept=True),
        generic("501 lines", shop, secret, text(long), code="field-invalid", field="data.lines", kept=True),
        generic("1 MB body", shop, secret, text(large), code="body-too-large"),
        generic("duplicate key", shop, secret, twice, code="duplicate-key", field="total", kept=True),
        generic("float for money", shop, secret, text(money_float), code=money, field="data.total", kept=True),
        shopify("float for money, shopify", shop, secret, price_float, code=money, field="total_price", kept=True),
        generic("good order after", shop, secret, text(generic_body("7", shop))),
    ]
