"""Admission webhooks: which match a write, what they are asked, what their answers do (spec 14).

Matching is pure and cheap: the configurations are compiled when they change. Asking goes through `Caller`, so that a
rehearsal never reaches a foreign server; services of this process are asked without a socket.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import orjson

from argosy.cluster.admission.attributes import Attributes
from argosy.cluster.errors import bad_request, internal
from argosy.cluster.handlers.core import StoreReader
from argosy.cluster.ports import Backends, ProxyRequest, Rng
from argosy.cluster.store import Store
from argosy.machinery.jsonpatch import apply_json_patch
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.selectors import LabelSelector, label_selector_of
from argosy.machinery.status import StatusError

GROUP = "admissionregistration.k8s.io"
DEFAULT_TIMEOUT = 10.0
Phase = Literal["mutating", "validating"]
_PLURALS: dict[Phase, str] = {
    "mutating": "mutatingwebhookconfigurations",
    "validating": "validatingwebhookconfigurations",
}


class CallFailed(Exception):
    """The webhook could not be asked, or its answer makes no sense; the text may be shown."""


class Caller(Protocol):
    """The door to webhooks outside of this process."""

    async def post(self, url: str, body: bytes, ca_bundle: bytes, seconds: float) -> bytes:
        """The answer's body of a 200. Raises CallFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Rule:
    operations: frozenset[str]
    groups: frozenset[str]
    versions: frozenset[str]
    resources: frozenset[str]
    scope: str

    def matches(self, operation: str, resource: Resource, subresource: str) -> bool:
        return (
            _has(self.operations, operation)
            and _has(self.groups, resource.group)
            and _has(self.versions, resource.version)
            and self._names(resource.plural, subresource)
            and self.scope in ("*", "Namespaced" if resource.namespaced else "Cluster")
        )

    def _names(self, plural: str, subresource: str) -> bool:
        if "*/*" in self.resources:
            return True
        if not subresource:
            return bool(self.resources & {"*", plural})
        return bool(self.resources & {f"{plural}/{subresource}", f"{plural}/*", f"*/{subresource}"})


def _has(words: frozenset[str], word: str) -> bool:
    return "*" in words or word in words


@dataclass(frozen=True, slots=True)
class Webhook:
    name: str
    rules: tuple[Rule, ...]
    namespaces: LabelSelector
    objects: LabelSelector
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
        rules=tuple(
            Rule(
                frozenset(rule.get("operations") or ()),
                frozenset(rule.get("apiGroups") or ()),
                frozenset(rule.get("apiVersions") or ()),
                frozenset(rule.get("resources") or ()),
                rule.get("scope") or "*",
            )
            for rule in spec.get("rules") or ()
        ),
        namespaces=label_selector_of(spec.get("namespaceSelector") or {}),
        objects=label_selector_of(spec.get("objectSelector") or {}),
        client=spec.get("clientConfig") or {},
        fails_closed=spec.get("failurePolicy", "Fail") != "Ignore",
        timeout=float(spec.get("timeoutSeconds") or DEFAULT_TIMEOUT),
        side_effects=spec.get("sideEffects") or "",
        reinvoked=spec.get("reinvocationPolicy") == "IfNeeded",
    )


def matches(webhook: Webhook, attributes: Attributes, namespace: JsonObject | None) -> bool:
    """Pure. `namespace` is the object's own, or the object itself for a Namespace, or None at cluster scope."""
    ctx, resource = attributes.ctx, attributes.kind.resource
    if not any(rule.matches(ctx.operation, resource, ctx.subresource) for rule in webhook.rules):
        return False
    if namespace is not None and not webhook.namespaces.matches(namespace["metadata"].get("labels") or {}):
        return False
    labels = [item["metadata"].get("labels") or {} for item in (attributes.obj, attributes.old) if item is not None]
    return any(webhook.objects.matches(found) for found in labels)


def review_of(attributes: Attributes, uid: str) -> JsonObject:
    """The AdmissionReview that is sent."""
    ctx, resource, user = attributes.ctx, attributes.kind.resource, attributes.ctx.user
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    place = {"group": resource.group, "version": resource.version, "resource": resource.plural}
    request: JsonObject = {"uid": uid, "kind": kind, "resource": place, "requestKind": kind, "requestResource": place}
    if ctx.subresource:
        request["subResource"] = request["requestSubResource"] = ctx.subresource
    request |= {"name": attributes.name, "operation": ctx.operation, "dryRun": ctx.dry_run}
    if resource.namespaced:
        request["namespace"] = attributes.namespace
    info: JsonObject = {"username": user.name, "groups": list(user.groups)}
    if user.uid:
        info["uid"] = user.uid
    if user.extra:
        info["extra"] = {key: list(values) for key, values in user.extra.items()}
    request["userInfo"] = info
    request["object"], request["oldObject"] = attributes.obj, attributes.old
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request}


