"""What the `kargo` command asks of the API, by its arguments, where it changes something; with its own checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

Call = tuple[str, str, Any]
"""Method, path, body."""
Calls = list[Call]
BASE = "/v1beta1"
SWITCHES = frozenset({"wait", "abort", "git", "helm", "image", "regex", "shared", "system", "admin", "client"})
SETTINGS = {"repo-credentials": ("description", "repo-url", "username", "password")}


def calls_of(argv: Sequence[str], files: Mapping[str, str]) -> Calls:
    """None for one that only reads, or that the command itself refuses."""
    flags, words = _parsed(argv[1:])
    if not words:
        return []
    verb, rest = words[0], words[1:]
    made = {
        "promote": _promote,
        "approve": _approve,
        "refresh": _refresh,
        "verify": _verify,
        "grant": _grants("grants"),
        "revoke": _grants("revocations"),
        "update": _update,
        "delete": _delete,
        "create": _create,
    }.get(verb)
    if verb in ("create", "apply", "delete", "update") and "filename" in flags:
        return _files(verb, flags, files)
    return made(flags, rest) if made is not None else []


Flags = dict[str, list[str]]


def _parsed(argv: Sequence[str]) -> tuple[Flags, list[str]]:
    flags: Flags = {}
    words: list[str] = []
    left = list(argv)
    while left:
        word = left.pop(0)
        if word == "-f":
            flags.setdefault("filename", []).append(left.pop(0))
        elif word.startswith("-o"):
            left[:1] = []
        elif word.startswith("--"):
            name = word[2:]
            flags.setdefault(name, []).append("" if name in SWITCHES or not left else left.pop(0))
        elif not word.startswith("-"):
            words.append(word)
    return flags, words


def _one(flags: Flags, name: str) -> str:
    return flags.get(name, [""])[-1]


def _project(flags: Flags) -> str:
    return f"{BASE}/projects/{_one(flags, 'project')}"


def _promote(flags: Flags, words: list[str]) -> Calls:
    root = _project(flags)
    if "abort" in flags:
        name = _one(flags, "name")
        return [("POST", f"{root}/promotions/{name}/abort", None)] if name else []
    if upstream := _one(flags, "downstream-from"):
        body = {"freight": _one(flags, "freight"), "freightAlias": _one(flags, "freight-alias")}
        return [("POST", f"{root}/stages/{upstream}/promotions/downstream", body)]
    given = [name for name in ("freight", "freight-alias", "warehouse") if name in flags]
    if not _one(flags, "stage") or len(given) != 1:
        return []
    origin = f"Warehouse/{_one(flags, 'warehouse')}" if "warehouse" in flags else ""
    body = {"freight": _one(flags, "freight"), "freightAlias": _one(flags, "freight-alias"), "origin": origin}
    return [("POST", f"{root}/stages/{_one(flags, 'stage')}/promotions", body)]


def _approve(flags: Flags, words: list[str]) -> Calls:
    freight, stage = _one(flags, "freight") or _one(flags, "freight-alias"), _one(flags, "stage")
    return [("POST", f"{_project(flags)}/freight/{freight}/approve?stage={stage}", None)] if freight and stage else []


def _refresh(flags: Flags, words: list[str]) -> Calls:
    kind, names = words[0], words[1:]
    if kind == "clusterconfig":
        return [("POST", f"{BASE}/system/cluster-config/refresh", None)]
    if kind == "projectconfig":
        return [("POST", f"{_project(flags)}/config/refresh", None)]
    return [("POST", f"{_project(flags)}/{kind}s/{name}/refresh", None) for name in names]


def _verify(flags: Flags, words: list[str]) -> Calls:
    tail = "/abort" if "abort" in flags else ""
    return [("POST", f"{_project(flags)}/stages/{name}/verification{tail}", None) for name in words[1:]]


def _grants(path: str) -> Any:
    def made(flags: Flags, words: list[str]) -> Calls:
        body: dict[str, Any] = {"role": _one(flags, "role")}
        if "claim" in flags:
            body["userClaims"] = {"claims": _claims(flags)}
        elif "verb" in flags:
            body["resourceDetails"] = {
                "resourceType": _one(flags, "resource-type"),
                "resourceName": _one(flags, "resource-name"),
                "verbs": _one(flags, "verb").split(","),
            }
        else:
            return []
        return [("POST", f"{_project(flags)}/roles/{path}", body)]

    return made


def _claims(flags: Flags) -> list[dict[str, Any]]:
    pairs = (given.partition("=") for given in flags["claim"])
    return [{"name": name, "values": [value]} for name, _, value in pairs]


def _scope(flags: Flags) -> str:
    return next((f"{BASE}/{word}" for word in ("shared", "system") if word in flags), _project(flags))


def _update(flags: Flags, words: list[str]) -> Calls:
    kind, names = words[0], words[1:]
    if kind == "freight":
        wanted, alias = _one(flags, "name") or _one(flags, "old-alias"), _one(flags, "new-alias")
        path = f"{_project(flags)}/freight/{wanted}/alias?newAlias={quote(alias, safe='{}:')}"
        return [("PATCH", path, None)] if wanted and alias else []
    body: dict[str, Any] = {}
    if kind in ("configmap", "generic-credentials"):
        body = {"data": _data(flags), "removeKeys": flags.get("unset", [])}
    elif kind == "repo-credentials":
        body = {_field(name): _one(flags, name) for name in SETTINGS[kind] if name in flags}
    if not body or not names:
        return []
    return [("PATCH", f"{_scope(flags)}/{_plural(kind)}/{names[0]}", body)]


def _delete(flags: Flags, words: list[str]) -> Calls:
    kind, names = words[0], words[1:]
    if kind == "project":
        return [("DELETE", f"{BASE}/projects/{name}", None) for name in names]
    if kind == "projectconfig":
        return [("DELETE", f"{_project(flags)}/config", None)]
    if kind == "clusterconfig":
        return [("DELETE", f"{BASE}/system/cluster-config", None)]
    if kind == "freight":
        return [("DELETE", f"{_project(flags)}/freight/{_one(flags, 'name') or _one(flags, 'alias')}", None)]
    root = _project(flags) if kind in ("stage", "warehouse", "role") else _scope(flags)
    return [("DELETE", f"{root}/{_plural(kind)}/{name}", None) for name in names]


def _create(flags: Flags, words: list[str]) -> Calls:
    kind, name = words[0], (words[1:] or [""])[0]
    if kind == "project":
        manifest = f"apiVersion: kargo.akuity.io/v1alpha1\nkind: Project\nmetadata:\n  name: {name}\nstatus: {{}}\n"
        return [("POST", f"{BASE}/resources", manifest)]
    if not name:
        return []
    if kind == "role":
        if any("," in claim for claim in flags.get("claim", ())):
            return []  # the command takes one value a time
        body: dict[str, Any] = {"metadata": {"name": name}}
        return [
            ("POST", f"{_project(flags)}/roles", {**body, **({"claims": _claims(flags)} if "claim" in flags else {})})
        ]
    if kind == "token":
        role = _one(flags, "role")
        return [("POST", f"{_project(flags)}/roles/{role}/api-tokens", {"name": name})] if role else []
    body = {"name": name, "description": _one(flags, "description")}
    if kind == "repo-credentials":
        types = [word for word in ("git", "helm", "image") if word in flags]
        if len(types) != 1:
            return []
        body |= {"type": types[0], "repoUrlIsRegex": "regex" in flags}
        body |= {_field(one): _one(flags, one) for one in ("repo-url", "username", "password")}
    else:
        body["data"] = _data(flags)
    return [("POST", f"{_scope(flags)}/{_plural(kind)}", body)]


def _files(verb: str, flags: Flags, files: Mapping[str, str]) -> Calls:
    wanted = _one(flags, "filename").replace("{files}/", "")
    texts = [text for name, text in files.items() if name == wanted or name.startswith(f"{wanted}/")]
    if not texts or verb == "update":
        return []
    body = "\n---\n".join(texts)
    method = {"create": "POST", "apply": "PUT", "delete": "DELETE"}[verb]
    return [(method, f"{BASE}/resources" + ("?upsert=true" if verb == "apply" else ""), body)]


def _data(flags: Flags) -> dict[str, str]:
    return {name: value for name, _, value in (given.partition("=") for given in flags.get("set", ()))}


def _field(flag: str) -> str:
    return "repoUrl" if flag == "repo-url" else flag


def _plural(kind: str) -> str:
    special = {"token": "api-tokens"}
    return special.get(kind, kind if kind.endswith("credentials") else f"{kind}s")
