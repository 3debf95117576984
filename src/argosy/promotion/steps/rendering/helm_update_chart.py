"""`helm-update-chart`: updates the versions of a chart's dependencies, the lock file and the archives.

Source: spec/kargo-steps.md 9.3; the lock's digest is Helm's own (pkg/chart resolver): the requested and the locked
dependencies, as JSON. The lock has the time of the Promotion, so that repeated work gives the same commit.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urljoin

from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject
from argosy.machinery.text import go_yaml, yaml
from argosy.machinery.text.yaml_tree import EditFault
from argosy.promotion.editing.yaml_scalar import update
from argosy.promotion.steps.credentials import credentials_of
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, StepFault
from argosy.promotion.steps.schema import FILLED, body, each
from argosy.promotion.steps.workspace import inside, read_text, writable, write_text
from argosy.promotion.urls import normalise_chart
from argosy.sources.egress import origin_of, transport_only
from argosy.sources.helm import basic, check_digest, versions_in
from argosy.sources.oci import HELM_LAYER
from argosy.sources.port import SourceError
from argosy.sources.registry.references import repository
from argosy.sources.versions import highest

INDEX_LIMIT: Final = 100 * 1024 * 1024
ARCHIVE_LIMIT: Final = 100 * 1024 * 1024
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,249}")
"""Used in a file's name, and in a pattern for old ones."""


async def run(run: Run) -> Result:
    wanted = await run.tools.in_thread(lambda: _asked(run))
    locked = [await _fetched(run, one) for one in wanted]
    result: Result = await run.tools.in_thread(lambda: _locking(run, wanted, locked))
    return result


def _asked(run: Run) -> list[JsonObject]:
    """The dependencies of the chart, with the wanted versions. Runs outside the event loop, as `_locking`."""
    config = run.job.config
    path = f"{config['path'].rstrip('/')}/Chart.yaml"
    try:
        text = read_text(run.directory, path)
    except StepFault as fault:
        why = str(fault).removeprefix("error reading file ")
        raise StepFault(f"get chart dependencies: read file {why}", terminal=fault.terminal) from None
    chart = yaml.load(text)
    if not isinstance(chart, dict):
        raise StepFault(f'failed to load dependencies from "{path}"')
    changed = _changed(text, chart.get("dependencies") or [], config.get("charts") or [])
    write_text(run.directory, path, changed)
    return [one for one in (yaml.load(changed) or {}).get("dependencies") or () if isinstance(one, dict)]


def _locking(run: Run, wanted: Sequence[JsonObject], locked: Sequence[JsonObject]) -> Result:
    config = run.job.config
    lock = f"{config['path'].rstrip('/')}/Chart.lock"
    changes = _differences(_locked(run, lock), locked)
    if not changes:
        return Result()  # keep the lock: only its time would differ
    write_text(run.directory, lock, _lock(run, wanted, locked))
    lines = "\n".join(f"- {name}: {change}" for name, change in changes.items())
    return Result(output={"commitMessage": f"Updated chart dependencies for {config['path']}\n\n{lines}"})


def _locked(run: Run, lock: str) -> Sequence[Any]:
    if not inside(run.directory, lock).exists():
        return ()
    document = yaml.load(read_text(run.directory, lock))
    if not isinstance(document, dict):
        raise StepFault(f'read initial dependencies from Chart.lock: "{lock}" does not hold a map')
    return document.get("dependencies") or ()


def _differences(before: Sequence[Any], after: Sequence[JsonObject]) -> dict[str, str]:
    """Name -> the new version, `old -> new`, or `removed`."""
    left = {str(one.get("name")): str(one.get("version")) for one in before if isinstance(one, dict)}
    found: dict[str, str] = {}
    for one in after:
        name, version = str(one["name"]), str(one["version"])
        old = left.pop(name, None)
        if old != version:
            found[name] = f"{old} -> {version}" if old else version
    return found | dict.fromkeys(left, "removed")


def _changed(text: str, dependencies: Sequence[Any], charts: Sequence[Mapping[str, str]]) -> str:
    updates = []
    for chart in charts:
        found = [
            number
            for number, one in enumerate(dependencies)
            if one.get("name") == chart["name"]
            and normalise_chart(str(one.get("repository") or "")) == normalise_chart(chart["repository"])
        ]
        if not found:
            raise StepFault(f'no dependency "{chart["name"]}" of {chart["repository"]} in Chart.yaml')
        updates += [(f"dependencies.{number}.version", chart["version"]) for number in found]
    try:
        return update(text, updates)
    except EditFault as error:
        raise StepFault(f"failed to update Chart.yaml: {error}") from None


