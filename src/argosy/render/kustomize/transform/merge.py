"""Strategic merge as Kustomize does it: lists with merge keys take the patch's items first.

Differs from the API server's (machinery/patches/strategic.py) in order, and for kinds without a schema: lists are
replaced. The rules, including those for items without a merge key, are those of kyaml's yaml/walk and yaml/merge2:
users' output depends on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeAlias, cast

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.schema import Node
from argosy.machinery.text.yaml import Blank
from argosy.render.files import ToolError
from argosy.render.kustomize.transform.scalars import text_of

_DIRECTIVE: Final = "$patch"


class _Nothing:
    """There is no value: none was given, or the patch removed it. Null is a value."""


NOTHING: Final = _Nothing()


class _Blank:
    """A null of the original that has no text, which the merge drops where it walks."""


_BLANK: Final = _Blank()
_Value: TypeAlias = Any
"""A JSON value or NOTHING."""


def merge(original: JsonObject, patch: JsonObject, node: Node | None) -> JsonObject | None:
    """The merged object, or None when the patch deletes it. Both arguments are consumed: they are changed in place."""
    merged = _walk(original, patch, node)
    return merged if isinstance(merged, dict) and merged else None


@contextmanager
def dropping(blanks: Sequence[Blank]) -> Iterator[None]:
    """Merges inside the block drop these fields, but for those in lists that are not walked."""
    kept = [(mapping, key, mapping[key]) for mapping, key in blanks if mapping.get(key, NOTHING) in (None, "")]
    for mapping, key, _ in kept:
        mapping[key] = cast(JsonValue, _BLANK)
    try:
        yield
    finally:
        for mapping, key, value in kept:
            if mapping.get(key) is _BLANK:
                mapping[key] = value


def _walk(original: _Value, patch: _Value, node: Node | None) -> _Value:
    first = original if original is not NOTHING and original is not None else patch
    if isinstance(first, list):
        _same_kind(original, patch, list, "a list")
        return _merged_list(original, patch, node)
    if first is None or first is NOTHING or isinstance(first, dict):
        _same_kind(original, patch, dict, "a map")
        return _merged_map(original, patch, node)
    if isinstance(original, (dict, list)) or isinstance(patch, (dict, list)):
        raise ToolError(f"patch has {_shown(patch)} where the resource has {_shown(original)}")
    return original if patch is NOTHING else patch


def _same_kind(original: _Value, patch: _Value, kind: type, name: str) -> None:
    for value in (original, patch):
        if value is not NOTHING and value is not None and not isinstance(value, kind):
            raise ToolError(f"patch and resource differ in kind: expected {name}, got {_shown(value)}")


def _shown(value: _Value) -> str:
    return "nothing" if value is NOTHING else repr(value)[:80]


def _merged_map(original: _Value, patch: _Value, node: Node | None) -> _Value:
    chosen = _chosen_map(original, patch)
    if not isinstance(chosen, dict):
        return chosen
    other = patch if isinstance(patch, dict) else {}
    for key in sorted({*chosen, *other}):
        old = chosen.get(key, NOTHING)
        was_null = old is None and key not in other
        value = _walk(None if old is _BLANK else old, other.get(key, NOTHING), _child(node, key))
        if value is NOTHING or (value is None and not was_null):
            chosen.pop(key, None)
        else:
            chosen[key] = value
    return chosen


def _chosen_map(original: _Value, patch: _Value) -> _Value:
    """The map that the fields are merged into."""
    if original is NOTHING or original is None:
        if patch is NOTHING:
            return original
        return NOTHING if isinstance(patch, dict) and _directive(patch) == "delete" else patch
    if patch is None:
        return NOTHING
    if patch is NOTHING:
        return original
    match _directive(patch):
        case "delete":
            return NOTHING
        case "replace":
            return patch
    return original


def _directive(patch: JsonObject) -> str:
    """`delete`, `replace` or `merge`; it is removed from the patch."""
    directive = patch.pop(_DIRECTIVE, None)
    if directive not in (None, "merge", "replace", "delete"):
        raise ToolError(f"unknown patch strategy {directive!r}: expected delete, merge or replace")
    return directive or "merge"


def _child(node: Node | None, key: str) -> Node | None:
    if node is None:
        return None
    return node.properties.get(key) or node.additional


def _merged_list(original: _Value, patch: _Value, node: Node | None) -> _Value:
    if node is None or "merge" not in node.patch_strategy:
        return original if patch is NOTHING else patch
    if original is NOTHING or original is None:
        chosen = patch
    elif patch is None:
        return NOTHING
    else:
        directive = _list_directive(patch) if isinstance(patch, list) else "merge"
        if directive == "delete":
            return NOTHING
        chosen = patch if directive == "replace" else original
    sources = (chosen, patch if isinstance(patch, list) else [])
    keys = node.list_keys or ((node.patch_merge_key,) if node.patch_merge_key else ())
    if not keys:
        return _merged_primitives(*sources)
    return _KeyedLists(*sources, keys, node.items).merged()


def _list_directive(patch: list[JsonValue]) -> str:
    found = next((item for item in patch if isinstance(item, dict) and _DIRECTIVE in item), None)
    if found is None or len(found) > 1:
        return "merge"
    directive = str(found[_DIRECTIVE])
    if directive not in ("merge", "replace", "delete"):
        raise ToolError(f"unknown patch strategy {directive!r}: expected delete, merge or replace")
    patch[:] = [item for item in patch if not (isinstance(item, dict) and item.get(_DIRECTIVE) == directive)]
    return directive


def _merged_primitives(original: list[JsonValue], patch: list[JsonValue]) -> list[JsonValue]:
    """The patch's values, then the others; each once."""
    found: dict[str, JsonValue] = {}
    for item in (*patch, *original):
        found.setdefault(text_of(item), item)
    return list(found.values())


