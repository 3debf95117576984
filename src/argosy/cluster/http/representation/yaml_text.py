"""YAML bodies and responses: the machinery's reader with this package's errors, and PyYAML's writer."""

from __future__ import annotations

import orjson
import yaml

from argosy.cluster.http.representation.json_text import BodyError, Parsed, parse_json
from argosy.machinery.objects import JsonValue
from argosy.machinery.text.yaml import YamlError, load

_WIDTH = 2**30
"""No line is folded."""


def parse_yaml(text: bytes) -> Parsed:
    """The first document; JSON is YAML and takes the fast path. Raises BodyError."""
    if text.lstrip()[:1] == b"{":
        try:
            return parse_json(text)
        except BodyError:
            pass  # flow style with bare words: YAML only
    try:
        return Parsed(load(text), ())
    except YamlError as error:
        raise BodyError(f"yaml: {error}") from None


class _Dumper(yaml.CSafeDumper):
    """Quotes every text that our reader, or Go's, would read as another type."""


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = '"' if text[:1] in _SUSPECTS and _is_word(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _is_word(text: str) -> bool:
    """Whether a bare `text` would be read as a number, a boolean or null."""
    try:
        return not isinstance(load(text), str)
    except YamlError:
        return False  # punctuation: PyYAML quotes it by itself


_SUSPECTS = frozenset("0123456789+-.~yYnNtTfFoO")
_Dumper.add_representer(str, _represent_text)


def dump_yaml(value: JsonValue) -> bytes:
    """Keys sorted, as upstream prints objects."""
    # through JSON text: the tree is private then, without shared parts that would be written as aliases
    plain = orjson.loads(orjson.dumps(value))
    text: bytes = yaml.dump(plain, Dumper=_Dumper, encoding="utf-8", allow_unicode=True, width=_WIDTH)
    return text
