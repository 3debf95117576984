"""Containers: names, images, ports, environment, mounts, probes, resources."""

from __future__ import annotations

from argosy.apis.kubernetes.compile import node_of
from argosy.cluster.kinds.validation.causes import (
    by_rule,
    duplicates,
    forbidden,
    invalid,
    members,
    not_found,
    not_negative,
    one_of,
    port_number,
    required,
)
from argosy.machinery import names as naming
from argosy.machinery.objects import JsonObject
from argosy.machinery.quantity import nano_units
from argosy.machinery.status import Cause

PROTOCOLS = ("SCTP", "TCP", "UDP")
_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_MESSAGE_POLICIES = ("FallbackToLogsOnError", "File")
_PROBE_NUMBERS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")


_VOLUME_SOURCES = {name: position for position, name in enumerate(node_of("core/v1.Volume").properties)}


def volume_sources(volume: JsonObject) -> list[str]:
    """The source of the volume, in the order of the type: exactly one is right."""
    named = [key for key, value in volume.items() if key != "name" and value is not None]
    return sorted(named, key=lambda key: _VOLUME_SOURCES.get(key, 0))


def check_containers(path: str, spec: JsonObject, name: str) -> list[Cause]:
    """All containers of one list; `name` is the field: containers or initContainers."""
    volumes = {volume.get("name") for volume in spec.get("volumes") or () if len(volume_sources(volume)) == 1}
    causes: list[Cause] = []
    for below, container in members(spec, name):
        causes += _check_container(f"{path}.{below}", container, volumes)
    names = [(f"[{i}].name", item["name"]) for i, item in enumerate(spec.get(name) or ()) if item.get("name")]
    return causes + duplicates(f"{path}.{name}", names)


def _check_container(path: str, container: JsonObject, volumes: set[str | None]) -> list[Cause]:
    name, image = container.get("name"), container.get("image") or ""
    causes = by_rule(f"{path}.name", name, naming.dns_label) if name else [required(f"{path}.name")]
    if not image:
        causes.append(required(f"{path}.image"))
    elif image != image.strip():
        causes.append(invalid(f"{path}.image", image, "must not have leading or trailing whitespace"))
    causes += _check_ports(path, container)
    causes += _check_environment(path, container)
    causes += _check_mounts(path, container, volumes)
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(probe) is not None:
            causes += _check_probe(f"{path}.{probe}", container[probe], exact=probe != "readinessProbe")
    causes += one_of(f"{path}.terminationMessagePolicy", container.get("terminationMessagePolicy"), _MESSAGE_POLICIES)
    causes += one_of(f"{path}.imagePullPolicy", container.get("imagePullPolicy"), _PULL_POLICIES)
    return causes + check_resources(f"{path}.resources", container.get("resources") or {})


def _check_ports(path: str, container: JsonObject) -> list[Cause]:
    causes: list[Cause] = []
    names: list[tuple[str, str]] = []
    for index, port in enumerate(container.get("ports") or ()):
        below = f"{path}.ports[{index}]"
        if port.get("name"):
            causes += by_rule(f"{below}.name", port["name"], port_name)
            names.append((f"[{index}].name", port["name"]))
        if not port.get("containerPort"):
            causes.append(required(f"{below}.containerPort"))
        else:
            causes += port_number(f"{below}.containerPort", port["containerPort"])
        if port.get("hostPort"):
            causes += port_number(f"{below}.hostPort", port["hostPort"])
        causes += one_of(f"{below}.protocol", port.get("protocol"), PROTOCOLS)
    return causes + duplicates(f"{path}.ports", names)


def port_name(name: str) -> list[str]:
    """An IANA service name: at most 15 of a-z, 0-9 and -, with a letter."""
    errors = ["must be no more than 15 characters"] if len(name) > 15 else []
    if not all(letter.isdigit() or "a" <= letter <= "z" or letter == "-" for letter in name):
        errors.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not any("a" <= letter <= "z" for letter in name):
        errors.append("must contain at least one letter (a-z)")
    if "--" in name:
        errors.append("must not contain consecutive hyphens")
    if name.startswith("-") or name.endswith("-"):
        errors.append("must not begin or end with a hyphen")
    return errors


