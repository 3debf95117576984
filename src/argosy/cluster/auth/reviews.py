"""Access and identity reviews, and token requests: POSTs that store nothing (spec section 15).

Each takes the object from the request and returns the response object; all responses are 201 with the object.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from argosy.cluster.auth.attributes import Attributes, Verdict
from argosy.cluster.auth.authenticate import TokenVerifier
from argosy.cluster.auth.rbac import Rbac
from argosy.cluster.auth.tokens import Bound, ServiceAccountTokens, TokenRefused
from argosy.cluster.kind import Reader, User
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause, StatusError
from argosy.machinery.text.go_text import quoted

AUTHENTICATION, AUTHORIZATION = "authentication.k8s.io", "authorization.k8s.io"
LEAST_SECONDS, MOST_SECONDS, DEFAULT_SECONDS = 600, 2**32, 3600


@dataclass(frozen=True, slots=True)
class Asked:
    """One review request: the user who sent it, its namespace and the time."""

    user: User
    namespace: str
    now: datetime
    body: JsonObject
    manager: str = ""
    """The name recorded in managedFields."""
    uid: str = ""
    """For the response."""

    @property
    def spec(self) -> JsonObject:
        spec = self.body.get("spec")
        return spec if isinstance(spec, dict) else {}


class Reviews:
    """All reviews. `verifiers` and `accounts` are the Authenticator's."""

    def __init__(
        self,
        rbac: Rbac,
        reader: Reader,
        accounts: ServiceAccountTokens | None = None,
        verifiers: tuple[TokenVerifier, ...] = (),
    ) -> None:
        self._rbac = rbac
        self._reader = reader
        self._accounts = accounts
        self._verifiers = verifiers
        self.by_resource: dict[tuple[str, str], Callable[[Asked], JsonObject]] = {
            (AUTHENTICATION, "selfsubjectreviews"): self._self_subject,
            (AUTHENTICATION, "tokenreviews"): self._token,
            (AUTHORIZATION, "selfsubjectaccessreviews"): self._self_access,
            (AUTHORIZATION, "subjectaccessreviews"): self._access,
            (AUTHORIZATION, "localsubjectaccessreviews"): self._local_access,
            (AUTHORIZATION, "selfsubjectrulesreviews"): self._rules,
        }

    def handler(self, group: str, plural: str) -> Callable[[Asked], JsonObject] | None:
        return self.by_resource.get((group, plural))

    def _self_subject(self, asked: Asked) -> JsonObject:
        return {
            "kind": "SelfSubjectReview",
            "apiVersion": f"{AUTHENTICATION}/v1",
            "metadata": {"creationTimestamp": timestamps.seconds(asked.now)},
            "status": {"userInfo": user_info(asked.user)},
        }

    # ---- access

    def _self_access(self, asked: Asked) -> JsonObject:
        return self._reviewed(asked, "SelfSubjectAccessReview", asked.user)

    def _access(self, asked: Asked) -> JsonObject:
        return self._reviewed(asked, "SubjectAccessReview", _spec_user("SubjectAccessReview", asked.spec))

    def _local_access(self, asked: Asked) -> JsonObject:
        kind = "LocalSubjectAccessReview"
        user = _spec_user(kind, asked.spec)
        resource = asked.spec.get("resourceAttributes") or {}
        if asked.spec.get("nonResourceAttributes"):
            raise _invalid(
                kind, "spec.nonResourceAttributes", "disallowed on this kind of request", "FieldValueForbidden"
            )
        if (resource.get("namespace") or "") != asked.namespace:
            named = quoted(resource.get("namespace") or "")
            shown = f"Invalid value: {named}: must match metadata.namespace: {asked.namespace}"
            raise _invalid(kind, "spec.resourceAttributes.namespace", shown, "FieldValueInvalid")
        return self._reviewed(asked, kind, user)

    def _reviewed(self, asked: Asked, kind: str, user: User) -> JsonObject:
        verdict = self._rbac.judge(user, _attributes(kind, asked.spec))
        return _answer(asked, kind, AUTHORIZATION, _access_status(verdict))

    def _rules(self, asked: Asked) -> JsonObject:
        namespace = asked.spec.get("namespace") or ""
        if not namespace:
            raise StatusError(400, "BadRequest", "no namespace on request")
        rules = self._rbac.rules_for(asked.user, str(namespace))
        status = {
            "resourceRules": [_resource_rule(rule) for rule in rules if rule.get("resources")],
            "nonResourceRules": [_url_rule(rule) for rule in rules if rule.get("nonResourceURLs")],
            "incomplete": False,
        }
        return _answer(asked, "SelfSubjectRulesReview", AUTHORIZATION, status)

    # ---- tokens

    def _token(self, asked: Asked) -> JsonObject:
        token = asked.spec.get("token") or ""
        if not token:
            raise StatusError(400, "BadRequest", "token is required for TokenReview in authentication")
        status = self._token_status(str(token), tuple(asked.spec.get("audiences") or ()), asked.now)
        return _answer(asked, "TokenReview", AUTHENTICATION, status)

    def _token_status(self, token: str, audiences: tuple[str, ...], now: datetime) -> JsonObject:
        for verifier in self._verifiers:
            if (user := verifier.user_of(token, now)) is not None:
                return {"authenticated": True, "user": user_info(user)}
        if self._accounts is None or not self._accounts.is_ours(token):
            return {"user": {}, "error": "invalid bearer token"}
        try:
            verified = self._accounts.verify(token, now, audiences)
        except TokenRefused as refused:
            return {"user": {}, "error": f"[invalid bearer token, {refused}]"}
        return {"authenticated": True, "user": user_info(verified.user), "audiences": list(verified.audiences)}

    def request_token(self, asked: Asked, name: str) -> JsonObject:
        """POST serviceaccounts/NAME/token. Raises 404 without the account, 422 for a duration, 409 for a stale uid."""
        _check_place(asked, name)
        account = self._reader.get("", "serviceaccounts", asked.namespace, name)
        if account is None:
            raise _absent("serviceaccounts", name)
        if self._accounts is None:
            raise StatusError(404, "NotFound", "the server could not find the requested resource", generic=True)
        seconds = _seconds(asked.spec.get("expirationSeconds"))
        audiences = tuple(asked.spec.get("audiences") or ()) or (self._accounts.issuer,)
        bound = self._bound(asked)
        uid = str(account["metadata"]["uid"])
        token = self._accounts.issue(asked.namespace, name, uid, asked.now, seconds, audiences, bound)
        expires = (asked.now + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "kind": "TokenRequest",
            "apiVersion": f"{AUTHENTICATION}/v1",
            "metadata": {**_system_metadata(asked, AUTHENTICATION), "name": name, "namespace": asked.namespace},
            "spec": {
                "audiences": list(audiences),
                "expirationSeconds": seconds,
                "boundObjectRef": asked.spec.get("boundObjectRef"),
            },
            "status": {"token": token, "expirationTimestamp": expires},
        }

    def _bound(self, asked: Asked) -> Bound | None:
        ref = asked.spec.get("boundObjectRef")
        if not ref:
            return None
        kind, name, uid = (str(ref.get(key) or "") for key in ("kind", "name", "uid"))
        plural = {"Pod": "pods", "Secret": "secrets", "Node": "nodes"}.get(kind)
        if plural is None:
            message = f"cannot bind token to object of type {ref.get('apiVersion')}, Kind={kind}"
            raise StatusError(400, "BadRequest", message)
        found = self._reader.get("", plural, "" if kind == "Node" else asked.namespace, name)
        if found is None:
            raise _absent(plural, name)
        actual = str(found["metadata"]["uid"])
        if uid and uid != actual:
            message = (
                f"Operation cannot be fulfilled on {plural} {quoted(name)}: the UID in the bound object reference "
                f"({uid}) does not match the UID in record. The object might have been deleted and then recreated"
            )
            raise StatusError(409, "Conflict", message, name=name, kind=plural)
        return Bound(kind, name, actual)


