"""Field selection: `?fields=items.metadata.name` keeps these alone, `?fields=-items.status` drops them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

SUPPORTED: Final = frozenset(
    {
        "application.ApplicationService/List",
        "application.ApplicationService/Watch",
        "application.ApplicationService/WatchResourceTree",
        "application.ApplicationService/ManagedResources",
        "application.ApplicationService/PodLogs",
        "applicationset.ApplicationSetService/Watch",
        "project.ProjectService/List",
    }
)
Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Selection:
    keeps: bool
    tree: Tree
    text: str = ""

    def apply(self, value: Any) -> Any:
        return _kept(value, self.tree) if self.keeps else _dropped(value, self.tree)


def selection(text: str) -> Selection | None:
    """None without fields."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        return None
    drops = words[0].startswith("-")
    tree: Tree = {}
    for word in words:
        node = tree
        *outer, last = word.lstrip("-").split(".")
        for part in outer:
            inner = node.setdefault(part, {})
            if inner is None:  # a shorter name covers it
                break
            node = inner
        else:
            node[last] = None
    return Selection(not drops, tree, text)


def _kept(value: Any, tree: Tree) -> Any:
    if isinstance(value, list):
        return [_kept(item, tree) for item in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for name, inner in tree.items():
        if name not in value:
            continue
        found[name] = value[name] if inner is None else _kept(value[name], inner)
    return found


def _dropped(value: Any, tree: Tree) -> Any:
    if isinstance(value, list):
        return [_dropped(item, tree) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: item if name not in tree else _dropped(item, tree[name])
        for name, item in value.items()
        if name not in tree or tree[name] is not None
    }
