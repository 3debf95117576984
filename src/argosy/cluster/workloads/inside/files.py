"""The files that a container sees: mounted ConfigMaps and Secrets, files from rules, and written ones."""

from __future__ import annotations

import base64
import io
import posixpath
import tarfile
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from argosy.cluster.workloads.inside.fields import field_value
from argosy.machinery.bounded_tar import BoundedTar
from argosy.machinery.objects import JsonObject, Key

if TYPE_CHECKING:
    from argosy.cluster.workloads.view import View

POD_LIMIT, ALL_LIMIT = 64 << 20, 128 << 20
"""Maximum bytes written into one Pod, and into all: the Pods written to first are dropped first."""
Files = dict[str, bytes]


def mounted(view: View, pod: JsonObject, container: JsonObject) -> Files:
    """The content of the container's mounts, by absolute path."""
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes") or ()}
    found: Files = {}
    for mount in container.get("volumeMounts") or ():
        content = _content(view, pod, volumes.get(mount["name"]) or {})
        if sub := mount.get("subPath"):
            if sub in content:
                found[mount["mountPath"]] = content[sub]
            continue
        found |= {posixpath.join(mount["mountPath"], name): data for name, data in content.items()}
    return found


def _content(view: View, pod: JsonObject, volume: JsonObject) -> Files:
    namespace = pod["metadata"]["namespace"]
    if source := volume.get("configMap"):
        return _items(view.get("configmaps", Key(namespace, source.get("name") or "")), source)
    if source := volume.get("secret"):
        return _items(view.get("secrets", Key(namespace, source.get("secretName") or "")), source)
    found: Files = _fields(pod, volume.get("downwardAPI"))
    for part in (volume.get("projected") or {}).get("sources") or ():
        for field, plural in (("configMap", "configmaps"), ("secret", "secrets")):
            if source := part.get(field):
                found |= _items(view.get(plural, Key(namespace, source.get("name") or "")), source)
        found |= _fields(pod, part.get("downwardAPI"))
    return found


def _fields(pod: JsonObject, source: JsonObject | None) -> Files:
    items = (source or {}).get("items") or ()
    return {
        item["path"]: field_value(pod, item["fieldRef"]["fieldPath"]).encode() for item in items if "fieldRef" in item
    }


def _items(source: JsonObject | None, chosen: JsonObject) -> Files:
    every = data_of(source)
    if chosen.get("items"):
        return {item["path"]: every[item["key"]] for item in chosen["items"] if item["key"] in every}
    return every


def data_of(source: JsonObject | None) -> Files:
    """The decoded data of a ConfigMap or Secret."""
    if source is None:
        return {}
    plain = source["kind"] == "ConfigMap"
    found = {key: value.encode() if plain else _decoded(value) for key, value in (source.get("data") or {}).items()}
    return found | {key: _decoded(value) for key, value in (source.get("binaryData") or {}).items()}


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value)
    except ValueError:
        return b""


def normal(path: str) -> str:
    """Absolute, without `.` and `..`."""
    return posixpath.normpath(posixpath.join("/", path))


def below(files: Mapping[str, bytes], directory: str) -> list[str]:
    """Names directly below a directory; directories end in a slash."""
    prefix = directory.rstrip("/") + "/"
    names = {path[len(prefix) :].partition("/") for path in files if path.startswith(prefix)}
    return sorted({name + slash for name, slash, _ in names})


def packed(files: Mapping[str, bytes], path: str) -> bytes | None:
    """A tar of a file or a directory, as `tar cf - PATH` names its members; None when there is nothing."""
    wanted = normal(path)
    chosen = {name: data for name, data in files.items() if name == wanted or name.startswith(wanted.rstrip("/") + "/")}
    if not chosen:
        return None
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as archive:
        for name, data in sorted(chosen.items()):
            member = tarfile.TarInfo(name.lstrip("/"))
            member.size, member.mode = len(data), 0o644
            archive.addfile(member, io.BytesIO(data))
    return output.getvalue()


def unpacked(data: bytes, directory: str) -> Files:
    """The regular files of a tar, below `directory`. Raises ValueError for an invalid tar or one that is too large."""
    found: Files = {}
    size = 0
    try:
        with BoundedTar.open(fileobj=io.BytesIO(data), mode="r:gz" if data[:2] == b"\x1f\x8b" else "r:") as archive:
            for member in archive:
                size += member.size
                if size > POD_LIMIT:
                    raise ValueError("no space left on device")
                if member.isfile() and (file := archive.extractfile(member)) is not None:
                    found[posixpath.join(normal(directory), normal(member.name).lstrip("/"))] = file.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error):
        raise ValueError("this does not look like a tar archive") from None
    return found
