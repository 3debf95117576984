"""Which provider hosts a git repository, and the links into it.

Source: spec/kargo-steps.md 9.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from argosy.promotion.steps.kind import StepFault
from argosy.promotion.urls import normalise_git

PROVIDERS = ("azure", "bitbucket", "gitea", "github", "gitlab")


def provider_of(url: str, wanted: str = "") -> str:
    """`wanted`, or the provider guessed from the host's name; "" if unknown."""
    if wanted:
        return wanted
    host = (urlsplit(normalise_git(url)).hostname or "").lower()
    if "github" in host or host.endswith(".ghe.com"):
        return "github"
    for name in ("gitlab", "gitea"):
        if name in host:
            return name
    if host == "bitbucket.org":
        return "bitbucket"
    if host == "dev.azure.com" or host.endswith("visualstudio.com"):
        return "azure"
    return ""


@dataclass(frozen=True, slots=True)
class Hosted:
    """A repository on a provider's host."""

    base: str
    """`https://host`, which also serves its API."""
    path: str
    """`owner/name`, deeper if the provider has groups."""

    @property
    def owner(self) -> str:
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def hosted(url: str) -> Hosted:
    """Raises StepFault. Names keep their case: some hosts are case-sensitive."""
    text = url.strip().removesuffix("/").removesuffix(".git")
    if "://" not in text:  # git@host:owner/name
        host, _, path = text.rpartition("@")[2].partition(":")
        return _checked(url, f"https://{host}", path)
    parts = urlsplit(text)
    if parts.scheme == "ssh":
        return _checked(url, f"https://{parts.hostname}", parts.path)
    return _checked(url, f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", parts.path)


def _checked(url: str, base: str, path: str) -> Hosted:
    clean = path.strip("/")
    if not clean or any(part in ("", ".", "..") for part in clean.split("/")):
        raise StepFault(f"repository URL {normalise_git(url)!r} names no repository of a provider", terminal=True)
    return Hosted(base, clean)


def commit_url(provider: str, url: str, commit: str) -> str:
    place = hosted(url)
    if provider == "gitlab":
        return f"{place.base}/{place.path}/-/commit/{commit}"
    if provider == "bitbucket":
        return f"{place.base}/{place.path}/commits/{commit}"
    if provider == "azure":
        organisation, project, repository = azure_parts(place)
        return f"https://dev.azure.com/{organisation}/{project}/_git/{repository}/commit/{commit}"
    return f"{place.base}/{place.path}/commit/{commit}"


def azure_parts(place: Hosted) -> tuple[str, str, str]:
    """Organisation, project, repository, from any of Azure's URL formats. Raises StepFault."""
    host = urlsplit(place.base).hostname or ""
    parts = [part for part in place.path.split("/") if part not in ("_git", "v3")]
    if host.endswith(".visualstudio.com") and not host.startswith(("vs-ssh.", "ssh.")):
        parts = [host.partition(".")[0], *parts]
    if len(parts) == 2:
        parts = [*parts, parts[1]]
    if len(parts) != 3:
        raise StepFault(f"{place.path!r} is not a repository of Azure DevOps", terminal=True)
    return parts[0], parts[1], parts[2]
