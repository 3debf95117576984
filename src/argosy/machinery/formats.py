"""String formats of schemas: one check each; an unknown format is not checked (spec 12, step 4)."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable
from datetime import date
from urllib.parse import urlsplit

from argosy.machinery import duration, names, timestamps

_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}", re.ASCII)
_EMAIL = re.compile(r"[^@\s<>\"]{1,64}@[A-Za-z0-9.-]{1,255}", re.ASCII)
_MAC = re.compile(r"[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5,7}", re.ASCII)
_WORDED = re.compile(
    r"(?:\s*[0-9.]+\s*(?:ns|nanos?|us|µs|micros?|ms|millis?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|"
    r"w|weeks?|wks?))+\s*",
    re.ASCII,
)


def _raises(read: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            read(text)
        except ValueError:
            return False
        return True

    return check


def _is_duration(text: str) -> bool:
    return _raises(duration.nanoseconds)(text) or bool(_WORDED.fullmatch(text))


def _decode(text: str) -> None:
    base64.b64decode(text, validate=True)


def _is_uri(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme) or text.startswith("/")


FORMATS: dict[str, Callable[[str], bool]] = {
    "date-time": _raises(lambda text: timestamps.parse(text.upper())),
    "datetime": _raises(lambda text: timestamps.parse(text.upper())),
    "date": _raises(date.fromisoformat),
    "duration": _is_duration,
    "byte": _raises(_decode),
    "uuid": lambda text: bool(_UUID.fullmatch(text)),
    "uuid3": lambda text: bool(_UUID.fullmatch(text)),
    "uuid4": lambda text: bool(_UUID.fullmatch(text)),
    "uuid5": lambda text: bool(_UUID.fullmatch(text)),
    "ipv4": _raises(ipaddress.IPv4Address),
    "ipv6": _raises(ipaddress.IPv6Address),
    "ip": _raises(ipaddress.ip_address),
    "cidr": _raises(lambda text: ipaddress.ip_interface(text) if "/" in text else ipaddress.ip_address("")),
    "mac": lambda text: bool(_MAC.fullmatch(text)),
    "email": lambda text: bool(_EMAIL.fullmatch(text)),
    "uri": _is_uri,
    "hostname": lambda text: not names.dns_subdomain(text.lower()),
    "k8s-short-name": lambda text: not names.dns_label(text),
    "k8s-long-name": lambda text: not names.dns_subdomain(text),
}
