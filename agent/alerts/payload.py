"""A notice as signed JSON for any receiver. Pure: no clock, no files, no model calls."""

import hashlib
import hmac

from agent.alerts.links import Places, links
from agent.alerts.notice import Notice
from agent.record.canonical import canonical_json, to_plain

SIGNATURE_VERSION = "v1"


def payload_of(notice: Notice, places: Places) -> bytes:
    """`id` stays the same when a notice is sent again, so that a receiver can leave a repetition out."""
    body = {"id": notice.key, "version": 1, "notice": to_plain(notice), "links": to_plain(list(links(notice, places)))}
    # Half of a surrogate pair becomes the escape that JSON has for it.
    return canonical_json(body).encode("utf-8", "backslashreplace")


def signed_headers(body: bytes, secret: str | None, timestamp: int, notice_key: str) -> dict[str, str]:
    """The headers of a request; `v1=` is the HMAC-SHA256 over `timestamp.body` in hexadecimal."""
    headers = {"Content-Type": "application/json", "X-Refit-Id": notice_key, "X-Refit-Timestamp": str(timestamp)}
    if secret is None:
        return headers
    return headers | {"X-Refit-Signature": signature(body, secret, timestamp)}


def signature(body: bytes, secret: str, timestamp: int) -> str:
    """A receiver computes the same over the raw body and refuses what differs or is older than some minutes."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"{SIGNATURE_VERSION}={digest}"
