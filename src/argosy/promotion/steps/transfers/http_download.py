"""`http-download`: downloads a file from a URL, 100 MiB at most."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from argosy.promotion.steps.kind import Kind, Result, Run, Sort, Status, StepFault
from argosy.promotion.steps.schema import FILLED, FLAG, TIME_SPAN, body, each
from argosy.promotion.steps.timing import seconds
from argosy.promotion.steps.transfers.http import PAIR, with_query
from argosy.promotion.steps.workspace import writable
from argosy.sources.landing import landing
from argosy.sources.port import Credentials, SourceError

LIMIT: Final = 100 * 1024 * 1024
TIMEOUT: Final = 300.0


async def run(run: Run) -> Result:
    config = run.job.config
    place = writable(run.directory, config["outPath"])
    if place.exists() and not config.get("allowOverwrite"):
        raise StepFault(f'file "{config["outPath"]}" already exists and overwrite is not allowed', terminal=True)
    try:
        status = await run.tools.clock.external(_fetched(run, place))
    except SourceError as error:
        raise StepFault(f"error sending HTTP request: {error}") from None
    except OSError as error:
        raise StepFault(f'error writing "{config["outPath"]}": {error.strerror}') from None
    if status is not None:
        return Result(status=Status.FAILED, error=f"HTTP request failed with status {status}")
    return Result()


async def _fetched(run: Run, place: Path) -> int | None:
    """The status of an error answer; its body is dropped."""
    config = run.job.config
    try:
        async with landing(place) as file:
            answer = await run.tools.egress.get(
                with_query(config["url"], config.get("queryParams") or ()),
                Credentials(insecure=bool(config.get("insecureSkipTLSVerify"))),
                limit=LIMIT,
                headers={one["name"]: one["value"] for one in config.get("headers") or ()},
                seconds=seconds(config.get("timeout"), TIMEOUT),
                sink=file.take,
            )
            if not 200 <= answer.status < 300:
                raise _NotGood(answer.status)
    except _NotGood as error:
        return error.status
    return None


class _NotGood(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


KIND = Kind(
    name="http-download",
    sort=Sort.DIRECTORY,
    waits=True,
    schema=body(
        "url outPath",
        url=FILLED,
        outPath=FILLED,
        allowOverwrite=FLAG,
        headers=each(PAIR),
        queryParams=each(PAIR),
        insecureSkipTLSVerify=FLAG,
        timeout=TIME_SPAN,
    ),
    run=run,
)
