"""SealedSecrets in YAML or JSON text, and edits that change nothing but their items.

Comments, order, quotes, indentation and line ends stay as they are. Positions are those of `yaml_tree`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from argosy.apis.bitnami import SealedSecret
from argosy.apis.schema import read
from argosy.cli.failing import CommandError
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.yaml import YamlError, load, load_all
from argosy.machinery.text.yaml_tree import EditFault, Node, Scalar, lines_of, parse_all
from argosy.machinery.text.yaml_tree import Mapping as MappingNode
from argosy.sealing.assembly import API_VERSION

_PLAIN = re.compile(r"[A-Za-z_.][A-Za-z0-9_.-]*")


@dataclass(slots=True)
class Document:
    """One SealedSecret in a text; `number` counts from 1, as users do."""

    number: int
    obj: JsonObject
    root: MappingNode

    @property
    def view(self) -> SealedSecret:
        return read(SealedSecret, self.obj)

    @property
    def name(self) -> str:
        metadata = self.obj.get("metadata") or {}
        return f"{metadata.get('namespace') or ''}/{metadata.get('name') or ''}"


@dataclass(slots=True)
class SealedText:
    """A text with its SealedSecrets; `place` is its name in errors. Edits are collected, then `edited` applies them."""

    place: str
    text: str
    documents: list[Document]
    crlf: bool
    final_newline: bool
    _edits: list[tuple[int, int, str]] = field(default_factory=list)

    @staticmethod
    def of(place: str, raw: str) -> SealedText:
        """Raises CommandError if the text is not YAML."""
        text = lines_of(raw)
        try:
            objects, roots = list(load_all(text)), parse_all(text)
        except (YamlError, EditFault) as error:
            raise CommandError(f"{place}: {error}") from None
        pairs = enumerate(zip(objects, roots, strict=True), start=1)
        found = [
            Document(number, obj, root)
            for number, (obj, root) in pairs
            if isinstance(root, MappingNode) and is_sealed_secret(obj)
        ]
        return SealedText(place, text, found, "\r\n" in raw, raw.endswith("\n"))

    def put(self, document: Document, items: Mapping[str, str]) -> None:
        """Replaces items, and adds missing ones. Raises CommandError."""
        node = self._items(document)
        new: dict[str, str] = {}
        for key, item in items.items():
            if (entry := node.find(key)) is None:
                new[key] = item
            else:
                self._replace(entry[1], item)
        if new:
            self._add(node, {key: json.dumps(item) if node.braces else item for key, item in new.items()})

    def put_in(self, document: Document, path: tuple[str, ...], texts: Mapping[str, str]) -> None:
        """Sets strings in the mapping at `path`, such as the template's labels; missing parents are created."""
        node: MappingNode = document.root
        for at, name in enumerate(path):
            entry = node.find(name)
            if entry is not None and isinstance(entry[1], MappingNode):
                node = entry[1]
                continue
            made: JsonObject = dict(texts)
            for inner in reversed(path[at + 1 :]):
                made = {inner: made}
            if entry is None:
                self._add(node, {name: json.dumps(made)})
            else:
                self._edits.append((entry[1].start, self._value_end(entry[1]), json.dumps(made)))
            return
        found = {key: node.find(key) for key in texts}
        for key, entry in found.items():
            if entry is not None:
                self._edits.append((entry[1].start, self._value_end(entry[1]), json.dumps(texts[key])))
        if new := {key: json.dumps(texts[key]) for key, entry in found.items() if entry is None}:
            self._add(node, new)

    def remove(self, document: Document, key: str) -> None:
        """Raises CommandError if there is no such item, or it shares its line with others."""
        node = self._items(document)
        entry = node.find(key)
        if entry is None:
            raise CommandError(f"{self.place}: {document.name} has no item {key!r}")
        if node.braces:
            self._remove_in_braces(node, entry)
            return
        start = self.text.rfind("\n", 0, entry[0].start) + 1
        end = self.text.find("\n", self._value_end(entry[1]) - 1) + 1
        if len(node.entries) == 1:
            self._edits.append((node.start, self._value_end(entry[1]), "{}"))
        else:
            self._edits.append((start, end, ""))

    @property
    def edited(self) -> str:
        text = self.text
        for start, end, new in sorted(self._edits, reverse=True):
            text = text[:start] + new + text[end:]
        if not self.final_newline:
            text = text.removesuffix("\n")
        return text.replace("\n", "\r\n") if self.crlf else text

    @property
    def is_changed(self) -> bool:
        return bool(self._edits)

    def _items(self, document: Document) -> MappingNode:
        spec = document.root.find("spec")
        found = spec[1].find("encryptedData") if spec is not None and isinstance(spec[1], MappingNode) else None
        if found is None or not isinstance(found[1], MappingNode):
            raise CommandError(
                f"{self.place}: {document.name}: spec.encryptedData is not written out as a mapping there"
            )
        return found[1]

    def _replace(self, node: Node, item: str) -> None:
        if not isinstance(node, Scalar):
            raise CommandError(f"{self.place}: an item is an alias: write it out to have it changed")
        quote = node.style if node.style in ("'", '"') else ""
        self._edits.append((node.start, self._value_end(node), f"{quote}{item}{quote}"))

    def _value_end(self, node: Node) -> int:
        """Excludes the line ends that block scalars include."""
        return node.start + len(self.text[node.start : node.end].rstrip())

    def _add(self, node: MappingNode, items: Mapping[str, str]) -> None:
        """`items`: in their original spelling."""
        if not node.entries:
            inner = ", ".join(f"{json.dumps(key)}: {item}" for key, item in items.items())
            self._edits.append((node.start, self._value_end(node), "{" + inner + "}"))
            return
        first, last = node.entries[0][0], node.entries[-1][1]
        end = self._value_end(last)
        if node.braces:
            between = self._between(node, first)
            text = "".join(f",{between}{json.dumps(key)}: {item}" for key, item in items.items())
        else:
            indent = " " * first.column
            text = "".join(f"\n{indent}{_key(key)}: {item}" for key, item in items.items())
        self._edits.append((end, end, text))

    def _between(self, node: MappingNode, first: Node) -> str:
        """The separator of two entries in braces: a new line with indentation, or a blank."""
        gap = self.text[node.start + 1 : first.start]
        return gap if "\n" in gap else " "

    def _remove_in_braces(self, node: MappingNode, entry: tuple[Node, Node]) -> None:
        at = node.entries.index(entry)
        if at + 1 < len(node.entries):
            self._edits.append((entry[0].start, node.entries[at + 1][0].start, ""))
        elif at:
            self._edits.append((node.entries[at - 1][1].end, entry[1].end, ""))
        else:
            self._edits.append((entry[0].start, entry[1].end, ""))


def is_sealed_secret(obj: object) -> bool:
    return isinstance(obj, dict) and (obj.get("apiVersion"), obj.get("kind")) == (API_VERSION, "SealedSecret")


def _key(key: str) -> str:
    return key if _PLAIN.fullmatch(key) and load(key) == key else json.dumps(key)
