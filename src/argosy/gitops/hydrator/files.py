"""Which files a hydration changes on its branch. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from argosy.gitops.hydrator.metadata import as_file
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.go_yaml import dump_all

MANIFEST: Final = "manifest.yaml"
METADATA: Final = "hydrator.metadata"
READ_ME: Final = "README.md"
ATTRIBUTES: Final = ".gitattributes"
GENERATED: Final = b"**/README.md linguist-generated=true\n**/hydrator.metadata linguist-generated=true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hydrated:
    """One application's part. `path` is normalised, and not the root."""

    path: str
    manifests: Sequence[JsonObject]
    metadata: JsonObject
    readme: str


def changes(shares: Sequence[Hydrated], metadata: JsonObject, read: Callable[[str], bytes | None]) -> dict[str, bytes]:
    """By path; empty if every manifest equals what `read` returns: other files are no reason to commit."""
    made: dict[str, bytes] = {}
    for share in shares:
        manifest = dump_all(list(share.manifests)).encode("utf-8", "replace")
        if read(f"{share.path}/{MANIFEST}") == manifest:
            continue
        made[f"{share.path}/{MANIFEST}"] = manifest
        made[f"{share.path}/{METADATA}"] = as_file(share.metadata)
        made[f"{share.path}/{READ_ME}"] = share.readme.encode("utf-8", "replace")
    return made | {METADATA: as_file(metadata), ATTRIBUTES: GENERATED} if made else {}


def untracked(manifest: JsonObject, names: Mapping[str, Sequence[str]]) -> JsonObject:
    """Without fields that tie it to an application: names in `labels` and `annotations`. Shares unchanged parts."""
    metadata = manifest.get("metadata") or {}
    made = dict(metadata)
    for field, unwanted in names.items():
        given = metadata.get(field)
        if isinstance(given, dict) and any(name in given for name in unwanted):
            kept = {name: value for name, value in given.items() if name not in unwanted}
            made = {name: value for name, value in {**made, field: kept}.items() if name != field or kept}
    return manifest if made == metadata else {**manifest, "metadata": made}
