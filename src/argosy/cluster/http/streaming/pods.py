"""exec, attach and portforward of a Pod: checks, the client's handshake, then the simulated Pod runtime."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

from argosy.cluster.auth.attributes import Attributes, require
from argosy.cluster.errors import bad_request, internal, not_found
from argosy.cluster.http.exchange import Response
from argosy.cluster.http.routing import first, truth
from argosy.cluster.http.streaming import port_forward, remote_command, websocket
from argosy.cluster.http.streaming.raw import ByteStream
from argosy.cluster.http.streaming.remote_command import Console
from argosy.cluster.http.streaming.responder import respond
from argosy.cluster.http.streaming.websocket import WebSocketBytes
from argosy.cluster.ports import ConnectionHandler, LogOptions, PodRuntime
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError

if TYPE_CHECKING:
    from argosy.cluster.http.resources import Call

Upgrade = Callable[[ByteStream], Awaitable[None]]
_SPDY_HEADER = "x-stream-protocol-version"
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_STATUSES = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
_SHELLS = ("sh", "bash", "ash")


async def open_pod_stream(call: Call, subresource: str) -> Response:
    """Raises StatusError before anything is upgraded."""
    _require_create(call, subresource)
    pod = call.wiring.reader.get("", "pods", call.namespace, call.route.name)
    if pod is None:
        raise not_found(call.kind.resource, call.route.name)
    pod_runtime = call.wiring.pod_runtime
    if pod_runtime is None:
        raise bad_request(f"{subresource} is not available: nothing answers for the pods of this server")
    if subresource == "portforward":
        return _port_forward(call, pod, pod_runtime)
    container = running_container(pod, first(call.query, "container"))
    if subresource == "attach":
        if bool(truth(call.query, "stdin")) and _is_shell(spec_of(pod, container) or {}):
            tty = bool(truth(call.query, "tty"))
            return _command(call, lambda console: pod_runtime.run(pod, container, ["sh"], console, tty=tty))
        return _command(call, lambda console: _attach(call, pod, container, console))
    argv = [value for value in call.query.get("command") or () if value]
    if not argv:
        raise bad_request("you must specify at least one command for the container")
    tty = bool(truth(call.query, "tty"))
    return _command(call, lambda console: pod_runtime.run(pod, container, argv, console, tty=tty))


def _require_create(call: Call, subresource: str) -> None:
    """A web socket starts with GET, but is authorized as a create (AuthorizePodWebsocketUpgradeCreate)."""
    asked = Attributes("create", "", "pods", subresource, call.namespace, call.route.name)
    require(call.wiring.authorizer, call.user, asked)


def running_container(pod: JsonObject, wanted: str) -> str:
    """The requested container, or the only one; it must be running. Raises StatusError."""
    name = pod["metadata"]["name"]
    names = [item["name"] for item in pod["spec"]["containers"]]
    if not wanted:
        if len(names) > 1:
            listed = " ".join(names)
            raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{listed}]")
        wanted = names[0]
    status = pod.get("status") or {}
    statuses = [item for field in _STATUSES for item in status.get(field) or ()]
    if spec_of(pod, wanted) is None:
        raise bad_request(f"container {wanted} is not valid for pod {name}")
    if not any(item["name"] == wanted and "running" in (item.get("state") or {}) for item in statuses):
        raise internal(f'unable to upgrade connection: container not found ("{wanted}")')
    return str(wanted)


def spec_of(pod: JsonObject, container: str) -> JsonObject | None:
    """Of any of its containers, by name."""
    every = (item for field in _CONTAINERS for item in pod["spec"].get(field) or ())
    return next((item for item in every if item["name"] == container), None)


def _command(call: Call, run: remote_command.Run) -> Response:
    request, query = call.request, call.query
    wants = {name: bool(truth(query, name)) for name in ("stdin", "stdout", "stderr", "tty")}
    if websocket.is_asked_for(request):
        offered = websocket.protocols_of(request)
        chosen = next((one for one in remote_command.PROTOCOLS if one in offered), "")
        if offered and not chosen:
            raise _no_protocol(offered)

        async def talk(stream: ByteStream) -> None:
            await remote_command.over_websocket(stream, run, stdin=wants["stdin"], tty=wants["tty"], protocol=chosen)

        return _upgraded(call, websocket.handshake(request, chosen), talk)
    protocol = _spdy_protocol(call, remote_command.PROTOCOLS)
    streams = {"error", *(name for name in ("stdin", "stdout") if wants[name])}
    streams |= {"stderr"} if wants["stderr"] and not wants["tty"] else set()
    streams |= {"resize"} if wants["tty"] else set()

    async def talk_spdy(stream: ByteStream) -> None:
        await remote_command.over_spdy(stream, run, wanted=frozenset(streams), tty=wants["tty"])

    return _upgraded(call, _spdy_headers(protocol), talk_spdy)


def _port_forward(call: Call, pod: JsonObject, pod_runtime: PodRuntime) -> Response:
    if (pod.get("status") or {}).get("phase") != "Running":
        name = pod["metadata"]["name"]
        raise bad_request(f"pod {name} is not running: its phase is {(pod.get('status') or {}).get('phase')}")

    async def serve(port: int, stream: ByteStream) -> str:
        if (handler := _own(call, port)) is not None:
            return await _connected(call, port, handler, stream)
        if not pod_runtime.listens(pod, port):
            return f"failed to connect to localhost:{port} inside the pod: connection refused"
        await respond(stream, lambda asked: pod_runtime.answer(pod, port, asked))
        return ""

    request = call.request
    if not websocket.is_asked_for(request):
        protocol = _spdy_protocol(call, (port_forward.SPDY,))
        return _upgraded(call, _spdy_headers(protocol), lambda stream: port_forward.over_spdy(stream, serve))
    offered = websocket.protocols_of(request)
    if port_forward.TUNNEL in offered:

        async def tunnel(stream: ByteStream) -> None:
            await port_forward.over_spdy(WebSocketBytes(websocket.WebSocket(stream)), serve)

        return _upgraded(call, websocket.handshake(request, port_forward.TUNNEL), tunnel)
    if offered and port_forward.CHANNELS not in offered:
        raise _no_protocol(offered)
    ports = [int(word) for text in call.query.get("ports") or () for word in text.split(",") if word.isdigit()]
    if not ports or not all(0 < port < 65536 for port in ports):
        raise bad_request('query parameter "ports" is required: numbers from 1 to 65535')
    return _upgraded(
        call,
        websocket.handshake(request, port_forward.CHANNELS if offered else ""),
        lambda stream: port_forward.over_websocket(stream, ports, serve),
    )


def _own(call: Call, port: int) -> ConnectionHandler | None:
    """Our own answer on a Pod's port."""
    backends = call.wiring.backends
    return backends.connection(call.namespace, call.route.name, port) if backends is not None else None


