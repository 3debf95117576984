"""`github-push`: re-creates commits through GitHub's API, so that GitHub shows them as verified.

The commits go to a temporary branch first; the API then commits their trees on top of the target branch, ten at
most, and the temporary branch is deleted. The API's commits have other ids than those that were pushed, so the step's
output is stored before anything follows it.

GitHub signs a commit without an author, and takes the caller for its author. So this is done for commits that our own
key signed; others keep author and committer, and GitHub shows them as unverified, unless the operator allows it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from argosy.machinery.objects import JsonObject
from argosy.promotion.adapters.git import GitFault, Identity
from argosy.promotion.adapters.providers import commit_url, hosted
from argosy.promotion.adapters.pulls.github import GitHub
from argosy.promotion.promotions.naming import generated_branch
from argosy.promotion.steps.credentials import credentials_of
from argosy.promotion.steps.git.git_push import target_choice
from argosy.promotion.steps.git.working_copy import copy_at
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, StepFault
from argosy.promotion.steps.schema import FILLED, FLAG, TEXT, body, integer

PEOPLE: Final = ("%an", "%ae", "%aI", "%cn", "%ce", "%cI")


async def run(run: Run) -> Result:
    git = run.tools.git
    place, url, author = await copy_at(run, run.job.config["path"])
    api = GitHub(run.tools.send, hosted(url), credentials_of(run, url))
    branch = await target_of(run, place)
    async with git.pushing(url, branch):
        commit = await _pushed(run, api, (place, author), url, branch)
    return Result(output={"commit": commit, "branch": branch, "commitURL": commit_url("github", url, commit)})


async def target_of(run: Run, place: Path) -> str:
    """The configured branch, else the one that is checked out."""
    config = run.job.config
    if config.get("generateTargetBranch"):
        return generated_branch(run.job.promotion)
    return config.get("targetBranch") or str(await run.tools.git.branch_at(place))


async def _pushed(run: Run, api: GitHub, copy: tuple[Path, Identity], url: str, branch: str) -> str:
    place, git, credentials = copy[0], run.tools.git, credentials_of(run, url)
    base, commits = await missing(run, place, url, branch)
    if not commits:
        return base
    temporary = f"kargo/staging/{run.job.promotion}"
    try:
        await git.run(
            place, "push", "--no-verify", "--force", "--", url, f"HEAD:refs/heads/{temporary}",
            url=url, credentials=credentials,
        )  # fmt: skip
        parent = base
        for commit in commits:
            parent = await _made(run, api, copy, commit, parent)
        await _moved(api, branch, parent, known=bool(base), force=bool(run.job.config.get("force")))
        return parent
    except GitFault as fault:
        raise StepFault(f"error pushing commits to remote: {fault}") from None
    finally:
        await git.attempt(
            place, "push", "--no-verify", "--", url, f":refs/heads/{temporary}", url=url, credentials=credentials
        )


async def missing(run: Run, place: Path, url: str, branch: str) -> tuple[str, list[str]]:
    """The target branch's commit, and our additional commits, oldest first. Commits with equal trees count as equal."""
    git, credentials = run.tools.git, credentials_of(run, url)
    listed = await git.run(place, "ls-remote", "--", url, f"refs/heads/{branch}", url=url, credentials=credentials)
    base = str(listed).partition("\t")[0].strip()
    if base:
        await git.run(place, "fetch", "--no-tags", "--", url, f"refs/heads/{branch}", url=url, credentials=credentials)
        trees = [await git.run(place, "rev-parse", f"{name}^{{tree}}") for name in ("FETCH_HEAD", "HEAD")]
        if trees[0] == trees[1]:
            return base, []
    reach = ["FETCH_HEAD..HEAD"] if base else ["HEAD"]
    found = str(await git.run(place, "rev-list", "--reverse", "--first-parent", *reach)).split()
    most = run.tools.github_push_revisions
    if len(found) > most:
        counted = f"commit range {base}..{found[-1]} contains {len(found)} commits"
        raise StepFault(f"{counted}, which exceeds the configured maximum of {most}", terminal=True)
    return base, found


async def _made(run: Run, api: GitHub, copy: tuple[Path, Identity], commit: str, parent: str) -> str:
    (place, author), git = copy, run.tools.git
    tree = str(await git.run(place, "rev-parse", f"{commit}^{{tree}}")).strip()
    message = str(await git.run(place, "log", "-1", "--format=%B", commit)).strip()
    provenance = await _provenance(run, place, author, commit, message)
    body_: dict[str, Any] = {**provenance, "tree": tree, "parents": [parent] if parent else []}
    _, made = await api.call("POST", f"{api.api}/repos/{quote(api.place.path)}/git/commits", body_)
    return str(made["sha"])


async def _provenance(run: Run, place: Path, author: Identity, commit: str, message: str) -> JsonObject:
    """The author of the new commit, and its message."""
    git = run.tools.git
    trusted, name, address = await git.signer(place, commit, author)
    raw = str(await git.run(place, "log", "-1", f"--format={'%x00'.join(PEOPLE)}", commit, "--"))
    own, own_address, *rest = raw.rstrip("\n").split("\0")
    if not trusted and not run.tools.github_push_verifies_all:
        when, committer, committer_address, committed = rest
        return {
            "message": message,
            "author": {"name": own, "email": own_address, "date": when},
            "committer": {"name": committer, "email": committer_address, "date": committed},
        }
    if own and own_address and (own, own_address) != (name, address):
        message = f"{message}\n\nCo-authored-by: {own} <{own_address}>"
    return {"message": message}


async def _moved(api: GitHub, branch: str, commit: str, *, known: bool, force: bool) -> None:
    refs = f"{api.api}/repos/{quote(api.place.path)}/git/refs"
    if known:
        await api.call("PATCH", f"{refs}/heads/{quote(branch)}", {"sha": commit, "force": force})
    else:
        await api.call("POST", refs, {"ref": f"refs/heads/{branch}", "sha": commit})


KIND = Kind(
    name="github-push",
    sort=Sort.OUTSIDE,
    waits=True,
    repeats_harm=True,
    schema=body(
        "path",
        choice=target_choice(tag=False),
        path=FILLED,
        generateTargetBranch=FLAG,
        targetBranch=TEXT,
        force=FLAG,
        maxAttempts=integer(1, 2147483647),
        insecureSkipTLSVerify=FLAG,
    ),
    run=run,
)