class _KeyedLists:
    """One list of maps identified by `keys`, and its patch."""

    def __init__(
        self, original: list[JsonValue], patch: list[JsonValue], keys: Sequence[str], items: Node | None
    ) -> None:
        self._original = original
        self._patch = patch
        self._keys = tuple(keys)
        self._items = items

    def merged(self) -> _Value:
        added: list[JsonValue] = []
        found = self._identities()
        if len(self._keys) > 1:
            found = _unified(found)
        keys: tuple[str, ...] = ()
        for identity in found:
            keys, values = _meaningful(found, identity, self._keys)
            own_keys, own_values = _meaningful([values], values, keys)
            old, new = (_element(source, own_keys, own_values) for source in (self._original, self._patch))
            value = _walk(old, new, self._items)
            if value is NOTHING or value is None or value == {}:
                _put(self._original, NOTHING, keys, values)
                continue
            for key, text in zip(keys, values, strict=False):
                if isinstance(value, dict) and key not in value and text:
                    value[key] = text
            _put(added, value, keys, values)
        if found:
            return _appended(added, self._original, keys)
        return self._original

    def _identities(self) -> list[tuple[str, ...]]:
        """The patch's, then the others; each once."""
        found = (
            tuple(text_of(item.get(key)) if isinstance(item, dict) else "" for key in self._keys)
            for source in (self._patch, self._original)
            for item in source
        )
        return list(dict.fromkeys(found))


def _unified(found: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """An identity with a missing key matches one that agrees in the rest."""
    result = list(found)
    for one in range(len(result)):
        for other in range(len(result)):
            if (both := _both(result[one], result[other])) is not None:
                result[one] = result[other] = both
    return result


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...] | None:
    pairs = list(zip(one, other, strict=True))
    if not any(a == b for a, b in pairs) or any(a != b and a and b for a, b in pairs):
        return None
    return tuple(a or b for a, b in pairs)


def _meaningful(
    found: list[tuple[str, ...]], values: tuple[str, ...], keys: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Without the keys that no item has; all keys if none has any."""
    used = {keys[index] for one in found for index, value in enumerate(one) if value}
    if not used:
        return keys, values
    kept = tuple(value for key, value in zip(keys, values, strict=True) if value or key in used)
    return tuple(key for key in keys if key in used), kept


def _element(items: list[JsonValue], keys: Sequence[str], values: Sequence[str]) -> _Value:
    wanted = dict(zip(keys, values, strict=True))
    for item in items:
        if isinstance(item, dict) and all(key in item and text_of(item[key]) == text for key, text in wanted.items()):
            return item
    return NOTHING


def _put(items: list[JsonValue], value: _Value, keys: Sequence[str], values: Sequence[str]) -> None:
    """Replaces the item with these keys by `value`, or removes it; a new value is appended."""
    kept: list[JsonValue] = []
    replaced = False
    for item in items:
        if item is None or item == {}:
            continue
        if not isinstance(item, dict) and keys and keys[0] and values and values[0]:
            kept.append(item)
        elif not _is_meant(item, keys, values):
            kept.extend([item] if values else [])
        else:
            replaced = True
            kept.extend([] if value is NOTHING else [value])
    items[:] = kept if replaced or value is NOTHING else [*kept, value]


def _is_meant(item: JsonValue, keys: Sequence[str], values: Sequence[str]) -> bool:
    """A key whose value is unknown counts as equal if it is present."""
    if not isinstance(item, dict) or not values:
        return False
    return all(
        key in item and item[key] is not None and (not text or text_of(item[key]) == text)
        for key, text in zip(keys, values, strict=False)
    )


def _appended(added: list[JsonValue], original: list[JsonValue], keys: Sequence[str]) -> list[JsonValue]:
    """The merged items of the patch, then the rest of the list; items with the same keys occur once."""
    for item in list(original):
        values: list[str] = []
        for key in keys:
            if isinstance(item, dict) and item.get(key) is not None:
                values.append(text_of(item[key]))
            else:
                added.append(item)
        if len(keys) > 1:
            _put(added, NOTHING, keys, values)
        _put(added, item, keys, values)
    return added
