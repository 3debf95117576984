"""Admission webhooks: which ones match a write, what is sent to them, and what their responses do (spec 14).

Matching is pure and cheap: the configurations are compiled when they change. Calls go through `Caller`, so that a
rehearsal never reaches a foreign server. Services of this process are called without a socket.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import orjson

from argosy.cluster.admission.attributes import Attributes
from argosy.cluster.admission.expressions import ExpressionFailed, conditions_hold, request_of, variables_of
from argosy.cluster.admission.matching import Matching, compile_rules, namespace_of
from argosy.cluster.catalog import Catalog
from argosy.cluster.endpoints import Endpoint, endpoints_of, may_be_dialled, port_of
from argosy.cluster.errors import bad_request, internal
from argosy.cluster.handlers.core import StoreReader
from argosy.cluster.kind import Kind
from argosy.cluster.ports import Backends, Clock, PodRuntime, ProxyRequest, Rng
from argosy.cluster.store import Store
from argosy.machinery.objects import JsonObject
from argosy.machinery.patches.jsonpatch import apply_json_patch
from argosy.machinery.selectors import label_selector_of
from argosy.machinery.status import StatusError
from argosy.machinery.structural.turns import TooLongHere, in_one_turn

GROUP = "admissionregistration.k8s.io"
DEFAULT_TIMEOUT = 10.0
Phase = Literal["mutating", "validating"]
_PLURALS: dict[Phase, str] = {
    "mutating": "mutatingwebhookconfigurations",
    "validating": "validatingwebhookconfigurations",
}


class CallFailed(Exception):
    """The webhook could not be called, or its response is invalid. The message may be shown to users."""


class NobodyThere(Exception):
    """Only simulated Pods could answer, and no rule defines their answer. The message may be shown to users."""


class Caller(Protocol):
    """The port for webhooks outside this process."""

    async def post(
        self, url: str, body: bytes, ca_bundle: bytes, seconds: float, address: tuple[str, int] | None = None
    ) -> bytes:
        """Returns the body of a 200 response; `address` is where the URL's host is reached. Raises CallFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Webhook:
    name: str
    matching: Matching
    conditions: tuple[JsonObject, ...]
    """matchConditions: expressions that must all be true."""
    client: JsonObject
    fails_closed: bool
    timeout: float
    side_effects: str
    reinvoked: bool

    @property
    def may_run_dry(self) -> bool:
        return self.side_effects in ("None", "NoneOnDryRun")


def compile_webhook(spec: JsonObject) -> Webhook:
    return Webhook(
        name=spec["name"],
        matching=Matching(
            compile_rules(spec.get("rules")),
            (),
            label_selector_of(spec.get("namespaceSelector") or {}),
            label_selector_of(spec.get("objectSelector") or {}),
            spec.get("matchPolicy") != "Exact",
        ),
        conditions=tuple(spec.get("matchConditions") or ()),
        client=spec.get("clientConfig") or {},
        fails_closed=spec.get("failurePolicy", "Fail") != "Ignore",
        timeout=float(spec.get("timeoutSeconds") or DEFAULT_TIMEOUT),
        side_effects=spec.get("sideEffects") or "",
        reinvoked=spec.get("reinvocationPolicy") == "IfNeeded",
    )


def review_of(attributes: Attributes, uid: str) -> JsonObject:
    """The AdmissionReview to send."""
    request = {"uid": uid, **request_of(attributes)}
    request["object"], request["oldObject"] = attributes.obj, attributes.old
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request}


