"""The chain: built-in checks and changes first, then webhooks; awaits only when a webhook matches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from argosy.cluster.admission.attributes import Attributes
from argosy.cluster.admission.namespaces import check_namespace, check_namespace_deletion
from argosy.machinery.objects import JsonObject

Check = Callable[[Attributes], None]
Mutate = Callable[[Attributes], None]
Judge = Callable[[Attributes], Awaitable[None] | None]
"""Raises StatusError, either directly or from the awaitable it returns. None means that the decision is final."""


class Webhooks(Protocol):
    """Admission over the network. The `matching...` methods are cheap and pure, so that most writes never await."""

    def mutating(self, attributes: Attributes) -> Awaitable[None] | None:
        """None when no webhook matches; changes `attributes.obj`."""
        ...

    def validating(self, attributes: Attributes) -> Awaitable[None] | None: ...


class Admission:
    def __init__(self, webhooks: Webhooks | None = None) -> None:
        self.webhooks = webhooks
        self.mutators: list[Mutate] = []
        """Built-in changes of creates and updates, in order."""
        self.policies: list[Judge] = []
        """Users' expression policies, evaluated after validation and before webhooks."""
        self.checks: list[Check] = []
        """Built-in checks that can reject a write, run last: rights and quota."""

    async def mutate(self, attributes: Attributes) -> JsonObject:
        """Returns the object as admission leaves it. Raises StatusError."""
        check_namespace(attributes)
        for mutator in self.mutators:
            mutator(attributes)
        if self.webhooks is not None:
            calls = self.webhooks.mutating(attributes)
            if calls is not None:
                await calls
                assert attributes.obj is not None
                attributes.kind.strategy.default(attributes.obj)
        assert attributes.obj is not None
        return attributes.obj

    async def validate(self, attributes: Attributes) -> None:
        """Raises StatusError when a check rejects the final object."""
        for policy in self.policies:
            if (judging := policy(attributes)) is not None:
                await judging
        if self.webhooks is not None:
            calls = self.webhooks.validating(attributes)
            if calls is not None:
                await calls
        for check in self.checks:
            check(attributes)

    async def delete(self, attributes: Attributes) -> None:
        check_namespace_deletion(attributes)
        if self.webhooks is not None:
            calls = self.webhooks.mutating(attributes)
            if calls is not None:
                await calls
        await self.validate(attributes)
