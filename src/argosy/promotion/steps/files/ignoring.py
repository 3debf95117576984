"""Ignore rules in the syntax of gitignore, for `copy`, `tar` and `untar`."""

from __future__ import annotations

from pathspec import GitIgnoreSpec


def ignore(rules: str) -> GitIgnoreSpec:
    """`.git` is always ignored. The result's `match_file` says whether a path is ignored; directories end in `/`."""
    return GitIgnoreSpec.from_lines([".git", *rules.splitlines()])