def user_info(user: User) -> JsonObject:
    info: JsonObject = {"username": user.name}
    if user.uid:
        info["uid"] = user.uid
    if user.groups:
        info["groups"] = list(user.groups)
    if user.extra:
        info["extra"] = {key: list(values) for key, values in user.extra.items()}
    return info


def _answer(asked: Asked, kind: str, group: str, status: JsonObject) -> JsonObject:
    metadata = {**(asked.body.get("metadata") or {}), **_system_metadata(asked, group)}
    if asked.namespace:
        metadata["namespace"] = asked.namespace
    return {"kind": kind, "apiVersion": f"{group}/v1", "metadata": metadata, "spec": asked.spec, "status": status}


def _system_metadata(asked: Asked, group: str) -> JsonObject:
    """The fields the server fills in for every object that is created, stored or not."""
    now = timestamps.seconds(asked.now)
    found: JsonObject = {"creationTimestamp": now}
    if asked.uid:
        found["uid"] = asked.uid
    if asked.manager and asked.spec:
        entry: JsonObject = {"manager": asked.manager, "operation": "Update", "apiVersion": f"{group}/v1", "time": now}
        fields = {"f:spec": _owned(asked.spec)}
        found["managedFields"] = [{**entry, "fieldsType": "FieldsV1", "fieldsV1": fields}]
    return found


