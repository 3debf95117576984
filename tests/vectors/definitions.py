"""The published CustomResourceDefinitions against those that are served, but for the prose: a folder a product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from argosy.apis import crds
from argosy.machinery.text.yaml import YamlError, load_documents

from .outcome import Outcome, not_run
from .reading import each

KIND = "CustomResourceDefinition"


def run(data: Path) -> Iterator[Outcome]:
    served = {str(crd["metadata"]["name"]): _without_prose(crd) for crd in crds()}
    for file in sorted((data / "crds").glob("*/*.y*ml")):
        try:
            documents = load_documents(file.read_bytes())
        except YamlError as error:
            yield not_run("crds", f"{file.parent.name}/{file.stem}", f"cannot be read: {error}")
            continue
        published = [
            one for one in documents if isinstance(one, dict) and one.get("kind") == "CustomResourceDefinition"
        ]
        if not published:
            yield not_run("crds", f"{file.parent.name}/{file.stem}", f"holds no {KIND}")
        play = partial(_one, served, file.parent.name)
        yield from each("crds", published, play, lambda crd: crd["metadata"]["name"])


def _one(served: Mapping[str, Any], product: str, published: Any) -> Iterator[Outcome]:
    name = str(published["metadata"]["name"])
    wanted, found = _compared(published), served.get(name)
    wrong = "is not served" if found is None else "; ".join(_differing(_compared(found), wanted))
    yield Outcome("crds", f"{product}/{name}", not wrong, wrong[:600])


def _compared(crd: Any) -> Any:
    """Names, versions, schemas; what is written on the definition itself is its packager's."""
    return _without_prose({"spec": {key: value for key, value in crd["spec"].items() if key != "conversion"}})


def _without_prose(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: sorted(item) if key == "required" and isinstance(item, list) else _without_prose(item)
            for key, item in value.items()
            if not (key in ("description", "title") and isinstance(item, str))
        }
    return [_without_prose(item) for item in value] if isinstance(value, list) else value


def _differing(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """The places that differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            if key not in ours or key not in theirs:
                yield f"{path}.{key}: only {'ours' if key in ours else 'theirs'}"
            else:
                yield from _differing(ours[key], theirs[key], f"{path}.{key}")
    elif ours != theirs:
        yield f"{path}: {ours!r} is not {theirs!r}"
