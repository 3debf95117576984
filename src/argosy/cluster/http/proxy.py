"""The proxies of Services, Pods and Nodes: to in-process handlers, simulated Pods and real endpoints (spec 13).

Connections are opened only by the wiring's dialer, if there is one. The caller's credentials are not passed on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from argosy.cluster.endpoints import Endpoint, endpoints_of, has_endpoints, may_be_dialled, port_of
from argosy.cluster.errors import bad_request, not_found
from argosy.cluster.http.exchange import Response
from argosy.cluster.http.routing import split_target
from argosy.cluster.ports import ProxyHandler, ProxyRequest
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError

if TYPE_CHECKING:
    from argosy.cluster.http.resources import Call

_KEPT_BACK = frozenset({"authorization", "cookie", "connection", "host", "proxy-authorization", "upgrade"})


def split_name(text: str) -> tuple[str, str, str]:
    """`[scheme:]name[:port]` as (scheme, name, port). Raises 400 for anything else."""
    parts = text.split(":")
    if len(parts) == 1:
        scheme, name, port = "", parts[0], ""
    elif len(parts) == 2:
        scheme, (name, port) = "", parts
    elif len(parts) == 3:
        scheme, name, port = parts
    else:
        name = scheme = port = ""
    if not name or scheme not in ("", "http", "https"):
        raise bad_request(f'invalid service request "{text}"')
    return scheme, name, port


async def proxy_to_service(call: Call) -> Response:
    """To an in-process handler, else to a real endpoint, else to a simulated Pod."""
    scheme, name, port = split_name(call.route.name)
    service = call.wiring.reader.get("", "services", call.namespace, name)
    if service is None:
        raise not_found(call.kind.resource, name)
    spellings = _service_ports(service, name, port)
    if call.wiring.backends is not None:
        for spelled in spellings:
            if handler := call.wiring.backends.service(call.namespace, name, spelled):
                return await _forward(call, handler)
    chosen = port_of(service, port)
    found = endpoints_of(call.wiring.reader, service, chosen) if chosen is not None else []
    if found:
        return await _to_endpoint(call, found[0], scheme or "http")
    if not has_endpoints(call.wiring.reader, service):
        raise not_found(call.kind.resource, name)  # recorded from upstream, though the Service does exist
    raise _unavailable(f'no endpoints available for service "{name}"')


async def _to_endpoint(call: Call, endpoint: Endpoint, scheme: str) -> Response:
    if endpoint.pod is not None:
        return await _to_pod(call, endpoint.pod, endpoint.port)
    dialer, where = call.wiring.dialer, (endpoint.address, endpoint.port)
    host = f"[{endpoint.address}]" if ":" in endpoint.address else endpoint.address
    if dialer is None or not may_be_dialled(endpoint.address):
        raise _unavailable(f"error trying to reach service: {host}:{endpoint.port} is not dialled from here")
    url = f"{scheme}://{host}:{endpoint.port}{call.route.rest or '/'}"
    try:
        return await _forward(call, lambda request: dialer.send(url, where, request))
    except OSError as error:
        raise _unavailable(f"error trying to reach service: {host}:{endpoint.port}: {type(error).__name__}") from None


def _ports(service: JsonObject) -> list[JsonObject]:
    return list((service.get("spec") or {}).get("ports") or ())


def _service_ports(service: JsonObject, name: str, port: str) -> tuple[str, ...]:
    """The ways to write the requested port: name and number. Raises 503 for a port that the Service lacks."""
    ports = _ports(service)
    for entry in ports:
        spelled = (str(entry.get("name") or ""), str(entry.get("port")))
        if port in spelled or (not port and len(ports) == 1):
            return tuple(dict.fromkeys((port, *spelled)))
    if not port and ports:
        return ("",)
    raise _unavailable(f'no service port {port} found for service "{name}"')


async def proxy_to_pod(call: Call) -> Response:
    _, name, port = split_name(call.route.name)
    pod = call.wiring.reader.get("", "pods", call.namespace, name)
    if pod is None:
        raise not_found(call.kind.resource, name)
    backends = call.wiring.backends
    handler = backends.pod(call.namespace, name, port) if backends else None
    if handler is not None:
        return await _forward(call, handler)
    return await _to_pod(call, pod, int(port) if port.isdigit() else _named_port(pod, port))


def _named_port(pod: JsonObject, wanted: str) -> int:
    """The container port of that name; without one, the first that is declared."""
    for container in pod["spec"]["containers"]:
        for port in container.get("ports") or ():
            if not wanted or port.get("name") == wanted:
                return int(port["containerPort"])
    return 80


async def _to_pod(call: Call, pod: JsonObject, port: int) -> Response:
    pod_runtime = call.wiring.pod_runtime
    if pod_runtime is None or not pod_runtime.listens(pod, port):
        raise _unavailable(f'nothing in pod "{pod["metadata"]["name"]}" answers on port {port}')
    return await _forward(call, lambda request: pod_runtime.answer(pod, port, request))


async def proxy_to_node(call: Call) -> Response:
    """A simulated kubelet does not listen on any address."""
    _, name, _ = split_name(call.route.name)
    if call.wiring.reader.get("", "nodes", "", name) is None:
        raise not_found(call.kind.resource, name)
    raise _unavailable(f'nothing on node "{name}" answers: its kubelet is simulated')


FORWARDS = {("", "services"): proxy_to_service, ("", "pods"): proxy_to_pod, ("", "nodes"): proxy_to_node}


async def _forward(call: Call, handler: ProxyHandler) -> Response:
    request = call.request
    _, query = split_target(request.target)
    headers = {
        name: ", ".join(values)
        for name, values in request.headers.items()
        if name not in _KEPT_BACK and not name.startswith("impersonate-")
    }
    forwarded = ProxyRequest(
        method=request.method, path=call.route.rest or "/", query=query, headers=headers, body=request.body
    )
    answer = await handler(forwarded)
    return Response(answer.status, answer.body, answer.content_type)


def _unavailable(message: str) -> StatusError:
    return StatusError(503, "ServiceUnavailable", message)
