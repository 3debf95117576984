"""Maps the revision flags to sources. Pure."""

from __future__ import annotations

import argparse

from argosy.cli.failing import CommandError
from argosy.machinery.objects import JsonObject


def asked_revisions(sources: list[JsonObject], options: argparse.Namespace) -> tuple[str, ...]:
    """One revision per source, empty for the source's own; an empty list if no flag is given."""
    if options.revision:
        if len(sources) != 1:
            raise CommandError(
                "--revision: the application has several sources: give --revisions and --source-positions"
            )
        return (options.revision,)
    if not options.revisions:
        return ()
    places = list(options.source_positions)
    for name in options.source_names:
        at = next((index for index, source in enumerate(sources, 1) if source.get("name") == name), None)
        if at is None:
            raise CommandError(f"--source-names {name!r}: no source has this name")
        places.append(at)
    if len(places) != len(options.revisions):
        raise CommandError(
            "While using --revisions and --source-positions, length of values for both flags should be same."
        )
    given = [""] * len(sources)
    for place, revision in zip(places, options.revisions, strict=True):
        if not 1 <= place <= len(sources):
            raise CommandError(f"source-position {place}: must be from 1 to {len(sources)}")
        given[place - 1] = revision
    return tuple(given)
