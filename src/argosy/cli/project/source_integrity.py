"""`argosy proj source-integrity git policies ...`: which signatures a project asks for, by the place in the list."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

import re2

from argosy.cli.failing import CommandError, Exit
from argosy.cli.printing import table
from argosy.cli.project.projects import changed, shown
from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import Clock

HEADER = ("ID", "GPG-MODE", "GPG-KEYS", "REPO-URLS")
MODES = ("strict", "head", "none")
NONE = "<none>"
_KEY = re2.compile(r"[0-9A-Fa-f]{24}([0-9A-Fa-f]{16})|([0-9A-Fa-f]{16})")
"""A fingerprint, whose last 16 digits count, or just those digits."""


def list_all(options: argparse.Namespace) -> int:
    def show(project: JsonObject, clock: Clock) -> None:
        policies = _policies(project.get("spec") or {})
        if not policies:
            raise _nothing(options)
        sys.stdout.write(_formatted(policies))

    return shown(options, show)


def add(options: argparse.Namespace) -> int:
    gpg = {"mode": _mode(options.gpg_mode), "keys": [key_id(key) for key in _many(options.gpg_key)]}
    policy = {"gpg": gpg, "repos": [{"url": url} for url in _many(options.repo_url)]}

    def change(spec: JsonObject) -> JsonObject:
        policies = [*_policies(spec), policy]
        sys.stdout.write(_formatted(policies))
        return _with(spec, policies)

    return changed(options, change)


def update(options: argparse.Namespace) -> int:
    for name, given in (("gpg-key", options.gpg_key), ("repo-url", options.repo_url)):
        attribute = name.replace("-", "_")
        if given and (getattr(options, f"add_{attribute}") or getattr(options, f"delete_{attribute}")):
            text = f"option --{name}, cannot be combined with --add-{name} or --delete-{name}"
            raise CommandError(text, Exit.CALL_FAILED)

    def change(spec: JsonObject) -> JsonObject:
        policies = _policies(spec)
        at = _place(policies, options.policy_id, options)
        policies[at] = updated(policies[at], options)
        sys.stdout.write(_formatted(policies))
        return _with(spec, policies)

    return changed(options, change)


def updated(policy: JsonObject, options: argparse.Namespace) -> JsonObject:
    """The policy with the flags applied. Pure."""
    gpg = policy.get("gpg") or {}
    keys = [key_id(str(key)) for key in gpg.get("keys") or ()]
    urls = [str(repository.get("url") or "") for repository in policy.get("repos") or ()]
    keys = _changed_list(keys, *(list(map(key_id, _many(given))) for given in _flags(options, "gpg_key")))
    urls = _changed_list(urls, *(_many(given) for given in _flags(options, "repo_url")))
    mode = _mode(options.gpg_mode or str(gpg.get("mode") or ""))
    return {**policy, "gpg": {**gpg, "mode": mode, "keys": keys}, "repos": [{"url": url} for url in urls]}


def _flags(options: argparse.Namespace, name: str) -> tuple[list[str], list[str], list[str]]:
    return getattr(options, name), getattr(options, f"delete_{name}"), getattr(options, f"add_{name}")


def _changed_list(had: list[str], instead: list[str], less: list[str], more: list[str]) -> list[str]:
    kept = [one for one in instead or had if one not in less]
    return list(dict.fromkeys([*kept, *more]))


def delete(options: argparse.Namespace) -> int:
    def change(spec: JsonObject) -> JsonObject | None:
        policies = _policies(spec)
        removed = {_place(policies, text, options) for text in options.policy_ids}
        if not options.yes and not _is_sure(sorted(removed), options):
            print("Aborted by user.")
            return None
        return _with(spec, [policy for at, policy in enumerate(policies) if at not in removed])

    return changed(options, change)


def _is_sure(places: Iterable[int], options: argparse.Namespace) -> bool:
    text = f"delete policies {', '.join(map(str, places))} from project {options.project!r}"
    if not sys.stdin.isatty():
        raise CommandError(f"there is no terminal for the prompt; use --yes to {text}")
    return input(f"Are you sure you want to {text}? [y/N] ").strip().lower() in ("y", "yes")


def key_id(text: str) -> str:
    """The 16 digits that identify a key. Raises CommandError."""
    found = _KEY.fullmatch(text)
    if found is None:
        raise CommandError(f"invalid GPG key ID {text!r}: give 16 hexadecimal digits, or 40", Exit.CALL_FAILED)
    return str(found[1] or found[2])


def _mode(text: str) -> str:
    if text not in MODES:
        said = "gpg-mode must be set" if not text else f"gpg-mode {text!r} must be one of: {', '.join(MODES)}"
        raise CommandError(said, Exit.CALL_FAILED)
    return text


def _many(texts: Iterable[str]) -> list[str]:
    """Flags may be repeated, or contain commas."""
    return [part for text in texts for part in text.split(",")]


def _policies(spec: JsonObject) -> list[JsonObject]:
    return list(((spec.get("sourceIntegrity") or {}).get("git") or {}).get("policies") or ())


def _with(spec: JsonObject, policies: list[JsonObject]) -> JsonObject:
    """Without policies the field is removed."""
    if policies:
        integrity = spec.get("sourceIntegrity") or {}
        return {**spec, "sourceIntegrity": {**integrity, "git": {**(integrity.get("git") or {}), "policies": policies}}}
    return {name: value for name, value in spec.items() if name != "sourceIntegrity"}


def _place(policies: list[JsonObject], text: str, options: argparse.Namespace) -> int:
    if not policies:
        raise _nothing(options)
    if not text.isdecimal():
        raise CommandError(f"invalid POLICY_ID '{text}'", Exit.CALL_FAILED)
    if int(text) >= len(policies):
        text = f"the POLICY_ID {int(text)} is out of range (0-{len(policies) - 1})"
        raise CommandError(text, Exit.CALL_FAILED)
    return int(text)


def _nothing(options: argparse.Namespace) -> CommandError:
    text = f'no source integrity git policies defined for project "{options.project}"'
    return CommandError(text, Exit.CALL_FAILED)


def _formatted(policies: list[JsonObject]) -> str:
    rows = []
    for at, policy in enumerate(policies):
        gpg = policy.get("gpg") or {}
        urls = ", ".join(str(repository.get("url") or "") for repository in policy.get("repos") or ())
        rows.append((str(at), str(gpg.get("mode") or NONE), ", ".join(gpg.get("keys") or ()) or NONE, urls or NONE))
    return table(HEADER, rows)
