"""ValidatingAdmissionPolicy: which policies are bound to a write, and how they judge it (spec 14).

A policy does nothing until a ValidatingAdmissionPolicyBinding names it. Both are compiled when they change; matching
is pure and cheap, expressions run only for writes that match. Policies are never subject to policies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from argosy.cluster.admission.attributes import Attributes
from argosy.cluster.admission.expressions import (
    ExpressionFailed,
    budget,
    conditions_hold,
    evaluated,
    value_of,
    variables_of,
)
from argosy.cluster.admission.matching import Matching, compile_matching, namespace_of
from argosy.cluster.catalog import Catalog
from argosy.cluster.handlers.core import StoreReader
from argosy.cluster.ports import Clock
from argosy.cluster.store import Store
from argosy.machinery.objects import JsonObject
from argosy.machinery.selectors import label_selector_of
from argosy.machinery.status import Cause, StatusError
from argosy.machinery.structural.turns import TooLongHere, in_one_turn
from argosy.machinery.text.go_text import quoted

if TYPE_CHECKING:
    from argosy.machinery.structural.cel import Budget

GROUP = "admissionregistration.k8s.io"
POLICIES, BINDINGS = "validatingadmissionpolicies", "validatingadmissionpolicybindings"
_CODES: Final = {"Unauthorized": 401, "Forbidden": 403, "RequestEntityTooLarge": 413}
"""HTTP code by reason; any other reason is 422."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A policy with one of its bindings."""

    policy: str
    binding: str
    spec: JsonObject
    """The policy's."""
    constraints: tuple[Matching, ...]
    """The policy's and the binding's: all must match."""
    actions: frozenset[str]
    parameters: JsonObject
    """The binding's `paramRef`."""

    @property
    def fails_closed(self) -> bool:
        return bool(self.spec.get("failurePolicy") != "Ignore")


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation of a policy by a write."""

    message: str
    reason: str = "Invalid"


def compile_bound(policies: Sequence[JsonObject], bindings: Sequence[JsonObject]) -> tuple[Bound, ...]:
    """In the order of the bindings. Bindings of missing policies are left out."""
    by_name = {policy["metadata"]["name"]: policy["spec"] for policy in policies}
    found = []
    for binding in bindings:
        spec = binding["spec"]
        policy = by_name.get(spec["policyName"])
        if policy is None:
            continue
        constraints = (policy.get("matchConstraints"), spec.get("matchResources"))
        found.append(
            Bound(
                spec["policyName"],
                binding["metadata"]["name"],
                policy,
                tuple(compile_matching(one) for one in constraints if one is not None),
                frozenset(spec.get("validationActions") or ()),
                spec.get("paramRef") or {},
            )
        )
    return tuple(found)


def findings(bound: Bound, variables: dict[str, Any]) -> Iterator[Finding]:
    """Evaluates the policy for a write with these variables: one violation for each failed validation. Pure."""
    try:
        if not conditions_hold(bound.spec.get("matchConditions") or (), variables):
            return
    except ExpressionFailed as error:
        yield from _failed(bound, str(error))
        return
    spent = budget()
    known = {**variables, "variables": _named(bound.spec.get("variables") or (), variables, spent)}
    for validation in bound.spec.get("validations") or ():
        try:
            if evaluated(validation["expression"], known, spent) is not True:
                yield Finding(_message(validation, known, spent), validation.get("reason") or "Invalid")
        except ExpressionFailed as error:
            yield from _failed(bound, str(error))


def _failed(bound: Bound, text: str) -> Iterator[Finding]:
    if bound.fails_closed:
        yield Finding(text)


def _named(composed: Sequence[JsonObject], variables: dict[str, Any], spent: Budget) -> dict[str, Any]:
    """`variables.x`; each may use those before it. One that fails is left undefined, so that using it fails."""
    found: dict[str, Any] = {}
    for item in composed:
        try:
            found[item["name"]] = evaluated(item["expression"], {**variables, "variables": found}, spent)
        except ExpressionFailed:
            continue
    return found


def _message(validation: JsonObject, variables: dict[str, Any], spent: Budget) -> str:
    if expression := validation.get("messageExpression"):
        try:
            text = evaluated(expression, variables, spent)
        except ExpressionFailed:
            text = None
        if isinstance(text, str) and text.strip() and "\n" not in text:
            return text.strip()
    return str(validation.get("message") or f"failed expression: {validation['expression'].strip()}").strip()


def denial(attributes: Attributes, bound: Bound, finding: Finding) -> StatusError:
    resource, name = attributes.kind.resource, attributes.name
    said = f"ValidatingAdmissionPolicy '{bound.policy}' with binding '{bound.binding}' denied request"
    text = f"{said}: {finding.message}"
    return StatusError(
        _CODES.get(finding.reason, 422),
        finding.reason,
        f"{resource.qualified} {quoted(name)} is forbidden: {text}",
        name=name,
        group=resource.group,
        kind=resource.plural,
        causes=[Cause("", text, "")],
    )


class Policies:
    """The check of a running server: `chain.Admission.policies`."""

    def __init__(self, store: Store, catalog: Catalog, clock: Clock) -> None:
        self._clock = clock
        self._tables = store.table(GROUP, POLICIES), store.table(GROUP, BINDINGS)
        self._reader = StoreReader(store)
        self._catalog = catalog
        self._compiled: tuple[tuple[int, ...], tuple[Bound, ...]] = ((), ())

    def check(self, attributes: Attributes) -> Awaitable[None] | None:
        """Raises StatusError for the first denial; adds warnings. Expensive expressions are evaluated in a thread."""
        bounds = self._bounds()
        if not bounds or attributes.kind.resource.group == GROUP:
            return None
        namespace = namespace_of(attributes, self._reader)
        others = self._catalog.versions_of(attributes.kind)
        asked: list[_Asked] = []
        for bound in bounds:
            views = [one.view_of(attributes, namespace, others) for one in bound.constraints]
            if all(view is not None for view in views):
                view = views[0] or attributes
                asked.append(_Asked(bound, view, namespace, self._given(bound, view)))
        if not asked:
            return None
        said = len(attributes.warnings)
        try:
            with in_one_turn():
                _evaluate_all(asked)
        except TooLongHere:
            del attributes.warnings[said:]
            return self._clock.external(asyncio.to_thread(_evaluate_all, asked))
        return None

    def _bounds(self) -> tuple[Bound, ...]:
        position = tuple(table.base + len(table.ring) for table in self._tables)
        if self._compiled[0] != position:
            policies, bindings = ([entry.obj for entry in table.scan()] for table in self._tables)
            self._compiled = position, compile_bound(policies, bindings)
        return self._compiled[1]

    def _given(self, bound: Bound, attributes: Attributes) -> list[Any] | None:
        return self._parameters(bound, attributes.namespace) if bound.spec.get("paramKind") else None

    def _parameters(self, bound: Bound, namespace: str) -> list[Any] | None:
        """The parameter objects of the policy for a write in `namespace`. None for a kind that is not served."""
        wanted, reference = bound.spec["paramKind"], bound.parameters
        group, _, version = wanted["apiVersion"].rpartition("/")
        kind = self._catalog.by_kind(group, version, wanted["kind"])
        if kind is None:
            return None
        where = (reference.get("namespace") or namespace) if kind.resource.namespaced else ""
        objects = self._reader.list(*kind.storage, where)
        if name := reference.get("name"):
            objects = [obj for obj in objects if obj["metadata"]["name"] == name]
        else:
            selector = label_selector_of(reference.get("selector") or {})
            objects = [obj for obj in objects if selector.matches(obj["metadata"].get("labels") or {})]
        return [value_of(kind.from_storage(obj), kind.schema) for obj in objects]


@dataclass(frozen=True, slots=True)
class _Asked:
    """All inputs of the evaluation; nobody changes them meanwhile."""

    bound: Bound
    attributes: Attributes
    namespace: JsonObject | None
    parameters: list[Any] | None


def _evaluate_all(asked: Sequence[_Asked]) -> None:
    for one in asked:
        _evaluate(one)


def _evaluate(asked: _Asked) -> None:
    bound, attributes = asked.bound, asked.attributes
    for found in _against(asked, variables_of(attributes, asked.namespace)):
        if "Deny" in bound.actions:
            raise denial(attributes, bound, found)
        if "Warn" in bound.actions:
            said = f"Validation failed for ValidatingAdmissionPolicy '{bound.policy}'"
            attributes.warnings.append(f"{said} with binding '{bound.binding}': {found.message}")


def _against(asked: _Asked, variables: dict[str, Any]) -> Iterator[Finding]:
    bound, given = asked.bound, asked.parameters
    if not bound.spec.get("paramKind"):
        yield from findings(bound, variables)
        return
    if given is None:
        yield from _failed(bound, f"failed to find resource referenced by paramKind: {bound.spec['paramKind']}")
    elif not given and bound.parameters.get("parameterNotFoundAction") == "Deny":
        yield from _failed(bound, "no params found for policy binding with `Deny` parameterNotFoundAction")
    for params in given or ():
        yield from findings(bound, {**variables, "params": params})
