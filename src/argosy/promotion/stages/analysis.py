"""The spec of the AnalysisRun that verifies Freight: templates are merged, and the Stage's arguments override theirs.

Source: spec/kargo.md 5.3. Error messages are Kargo's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from argosy.apis.rollouts import templates as joined
from argosy.apis.rollouts.templates import Disagreement, TemplateError, Twins, Unresolved
from argosy.machinery.objects import JsonObject

_TWINS: Final = {
    "metrics": 'metrics: duplicate metric name: "{}"',
    "dryRun": 'dry-run metrics: validate dry-run metrics: duplicate dry-run metric name: "{}"',
    "measurementRetention": (
        "measurement retention metrics: validate measurement retention metrics: "
        'duplicate measurement retention metric name: "{}"'
    ),
}


class AnalysisError(ValueError):
    """Templates or arguments conflict."""


def run_spec(templates: Sequence[Mapping[str, Any]], arguments: Sequence[Mapping[str, str]]) -> JsonObject:
    """Built from the templates' specs in order, and the Stage's evaluated arguments. Raises AnalysisError."""
    whole = [{"spec": dict(template)} for template in templates]
    try:
        return {"metrics": [], **joined.run_spec(whole, (), [dict(one) for one in arguments], unite=_united)}
    except TemplateError as error:
        raise AnalysisError(_worded(error)) from None


def _united(old: JsonObject, new: JsonObject) -> JsonObject:
    """The first definition counts; a later one may supply its missing value."""
    return old if new.get("value") is None else {**old, "value": new["value"]}


def _worded(error: TemplateError) -> str:
    match error:
        case Twins(part=part, name=name):
            return f"flatten templates: flatten {_TWINS[part].format(name)}"
        case Disagreement(name=name, values=(one, other)):
            text = f'conflicting values for argument "{name}": "{one}" and "{other}"'
            return f"flatten templates: flatten arguments: {text}"
        case Unresolved(name=name):
            text = f'unresolved argument "{name}": neither Value nor ValueFrom is set'
            return f"build arguments: merge arguments: validate merged arguments: {text}"
    return str(error)