def read_answer(raw: bytes, uid: str) -> JsonObject:
    """The response part of the AdmissionReview. Raises CallFailed."""
    try:
        review = orjson.loads(raw)
        response: JsonObject = review["response"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise CallFailed("received invalid webhook response: it is not an AdmissionReview with a response") from None
    if not isinstance(response, dict) or response.get("uid") != uid:
        raise CallFailed(f'received invalid webhook response: expected response.uid="{uid}"')
    return response


def patched(obj: JsonObject, response: JsonObject) -> JsonObject:
    """The object with the response's JSON patch applied. Raises CallFailed."""
    text = response.get("patch")
    if not text:
        return obj
    if response.get("patchType") != "JSONPatch":
        raise CallFailed(f"received invalid webhook response: invalid patchType {response.get('patchType')!r}")
    try:
        result = apply_json_patch(obj, orjson.loads(base64.b64decode(text)))
    except (StatusError, ValueError, binascii.Error):
        raise CallFailed("received invalid webhook response: the patch cannot be applied") from None
    if not isinstance(result, dict):
        raise CallFailed("received invalid webhook response: the patch leaves no object")
    return result


def denial(webhook: str, response: JsonObject) -> StatusError:
    """Code and reason come from the webhook; 403 without one."""
    status = response.get("status") or {}
    code = int(status.get("code") or 403)
    text = f'admission webhook "{webhook}" denied the request'
    detail = status.get("message") or status.get("reason")
    message = f"{text}: {detail}" if detail else f"{text} without explanation"
    return StatusError(
        code if code >= 400 else 403, str(status.get("reason") or ("Forbidden" if code == 403 else "")), message
    )


Asked = tuple[Webhook, Kind]
View = tuple[Webhook, Attributes]
Ask = Callable[[Sequence[Asked], Attributes], Awaitable[None]]
"""A webhook that matches a write, and the version in which the write is sent to it."""


def _as(kind: Kind, attributes: Attributes) -> Attributes:
    return attributes if kind is attributes.kind else attributes.shown_as(kind)


class WebhookAdmission:
    """Implements `chain.Webhooks`."""

    def __init__(
        self, store: Store, catalog: Catalog, clock: Clock, rng: Rng, backends: Backends, caller: Caller | None = None
    ) -> None:
        self._clock = clock
        self._store = store
        self._catalog = catalog
        self._reader = StoreReader(store)
        self._rng = rng
        self._backends = backends
        self._caller = caller
        self.pod_runtime: PodRuntime | None = None
        """The simulated answers of webhooks that run in simulated Pods."""
        self._compiled: dict[Phase, tuple[int, tuple[Webhook, ...]]] = {}

    def mutating(self, attributes: Attributes) -> Awaitable[None] | None:
        return self._intercept("mutating", attributes, self._mutate)

    def validating(self, attributes: Attributes) -> Awaitable[None] | None:
        return self._intercept("validating", attributes, self._validate)

    def _intercept(self, phase: Phase, attributes: Attributes, ask: Ask) -> Awaitable[None] | None:
        """None when no webhook matches. Conditions that cost more than one loop turn are evaluated in a thread."""
        views, namespace = self._in_scope(phase, attributes)
        if not views:
            return None
        try:
            with in_one_turn():
                chosen = self._meant(views, namespace)
        except TooLongHere:
            return self._intercept_later(views, namespace, attributes, ask)
        return ask(chosen, attributes) if chosen else None

    async def _intercept_later(
        self, views: Sequence[View], namespace: JsonObject | None, attributes: Attributes, ask: Ask
    ) -> None:
        chosen = await self._clock.external(asyncio.to_thread(self._meant, views, namespace))
        await ask(chosen, attributes)

    def _in_scope(self, phase: Phase, attributes: Attributes) -> tuple[list[View], JsonObject | None]:
        """In order of configuration names, then as written. Writes of the configurations themselves never match."""
        webhooks = self._webhooks(phase)
        if not webhooks or attributes.kind.resource.group == GROUP:
            return [], None
        namespace = namespace_of(attributes, self._reader)
        others = self._catalog.versions_of(attributes.kind)
        views = [(webhook, webhook.matching.view_of(attributes, namespace, others)) for webhook in webhooks]
        return [(webhook, view) for webhook, view in views if view is not None], namespace

    def _meant(self, views: Sequence[View], namespace: JsonObject | None) -> list[Asked]:
        """The webhooks whose conditions are true. Raises StatusError."""
        return [
            (webhook, view.kind)
            for webhook, view in views
            if not webhook.conditions or self._is_meant(webhook, variables_of(view, namespace))
        ]

    def _is_meant(self, webhook: Webhook, variables: dict[str, Any]) -> bool:
        """Raises StatusError for conditions that fail, unless the failurePolicy is Ignore."""
        try:
            return conditions_hold(webhook.conditions, variables)
        except ExpressionFailed as error:
            self._failed(webhook, CallFailed(str(error)))
            return False

    def _webhooks(self, phase: Phase) -> tuple[Webhook, ...]:
        table = self._store.table(GROUP, _PLURALS[phase])
        position = table.base + len(table.ring)
        known = self._compiled.get(phase)
        if known is None or known[0] != position:
            compiled = tuple(
                compile_webhook(spec) for entry in table.scan() for spec in entry.obj.get("webhooks") or ()
            )
            known = self._compiled[phase] = (position, compiled)
        return known[1]

    async def _mutate(self, chosen: Sequence[Asked], attributes: Attributes) -> None:
        changed_by: list[int] = []
        for index, (webhook, shown) in enumerate(chosen):
            if await self._mutate_once(webhook, shown, attributes):
                changed_by.append(index)
        for index, (webhook, shown) in enumerate(chosen):
            if webhook.reinvoked and changed_by and changed_by[-1] > index:
                await self._mutate_once(webhook, shown, attributes)

    async def _mutate_once(self, webhook: Webhook, shown: Kind, attributes: Attributes) -> bool:
        view = _as(shown, attributes)
        response = await self._call(webhook, view)
        if response is None or view.obj is None:
            return False
        try:
            result = patched(view.obj, response)
        except CallFailed as failure:
            self._failed(webhook, failure)
            return False
        if result is view.obj:
            return False
        if shown is not attributes.kind:
            result = attributes.kind.from_storage(shown.to_storage(shown.strategy.decode(result).obj))
        decoded = attributes.kind.strategy.decode(result).obj
        attributes.kind.strategy.canonicalize(decoded)
        changed = decoded != attributes.obj
        attributes.obj = decoded
        return changed

    async def _validate(self, chosen: Sequence[Asked], attributes: Attributes) -> None:
        for webhook, shown in chosen:
            await self._call(webhook, _as(shown, attributes))

    async def _call(self, webhook: Webhook, attributes: Attributes) -> JsonObject | None:
        """The response of a webhook that allows; None when the call failed and may be ignored. Raises StatusError."""
        if attributes.ctx.dry_run and not webhook.may_run_dry:
            raise bad_request(f'admission webhook "{webhook.name}" does not support dry run')
        uid = self._rng.uuid()
        body = orjson.dumps(review_of(attributes, uid))
        try:
            response = read_answer(await self._post(webhook, body), uid)
        except NobodyThere as simulated:
            attributes.warnings.append(f'admission webhook "{webhook.name}" was not asked: {simulated}')
            return None
        except CallFailed as failure:
            self._failed(webhook, failure)
            return None
        attributes.warnings += [str(text) for text in response.get("warnings") or ()]
        if response.get("allowed") is not True:
            raise denial(webhook.name, response)
        return response

    def _failed(self, webhook: Webhook, failure: CallFailed) -> None:
        if webhook.fails_closed:
            raise internal(f'failed calling webhook "{webhook.name}": {failure}') from failure

    async def _post(self, webhook: Webhook, body: bytes) -> bytes:
        service, url = webhook.client.get("service"), webhook.client.get("url")
        ca_bundle = base64.b64decode(webhook.client.get("caBundle") or "")
        if service:
            return await self._post_to_service(service, body, ca_bundle, webhook.timeout)
        if not url:
            raise CallFailed("its configuration names neither url nor service")
        if self._caller is None:
            raise CallFailed("webhooks outside of this process are not called here")
        return await self._caller.post(url, body, ca_bundle, webhook.timeout)

    async def _post_to_service(self, service: JsonObject, body: bytes, ca_bundle: bytes, seconds: float) -> bytes:
        namespace, name, port = service["namespace"], service["name"], str(service.get("port") or 443)
        path = service.get("path") or "/"
        request = ProxyRequest(
            method="POST", path=path, query="", headers={"content-type": "application/json"}, body=body
        )
        handler = self._backends.service(namespace, name, port)
        if handler is not None:
            answer = await handler(request)
            if answer.status != 200:
                raise CallFailed(f"the webhook answered {answer.status}")
            return answer.body
        url = f"https://{name}.{namespace}.svc:{port}{path}"
        endpoint = self._endpoint(namespace, name, port, url)
        if endpoint.pod is not None:
            said = self.pod_runtime.review(endpoint.pod, request) if self.pod_runtime is not None else None
            if said is None:
                raise NobodyThere(f"only simulated Pods stand behind service {namespace}/{name}")
            return said.body
        if self._caller is None or not may_be_dialled(endpoint.address):
            raise CallFailed(f'Post "{url}": webhooks outside of this process are not called here')
        return await self._caller.post(url, body, ca_bundle, seconds, (endpoint.address, endpoint.port))

    def _endpoint(self, namespace: str, name: str, port: str, url: str) -> Endpoint:
        """Raises CallFailed when nothing answers there."""
        service = self._reader.get("", "services", namespace, name)
        if service is None:
            raise CallFailed(f'Post "{url}": service "{name}" not found')
        chosen = port_of(service, port)
        found = endpoints_of(self._reader, service, chosen) if chosen is not None else []
        if not found:
            raise CallFailed(f'Post "{url}": no endpoints available for service "{name}"')
        return found[0]
