"""The configuration in the ConfigMap and Secret of a namespace: services, templates, triggers, subscriptions.

Source: spec/notifications.md D2. An invalid item is reported as a Problem, and everything else keeps working; in
upstream it stops the notifications of the entire namespace.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from argosy.expr.exprlang import ExprError, Program, compile_expression
from argosy.machinery.objects import JsonObject
from argosy.machinery.selectors import LabelSelector, SelectorError, parse_labels
from argosy.machinery.text import yaml
from argosy.machinery.text.yaml import YamlError

T = TypeVar("T")

_SECRET: Final = re.compile(r"\$[-A-Za-z0-9_]+")
LEGACY: Final = "config.yaml"
LEGACY_SECRET: Final = "notifiers.yaml"  # noqa: S105

EVERYTHING: Final = LabelSelector()


class ConfigurationError(ValueError):
    """An item is invalid; the text says which field and what would be right, and holds no secret."""


@dataclass(frozen=True, slots=True, order=True)
class Destination:
    service: str
    recipient: str

    def __str__(self) -> str:
        return f"{self.service}:{self.recipient}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One entry of a trigger, compiled."""

    when: str
    once_per: str = ""
    send: tuple[str, ...] = ()
    description: str = ""
    program: Program | None = None
    """None: an empty `when`, which is never true."""
    once_program: Program | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    name: str
    type: str
    options: JsonObject = field(repr=False)
    """With the Secret's values inserted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A global subscription. No triggers means the default ones."""

    recipients: tuple[Destination, ...]
    triggers: tuple[str, ...] = ()
    selector: LabelSelector = EVERYTHING


@dataclass(frozen=True, slots=True)
class Problem:
    key: str
    """Name of the item in the ConfigMap or Secret."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    services: Mapping[str, Service] = field(default_factory=dict)
    templates: Mapping[str, JsonObject] = field(default_factory=dict)
    triggers: Mapping[str, tuple[Condition, ...]] = field(default_factory=dict)
    subscriptions: tuple[Subscription, ...] = ()
    default_triggers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By service; those for any service under ""."""
    context: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    problems: tuple[Problem, ...] = ()

    def defaults(self, service: str) -> tuple[str, ...]:
        """The service's own list if it has one, else the global one."""
        return self.default_triggers.get(service, self.default_triggers.get("", ()))


def configuration(data: Mapping[str, str], secrets: Mapping[str, bytes]) -> Configuration:
    """Parses a ConfigMap's data and a Secret's; both may be empty."""
    return _Reader(data, secrets).read()


class _Reader:
    def __init__(self, data: Mapping[str, str], secrets: Mapping[str, bytes]) -> None:
        self._data, self._secrets = data, secrets
        self._problems: list[Problem] = []
        self._services: dict[str, Service] = {}
        self._templates: dict[str, JsonObject] = {}
        self._triggers: dict[str, tuple[Condition, ...]] = {}
        self._defaults: dict[str, tuple[str, ...]] = {}
        self._subscriptions: tuple[Subscription, ...] = ()
        self._context: dict[str, str] = {}

    def read(self) -> Configuration:
        for key in sorted(self._data):
            self._guarded(key, lambda key=key: self._item(key))  # type: ignore[misc]
        self._guarded(LEGACY, self._legacy)
        self._guarded(LEGACY_SECRET, self._legacy_services)
        return Configuration(
            services=self._services,
            templates=self._templates,
            triggers=self._triggers,
            subscriptions=self._subscriptions,
            default_triggers=self._defaults,
            context=self._context,
            secrets=self._secrets,
            problems=tuple(self._problems),
        )

    def _guarded(self, key: str, read: Callable[[], None]) -> None:
        try:
            read()
        except (ConfigurationError, YamlError, SelectorError) as error:
            self._problems.append(Problem(key, str(error)))

    def _item(self, key: str) -> None:
        kind, dot, name = key.partition(".")
        text = self._data[key]
        if key == "subscriptions":
            self._subscriptions = tuple(_subscriptions(_yaml(text), key))
        elif key == "context":
            self._context = {str(name): text_of(value) for name, value in _mapping(_yaml(text), key).items()}
        elif kind == "defaultTriggers":
            self._defaults[name] = _names(_yaml(text), key)
        elif kind == "template" and dot:
            self._templates[name] = _mapping(_yaml(text), key)
        elif kind == "trigger" and dot:
            self._triggers[name] = conditions(_yaml(text), key)
        elif kind == "service" and dot:
            self._service(key, name.split("."), _mapping(_yaml(text), key))

    def _service(self, key: str, parts: list[str], options: JsonObject) -> None:
        if len(parts) > 2 or not all(parts):
            raise ConfigurationError(f"{key}: a service is named service.<type> or service.<type>.<name>")
        self._add_service(key, parts[0], parts[-1], options)

    def _add_service(self, key: str, type_name: str, name: str, options: JsonObject) -> None:
        unknown: set[str] = set()
        options = _with_secrets(options, self._secrets, unknown)
        self._services[name] = Service(name=name, type=type_name, options=options)
        for missing in sorted(unknown):
            self._problems.append(Problem(key, f"{missing}: the Secret has no such key, so the text stays as it is"))

    # -- the form before 2021 ------------------------------------------------------------------------------------------

    def _legacy(self) -> None:
        if LEGACY not in self._data:
            return
        found = _mapping(_yaml(self._data[LEGACY]), LEGACY)
        for given in _objects(found.get("triggers"), f"{LEGACY}: triggers"):
            self._legacy_trigger(given)
        for given in _objects(found.get("templates"), f"{LEGACY}: templates"):
            self._legacy_template(given)
        if context := found.get("context"):
            self._context |= {str(key): text_of(value) for key, value in _mapping(context, LEGACY).items()}
        self._subscriptions += tuple(_subscriptions(found.get("subscriptions"), LEGACY))

    def _legacy_trigger(self, given: JsonObject) -> None:
        name = text_of(given.get("name"))
        entry = {
            "when": given.get("condition"),
            "description": given.get("description"),
            "send": [given["template"]] if given.get("template") else [],
        }
        self._triggers[name] = conditions([entry], f"{LEGACY}: triggers: {name}")
        if text_of(given.get("enabled")) == "true":
            self._defaults[""] = (*self._defaults.get("", ()), name)

    def _legacy_template(self, given: JsonObject) -> None:
        blocks = {key: value for key, value in given.items() if key not in ("name", "subject", "body", "title")}
        blocks["message"] = given.get("body")
        if subject := given.get("subject") or given.get("title"):
            blocks["email"] = {"subject": subject, **(blocks.get("email") or {})}
        self._templates[text_of(given.get("name"))] = blocks

    def _legacy_services(self) -> None:
        if LEGACY_SECRET not in self._secrets:
            return
        found = _mapping(_yaml(self._secrets[LEGACY_SECRET].decode("utf-8", "replace")), LEGACY_SECRET)
        for type_name in ("email", "slack", "opsgenie", "grafana"):
            if options := found.get(type_name):
                self._add_service(LEGACY_SECRET, type_name, type_name, _mapping(options, LEGACY_SECRET))
        for options in _objects(found.get("webhook"), f"{LEGACY_SECRET}: webhook"):
            self._add_service(LEGACY_SECRET, "webhook", text_of(options.get("name")), options)