def read_answer(raw: bytes, uid: str) -> JsonObject:
    """The response part. Raises CallFailed."""
    try:
        review = orjson.loads(raw)
        response: JsonObject = review["response"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise CallFailed("received invalid webhook response: it is no AdmissionReview with a response") from None
    if not isinstance(response, dict) or response.get("uid") != uid:
        raise CallFailed(f'received invalid webhook response: expected response.uid="{uid}"')
    return response


def patched(obj: JsonObject, response: JsonObject) -> JsonObject:
    """The object with the answer's JSON patch applied. Raises CallFailed."""
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
    """Code and reason are the webhook's, 403 without one."""
    status = response.get("status") or {}
    code = int(status.get("code") or 403)
    text = f'admission webhook "{webhook}" denied the request'
    detail = status.get("message") or status.get("reason")
    message = f"{text}: {detail}" if detail else f"{text} without explanation"
    return StatusError(
        code if code >= 400 else 403, str(status.get("reason") or ("Forbidden" if code == 403 else "")), message
    )


class WebhookAdmission:
    """Implements `chain.Webhooks`."""

    def __init__(self, store: Store, rng: Rng, backends: Backends, caller: Caller | None = None) -> None:
        self._store = store
        self._reader = StoreReader(store)
        self._rng = rng
        self._backends = backends
        self._caller = caller
        self._compiled: dict[Phase, tuple[int, tuple[Webhook, ...]]] = {}

    def mutating(self, attributes: Attributes) -> Awaitable[None] | None:
        chosen = self._matching("mutating", attributes)
        return self._mutate(chosen, attributes) if chosen else None

    def validating(self, attributes: Attributes) -> Awaitable[None] | None:
        chosen = self._matching("validating", attributes)
        return self._validate(chosen, attributes) if chosen else None

    def _matching(self, phase: Phase, attributes: Attributes) -> list[Webhook]:
        """In order of configuration names, then as written; configurations themselves are never subject to webhooks."""
        webhooks = self._webhooks(phase)
        if not webhooks or attributes.kind.resource.group == GROUP:
            return []
        namespace = self._namespace(attributes)
        return [webhook for webhook in webhooks if matches(webhook, attributes, namespace)]

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

    def _namespace(self, attributes: Attributes) -> JsonObject | None:
        if attributes.kind.storage == ("", "namespaces"):
            return attributes.obj or attributes.old
        if not attributes.kind.resource.namespaced:
            return None
        return self._reader.get("", "namespaces", "", attributes.namespace)

    async def _mutate(self, chosen: Sequence[Webhook], attributes: Attributes) -> None:
        changed_by: list[int] = []
        for index, webhook in enumerate(chosen):
            if await self._mutate_once(webhook, attributes):
                changed_by.append(index)
        for index, webhook in enumerate(chosen):
            if webhook.reinvoked and changed_by and changed_by[-1] > index:
                await self._mutate_once(webhook, attributes)

    async def _mutate_once(self, webhook: Webhook, attributes: Attributes) -> bool:
        response = await self._ask(webhook, attributes)
        if response is None or attributes.obj is None:
            return False
        try:
            result = patched(attributes.obj, response)
        except CallFailed as failure:
            self._failed(webhook, failure)
            return False
        if result is attributes.obj:
            return False
        decoded = attributes.kind.strategy.decode(result).obj
        attributes.kind.strategy.canonicalize(decoded)
        changed = decoded != attributes.obj
        attributes.obj = decoded
        return changed

    async def _validate(self, chosen: Sequence[Webhook], attributes: Attributes) -> None:
        for webhook in chosen:
            await self._ask(webhook, attributes)

    async def _ask(self, webhook: Webhook, attributes: Attributes) -> JsonObject | None:
        """The answer of a webhook that allows; None when it failed and may be ignored. Raises StatusError."""
        if attributes.ctx.dry_run and not webhook.may_run_dry:
            raise bad_request(f'admission webhook "{webhook.name}" does not support dry run')
        uid = self._rng.uuid()
        body = orjson.dumps(review_of(attributes, uid))
        try:
            response = read_answer(await self._post(webhook, body), uid)
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
            return await self._post_to_service(service, body)
        if not url:
            raise CallFailed("its configuration names neither url nor service")
        if self._caller is None:
            raise CallFailed("webhooks outside of this process are not called here")
        return await self._caller.post(url, body, ca_bundle, webhook.timeout)

    async def _post_to_service(self, service: JsonObject, body: bytes) -> bytes:
        namespace, name, port = service["namespace"], service["name"], str(service.get("port") or 443)
        handler = self._backends.service(namespace, name, port)
        if handler is None:
            raise CallFailed(
                f'Post "https://{name}.{namespace}.svc:{port}": no endpoints available for service "{name}"'
            )
        headers = {"content-type": "application/json"}
        path = service.get("path") or "/"
        answer = await handler(ProxyRequest(method="POST", path=path, query="", headers=headers, body=body))
        if answer.status != 200:
            raise CallFailed(f"the webhook answered {answer.status}")
        return answer.body
