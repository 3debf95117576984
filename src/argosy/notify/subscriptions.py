"""Who subscribes to which trigger: annotations of the object and its project, and the global subscriptions.

Source: spec/notifications.md D3. Annotations without the prefix are ignored; upstream processes them with state left
over from the annotation before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from argosy.machinery.text import yaml
from argosy.machinery.text.yaml import YamlError
from argosy.notify.configuration import Configuration, Destination, Subscription, destination_of, text_of

PREFIX: Final = "notifications.argoproj.io"
LEGACY_SUFFIX: Final = ".recipients.argocd-notifications.argoproj.io"
_SUBSCRIBE: Final = f"{PREFIX}/subscribe."
_SUBSCRIPTIONS: Final = f"{PREFIX}/subscriptions"

Destinations = dict[str, dict[Destination, None]]
"""By trigger, without duplicates, in the order found."""


def annotated(annotations: Mapping[str, Any], configuration: Configuration) -> Destinations:
    found: Destinations = {}
    for key, value in annotations.items():
        for trigger, destination in _of_annotation(key, str(value), configuration):
            found.setdefault(trigger, {})[destination] = None
    return found


def unreadable_in(annotations: Mapping[str, Any]) -> tuple[str, ...]:
    """Errors in lists of subscriptions, which then subscribe nobody."""
    found = []
    for key, value in annotations.items():
        if key.startswith(_SUBSCRIPTIONS):
            try:
                entries = yaml.load(str(value))
            except YamlError as error:
                found.append(f"annotation {key} is not YAML: {error}")
                continue
            if entries is not None and not isinstance(entries, list):
                found.append(f"annotation {key} is not a list of {{trigger: [...], destinations: [...]}}")
    return tuple(found)


def legacy(annotations: Mapping[str, Any], configuration: Configuration) -> Destinations:
    """Only for an AppProject; default triggers of the service override even the one that is named."""
    found: Destinations = {}
    for key, value in annotations.items():
        trigger, suffix, rest = key.partition(LEGACY_SUFFIX)
        if not suffix or rest:
            continue
        for text in str(value).split(","):
            destination = destination_of(text.strip())
            for name in configuration.default_triggers.get(destination.service, (trigger,)):
                found.setdefault(name, {})[destination] = None
    return found


class GlobalSubscriptions:
    """The subscriptions of one configuration, indexed so that an object's cost depends on its matches only."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._by_selector: dict[str, list[Subscription]] = {}
        for subscription in configuration.subscriptions:
            text = ",".join(map(str, subscription.selector.requirements))
            self._by_selector.setdefault(text, []).append(subscription)
        self._exact: dict[tuple[str, str], list[str]] = {}
        self._others: list[str] = []
        for text, (first, *_rest) in self._by_selector.items():
            self._file(text, first)

    def destinations(self, labels: Mapping[str, str]) -> Destinations:
        found: Destinations = {}
        candidates = list(self._others)
        for label in labels.items():
            candidates += self._exact.get(label, ())
        for text in candidates:
            subscriptions = self._by_selector[text]
            if subscriptions[0].selector.matches(labels):
                for subscription in subscriptions:
                    self._add(subscription, found)
        return found

    def _file(self, text: str, subscription: Subscription) -> None:
        for requirement in subscription.selector.requirements:
            if requirement.operator == "in":
                for value in requirement.values:
                    self._exact.setdefault((requirement.key, value), []).append(text)
                return
        self._others.append(text)

    def _add(self, subscription: Subscription, found: Destinations) -> None:
        for destination in subscription.recipients:
            for trigger in subscription.triggers or self._configuration.defaults(destination.service):
                found.setdefault(trigger, {})[destination] = None


def merged(*parts: Destinations) -> Destinations:
    found: Destinations = {}
    for part in parts:
        for trigger, destinations in part.items():
            found.setdefault(trigger, {}).update(destinations)
    return found


def _of_annotation(key: str, value: str, configuration: Configuration) -> Iterator[tuple[str, Destination]]:
    if key.startswith(_SUBSCRIPTIONS):
        yield from _listed(value, configuration)
    elif key.startswith(_SUBSCRIBE):
        trigger, service = _trigger_and_service(key.removeprefix(_SUBSCRIBE))
        triggers = (trigger,) if trigger else configuration.defaults(service)
        for recipient in recipients_of(value):
            for name in triggers:
                yield name, Destination(service, recipient)


def _trigger_and_service(text: str) -> tuple[str, str]:
    """`<trigger>.<service>` or `<service>`; only the first two parts count."""
    parts = text.split(".")
    return ("", parts[0]) if len(parts) == 1 else (parts[0], parts[1])


def recipients_of(text: str) -> list[str]:
    """Separated by `;`; an empty annotation is one empty recipient, for services that need none."""
    if not text:
        return [""]
    return [part.strip() for part in text.split(";") if part.strip()]


def _listed(text: str, configuration: Configuration) -> Iterator[tuple[str, Destination]]:
    """A YAML list of `{trigger: [], destinations: [{service, recipients}]}`; an invalid one is empty."""
    try:
        entries = yaml.load(text)
    except YamlError:
        return
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        fields = {str(key).lower(): value for key, value in entry.items()}
        triggers = _texts(fields.get("trigger"))
        for given in fields.get("destinations") or ():
            service = text_of(given.get("service")) if isinstance(given, dict) else ""
            for name in triggers or configuration.defaults(service):
                for recipient in _texts(given.get("recipients")) if service else ():
                    yield name, Destination(service, recipient)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(text_of(item) for item in value) if isinstance(value, list) else ()
