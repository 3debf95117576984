"""What `$name/...` in a source's value files may refer to (spec/argo-cd-engine-2.md 11.4). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import re2

from argosy.apis.argoproj.source import Helm, Source
from argosy.sources.port import Rejected
from argosy.sources.urls import normalise_url

_NAME = re2.compile(r"^[a-zA-Z0-9_-]+$")
_REFERENCE = re2.compile(r"^\$([a-zA-Z0-9_-]+)/")


@dataclass(frozen=True, slots=True)
class Resolved:
    """A source with its resolved commit or version."""

    source: Source
    revision: str

    @property
    def repository(self) -> str:
        return normalise_url(self.source.repo_url)

    @property
    def wanted(self) -> str:
        return self.source.target_revision


def names_of(sources: Sequence[Source]) -> dict[str, int]:
    """Index by `ref`. Raises Rejected for an invalid or repeated name."""
    found: dict[str, int] = {}
    for index, source in enumerate(sources):
        name = source.ref
        if not name:
            continue
        if not isinstance(name, str) or not _NAME.match(name):
            raise Rejected(f"sources contain an invalid ref key {str(name)!r}: use letters, digits, - and _")
        if name in found:
            raise Rejected(f"invalid sources: multiple sources had the same `ref` key {name!r}")
        found[name] = index
    return found


def is_only_named(source: Source) -> bool:
    """Whether the source only exists for references of others, and has no manifests."""
    return bool(source.ref) and not source.path and not source.chart


def check(source: Resolved, named: Mapping[str, Resolved]) -> None:
    """Raises Rejected if a source refers to a chart, or to one repository at two revisions."""
    seen: dict[str, tuple[str, Resolved]] = {}
    for name in _referred(source.source):
        if (found := named.get(name)) is None:
            continue  # a variable, or an error that the renderer reports with the file
        if found.source.chart:
            raise Rejected(
                "source has a 'chart' field defined, but the 'chart' field is not supported for 'ref' sources"
            )
        key, earlier = seen.setdefault(found.repository, (name, found))
        if earlier.revision != found.revision:
            raise Rejected(
                f"cannot reference multiple revisions for the same repository (${name} references {_q(found.wanted)} "
                f"while ${key} references {_q(earlier.wanted)})"
            )
        if _is_git(source) and found.repository == source.repository and found.revision != source.revision:
            raise Rejected(
                f"cannot reference a different revision of the same repository (${name} references "
                f"{_q(found.wanted)} which resolves to {_q(found.revision)} while the application references "
                f"{_q(source.wanted)} which resolves to {_q(source.revision)})"
            )


def _is_git(source: Resolved) -> bool:
    return not source.source.chart and not source.repository.startswith("oci://")


def _referred(source: Source) -> Iterable[str]:
    helm = source.helm or Helm()
    paths = [*helm.value_files, *(item.path for item in helm.file_parameters)]
    for path in paths:
        if match := _REFERENCE.match(str(path)):
            yield match.group(1)


def _q(text: str) -> str:
    return f'"{text}"'
