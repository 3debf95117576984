"""Texts that differ from run to run - times, names with random parts, ids - put into the same words on both sides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NAME: Final = re.compile(r"\b([a-z0-9-]+)\.[0-9a-hjkmnp-tv-z]{26}\.([0-9a-f]{7}|[a-z]+)\b")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_LONG: Final = re.compile(r"\b[0-9a-f]{64}\b")
_HEX: Final = re.compile(r"\b[0-9a-f]{40}\b")
_SHORT: Final = re.compile(r"(?<=\.)[0-9a-f]{7}")
_SOAK: Final = re.compile(r'("longestSoak": )"[^"]*"')
_RETRIED: Final = re.compile(r'("errorCount": )([2-9]|\d\d+)\b')
_TOOL: Final = re.compile(
    r'(?: into \\?"|: Cloning into|error executing cmd|: stat |: open |: GET |: failed to get|: failed to list'
    r'|error listing tags:|failed with: )(?:[^"\\]|\\.)*'
)
"""From here on it is a program's, a registry's or another control plane's own text."""
_UNREAD: Final = re.compile(r'error cloning repo \\?"[^"\\]*\\?"(?:[^"\\]|\\.)*')
_UNCHECKED: Final = re.compile(r"\[(.*), <nil>: Invalid value: null: some validation rules were not checked[^\]]*\]")
"""The API server's own remark, not the control plane's."""
_GENERATED: Final = re.compile(r"\bp-[a-z0-9]{5}\b")
_PLACEHOLDERS: Final = (
    (re.compile(r"\{uid:[^}]*\}+|\{rand:uuid\d+\}"), "{uuid}"),
    (re.compile(r"\{rand(:\d+)?\}"), "{rand}"),
    (re.compile(r"\{(freight7|sha7|id7):\d+\}"), "{hex7}"),
    (re.compile(r"\{(freight|sha|id):\d+\}"), "{hex}"),
    (re.compile(r"\{alias:\d+\}"), "{alias}"),
    (re.compile(r"\{digest:\d+\}"), "{digest}"),
    (re.compile(r"\{hash:\d+\}"), "{hash}"),
)


def recorded(text: str) -> str:
    """A recorded text without the numbers of its placeholders."""
    for pattern, word in _PLACEHOLDERS:
        text = pattern.sub(word, text)
    return _both(text)


def ours(text: str, addresses: Mapping[str, str], aliases: Iterable[str]) -> str:
    for address, name in addresses.items():
        text = text.replace(address, name)
    text = _UUID.sub("{uuid}", _both(text))
    text = _GENERATED.sub("p-{rand}", text)
    text = _NAME.sub(_named, text)
    text = _HEX.sub("{hex}", _LONG.sub("{hash}", _DIGEST.sub("{digest}", text)))
    for alias in aliases:
        text = re.sub(rf"(?<![\w-]){alias}(?![\w-])", "{alias}", text)
    return text


def _named(found: re.Match[str]) -> str:
    tail = "{hex7}" if re.fullmatch(r"[0-9a-f]{7}", found[2]) else found[2]
    return f"{found[1]}.{{rand}}.{tail}"


def _both(text: str) -> str:
    text = _UNCHECKED.sub(r"\1", _TIME.sub("{time}", text.replace('"{tmp}/', '"./').replace('\\"{tmp}/', '\\"./')))
    text = _TOOL.sub("...", _UNREAD.sub("error cloning repo...", text))
    return _RETRIED.sub(r"\1-1", _SOAK.sub(r'\1"{duration}"', text))
