"""Pod information for its own containers: fields by reference, files of a kubelet, the address of the API server."""

from __future__ import annotations

import re

from argosy.machinery.objects import JsonObject

_KEYED = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")
_LOOPBACK = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
DOMAIN = "cluster.local"


def field_value(pod: JsonObject, path: str) -> str:
    """The value of a `fieldRef`: a text, or all labels or annotations as lines; empty where there is none."""
    if keyed := _KEYED.fullmatch(path):
        return str((pod["metadata"].get(keyed[1]) or {}).get(keyed[2]) or "")
    value: object = pod
    for part in path.split("."):
        value = value.get(part, "") if isinstance(value, dict) else ""
    if isinstance(value, dict):
        return "\n".join(f'{name}="{text}"' for name, text in sorted(value.items()))
    return value if isinstance(value, str) else ""


def kubelet_files(pod: JsonObject) -> dict[str, bytes]:
    """/etc/hostname, hosts and resolv.conf."""
    namespace, host = pod["metadata"]["namespace"], host_name(pod)
    address = (pod.get("status") or {}).get("podIP") or ""
    more = "".join(
        f"{alias.get('ip', '')}\t{' '.join(alias.get('hostnames') or ())}\n"
        for alias in pod["spec"].get("hostAliases") or ()
    )
    search = f"{namespace}.svc.{DOMAIN} svc.{DOMAIN} {DOMAIN}"
    files = {
        "/etc/hostname": f"{host}\n",
        "/etc/hosts": f"{_LOOPBACK}{address}\t{host}\n{more}" if address else _LOOPBACK + more,
        "/etc/resolv.conf": f"search {search}\nnameserver 10.96.0.10\noptions ndots:5\n",
    }
    return {path: text.encode() for path, text in files.items()}


def host_name(pod: JsonObject) -> str:
    return str(pod["spec"].get("hostname") or pod["metadata"]["name"])


def api_server(service: JsonObject | None) -> dict[str, str]:
    """The variables by which programs find the API server; `service` is `kubernetes` of the namespace `default`."""
    spec = (service or {}).get("spec") or {}
    if not spec.get("clusterIP"):
        return {}
    port = str((spec.get("ports") or [{}])[0].get("port") or 443)
    return {"KUBERNETES_SERVICE_HOST": spec["clusterIP"], "KUBERNETES_SERVICE_PORT": port} | {
        "KUBERNETES_SERVICE_PORT_HTTPS": port,
        "KUBERNETES_PORT": f"tcp://{spec['clusterIP']}:{port}",
    }
