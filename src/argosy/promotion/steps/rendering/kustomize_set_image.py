"""`kustomize-set-image`: sets image overrides of a kustomization file, merged and sorted by name.

Source: spec/kargo-steps.md 9.3. Without `images` it sets those of the promoted Freight, both tag and digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from argosy.machinery.objects import JsonObject
from argosy.machinery.text import go_yaml, yaml
from argosy.machinery.text.yaml_tree import EditFault
from argosy.promotion.editing.yaml_merge import merged
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, StepFault
from argosy.promotion.steps.schema import FILLED, TEXT, body, each, exactly_one
from argosy.promotion.steps.workspace import writable

FILES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
KEEP: Final = "*"
PARTS: Final = ("newName", "tagSuffix", "newTag", "digest")
"""Apart from the name, in the order in which they are written."""


def run(run: Run) -> Result:
    config = run.job.config
    place = writable(run.directory, config["path"])
    file = _file(place, config["path"])
    text = file.read_text("utf-8")
    try:
        document = yaml.load(text) or {}
    except yaml.YamlError as error:
        raise StepFault(f'could not parse "{file.name}": {error}') from None
    if not isinstance(document, dict):
        raise StepFault(f'"{file.name}" does not hold a map')
    images = _merged(document.get("images") or [], _wanted(run))
    kept = [{name: value for name, value in one.items() if value != KEEP} for one in images]
    file.write_text(_edited(text, document, kept), "utf-8")
    if not images:
        return Result()
    lines = "\n".join(f"- {_shown(image)}" for image in images)
    plural = "images" if len(images) > 1 else "image"
    return Result(output={"commitMessage": f"Updated {config['path']} to use new {plural}\n\n{lines}"})


def _file(place: Path, path: str) -> Path:
    found = [place / name for name in FILES if (place / name).is_file() and not (place / name).is_symlink()]
    if len(found) != 1:
        names = " ".join(f"{path}/{place.name}" for place in found)
        what = f'ambiguous result: found multiple Kustomization files in "{path}": [{names}]'
        what = what if found else f'could not find any Kustomization files in "{path}"'
        raise StepFault(f"could not discover kustomization file: {what}")
    return found[0]


def _wanted(run: Run) -> list[JsonObject]:
    if run.job.config.get("images"):
        return [_image(one["image"] if not one.get("name") else one["name"], one) for one in run.job.config["images"]]
    found: dict[str, JsonObject] = {}
    for piece in run.job.freight:
        for image in piece.get("images") or ():
            url = image["repoURL"]
            if url in found and (found[url].get("newTag"), found[url].get("digest")) != (
                image.get("tag"),
                image.get("digest"),
            ):
                raise StepFault(f"manual configuration required to resolve ambiguous result: {url} is of two origins")
            found[url] = {"name": url, "newTag": image.get("tag") or "", "digest": image.get("digest") or ""}
    return list(found.values())


def _image(name: str, one: Mapping[str, Any]) -> JsonObject:
    return {
        "name": name,
        "newName": one.get("newName") or "",
        "newTag": one.get("tag") or "",
        "digest": one.get("digest") or "",
    }


def _merged(present: list[Any], wanted: list[JsonObject]) -> list[JsonObject]:
    found = {
        str(one.get("name")): {part: one[part] for part in ("name", *PARTS) if one.get(part)}
        for one in present
        if isinstance(one, dict)
    }
    for one in wanted:
        found[one["name"]] = _over(found.get(one["name"], {}), one)
    return [found[name] for name in sorted(found)]


def _over(old: Mapping[str, Any], new: Mapping[str, Any]) -> JsonObject:
    """A given override replaces the existing one; a `*` keeps that part, if it exists."""
    shape = {"name": new["name"]}
    for part in PARTS:
        value = old.get(part, "") if new.get(part) == KEEP and old else new.get(part)
        if value:
            shape[part] = value
    return shape


def _edited(text: str, document: JsonObject, images: list[JsonObject]) -> str:
    """Replaces the list of images; all other text stays the same."""
    addition = _listed(images)
    if not document:
        return addition
    try:
        return merged([text, addition])
    except EditFault:
        return go_yaml.dump_all([{**document, "images": images}])


def _listed(images: list[JsonObject]) -> str:
    """The list as text, with its parts in order and not indented."""
    items = ("  ".join(go_yaml.dump_all([{name: value}]) for name, value in one.items()) for one in images)
    return "images:\n" + "".join(f"- {item}" for item in items) if images else "images: []\n"


def _shown(image: Mapping[str, Any]) -> str:
    name = image.get("newName") or image["name"]
    tag = f":{image['newTag']}" if image.get("newTag") else ""
    return f"{name}{tag}" + (f"@{image['digest']}" if image.get("digest") else "")


KIND = Kind(
    name="kustomize-set-image",
    sort=Sort.DIRECTORY,
    schema=body(
        "path",
        path=FILLED,
        images=each(
            {
                **body("image", digest=TEXT, image=FILLED, name=TEXT, newName=TEXT, tag=TEXT),
                "oneOf": exactly_one("tag", "digest"),
            }
        ),
    ),
    run=run,
)
