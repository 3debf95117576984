"""The function maps of triggers and templates: `time`, `strings`, `repo`, `sync`.

Source: spec/notifications.md D5. Calls that need a repository are questions; without an answer the evaluation stops
with Waiting and is repeated when the answer arrives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

import gotime
from goduration.go import Duration
from gotime import ParseError, Time

from argosy.apis.argoproj import Application
from argosy.apis.argoproj.source import Source
from argosy.apis.schema import read
from argosy.expr.exprlang import Fault, Function, Struct
from argosy.expr.exprlang.values import type_name
from argosy.expr.go_values import Interrupted
from argosy.machinery.controller import PENDING, Failed, Question
from argosy.machinery.objects import JsonObject
from argosy.notify.ports import AppDetails, CommitMetadata, Details, Unknown

Ask = Callable[[Question[Any]], Any]
_UNITS: Final = {
    "Nanosecond": 1,
    "Microsecond": 1_000,
    "Millisecond": 1_000_000,
    "Second": 1_000_000_000,
    "Minute": 60_000_000_000,
    "Hour": 3_600_000_000_000,
}
_LAYOUTS: Final = {
    "Layout": "01/02 03:04:05PM '06 -0700",
    "ANSIC": "Mon Jan _2 15:04:05 2006",
    "UnixDate": "Mon Jan _2 15:04:05 MST 2006",
    "RubyDate": "Mon Jan 02 15:04:05 -0700 2006",
    "RFC822": "02 Jan 06 15:04 MST",
    "RFC822Z": "02 Jan 06 15:04 -0700",
    "RFC850": "Monday, 02-Jan-06 15:04:05 MST",
    "RFC1123": "Mon, 02 Jan 2006 15:04:05 MST",
    "RFC1123Z": "Mon, 02 Jan 2006 15:04:05 -0700",
    "RFC3339": "2006-01-02T15:04:05Z07:00",
    "RFC3339Nano": "2006-01-02T15:04:05.999999999Z07:00",
    "Kitchen": "3:04PM",
    "Stamp": "Jan _2 15:04:05",
    "StampMilli": "Jan _2 15:04:05.000",
    "StampMicro": "Jan _2 15:04:05.000000",
    "StampNano": "Jan _2 15:04:05.000000000",
}


class Waiting(Interrupted):
    """A question has no answer yet; the key is woken when it arrives."""


def functions(now: datetime, ask: Ask | None, app: JsonObject | None = None) -> dict[str, Any]:
    """By map. Without `ask`, calls that need a repository are errors of the evaluation."""
    found: dict[str, Any] = {"time": _time(now), "strings": _STRINGS}
    if app is not None:
        found["repo"] = _Repository(app, ask).functions()
        found["sync"] = {"GetInfoItem": Function(_info_item, 2, 2)}
    return found


# -- time and strings --------------------------------------------------------------------------------------------------


def _time(now: datetime) -> dict[str, Any]:
    constants: dict[str, Any] = {name: Duration(length) for name, length in _UNITS.items()}
    return {
        **constants,
        **_LAYOUTS,
        "Now": Function(lambda: Time.from_datetime(now), 0, 0),
        "Parse": Function(_parsed, 1, 1),
    }


def _parsed(given: object) -> Time:
    text = _text(given)
    try:
        return Time.parse(gotime.RFC3339, text)
    except (ParseError, ValueError):
        raise Fault(f"cannot parse {text!r} as a time of RFC 3339") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Fault(f"a string is wanted, not {type_name(value)}")
    return value


_STRINGS: Final[Mapping[str, Function]] = {
    "ReplaceAll": Function(lambda text, old, new: _replaced(_text(text), _text(old), _text(new)), 3, 3),
    "ToUpper": Function(lambda text: _text(text).upper(), 1, 1),
    "ToLower": Function(lambda text: _text(text).lower(), 1, 1),
}
_LONGEST: Final = 1024 * 1024


def _replaced(text: str, old: str, new: str) -> str:
    if len(text) + text.count(old) * len(new) > _LONGEST:
        raise Fault(f"ReplaceAll makes a text longer than {_LONGEST} characters")
    return text.replace(old, new)


# -- repo and sync -----------------------------------------------------------------------------------------------------


class _Repository:
    def __init__(self, app: JsonObject, ask: Ask | None) -> None:
        self._app, self._ask = app, ask

    def functions(self) -> dict[str, Function]:
        return {
            "RepoURLToHTTPS": Function(lambda url: https_url(_text(url)), 1, 1),
            "FullNameByRepoURL": Function(lambda url: full_name(_text(url)), 1, 1),
            "QueryEscape": Function(lambda text: quote_plus(_text(text)), 1, 1),
            "GetCommitMetadata": Function(lambda revision: self._commit(_text(revision)), 1, 1),
            "GetAppDetails": Function(self._details, 0, 0),
        }

    def _commit(self, revision: str) -> Struct:
        source = self._source_of(revision)
        if source is None or not source.repo_url:
            raise Fault("the Application has no source with a repoURL")
        project = read(Application, self._app).spec.project or "default"
        answer = self._answer(CommitMetadata(source.repo_url, revision, project))
        date = Time.from_datetime(answer.date)
        fields = {"Message": answer.message, "Author": answer.author, "Date": date, "Tags": list(answer.tags)}
        return Struct("*shared.CommitMetadata", fields)

    def _source_of(self, revision: str) -> Source | None:
        """The only source, or the one that was synced to this revision."""
        app = read(Application, self._app)
        sources = app.spec.all_sources
        for revisions in (app.status.operation_state.sync_result.revisions, app.status.sync.revisions):
            if len(revisions) == len(sources) and revision in revisions:
                return sources[revisions.index(revision)]
        return sources[0] if sources else None

    def _details(self) -> Struct:
        metadata = self._app["metadata"]
        answer: Details = self._answer(AppDetails(metadata["namespace"], metadata["name"], metadata["resourceVersion"]))
        return details_struct(answer)

    def _answer(self, question: Question[Any]) -> Any:
        if self._ask is None:
            raise Fault("no repository can be reached here")
        answer = self._ask(question)
        if answer is PENDING:
            raise Waiting
        if isinstance(answer, Failed):
            raise Fault(f"the repository gave no answer: {answer.reason}")
        if isinstance(answer, Unknown):
            raise Fault(answer.message)
        return answer


def details_struct(details: Details) -> Struct:
    helm = None
    if details.type == "Helm":
        parameters = {str(one.get("name")): str(one.get("value") or "") for one in details.parameters}
        files = {str(one.get("name")): str(one.get("path") or "") for one in details.file_parameters}
        helm = Struct(
            "*apiclient.HelmAppSpec",
            {
                "Name": details.name,
                "ValueFiles": list(details.value_files),
                "Parameters": [_named("Value", "value", one) for one in details.parameters],
                "Values": details.values,
                "FileParameters": [_named("Path", "path", one) for one in details.file_parameters],
                "GetParameterValueByName": Function(lambda name: parameters.get(_text(name), ""), 1, 1),
                "GetFileParameterPathByName": Function(lambda name: files.get(_text(name), ""), 1, 1),
            },
        )
    kustomize = Struct("*apiclient.KustomizeAppSpec", {"Images": list(details.images)})
    fields = {
        "Type": details.type,
        "Helm": helm,
        "Kustomize": kustomize if details.type == "Kustomize" else None,
        "Directory": Struct("*apiclient.DirectoryAppSpec", {}) if details.type == "Directory" else None,
    }
    return Struct("*shared.AppDetail", fields)


def _named(field: str, key: str, given: JsonObject) -> Struct:
    return Struct("*HelmParameter", {"Name": str(given.get("name")), field: str(given.get(key) or "")})


def _info_item(app: object, name: object) -> str:
    """The value in the operation's `info`. Raises Fault if there is none of that name."""
    found = read(Application, app if isinstance(app, dict) else {})
    last = found.status.operation_state.operation
    operation = last if last.raw else found.operation
    for item in operation.info if operation is not None else ():
        if item.name == name:
            return item.value
    raise Fault(f"the operation has no info item {_text(name)!r}")


def https_url(url: str) -> str:
    """`git@host:a/b.git` and `ssh://git@host/a/b` as a URL for a browser."""
    if not url or url.startswith("https://"):
        return url
    if "://" not in url:
        _, _, rest = url.rpartition("@")
        return "https://" + rest.replace(":", "/", 1)
    parts = urlsplit(url)
    return f"https://{parts.hostname or ''}{parts.path}"


def full_name(url: str) -> str:
    """The first two parts of the path: `owner/name`."""
    path = urlsplit(https_url(url)).path.strip("/").removesuffix(".git")
    return "/".join(path.split("/")[:2])
