"""Details of a tree's objects: revision, state of a Pod, addresses, images. Pure."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from argosy.machinery.objects import JsonObject, group_version
from argosy.machinery.quantity import QuantityError, milli_units

LINK: Final = "link.argocd.argoproj.io/"
IGNORE_LINKS: Final = "argocd.argoproj.io/ignore-default-links"
REVISIONS: Final = ("deployment.kubernetes.io/revision", "rollout.argoproj.io/revision")
TERMINAL: Final = ("Succeeded", "Failed")


def details(obj: JsonObject) -> JsonObject:
    """Fields of a node: `info`, `networkingInfo`, `images`."""
    group, kind = group_version(str(obj.get("apiVersion") or ""))[0], str(obj.get("kind") or "")
    info, images = _revision(obj), list[str]()
    network: JsonObject = {}
    if (group, kind) == ("", "Pod"):
        more, images = pod_info(obj)
        info += more
        network = {"labels": _labels(obj)}
    elif (group, kind) == ("", "Service"):
        spec = obj.get("spec") or {}
        network = {"targetLabels": spec.get("selector") or {}}
        if spec.get("type") == "LoadBalancer":
            network["ingress"] = _addresses(obj)
    elif kind == "Ingress" and group in ("extensions", "networking.k8s.io"):
        network = _ingress(obj)
    if urls := [*_links(obj), *(network.get("externalURLs") or ())]:
        network["externalURLs"] = urls
    found: JsonObject = {"info": info, "images": sorted(set(images))}
    if network:
        found["networkingInfo"] = network
    return {key: value for key, value in found.items() if value}


def _labels(obj: JsonObject) -> JsonObject:
    return (obj.get("metadata") or {}).get("labels") or {}


def _annotations(obj: JsonObject) -> dict[str, str]:
    return (obj.get("metadata") or {}).get("annotations") or {}


def _revision(obj: JsonObject) -> list[JsonObject]:
    marks = _annotations(obj)
    text = next((marks[name] for name in REVISIONS if marks.get(name)), "")
    if not text and obj.get("kind") == "ControllerRevision":
        text = str(obj.get("revision") or "")
    return [{"name": "Revision", "value": f"Rev:{text}"}] if text.isdecimal() and int(text) > 0 else []


def _links(obj: JsonObject) -> list[str]:
    """URLs in annotations; only those that browsers may open."""
    found = []
    for key, value in sorted(_annotations(obj).items()):
        if key.startswith(LINK):
            url = value.rpartition("|")[2].strip()
            if urlsplit(url).scheme.lower() in ("http", "https") and urlsplit(url).netloc:
                found.append(value)
    return found


# -- Pods --------------------------------------------------------------------------------------------------------------


def pod_info(pod: JsonObject) -> tuple[list[JsonObject], list[str]]:
    """Like the columns of `kubectl get pods`, and the images."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    inits, containers = spec.get("initContainers") or [], spec.get("containers") or []
    sidecars = {item.get("name") for item in inits if item.get("restartPolicy") == "Always"}
    reason = str(status.get("reason") or status.get("phase") or "")
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            reason = "SchedulingGated"
    found, restarts, ready, initialising = _initialising(status, sidecars, len(inits))
    if initialising:
        reason = found
    if not initialising or _is_initialised(status):
        reason, more, count = _running(status, reason)
        restarts, ready = restarts + more, ready + count
    if (pod.get("metadata") or {}).get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            reason = "Unknown"
        elif status.get("phase") not in TERMINAL:
            reason = "Terminating"
    info = [{"name": "Status Reason", "value": reason}] if reason else []
    info.append({"name": "Node", "value": str(spec.get("nodeName") or "")})
    info.append({"name": "Containers", "value": f"{ready}/{len(containers) + len(sidecars)}"})
    if restarts:
        info.append({"name": "Restart Count", "value": str(restarts)})
    if status.get("phase") not in TERMINAL:
        requests = pod_requests(pod)
        info += [{"name": name, "value": str(requests.get(name, 0))} for name in ("cpu", "memory")]
    return info, [str(item["image"]) for item in (*inits, *containers) if item.get("image")]


