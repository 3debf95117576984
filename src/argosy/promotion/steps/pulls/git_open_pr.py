"""`git-open-pr`: opens a pull request for a pushed branch, or takes an existing one.

Which one: that with the same head commit, an open one before a merged one, the newest first. So a second run, after a
crash too, opens no second one. A pull request from the Promotion's own branch is taken whatever its commit is: it may
have been merged before a crash, and commits pushed after it are new.
"""

from __future__ import annotations

from argosy.promotion.adapters.git import GitFault
from argosy.promotion.adapters.pulls.port import Proposal, PullRequest
from argosy.promotion.promotions.naming import generated_branch
from argosy.promotion.steps.credentials import credentials_of
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, Status, StepFault
from argosy.promotion.steps.pulls.api import api_of, shown
from argosy.promotion.steps.schema import FILLED, FLAG, PROVIDER, URI, body, each


async def run(run: Run) -> Result:
    if (run.job.output or {}).get("pr"):
        return Result(output=run.job.output)
    config, api = run.job.config, api_of(run)
    source, target = config["sourceBranch"], config["targetBranch"]
    heads = await heads_of(run, source, target)
    refuse_missing(run, heads)
    own = source == generated_branch(run.job.promotion)
    known = [one for one in await api.between(source, target) if one.open or one.merged]
    found = [one for one in known if own or one.head == heads[0]]
    if found:
        return Result(output=shown(max(found, key=_preference)))
    if heads[0] == heads[1]:
        return Result(status=Status.SKIPPED)
    title, description = await _texts(run, source)
    proposal = Proposal(
        source=source, target=target, title=title, description=description, labels=tuple(config.get("labels") or ())
    )
    return Result(output=shown(await api.open(proposal)))


def _preference(one: PullRequest) -> tuple[bool, bool, str]:
    return one.open, one.merged, one.created_at


def refuse_missing(run: Run, heads: tuple[str, str]) -> None:
    """Raises StepFault if the source or the target branch does not exist."""
    config = run.job.config
    for branch, head in ((config["sourceBranch"], heads[0]), (config["targetBranch"], heads[1])):
        if not head:
            raise StepFault(f'branch "{branch}" does not exist in {config["repoURL"]}')


async def heads_of(run: Run, source: str, target: str) -> tuple[str, str]:
    """The commits of two branches of the repository; empty where one does not exist."""
    url = run.tools.git.checked(run.job.config["repoURL"])
    wanted = [f"refs/heads/{source}", f"refs/heads/{target}"]
    listed = await run.tools.git.run(
        run.directory, "ls-remote", "--", url, *wanted, url=url, credentials=credentials_of(run, url)
    )
    found = dict(reversed(line.split("\t", 1)) for line in listed.splitlines() if "\t" in line)
    return found.get(wanted[0], ""), found.get(wanted[1], "")


async def _texts(run: Run, source: str) -> tuple[str, str]:
    """Title and description: given, else those of the newest commit; with a link to our page if its URL is known."""
    config = run.job.config
    title, description = config.get("title") or "", config.get("description") or ""
    if not title:
        title, _, rest = (await _message(run, source)).partition("\n")
        description = description or rest.strip()
    if run.job.ui_url:
        link = f"{run.job.ui_url}/project/{run.job.project}/promotion/{run.job.promotion}"
        description = f"{description}\n\n[View in Kargo UI]({link})".strip()
    return title.strip(), description


async def _message(run: Run, source: str) -> str:
    url = run.tools.git.checked(run.job.config["repoURL"])
    place = run.directory.parent / "messages.git"
    git = run.tools.git
    try:
        await git.run(run.directory, "init", "--quiet", "--bare", str(place))
        await git.run(
            place, "fetch", "--quiet", "--depth", "1", "--", url, f"refs/heads/{source}",
            url=url, credentials=credentials_of(run, url),
        )  # fmt: skip
        return str(await git.run(place, "log", "-1", "--format=%B", "FETCH_HEAD")).strip()
    except GitFault as fault:
        raise StepFault(f"error reading the newest commit of {source}: {fault.output}") from None


KIND = Kind(
    name="git-open-pr",
    sort=Sort.OUTSIDE,
    waits=True,
    schema=body(
        "repoURL targetBranch sourceBranch",
        createTargetBranch=FLAG,
        insecureSkipTLSVerify=FLAG,
        provider=PROVIDER,
        repoURL=URI,
        sourceBranch=FILLED,
        targetBranch=FILLED,
        title=FILLED,
        description=FILLED,
        labels=each(FILLED),
    ),
    run=run,
    repositories=lambda config: [("git", config["repoURL"])],
)
