"""Describes a dry commit: in `hydrator.metadata`, in the commit message and in README.md. Pure.

Names, order and spelling are Argo CD's, since other tools read these files. A commit may refer to another (that of the
code, say) by trailers `Argocd-reference-commit-*` in its message.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from datetime import datetime
from email.header import decode_header, make_header
from email.utils import getaddresses
from typing import Final
from urllib.parse import urlsplit

from argosy.machinery.objects import JsonObject
from argosy.machinery.text.go_text import quoted
from argosy.machinery.timestamps import seconds
from argosy.sources.port import Described

PREFIX: Final = "Argocd-reference-commit-"
_SPECIAL: Final = frozenset("\"#$%&'(),.:;<>@[]^`{|}~")
_SHA: Final = re.compile(r"[0-9a-f]{5,40}")
_ATOM: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")

COMMIT_MESSAGE: Final = """\
{{.metadata.drySha | trunc 7}}: {{ .metadata.subject }}
{{- if .metadata.body }}

{{ .metadata.body }}
{{- end }}
{{ range $ref := .metadata.references }}
{{- if and $ref.commit $ref.commit.author }}
Co-authored-by: {{ $ref.commit.author }}
{{- end }}
{{- end }}
{{- if .metadata.author }}
Co-authored-by: {{ .metadata.author }}
{{- end }}
"""
README: Final = """\
# Manifest Hydration

To hydrate the manifests in this repository, run the following commands:

```shell
git clone {{ .RepoURL }}
# cd into the cloned directory
git checkout {{ .DrySHA }}
{{ range $command := .Commands -}}
{{ $command }}
{{ end -}}```
"""


def of_commit(url: str, dry: str, described: Described) -> JsonObject:
    """The branch's own `hydrator.metadata`; empty values are left out."""
    subject, _, body = described.message.partition("\n\n")
    rest = "".join(f"{line}\n" for line in _lines(body) if not _reference(line))
    commit = _referred(described.trailers)
    made = {
        "repoURL": shown_url(url),
        "drySha": dry,
        "author": described.author,
        "date": seconds(described.authored_at),
        "subject": subject,
        "body": rest,
        "references": [{"commit": commit}] if commit else [],
    }
    return {name: value for name, value in made.items() if value}


def of_path(url: str, dry: str, commands: Iterable[str]) -> JsonObject:
    """One application's `hydrator.metadata`."""
    made = {"repoURL": shown_url(url), "drySha": dry, "commands": list(commands)}
    return {name: value for name, value in made.items() if value}


def as_file(metadata: JsonObject) -> bytes:
    """As Go's JSON encoder prints it, without escapes for HTML."""
    text = json.dumps(metadata, indent=2, ensure_ascii=False)
    return f"{text}\n".replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").encode()


def for_readme(metadata: JsonObject) -> JsonObject:
    """The same with the names that README templates use."""
    names = {"RepoURL": "repoURL", "DrySHA": "drySha", "Author": "author", "Date": "date", "Subject": "subject"}
    texts = {theirs: metadata.get(ours) or "" for theirs, ours in {**names, "Body": "body"}.items()}
    return {**texts, "Commands": metadata.get("commands") or [], "References": []}


def cleaned(message: str) -> str:
    """As `git commit` cleans a message; "" if nothing is left."""
    lines = [line.rstrip() for line in message.split("\n")]
    kept = [line for at, line in enumerate(lines) if line or (at and lines[at - 1])]
    text = "\n".join(kept).strip("\n")
    return f"{text}\n" if text else ""


def shown_url(url: str) -> str:
    """Without parts that may hold a token; the user of an SSH URL is part of its address."""
    parts = urlsplit(url) if "://" in url else None
    if parts is None or "@" not in parts.netloc:
        return url
    user = f"{parts.username}@" if parts.scheme == "ssh" and parts.username else ""
    return parts._replace(netloc=user + parts.netloc.rpartition("@")[2]).geturl()


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    return [line.removesuffix("\r") for line in (lines[:-1] if lines[-1] == "" else lines)]


def _referred(trailers: Iterable[str]) -> JsonObject:
    """The last of each name counts."""
    found: dict[str, str] = {}
    for line in trailers:
        found |= _reference(line)
    order = ("author", "date", "subject", "body", "sha", "repoUrl")
    return {name: found[name] for name in order if found.get(name)}


def _reference(line: str) -> dict[str, str]:
    """A line's name and value; empty if it is not a valid reference."""
    key, colon, value = line.partition(": ")
    if not colon or not key.startswith(PREFIX):
        return {}
    match key.removeprefix(PREFIX):
        case "repourl" if _is_url(value):
            return {"repoUrl": value}
        case "author" if address := _address(value):
            return {"author": address}
        case "date" if date := _date(value):
            return {"date": date}
        case "subject":
            return {"subject": value}
        case "body" if (body := _json_text(value)) is not None:
            return {"body": body}
        case "sha" if _SHA.fullmatch(value):
            return {"sha": value}
    return {}


def _is_url(text: str) -> bool:
    try:
        urlsplit(text)
    except ValueError:
        return False
    return text.isprintable()


def _date(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return text if found.tzinfo is not None and "T" in text else ""


def _json_text(text: str) -> str | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, str) else "" if found is None else None


def _address(text: str) -> str:
    """`Name <a@b.c>` as Go prints an address: the name in quotes. "" if there is none."""
    found = getaddresses([text])
    name, address = found[0] if len(found) == 1 else ("", "")
    name = str(make_header(decode_header(name)))
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        return ""
    place = f"<{local if _ATOM.fullmatch(local) else quoted(local)}@{domain}>"
    return f"{quoted(name) if name.isascii() else _encoded(name)} {place}" if name else place


def _encoded(name: str) -> str:
    """An encoded word (RFC 2047), as Go writes it."""
    data = name.encode()
    if any(char in _SPECIAL for char in name):
        return f"=?utf-8?b?{base64.b64encode(data).decode()}?="
    words = ("_" if b == 32 else chr(b) if 33 <= b <= 126 and b not in b"=?_" else f"={b:02X}" for b in data)
    return f"=?utf-8?q?{''.join(words)}?="
