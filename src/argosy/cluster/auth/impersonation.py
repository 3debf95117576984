"""Acting as another user, with the right to do so (spec section 15; apiserver pkg/endpoints/filters/impersonation)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from argosy.cluster.auth.attributes import (
    ANONYMOUS,
    AUTHENTICATED,
    UNAUTHENTICATED,
    Attributes,
    Authorizer,
    require,
)
from argosy.cluster.kind import User
from argosy.machinery.status import StatusError

AUTHENTICATION = "authentication.k8s.io"
_PREFIX = "impersonate-"
_EXTRA = "impersonate-extra-"
_ACCOUNT = "system:serviceaccount:"

Headers = Mapping[str, Sequence[str]]


def impersonated(headers: Headers, user: User, authorizer: Authorizer) -> User:
    """The user to act as; `user` itself without the headers. Raises 400 without a user, 403 without the right."""
    if not any(name.startswith(_PREFIX) for name in headers):
        return user
    name = _single(headers, "impersonate-user")
    groups = tuple(headers.get("impersonate-group") or ())
    uid = _single(headers, "impersonate-uid")
    extra = {
        unquote(key.removeprefix(_EXTRA)): tuple(values) for key, values in headers.items() if key.startswith(_EXTRA)
    }
    if not name:
        if groups or uid or extra:
            raise StatusError(400, "BadRequest", "requested groups, uid or extra values without impersonating a user")
        return user
    for asked in _questions(name, groups, uid, extra):
        require(authorizer, user, asked)
    return User(name, with_implied(name, groups), uid, extra)


def _single(headers: Headers, name: str) -> str:
    values = headers.get(name)
    return values[0] if values else ""


def _questions(name: str, groups: Sequence[str], uid: str, extra: Mapping[str, Sequence[str]]) -> list[Attributes]:
    questions = [_user_question(name)]
    questions += [Attributes("impersonate", resource="groups", name=group) for group in groups]
    if uid:
        questions.append(Attributes("impersonate", AUTHENTICATION, "uids", name=uid))
    questions += [
        Attributes("impersonate", AUTHENTICATION, "userextras", key, name=value)
        for key, values in extra.items()
        for value in values
    ]
    return questions


def _user_question(name: str) -> Attributes:
    if account := _account(name):
        return Attributes("impersonate", resource="serviceaccounts", namespace=account[0], name=account[1])
    return Attributes("impersonate", resource="users", name=name)


def _account(name: str) -> tuple[str, str] | None:
    namespace, colon, account = name.removeprefix(_ACCOUNT).partition(":")
    return (namespace, account) if name.startswith(_ACCOUNT) and colon and ":" not in account else None


def with_implied(name: str, groups: Sequence[str]) -> tuple[str, ...]:
    """A ServiceAccount gets its own groups unless others are given; all but anonymous are system:authenticated."""
    found = list(groups)
    if not groups and (account := _account(name)):
        found += ["system:serviceaccounts", f"system:serviceaccounts:{account[0]}"]
    implied = UNAUTHENTICATED if name == ANONYMOUS else AUTHENTICATED
    if not {AUTHENTICATED, UNAUTHENTICATED} & set(found):
        found.append(implied)
    return tuple(found)