def _initialising(status: JsonObject, sidecars: set[Any], count: int) -> tuple[str, int, int, bool]:
    """(reason, restarts, ready sidecars, whether it is initialising)."""
    restarts = ready = 0
    for at, item in enumerate(status.get("initContainerStatuses") or ()):
        restarts += int(item.get("restartCount") or 0)
        state = item.get("state") or {}
        ended, waiting = state.get("terminated"), state.get("waiting") or {}
        if ended is not None and not ended.get("exitCode"):
            continue
        if item.get("name") in sidecars and item.get("started"):
            ready += 1 if item.get("ready") else 0
            continue
        if ended is not None:
            return f"Init:{_end_of(ended)}", restarts, ready, True
        if waiting.get("reason") and waiting["reason"] != "PodInitializing":
            return f"Init:{waiting['reason']}", restarts, ready, True
        return f"Init:{at}/{count}", restarts, ready, True
    return "", restarts, ready, False


def _running(status: JsonObject, reason: str) -> tuple[str, int, int]:
    restarts, ready, runs = 0, 0, False
    for item in reversed(status.get("containerStatuses") or []):
        restarts += int(item.get("restartCount") or 0)
        state = item.get("state") or {}
        if (state.get("waiting") or {}).get("reason"):
            reason = state["waiting"]["reason"]
        elif state.get("terminated") is not None:
            reason = _end_of(state["terminated"])
        elif item.get("ready") and state.get("running") is not None:
            runs = True
            ready += 1
    return ("Running" if reason == "Completed" and runs else reason), restarts, ready


def _end_of(ended: JsonObject) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode') or 0}"


def _is_initialised(status: JsonObject) -> bool:
    return any(
        item.get("type") == "Initialized" and item.get("status") == "True" for item in status.get("conditions") or ()
    )


def pod_requests(pod: JsonObject) -> dict[str, int]:
    """Milli-units: the sum of the containers' requests, or the largest init container's if that is more."""
    spec = pod.get("spec") or {}
    found: dict[str, int] = {}
    for container in spec.get("containers") or ():
        for name, value in _requests(container).items():
            found[name] = found.get(name, 0) + value
    for container in spec.get("initContainers") or ():
        for name, value in _requests(container).items():
            more = found.get(name, 0) + value if container.get("restartPolicy") == "Always" else value
            found[name] = max(found.get(name, 0), more)
    return found


def _requests(container: JsonObject) -> dict[str, int]:
    given = (container.get("resources") or {}).get("requests") or {}
    return {name: milli(value) for name, value in given.items()}


def milli(value: object) -> int:
    try:
        return milli_units(str(value))
    except (QuantityError, ValueError, TypeError):
        return 0


# -- Ingresses ---------------------------------------------------------------------------------------------------------


def _addresses(obj: JsonObject) -> list[JsonObject]:
    found = []
    for item in ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ():
        if item.get("hostname"):
            found.append({"hostname": item["hostname"]})
        elif item.get("ip"):
            found.append({"ip": item["ip"]})
    return found


def _ingress(obj: JsonObject) -> JsonObject:
    spec, namespace = obj.get("spec") or {}, (obj.get("metadata") or {}).get("namespace") or ""
    addresses = _addresses(obj)
    backends = [spec.get("backend") or spec.get("defaultBackend") or {}]
    urls: dict[str, None] = {}
    for rule in spec.get("rules") or ():
        paths = (rule.get("http") or {}).get("paths") or ()
        backends += [path.get("backend") or {} for path in paths]
        host = rule.get("host") or next((item.get("hostname") or item.get("ip") for item in addresses), "")
        if host:
            scheme = "https" if _has_tls(spec, host) else "http"
            urls.update(
                dict.fromkeys(f"{scheme}://{host}{str(path.get('path') or '').removesuffix('*')}" for path in paths)
            )
    names = dict.fromkeys(name for backend in backends if (name := _service_of(backend)))
    refs = [{"kind": "Service", "namespace": namespace, "name": name} for name in names]
    found: JsonObject = {"targetRefs": refs, "ingress": addresses}
    if _annotations(obj).get(IGNORE_LINKS, "").lower() not in ("true", "1", "t"):
        found["externalURLs"] = list(urls)
    return {key: value for key, value in found.items() if value}


def _service_of(backend: JsonObject) -> str:
    return str(backend.get("serviceName") or (backend.get("service") or {}).get("name") or "")


def _has_tls(spec: JsonObject, host: str) -> bool:
    return any(item.get("secretName") or host in (item.get("hosts") or ()) for item in spec.get("tls") or ())
