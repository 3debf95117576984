"""Which TLS Secrets an Ingress, Gateway or ListenerSet names, and for which hosts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from argosy.certs.admission.errors import FieldError, invalid, required, together, unsupported
from argosy.certs.pki import alt_names
from argosy.machinery.objects import JsonObject

GATEWAY_KINDS: Final = ("Gateway", "ListenerSet")
_TLS_PROTOCOLS: Final = ("HTTPS", "TLS")


def hosts_by_secret(
    kind: str, obj: JsonObject, extra_protocols: tuple[str, ...] = ()
) -> tuple[dict[str, list[str]], list[str]]:
    """Hosts by Secret name, and descriptions of what was skipped and why."""
    return _of_listeners(obj, extra_protocols) if kind in GATEWAY_KINDS else _of_ingress(obj)


def secret_names(kind: str, obj: JsonObject) -> set[str]:
    """Every Secret named for TLS, also the skipped ones: their Certificates are still wanted."""
    spec = obj.get("spec") or {}
    if kind in GATEWAY_KINDS:
        refs = (
            ref for one in spec.get("listeners") or () for ref in (one.get("tls") or {}).get("certificateRefs") or ()
        )
        return {ref.get("name") or "" for ref in refs}
    return {one.get("secretName") or "" for one in spec.get("tls") or ()}


def duplicates(obj: JsonObject) -> str:
    """Describes the Secrets that an Ingress names twice; empty if there are none."""
    paths: dict[str, list[str]] = {}
    for at, block in enumerate((obj.get("spec") or {}).get("tls") or ()):
        paths.setdefault(block.get("secretName") or "", []).append(f"spec.tls[{at}].secretName")
    faults = [
        invalid(
            found[0], name, f"this secret name must only appear in a single TLS entry but is also used in {found[1]}"
        )
        for name, found in paths.items()
        if len(found) > 1
    ]
    return together(faults) if faults else ""


def _of_ingress(obj: JsonObject) -> tuple[dict[str, list[str]], list[str]]:
    found: dict[str, list[str]] = {}
    skipped = []
    for at, block in enumerate((obj.get("spec") or {}).get("tls") or ()):
        faults = [required(f"spec.tls[{at}].{name}") for name in ("hosts", "secretName") if not block.get(name)]
        if faults:
            skipped.append(f"Skipped a TLS block: {together(faults)}")
        else:
            found[block["secretName"]] = list(block["hosts"])
    return found, skipped


def _of_listeners(obj: JsonObject, extra: tuple[str, ...]) -> tuple[dict[str, list[str]], list[str]]:
    found: dict[str, list[str]] = {}
    skipped = []
    metadata = obj["metadata"]
    for at, listener in enumerate((obj.get("spec") or {}).get("listeners") or ()):
        tls = listener.get("tls") or {}
        if not is_tls(listener.get("protocol") or "", extra) or tls.get("mode") == "Passthrough":
            continue
        if is_ignored(metadata.get("annotations") or {}, listener.get("name") or ""):
            continue
        if faults := listener_faults(listener, f"spec.listeners[{at}]", metadata.get("namespace") or ""):
            skipped.append(f"Skipped a listener block: {together(faults)}")
            continue
        for ref in tls["certificateRefs"]:
            found.setdefault(ref["name"], []).append(listener["hostname"])
    return found, skipped


def is_tls(protocol: str, extra: Iterable[str] = ()) -> bool:
    return protocol in _TLS_PROTOCOLS or protocol in extra


def is_ignored(annotations: Mapping[str, str], listener: str) -> bool:
    listed = annotations.get("cert-manager.io/ignore-tls-listeners")
    return listed is not None and listener in [one.strip() for one in listed.split(",")]


def listener_faults(listener: JsonObject, path: str, namespace: str) -> list[FieldError]:
    faults = [] if listener.get("hostname") else [required(f"{path}.hostname", "the hostname cannot be empty")]
    tls = listener.get("tls")
    if tls is None:
        return [*faults, required(f"{path}.tls", "the TLS block cannot be empty")]
    if not tls.get("certificateRefs"):
        faults.append(required(f"{path}.tls.certificateRef", "listener has no certificateRefs"))
    for at, ref in enumerate(tls.get("certificateRefs") or ()):
        faults += _reference_faults(ref, f"{path}.tls.certificateRef[{at}]", namespace)
    mode = tls.get("mode")
    if mode is None:
        faults.append(required(f"{path}.tls.mode", "the mode field is required"))
    elif mode != "Terminate":
        faults.append(unsupported(f"{path}.tls.mode", mode, ["Terminate"]))
    return faults


def _reference_faults(ref: JsonObject, path: str, namespace: str) -> list[FieldError]:
    faults = []
    if (ref.get("group") or "") not in ("core", ""):
        faults.append(unsupported(f"{path}.group", ref["group"], ["core", ""]))
    if (ref.get("kind") or "Secret") != "Secret":
        faults.append(unsupported(f"{path}.kind", ref["kind"], ["Secret", ""]))
    if ref.get("namespace") is not None and ref["namespace"] != namespace:
        message = "cross-namespace secret references are not allowed in listeners"
        faults.append(invalid(f"{path}.namespace", ref["namespace"], message))
    return faults


def split(hosts: Iterable[str]) -> tuple[list[str], list[str]]:
    """DNS names and addresses, in order, without duplicates."""
    unique = list(dict.fromkeys(hosts))
    addresses = [host for host in unique if alt_names.parse_address(host) is not None]
    return [host for host in unique if host not in addresses], addresses
