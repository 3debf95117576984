"""Whether the project trusts a revision: signatures of the Git sources (spec/argo-cd-engine-2.md 11.8).

A verdict only depends on the commit, the policy and the keys, so it is cached for a while: an Application is looked at
whenever one of its objects changes, and a strict policy verifies thousands of commits.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final

from argosy.apis.argoproj.project import AppProjectSpec
from argosy.apis.argoproj.source import Source
from argosy.runtime.clock import Clock
from argosy.sources.port import Credentials, Rejected
from argosy.sources.signatures import Verifier, policy_of

KEPT: Final = 20_000
KEPT_SECONDS: Final = 3600.0
"""A limit, since a key may expire."""

_Question = tuple[object, ...]


class Integrity:
    """`verifier` None: everything that must be verified is refused."""

    def __init__(self, verifier: Verifier | None, clock: Clock) -> None:
        self._verifier = verifier
        self._clock = clock
        self._known: OrderedDict[_Question, tuple[float, tuple[str, ...]]] = OrderedDict()

    async def problems(
        self,
        source: Source,
        revision: str,
        name: str,
        project_spec: AppProjectSpec,
        keys: Mapping[str, str],
        credentials: Credentials,
    ) -> Sequence[str]:
        """Objections to a Git source's revision. `name`: as requested, maybe a tag. Raises SourceError."""
        url = source.repo_url
        policy = policy_of(project_spec, url)
        if policy is None or policy.mode == "none":
            return ()
        if self._verifier is None:
            raise Rejected("signatures cannot be verified here")
        prefix = source.tag_prefix
        question = (url, revision, name, prefix, policy, tuple(sorted(keys.items())), credentials)
        now, known = self._clock.monotonic(), self._known.get(question)
        if known is not None and now - known[0] < KEPT_SECONDS:
            return known[1]
        found = await self._verifier.verify(url, revision, policy, keys, credentials, tag=name, tag_prefix=prefix)
        self._known[question] = (now, tuple(found))
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return found


def condition_texts(problems: Sequence[str], source: Source, number: int, count: int) -> list[str]:
    """In upstream's words, naming the source if there are several."""
    which = f"source {source.name or f'{number} of {count}'}: " if count > 1 else ""
    return [f"GIT/GPG: {which}{problem}" for problem in problems]
