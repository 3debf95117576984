"""Image names, tags and digests, wherever containers are."""

from __future__ import annotations

from typing import Final

import re2

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.files import ToolError
from argosy.render.kustomize.resource import ResourceSet
from argosy.render.kustomize.transform.fieldspecs import Specs, change
from argosy.render.kustomize.transform.scalars import text_of

_CONTAINER_FIELDS = ("containers", "initContainers")


_QUIET: Final = re2.Options()
_QUIET.log_errors = False


class ImageChange:
    """One entry of `images`: replaces the name, tag or digest of images called `name`."""

    def __init__(self, raw: JsonObject, where: str) -> None:
        self.new_name: str = raw.get("newName") or ""
        self.new_tag: str = raw.get("newTag") or ""
        self.tag_suffix: str = raw.get("tagSuffix") or ""
        self.digest: str = raw.get("digest") or ""
        name = raw.get("name") or ""
        try:
            self._pattern = re2.compile(rf"^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$", _QUIET)
        except re2.error:
            self._pattern = None  # a name that is not a valid expression matches no image, as in the real program

    def apply(self, value: JsonValue) -> JsonValue:
        if isinstance(value, (dict, list)):
            raise ToolError(f"images: {str(value)[:60]!r} should be the name of an image")
        if value is None or self._pattern is None or not self._pattern.match(text_of(value)):
            return value
        name, tag, digest = split_image(text_of(value))
        if self.new_tag or self.digest:
            tag, digest = self.new_tag, self.digest
        elif self.tag_suffix:
            tag, digest = tag + self.tag_suffix, ""
        return (self.new_name or name) + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


def split_image(image: str) -> tuple[str, str, str]:
    """`host:5000/a/b:tag@digest` -> name, tag, digest; either of the last two may be empty."""
    rest, _, digest = image.partition("@")
    colon = rest.rfind(":")
    if colon > rest.rfind("/"):
        return rest[:colon], rest[colon + 1 :], digest
    return rest, "", digest


def set_images(resources: ResourceSet, raw: JsonObject, where: str, specs: Specs) -> None:
    one = ImageChange(raw, where)
    for resource in resources:
        if resource.gvk.kind == "CustomResourceDefinition":
            continue
        _in_any_containers(resource.obj, one)
        change(resource.obj, specs, resource.gvk, one.apply, creates=False)


def _in_any_containers(node: JsonValue, one: ImageChange) -> None:
    """Custom resources have containers in other places: every list of that name counts."""
    if isinstance(node, list):
        for item in node:
            _in_any_containers(item, one)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in _CONTAINER_FIELDS and isinstance(value, list):
                for container in value:
                    if isinstance(container, dict) and "image" in container:
                        container["image"] = one.apply(container["image"])
            _in_any_containers(value, one)
