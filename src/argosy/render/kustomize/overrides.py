"""An Application's `kustomize` block as edits of its kustomization file (spec/argo-cd-engine-2.md 11.5)."""

from __future__ import annotations

import re
from collections.abc import Callable

from argosy.machinery.objects import JsonObject
from argosy.render.files import ToolError
from argosy.render.kustomize.transform.images import split_image

Exists = Callable[[str], bool]


def edited(raw: JsonObject, options: JsonObject, exists: Exists) -> JsonObject:
    """The kustomization with the Application's edits, in upstream's order. `exists` says which components exist."""
    result = dict(raw)
    for field in ("namePrefix", "nameSuffix"):
        if options.get(field):
            result[field] = options[field]
    if options.get("images"):
        result["images"] = _images([*(raw.get("images") or ()), *(raw.get("imageTags") or ())], options["images"])
        result.pop("imageTags", None)
    if options.get("replicas"):
        result["replicas"] = _replicas(raw.get("replicas") or [], options["replicas"])
    if options.get("commonLabels"):
        _add_labels(result, options)
    if options.get("commonAnnotations"):
        force = bool(options.get("forceCommonAnnotations"))
        result["commonAnnotations"] = _added(
            raw.get("commonAnnotations") or {}, options["commonAnnotations"], "annotation", force=force
        )
    if options.get("namespace"):
        result["namespace"] = options["namespace"]
    if options.get("patches"):
        result["patches"] = [*(raw.get("patches") or ()), *(_patch(one) for one in options["patches"])]
    if options.get("components"):
        result["components"] = [*(raw.get("components") or ()), *_components(options, exists)]
    return result


def _images(present: list[JsonObject], wanted: list[str]) -> list[JsonObject]:
    images = {image.get("name"): image for image in present}
    for text in wanted:
        image = parse_image(str(text))
        images[image["name"]] = image
    return list(images.values())


def parse_image(text: str) -> JsonObject:
    """`[old=]new[:tag][@digest]`, as `kustomize edit set image` reads it; `*` for a part keeps it."""
    old, separator, new = text.partition("=")
    name, tag, digest = split_image(new if separator else old)
    image: JsonObject = {"name": old if separator else name}
    if separator and name not in ("", "*"):
        image["newName"] = name
    if not image["name"] or not (separator or tag or digest):
        raise ToolError(f"kustomize.images: {text!r} should be [old=]new[:tag][@digest]")
    if tag and tag != "*":
        image["newTag"] = tag
    if digest:
        image["digest"] = digest
    return image


def _replicas(present: list[JsonObject], wanted: list[JsonObject]) -> list[JsonObject]:
    replicas = {one.get("name"): one for one in present}
    for one in wanted:
        count = str(one.get("count"))
        if not re.fullmatch(r"[0-9]+", count):
            raise ToolError(f"kustomize.replicas: count of {one.get('name')!r} is {count!r}, expected a number")
        replicas[one.get("name")] = {"name": one.get("name"), "count": int(count)}
    return list(replicas.values())


def _add_labels(result: JsonObject, options: JsonObject) -> None:
    labels, force = options["commonLabels"], bool(options.get("forceCommonLabels"))
    without_selector = bool(options.get("labelWithoutSelector"))
    if not without_selector:
        result["commonLabels"] = _added(result.get("commonLabels") or {}, labels, "label", force=force)
        return
    entry: JsonObject = {"pairs": labels, "includeSelectors": False}
    if options.get("labelIncludeTemplates"):
        entry["includeTemplates"] = True
    others = []
    for one in result.get("labels") or ():
        taken = {key: value for key, value in (one.get("pairs") or {}).items() if key in labels}
        if taken and not force:
            raise ToolError(f"label {next(iter(taken))} already in kustomization file")
        others.append({**one, "pairs": {key: v for key, v in (one.get("pairs") or {}).items() if key not in labels}})
    result["labels"] = [*(one for one in others if one["pairs"]), entry]


def _added(present: JsonObject, wanted: JsonObject, what: str, *, force: bool) -> JsonObject:
    if not force and (taken := [key for key in wanted if key in present]):
        raise ToolError(f"{what} {taken[0]} already in kustomization file")
    return {**present, **wanted}


def _patch(patch: JsonObject) -> JsonObject:
    return {key: patch[key] for key in ("path", "patch", "target", "options") if patch.get(key)}


def _components(options: JsonObject, exists: Exists) -> list[str]:
    components = [str(one) for one in options["components"]]
    if options.get("ignoreMissingComponents"):
        return [one for one in components if exists(one)]
    return components
