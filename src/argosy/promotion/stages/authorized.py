"""The annotation with which an Application permits Stages to change it: `project:stage`, comma-separated.

Source: spec/kargo.md 1.1.
"""

from __future__ import annotations


class AuthorizationError(ValueError):
    """The annotation's value is invalid."""


def authorized_stages(value: str) -> list[str]:
    """`project:stage` of each, in order. Raises AuthorizationError."""
    found = []
    for item in (part.strip() for part in value.split(",")):
        if not item:
            continue
        project, colon, stage = item.partition(":")
        if not (colon and project and stage):
            raise AuthorizationError(f'invalid authorized Stage "{item}": expected format "<project>:<stage>"')
        if "*" in item:
            raise AuthorizationError(
                f'invalid authorized Stage "{item}": deprecated glob expressions are no longer supported'
            )
        found.append(item)
    if not found:
        raise AuthorizationError(f'no authorized Stages found in "{value}"')
    return found