def conditions(given: Any, where: str) -> tuple[Condition, ...]:
    """The entries of a trigger's list. Raises ConfigurationError for an expression that does not compile."""
    return tuple(_condition(entry, f"{where}[{at}]") for at, entry in enumerate(_objects(given, where)))


def _condition(entry: JsonObject, where: str) -> Condition:
    when, once_per = text_of(entry.get("when")), text_of(entry.get("oncePer"))
    return Condition(
        when=when,
        once_per=once_per,
        send=_names(entry.get("send"), f"{where}.send"),
        description=text_of(entry.get("description")),
        program=_compiled(when, f"{where}.when"),
        once_program=_compiled(once_per, f"{where}.oncePer"),
    )


def _compiled(source: str, where: str) -> Program | None:
    """Without an environment, as upstream: unknown names are nil, and nothing is type-checked."""
    if not source.strip():
        return None
    try:
        return compile_expression(source)
    except ExprError as error:
        raise ConfigurationError(f"{where}: {error}") from None


def _subscriptions(given: Any, where: str) -> Iterable[Subscription]:
    for at, entry in enumerate(_objects(given, where)):
        recipients = _names(entry.get("recipients"), f"{where}[{at}].recipients")
        yield Subscription(
            recipients=tuple(destination_of(text) for text in recipients),
            triggers=_names(entry.get("triggers"), f"{where}[{at}].triggers"),
            selector=parse_labels(text_of(entry.get("selector"))),
        )


def destination_of(text: str) -> Destination:
    """`service:recipient`; text after a second colon is dropped, as upstream."""
    service, _, rest = text.partition(":")
    return Destination(service.strip(), rest.partition(":")[0].strip())


def text_of(value: Any) -> str:
    """A YAML scalar where a text is expected: `when: true` means the text `true`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        raise ConfigurationError("a text is wanted where a map or a list is given")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _with_secrets(value: Any, secrets: Mapping[str, bytes], unknown: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _with_secrets(item, secrets, unknown) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_secrets(item, secrets, unknown) for item in value]
    if not isinstance(value, str):
        return value

    def replaced(match: re.Match[str]) -> str:
        found = secrets.get(match[0][1:])
        if found is None:
            unknown.add(match[0])
            return match[0]
        return found.decode("utf-8", "replace").strip()

    return _SECRET.sub(replaced, value)


def _yaml(text: str) -> Any:
    return yaml.load(text)


def _mapping(value: Any, where: str) -> JsonObject:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigurationError(f"{where}: a map is wanted, not {_shape(value)}")
    return value


def _objects(value: Any, where: str) -> list[JsonObject]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ConfigurationError(f"{where}: a list is wanted, not {_shape(value)}")
    return [_mapping(entry, f"{where}[{at}]") for at, entry in enumerate(value)]


def _names(value: Any, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ConfigurationError(f"{where}: a list of names is wanted, not {_shape(value)}")
    return tuple(text_of(entry) for entry in value)


def _shape(value: Any) -> str:
    return {dict: "a map", list: "a list", str: "a text", bool: "a boolean"}.get(type(value), "a number")