def _owned(value: JsonObject) -> JsonObject:
    """The fields of a review's spec: its lists are atomic, its structs are not."""
    return {
        f"f:{name}": {".": {}, **_owned(item)} if isinstance(item, dict) and item else {}
        for name, item in value.items()
        if item is not None and item != ""
    }


def _check_place(asked: Asked, name: str) -> None:
    """A TokenRequest names no other account or namespace (kubernetes: pkg/registry/core/serviceaccount, token.go)."""
    metadata = asked.body.get("metadata") or {}
    for field, wanted, what in (("name", name, "name"), ("namespace", asked.namespace, "namespace")):
        sent = metadata.get(field)
        if sent and sent != wanted:
            text = f"Invalid value: {quoted(sent)}: must match the service account {what} if specified"
            problem = f"TokenRequest.{AUTHENTICATION} {quoted(name)} is invalid: metadata.{field}: {text}"
            cause = Cause(f"metadata.{field}", text, "FieldValueInvalid")
            raise StatusError(
                422, "Invalid", problem, name=name, group=AUTHENTICATION, kind="TokenRequest", causes=[cause]
            )


def _access_status(verdict: Verdict) -> JsonObject:
    status: JsonObject = {"allowed": verdict.allowed}
    if verdict.reason:
        status["reason"] = verdict.reason
    return status


def _spec_user(kind: str, spec: JsonObject) -> User:
    name, groups = str(spec.get("user") or ""), tuple(spec.get("groups") or ())
    if not name and not groups:
        message = 'Invalid value: "": at least one of user or group must be specified'
        raise _invalid(kind, "spec.user", message, "FieldValueInvalid")
    extra = {key: tuple(values or ()) for key, values in (spec.get("extra") or {}).items()}
    return User(name, groups, str(spec.get("uid") or ""), extra)


def _attributes(kind: str, spec: JsonObject) -> Attributes:
    resource, url = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if (resource is None) == (url is None):
        message = (
            "exactly one of nonResourceAttributes or resourceAttributes must be specified"
            if resource is None
            else "cannot be specified in combination with resourceAttributes"
        )
        where = "spec.resourceAttributes" if resource is None else "spec.nonResourceAttributes"
        raise _invalid(kind, where, f"Invalid value: null: {message}", "FieldValueInvalid")
    if url is not None:
        return Attributes(str(url.get("verb") or ""), path=str(url.get("path") or "/"))
    assert resource is not None
    words = (str(resource.get(key) or "") for key in ("verb", "group", "resource", "subresource", "namespace", "name"))
    return Attributes(*words)


def _resource_rule(rule: JsonObject) -> JsonObject:
    keys = ("verbs", "apiGroups", "resources", "resourceNames")
    return {key: list(rule[key]) for key in keys if rule.get(key)}


def _url_rule(rule: JsonObject) -> JsonObject:
    return {key: list(rule[key]) for key in ("verbs", "nonResourceURLs") if rule.get(key)}


def _seconds(value: object) -> int:
    seconds = value if isinstance(value, int) else DEFAULT_SECONDS
    if seconds < LEAST_SECONDS:
        raise _bad_seconds(seconds, "may not specify a duration less than 10 minutes")
    if seconds > MOST_SECONDS:
        raise _bad_seconds(seconds, "may not specify a duration larger than 2^32 seconds")
    return seconds


def _bad_seconds(seconds: int, why: str) -> StatusError:
    message = f"Invalid value: {seconds}: {why}"
    return _invalid("TokenRequest", "spec.expirationSeconds", message, "FieldValueInvalid", AUTHENTICATION)


def _invalid(kind: str, field: str, message: str, reason: str, group: str = AUTHORIZATION) -> StatusError:
    text = f'{kind}.{group} "" is invalid: {field}: {message}'
    return StatusError(422, "Invalid", text, group=group, kind=kind, causes=[Cause(field, message, reason)])


def _absent(plural: str, name: str) -> StatusError:
    return StatusError(404, "NotFound", f"{plural} {quoted(name)} not found", name=name, kind=plural)
