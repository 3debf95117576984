"""The settings of this room, by Sealed Secrets' environment variables: `SEALED_SECRETS_...`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

from argosy.machinery import duration
from argosy.machinery.selectors import LabelSelector, parse_labels
from argosy.sealing.keyring import BY_CERTIFICATE, BY_CREATION

T = TypeVar("T")
PREFIX: Final = "SEALED_SECRETS_"
KEY_SIZES: Final = (2048, 3072, 4096, 8192)


class SettingError(ValueError):
    """A value cannot be parsed; the message names the variable, the value and what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Defaults are upstream's."""

    namespace: str = "kube-system"
    """The namespace of the keys, and the Service that clients ask."""
    service: str = "sealed-secrets-controller"
    key_prefix: str = "sealed-secrets-key"
    key_size: int = 4096
    key_ttl: timedelta = timedelta(hours=87600)
    common_name: str = ""
    key_labels: Mapping[str, str] = field(default_factory=dict)
    key_annotations: Mapping[str, str] = field(default_factory=dict)
    renew_period: timedelta = timedelta(hours=720)
    """Zero means never."""
    order: str = BY_CERTIFICATE
    cutoff: datetime | None = None
    """At start, a key older than this is followed by a new one."""
    accepts_deprecated: bool = True
    updates_status: bool = True
    recreates: bool = True
    repairs: bool = False
    """Argosy only: rewrite a Secret whose data somebody changed."""
    selector: LabelSelector | None = None
    namespaces: frozenset[str] = frozenset()
    """Empty means all."""
    rate: float = 2.0
    """Requests to `/v1/verify` per second and client."""
    burst: int = 2

    def covers(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether this room handles the SealedSecret."""
        here = not self.namespaces or namespace in self.namespaces
        return here and (self.selector is None or self.selector.matches(labels))


def settings_of(environ: Mapping[str, str]) -> Settings:
    """Raises SettingError."""
    given = {name.removeprefix(PREFIX): text for name, text in environ.items() if name.startswith(PREFIX) and text}
    read = _Reader(given)
    namespace = read("CONTROLLER_NAMESPACE", str, environ.get("POD_NAMESPACE") or "kube-system")
    own = frozenset() if read("ALL_NAMESPACES", _bool, True) else frozenset({namespace})
    more = frozenset(part.strip() for part in read("ADDITIONAL_NAMESPACES", str, "").split(",") if part.strip())
    return Settings(
        namespace=namespace,
        service=read("CONTROLLER_NAME", str, "sealed-secrets-controller"),
        key_prefix=read("KEY_PREFIX", str, "sealed-secrets-key"),
        key_size=read("KEY_SIZE", _key_size, 4096),
        key_ttl=read("KEY_TTL", _duration, timedelta(hours=87600)),
        common_name=read("MY_CN", str, ""),
        key_labels=read("PRIVATEKEY_LABELS", _pairs, {}),
        key_annotations=read("PRIVATEKEY_ANNOTATIONS", _pairs, {}),
        renew_period=read("KEY_RENEW_PERIOD", _duration, read("ROTATE_PERIOD", _duration, timedelta(hours=720))),
        order=BY_CREATION if read("KEY_ORDER_PRIORITY", str, BY_CERTIFICATE) == BY_CREATION else BY_CERTIFICATE,
        cutoff=read("KEY_CUTOFF_TIME", _moment, None),
        accepts_deprecated=read("ACCEPT_DEPRECATED_V1_DATA", _bool, True),
        updates_status=read("UPDATE_STATUS", _bool, True),
        recreates=not read("SKIP_RECREATE", _bool, False),
        repairs=read("REPAIR_DRIFT", _bool, False),
        selector=read("LABEL_SELECTOR", _selector, None),
        namespaces=own | more if own else own,
        rate=read("RATE_LIMIT", _number, 2.0),
        burst=int(read("RATE_LIMIT_BURST", _number, 2.0)),
    )


class _Reader:
    """Reads one variable by name; the error for an invalid value says what would be right."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given

    def __call__(self, name: str, parse: Callable[[str], T], default: T) -> T:
        text = self._given.get(name)
        if text is None:
            return default
        try:
            return parse(text)
        except (ValueError, TypeError) as error:
            raise SettingError(f"{PREFIX}{name}={text!r}: {error}") from None


def _bool(text: str) -> bool:
    if text.lower() not in ("true", "false", "1", "0", "t", "f"):
        raise ValueError("true or false would be right")
    return text.lower() in ("true", "1", "t")


def _duration(text: str) -> timedelta:
    found = duration.parse(text)
    if found < timedelta():
        raise ValueError("a duration of zero or more, such as 720h, would be right")
    return found


def _key_size(text: str) -> int:
    if not text.isdigit() or int(text) not in KEY_SIZES:
        raise ValueError(f"one of {', '.join(map(str, KEY_SIZES))} would be right")
    return int(text)


def _number(text: str) -> float:
    found = float(text)
    if not 0 < found < 1e6:
        raise ValueError("a number above zero would be right")
    return found


def _moment(text: str) -> datetime:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ValueError("a time such as Mon, 02 Jan 2006 15:04:05 -0700 would be right")
    return found


def _pairs(text: str) -> dict[str, str]:
    made: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals or not name:
            raise ValueError("pairs such as team=web,stage=test would be right")
        made[name] = value
    return made


def _selector(text: str) -> LabelSelector:
    return parse_labels(text)