def _check_environment(path: str, container: JsonObject) -> list[Cause]:
    causes: list[Cause] = []
    for below, variable in members(container, "env"):
        place = f"{path}.{below}"
        name = variable.get("name")
        causes += by_rule(f"{place}.name", name, naming.environment_name) if name else [required(f"{place}.name")]
        source = variable.get("valueFrom")
        if source is None:
            continue
        set_sources = [key for key in _SOURCES if source.get(key) is not None]
        if not set_sources:
            text = (
                "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
            )
            causes.append(invalid(f"{place}.valueFrom", "", text))
        elif variable.get("value"):
            causes.append(invalid(f"{place}.valueFrom", "", "may not be specified when `value` is not empty"))
        elif len(set_sources) > 1:
            causes.append(invalid(f"{place}.valueFrom", "", "may not have more than one field specified at a time"))
        causes += _check_key_references(f"{place}.valueFrom", source)
    return causes


def _check_key_references(path: str, source: JsonObject) -> list[Cause]:
    causes: list[Cause] = []
    for name in ("configMapKeyRef", "secretKeyRef"):
        reference = source.get(name)
        if reference is None:
            continue
        key = reference.get("key")
        causes += by_rule(f"{path}.{name}.key", key, naming.config_key) if key else [required(f"{path}.{name}.key")]
    field = source.get("fieldRef")
    if field is not None and not field.get("fieldPath"):
        causes.append(required(f"{path}.fieldRef.fieldPath"))
    return causes


def _check_mounts(path: str, container: JsonObject, volumes: set[str | None]) -> list[Cause]:
    causes: list[Cause] = []
    paths: list[str] = []
    for below, mount in members(container, "volumeMounts"):
        place = f"{path}.{below}"
        name, target = mount.get("name"), mount.get("mountPath")
        if not name:
            causes.append(required(f"{place}.name"))
        elif name not in volumes:
            causes.append(not_found(f"{place}.name", name))
        if not target:
            causes.append(required(f"{place}.mountPath"))
        elif target in paths:
            causes.append(invalid(f"{place}.mountPath", target, "must be unique"))
        paths.append(target or "")
    return causes


def _check_probe(path: str, probe: JsonObject, *, exact: bool) -> list[Cause]:
    handlers = [name for name in _HANDLERS if probe.get(name) is not None]
    causes: list[Cause] = []
    if not handlers:
        causes.append(required(path, "must specify a handler type"))
    causes += [forbidden(f"{path}.{name}", "may not specify more than 1 handler type") for name in handlers[1:]]
    for name in _PROBE_NUMBERS:
        causes += not_negative(f"{path}.{name}", probe.get(name, 0))
    if exact and probe.get("successThreshold", 1) != 1:
        causes.append(invalid(f"{path}.successThreshold", probe["successThreshold"], "must be 1"))
    return causes


def check_resources(path: str, resources: JsonObject) -> list[Cause]:
    """Amounts are not negative, and no request is larger than its limit."""
    causes: list[Cause] = []
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for name, amounts in (("limits", limits), ("requests", requests)):
        for resource, amount in amounts.items():
            causes += not_negative_quantity(f"{path}.{name}[{resource}]", amount)
    for resource, amount in requests.items():
        limit = limits.get(resource)
        if limit is not None and nano_units(amount) > nano_units(limit):
            text = f"must be less than or equal to {resource} limit of {limit}"
            causes.append(invalid(f"{path}.requests", amount, text))
    return causes


def not_negative_quantity(path: str, amount: str) -> list[Cause]:
    return [invalid(path, amount, "must be greater than or equal to 0")] if nano_units(amount) < 0 else []