async def _fetched(run: Run, dependency: Mapping[str, Any]) -> JsonObject:
    """Stores the archive in `charts/` and returns its entry in the lock."""
    name, wanted = str(dependency.get("name") or ""), str(dependency.get("version") or "*")
    if not NAME.fullmatch(name):
        raise StepFault(f"dependency {name!r} of Chart.yaml has no name that a chart may have", terminal=True)
    url = str(dependency.get("repository") or "")
    try:
        if url.startswith("oci://"):
            version, data = await _from_registry(run, f"{url.rstrip('/')}/{name}", wanted)
        elif url.startswith(("http://", "https://")):
            version, data = await _from_repository(run, url, name, wanted)
        else:
            return {"name": name, "repository": url, "version": wanted}
    except SourceError as error:
        raise StepFault(f"failed to update dependency {name}: {error}") from None
    place = writable(run.directory, f"{run.job.config['path']}/charts/{name}-{version.replace('/', '_')}.tgz")

    def write() -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        for old in place.parent.glob(f"{name}-[0-9]*.tgz"):
            old.unlink()
        place.write_bytes(data)

    await run.tools.in_thread(write)
    return {"name": name, "repository": url, "version": version}


async def _from_repository(run: Run, url: str, name: str, wanted: str) -> tuple[str, bytes]:
    credentials = credentials_of(run, url, "helm")
    base = f"{url.rstrip('/')}/"
    index = await run.tools.fetch(
        urljoin(base, "index.yaml"), credentials, limit=INDEX_LIMIT, authorization=basic(credentials)
    )
    listed = await run.tools.in_thread(lambda: versions_in(index.body, name)) if index.status == 200 else []
    version = highest(wanted, [one.version for one in listed])
    if version is None:
        raise StepFault(f"can't get a valid version for dependency {name}: none of {url} satisfies {wanted}")
    found = next(one for one in listed if one.version == version)
    if not found.urls:
        raise StepFault(f"the index of {url} names no archive of {name} {version}")
    where = urljoin(base, found.urls[0])
    own = credentials.pass_credentials or origin_of(where) == origin_of(base)
    archive = await run.tools.fetch(
        where,
        credentials if own else transport_only(credentials),
        limit=ARCHIVE_LIMIT,
        authorization=basic(credentials) if own else "",
    )
    if archive.status != 200:
        raise StepFault(f"the archive of {name} {version} answered {archive.status}")
    await run.tools.in_thread(lambda: check_digest(archive, found.digest))
    return version, archive.body


async def _from_registry(run: Run, url: str, wanted: str) -> tuple[str, bytes]:
    credentials = credentials_of(run, url, "helm")
    place = repository(url, credentials)
    registry = run.tools.registry
    tags = [tag.replace("_", "+") for tag in await registry.tags(place, credentials)]
    version = highest(wanted, tags)
    if version is None:
        raise StepFault(f"no version of {url} satisfies {wanted}")
    manifest = (await registry.manifest(place, version.replace("+", "_"), credentials)).parsed()
    layer = next((one for one in manifest.get("layers") or () if one.get("mediaType") == HELM_LAYER), None)
    if layer is None:
        raise StepFault(f"{url}:{version} is not a Helm chart")
    return version, await registry.blob(place, layer["digest"], credentials, limit=ARCHIVE_LIMIT)


def _lock(run: Run, wanted: Sequence[Mapping[str, Any]], locked: Sequence[JsonObject]) -> str:
    order = ("name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias")
    asked = [{key: one[key] for key in order if one.get(key) or key in ("name", "repository")} for one in wanted]
    kept = [{key: one[key] for key in ("name", "version", "repository")} for one in locked]
    spelled = json.dumps([asked, kept], separators=(",", ":"), ensure_ascii=False)
    digest = f"sha256:{hashlib.sha256(spelled.encode()).hexdigest()}"
    when = timestamps.seconds(run.job.started_at) if run.job.started_at else ""
    return go_yaml.dump_all([{"dependencies": list(locked), "digest": digest, "generated": when}], compact=True)


KIND = Kind(
    name="helm-update-chart",
    sort=Sort.DIRECTORY,
    waits=True,
    schema=body(
        "path",
        path=FILLED,
        charts=each(body("repository name version", repository=FILLED, name=FILLED, version=FILLED), 1),
    ),
    run=run,
)
