"""The proxies of Services, Pods and Nodes: to handlers of our own controllers in this process (spec section 13).

No connection to anywhere is ever opened from here. The caller's credentials are not passed on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from argosy.cluster.errors import bad_request, not_found
from argosy.cluster.http.exchange import Response
from argosy.cluster.http.routing import split_target
from argosy.cluster.ports import ProxyHandler, ProxyRequest
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError

if TYPE_CHECKING:
    from argosy.cluster.http.resources import Call

_KEPT_BACK = frozenset({"authorization", "cookie", "connection", "host", "proxy-authorization", "upgrade"})
SERVICE_NAME = "kubernetes.io/service-name"


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
    _, name, port = split_name(call.route.name)
    service = call.wiring.reader.get("", "services", call.namespace, name)
    if service is None:
        raise not_found(call.kind.resource, name)
    spellings = _service_ports(service, name, port)
    if call.wiring.backends is not None:
        for spelled in spellings:
            if handler := call.wiring.backends.service(call.namespace, name, spelled):
                return await _forward(call, handler)
    slices = call.wiring.reader.list("discovery.k8s.io", "endpointslices", call.namespace)
    own = [piece for piece in slices if (piece["metadata"].get("labels") or {}).get(SERVICE_NAME) == name]
    if not any(piece.get("endpoints") for piece in own):
        raise not_found(call.kind.resource, name)  # recorded of upstream, though the Service does exist
    raise _unavailable(f'no endpoints available for service "{name}"')


def _service_ports(service: JsonObject, name: str, port: str) -> tuple[str, ...]:
    """The ways to spell the asked port: name and number. Raises 503 for a port that the Service lacks."""
    ports = (service.get("spec") or {}).get("ports") or ()
    for entry in ports:
        spelled = (str(entry.get("name") or ""), str(entry.get("port")))
        if port in spelled or (not port and len(ports) == 1):
            return tuple(dict.fromkeys((port, *spelled)))
    if not port and ports:
        return ("",)
    raise _unavailable(f'no service port {port} found for service "{name}"')


async def proxy_to_pod(call: Call) -> Response:
    _, name, port = split_name(call.route.name)
    if call.wiring.reader.get("", "pods", call.namespace, name) is None:
        raise not_found(call.kind.resource, name)
    backends = call.wiring.backends
    handler = backends.pod(call.namespace, name, port) if backends else None
    if handler is None:
        raise _unavailable(f'nothing in pod "{name}" answers on port {port or "80"}')
    return await _forward(call, handler)


async def proxy_to_node(call: Call) -> Response:
    """A simulated kubelet listens nowhere."""
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


def exec_refused(subresource: str) -> StatusError:
    return bad_request(f"{subresource} is not available: the pods of this server are simulated and run no processes")


def _unavailable(message: str) -> StatusError:
    return StatusError(503, "ServiceUnavailable", message)
