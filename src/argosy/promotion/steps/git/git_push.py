"""`git-push`: pushes the commits of a working copy to a branch or a tag of its repository.

Commits pushed by others meanwhile are integrated first (a rebase, by default), and a rejected push is retried after a
growing wait. A commit that the branch has already is not pushed again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from argosy.promotion.adapters.git import GitFault, Identity
from argosy.promotion.adapters.providers import commit_url, provider_of
from argosy.promotion.promotions.naming import generated_branch
from argosy.promotion.steps.credentials import credentials_of
from argosy.promotion.steps.git.working_copy import copy_at
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, Status, StepFault
from argosy.promotion.steps.schema import FILLED, FLAG, NEVER, NONE, PROVIDER, TEXT, Schema, body, integer

MAX_ATTEMPTS: Final = 10
FIRST_WAIT: Final = 1.0
GROWTH: Final = 1.5
JITTER: Final = 0.5
LONGEST_WAIT: Final = 30.0
OUTRUN: Final = ("non-fast-forward", "fetch first", "cannot lock ref", "failed to update ref", "stale info")


async def run(run: Run) -> Result:
    config, git = run.job.config, run.tools.git
    place, url, author = await copy_at(run, config["path"])
    branch = await _target(run, place)
    force = bool(config.get("force") or config.get("generateTargetBranch"))
    if tag := config.get("tag"):
        await _push(run, place, url, f"refs/tags/{tag}:refs/tags/{tag}", force=False)
    else:
        await _pushed(run, place, url, branch, author, force=force)
    commit = await git.commit_at(place)
    provider = provider_of(url, config.get("provider") or "")
    link = {"commitURL": commit_url(provider, url, commit)} if provider else {}
    return Result(output={"commit": commit, "branch": branch, **link})


async def _target(run: Run, place: Path) -> str:
    config = run.job.config
    if config.get("generateTargetBranch"):
        return generated_branch(run.job.promotion)
    if config.get("targetBranch"):
        return str(config["targetBranch"])
    if found := await run.tools.git.branch_at(place):
        return str(found)
    if config.get("tag"):
        return ""
    raise StepFault("the working copy is on no branch: a target branch is needed", terminal=True)


async def _pushed(run: Run, place: Path, url: str, branch: str, author: Identity, *, force: bool) -> None:
    attempts = int(run.job.config.get("maxAttempts") or MAX_ATTEMPTS)
    wait = FIRST_WAIT
    for number in range(attempts):
        if number:
            await run.tools.clock.sleep(wait * (1 + JITTER * (run.tools.chance.random() * 2 - 1)))
            wait = min(LONGEST_WAIT, wait * GROWTH)
        try:
            async with run.tools.git.pushing(url, branch):
                await _push_once(run, place, url, branch, author, force=force)
        except GitFault as fault:
            if number + 1 == attempts or not _is_outrun(fault):
                raise StepFault(f"error pushing commits to remote: {fault}") from None
        else:
            return


async def _push_once(run: Run, place: Path, url: str, branch: str, author: Identity, *, force: bool) -> None:
    """Usually nobody else has pushed: only a rejection shows that there is something to integrate."""
    spec = f"HEAD:refs/heads/{branch}"
    try:
        await _push(run, place, url, spec, force=force)
    except GitFault as fault:
        if force or not _is_outrun(fault):
            raise
        await _integrate(run, place, url, branch, author)
        await _push(run, place, url, spec, force=False)


def _is_outrun(fault: GitFault) -> bool:
    return any(sign in fault.output for sign in OUTRUN)


async def _integrate(run: Run, place: Path, url: str, branch: str, author: Identity) -> None:
    """Rebases our commits onto those that others pushed to the branch, or merges them."""
    git, credentials = run.tools.git, credentials_of(run, url)
    ref = f"refs/heads/{branch}"
    listed = await git.run(place, "ls-remote", "--heads", "--", url, ref, url=url, credentials=credentials)
    if not listed.strip():
        return
    theirs = listed.split(maxsplit=1)[0]
    if (await git.attempt(place, "merge-base", "--is-ancestor", theirs, "HEAD")).status == 0:
        return
    await git.run(place, "fetch", "--no-tags", "--", url, ref, url=url, credentials=credentials)
    policy = run.tools.push_integration
    # A rebase re-creates commits: signatures by keys that we do not have would be lost.
    loses = not run.tools.identity.signing_key and await _has_signatures(run, place)
    if policy == "AlwaysMerge" or (policy == "RebaseOrMerge" and loses):
        await _conflict_free(run, place, ("merge", "--no-edit", "FETCH_HEAD"), "merging", author)
    elif loses and policy == "RebaseOrFail":
        message = "error pushing commits to remote: a rebase would drop signatures that cannot be made again"
        raise StepFault(message, terminal=True, status=Status.FAILED)
    else:
        await _conflict_free(run, place, ("rebase", "FETCH_HEAD"), "pulling and rebasing branch", author)


async def _conflict_free(run: Run, place: Path, arguments: tuple[str, ...], doing: str, author: Identity) -> None:
    person = {
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": author.email,
        "GIT_COMMITTER_NAME": author.name,
        "GIT_COMMITTER_EMAIL": author.email,
    }
    try:
        await run.tools.git.run(place, *arguments, environment=person)
    except GitFault as fault:
        await run.tools.git.attempt(place, arguments[0], "--abort")
        raise StepFault(f"error pushing commits to remote: error {doing}: {fault}") from None


async def _has_signatures(run: Run, place: Path) -> bool:
    """By any signer: the commits themselves are searched, since the keys to verify them are not here."""
    raw = await run.tools.git.run(place, "log", "--format=raw", "FETCH_HEAD..HEAD")
    return any(line.startswith("gpgsig") for line in raw.splitlines())


async def _push(run: Run, place: Path, url: str, spec: str, *, force: bool) -> None:
    options = ["--force"] if force else []
    await run.tools.git.run(
        place, "push", "--no-verify", "--no-follow-tags", *options, "--", url, spec,
        url=url, credentials=credentials_of(run, url),
    )  # fmt: skip


def target_choice(*, tag: bool) -> list[Schema]:
    more: dict[str, Schema] = {"tag": NONE} if tag else {}
    choice: list[Schema] = [
        {
            "properties": {"generateTargetBranch": {"const": True}, "targetBranch": NONE, **more},
            "required": ["generateTargetBranch"],
        },
        {
            "properties": {"generateTargetBranch": NEVER, "targetBranch": {"minLength": 1}, **more},
            "required": ["targetBranch"],
        },
    ]
    if tag:
        wanted = {"tag": {"minLength": 1}, "force": NEVER}
        choice.append(
            {"properties": {"generateTargetBranch": NEVER, "targetBranch": NONE, **wanted}, "required": ["tag"]}
        )
    return [*choice, {"properties": {"generateTargetBranch": NEVER, "targetBranch": NONE, **more}}]


KIND = Kind(
    name="git-push",
    sort=Sort.OUTSIDE,
    waits=True,
    schema=body(
        "path",
        choice=target_choice(tag=True),
        generateTargetBranch=FLAG,
        maxAttempts=integer(1, 2147483647),
        path=FILLED,
        targetBranch=TEXT,
        provider=PROVIDER,
        force=FLAG,
        tag=TEXT,
    ),
    run=run,
)