async def _connected(call: Call, port: int, handler: ConnectionHandler, stream: ByteStream) -> str:
    """The control plane acts with credentials in the namespace's Secrets: only for those who may read them."""
    if not call.wiring.authorizer.judge(call.user, Attributes("get", "", "secrets", "", call.namespace)).allowed:
        return f"port {port} answers only users who may get secrets in the namespace {call.namespace}"
    await handler(stream)
    return ""


def _spdy_protocol(call: Call, known: tuple[str, ...]) -> str:
    """The response to an upgrade to SPDY. Raises 400 for a request that asks for neither framing."""
    request = call.request
    if "spdy/3.1" not in request.header("upgrade").lower():
        raise bad_request("Upgrade request required")
    offered = [word.strip() for word in request.header(_SPDY_HEADER).split(",") if word.strip()]
    chosen = next((one for one in known if one in offered), "")
    if offered and not chosen:
        raise _no_protocol(offered)
    return chosen


def _spdy_headers(protocol: str) -> list[tuple[str, str]]:
    headers = [("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1")]
    return [*headers, ("X-Stream-Protocol-Version", protocol)] if protocol else headers


def _no_protocol(offered: list[str]) -> StatusError:
    return StatusError(403, "Forbidden", f"unable to upgrade: unable to negotiate protocol: client supports {offered}")


def _upgraded(call: Call, headers: list[tuple[str, str]], talk: Upgrade) -> Response:
    return Response(101, b"", "", headers, upgrade=talk, still_allowed=call.still_allowed)


def _is_shell(container: JsonObject) -> bool:
    """Whether it reads commands from its input: `kubectl run -it`, `kubectl debug -it`."""
    words = [*(container.get("command") or ()), *(container.get("args") or ())]
    return bool(container.get("stdin")) and (not words or (len(words) == 1 and words[0].split("/")[-1] in _SHELLS))


async def _attach(call: Call, pod: JsonObject, container: str, console: Console) -> int:
    """The container's output from now on, until it ends."""
    if call.wiring.logs is None:
        return 0
    lines: AsyncIterator[bytes] = call.wiring.logs.read(pod, LogOptions(container=container, follow=True, tail_lines=0))
    async for chunk in lines:
        await console.write(chunk)
    return 0
