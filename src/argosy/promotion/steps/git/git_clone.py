"""`git-clone`: a bare clone, and a working copy of it for each checkout.

A missing branch is created with an empty commit and pushed, if `create` says so; a second run finds it.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final

from argosy.promotion.adapters.git import GitFault, Identity
from argosy.promotion.steps.credentials import credentials_of
from argosy.promotion.steps.git.working_copy import CLONES, identity_of, remember
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, Status, StepFault
from argosy.promotion.steps.schema import AUTHOR, FILLED, FLAG, TEXT, at_most_one, body, each
from argosy.promotion.steps.workspace import shown, writable

NOT_THERE: Final = (
    'error ensuring existence of remote branch {branch}: remote branch "{branch}" of repo {url} does not exist; '
    "set create=true if you'd like a non-existent remote branch to be automatically created at checkout"
)


async def run(run: Run) -> Result:
    config = run.job.config
    url = run.tools.git.checked(config["repoURL"])
    names = [checkout.get("as") or "" for checkout in config["checkout"]]
    if repeated := next((number for number, name in enumerate(names) if name and name in names[:number]), 0):
        what = f'duplicate checkout alias "{names[repeated]}" at checkout[{repeated}]'
        raise StepFault(what, terminal=True, status=Status.FAILED)
    bare = await _cloned(run, url)
    commits: dict[str, str] = {}
    for checkout in config["checkout"]:
        commits[checkout.get("as") or checkout["path"]] = await _checked_out(run, url, bare, checkout)
    return Result(output={"commits": commits})


async def _cloned(run: Run, url: str) -> Path:
    config, git = run.job.config, run.tools.git
    place = run.directory.parent / CLONES / f"of-{run.job.alias.replace('/', '_')}"
    await run.tools.in_thread(lambda: shutil.rmtree(place, ignore_errors=True))
    place.parent.mkdir(parents=True, exist_ok=True)
    options = ["--filter=blob:none"] if config.get("blobless") else []
    try:
        await git.run(
            place.parent, "clone", "--bare", *options, "--", url, str(place),
            url=url, credentials=credentials_of(run, url),
        )  # fmt: skip
    except GitFault as fault:
        raise StepFault(f'error cloning {url}: error cloning repo "{url}": {fault.output}') from None
    # The source of a working copy is stored with it: later steps find the repository by its path alone.
    remember(place, url, identity_of(run, config.get("author")), insecure=bool(config.get("insecureSkipTLSVerify")))
    return place


async def _checked_out(run: Run, url: str, bare: Path, checkout: dict[str, Any]) -> str:
    git = run.tools.git
    place = writable(run.directory, checkout["path"])
    await run.tools.in_thread(lambda: shutil.rmtree(place, ignore_errors=True))
    place.parent.mkdir(parents=True, exist_ok=True)
    if (bare / "worktrees").exists():
        await git.run(bare, "worktree", "prune")
    if branch := checkout.get("branch"):
        await _ensure_branch(run, url, bare, branch, create=bool(checkout.get("create")))
        wanted = ["--force", str(place), branch]
    else:
        revision = checkout.get("commit") or (f"refs/tags/{checkout['tag']}" if checkout.get("tag") else "")
        wanted = ["--detach", str(place), await _commit(git, url, checkout["path"], bare, revision)] if revision else []
        wanted = wanted or ["--force", str(place), await _head_branch(git, bare)]
    if sparse := checkout.get("sparse"):
        await git.run(bare, "worktree", "add", "--no-checkout", *wanted)
        await git.run(place, "sparse-checkout", "set", "--", *sparse)
        await git.run(place, "checkout", "--quiet", url=url, credentials=credentials_of(run, url))
    else:
        await git.run(bare, "worktree", "add", *wanted, url=url, credentials=credentials_of(run, url))
    if run.job.config.get("recurseSubmodules"):
        await git.run(
            place, "submodule", "update", "--init", "--recursive", "--depth", "1",
            url=url, credentials=credentials_of(run, url),
        )  # fmt: skip
    return str(await git.commit_at(place))


async def _commit(git: Any, url: str, path: str, bare: Path, revision: str) -> str:
    if revision.startswith("-"):
        raise StepFault(f"revision {revision!r} begins with a dash", terminal=True)
    try:
        return str(await git.run(bare, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")).strip()
    except GitFault:
        name = revision.removeprefix("refs/tags/")
        doing = f'error adding work tree {path} to repo {url}: error adding working tree at "{shown(path)}"'
        raise StepFault(f"{doing}: error executing cmd [git worktree add]: fatal: invalid reference: {name}") from None


async def _head_branch(git: Any, bare: Path) -> str:
    return str(await git.run(bare, "symbolic-ref", "--short", "HEAD")).strip()


async def _ensure_branch(run: Run, url: str, bare: Path, branch: str, *, create: bool) -> None:
    git = run.tools.git
    ref = f"refs/heads/{branch}"
    if await git.has_branch(bare, branch):
        return
    if (await git.attempt(bare, "check-ref-format", ref)).status != 0:
        raise StepFault(f'"{branch}" is not a name for a branch', terminal=True)
    if not create:
        raise StepFault(NOT_THERE.format(branch=branch, url=run.job.config["repoURL"]))
    await _make_branch(run, bare, branch)
    async with git.pushing(url, branch):
        await git.run(
            bare, "push", "--no-verify", "--", url, f"{ref}:{ref}", url=url, credentials=credentials_of(run, url)
        )


async def _make_branch(run: Run, bare: Path, branch: str) -> None:
    """An empty commit without parents, dated when the Promotion started."""
    git, author = run.tools.git, identity_of(run, run.job.config.get("author")) or Identity()
    moment = f"{int(run.job.started_at.timestamp()) if run.job.started_at else 0} +0000"
    environment = {
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": author.email,
        "GIT_AUTHOR_DATE": moment,
        "GIT_COMMITTER_NAME": author.name,
        "GIT_COMMITTER_EMAIL": author.email,
        "GIT_COMMITTER_DATE": moment,
    }
    tree = str(await git.run(bare, "mktree", environment={})).strip()
    commit = str(await git.run(bare, "commit-tree", tree, "-m", "Initial commit", environment=environment)).strip()
    await git.run(bare, "update-ref", f"refs/heads/{branch}", commit)


_CHECKOUT = body("path", branch=TEXT, commit=TEXT, create=FLAG, path=FILLED, tag=TEXT, sparse=each(FILLED, 1))

KIND = Kind(
    name="git-clone",
    sort=Sort.DIRECTORY,
    waits=True,
    schema=body(
        "repoURL checkout",
        insecureSkipTLSVerify=FLAG,
        recurseSubmodules=FLAG,
        blobless=FLAG,
        repoURL=FILLED,
        author=AUTHOR,
        checkout=each(
            {
                **_CHECKOUT,
                "properties": {**_CHECKOUT["properties"], "as": TEXT},
                "oneOf": at_most_one("branch", "commit", "tag"),
            },
            1,
        ),
    ),
    run=run,
    repositories=lambda config: [("git", config["repoURL"])],
)
