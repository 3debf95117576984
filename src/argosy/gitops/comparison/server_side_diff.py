"""Asks the API server what an apply would change, and decides whether to ask (spec 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from argosy.gitops.comparison.comparer import ServerSide
from argosy.gitops.comparison.normalizers import folded
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.keys import COMPARE_OPTIONS, ResourceKey, annotations_of, words
from argosy.gitops.manifests.targets import Target
from argosy.gitops.sync.apply import Applier
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from argosy.runtime.bounded import run_bounded
from argosy.runtime.clock import Clock

AT_ONCE = 8
"""How many questions of one application are open at a time."""


class NotPreviewed(Exception):
    """The server refused a dry run; the text says which one, and why."""


def server_side_of(app: JsonObject, settings: Settings) -> ServerSide | None:
    """By the Application's `compare-options`, else by the controller's setting; None means compared here."""
    options = words(annotations_of(app).get(COMPARE_OPTIONS))
    chosen = next((word for word in reversed(options) if word.startswith("ServerSideDiff=")), "")
    is_on = chosen == "ServerSideDiff=true" or (not chosen and settings.server_side_diff)
    return ServerSide(webhooks="IncludeMutationWebhook=true" in options) if is_on else None


async def previews(applier: Applier, questions: Sequence[Target], clock: Clock) -> dict[ResourceKey, JsonObject]:
    """Raises NotPreviewed for the first that the server refuses; StatusError, OSError if it cannot answer now."""
    answers: dict[ResourceKey, JsonObject] = {}

    async def ask(target: Target) -> None:
        answers[target.key] = await _answer(applier, target)

    await run_bounded((partial(ask, target) for target in questions), AT_ONCE, clock)
    return answers


async def _answer(applier: Applier, target: Target) -> JsonObject:
    # As `stringData` the values would have no owner in the answer, and be mistaken for a webhook's.
    is_secret = target.key[:2] == ("", "Secret")
    try:
        return await applier.preview(folded(target.obj) if is_secret else target.obj)
    except StatusError as error:
        if error.is_passing:
            raise
        what = f"{target.key.kind}/{target.key.name}"
        raise NotPreviewed(
            f"error running server side apply in dryrun mode for resource {what}: {error.message}"
        ) from None
