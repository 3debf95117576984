"""`http`: one request, judged by expressions over its answer, and repeated until they decide.

Source: spec/kargo-steps.md 9.3. The failure expression is asked first. Without either expression a good status is
success and any other a failure without an error, which the engine takes for still running.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson

from argosy.machinery.text import yaml
from argosy.promotion.expressions import ExpressionFault, Function, evaluate
from argosy.promotion.steps.documents.parsing import OUTPUT, outputs
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, Status, StepFault
from argosy.promotion.steps.schema import FILLED, FLAG, NONE, TEXT, TIME_SPAN, Schema, body, each
from argosy.promotion.steps.timing import poll_interval, seconds
from argosy.promotion.steps.workspace import read_text
from argosy.sources.egress import Answer
from argosy.sources.port import Credentials, SourceError

POLL: Final = timedelta(seconds=30)
TIMEOUT: Final = 10.0
BODY_LIMIT: Final = 2 * 1024 * 1024
PAIR: Final[Schema] = body("name value", name=FILLED, value=FILLED)


async def run(run: Run) -> Result:
    config, poll = run.job.config, poll_interval(run, POLL)
    answer = await _sent(run)
    environment = _environment(answer, config.get("responseContentType") or "")
    if _holds(config.get("failureExpression"), environment):
        return Result(status=Status.FAILED, error=_failure(config, answer, environment), terminal=True)
    if config.get("successExpression"):
        succeeded = _holds(config["successExpression"], environment)
    elif config.get("failureExpression"):
        succeeded = False
    else:
        succeeded = 200 <= answer.status < 300
        if not succeeded:
            return Result(status=Status.FAILED, poll=poll)
    if not succeeded:
        return Result(status=Status.RUNNING, poll=poll)
    return Result(output=outputs(config.get("outputs") or [], environment))


async def _sent(run: Run) -> Answer:
    config = run.job.config
    text = config.get("body") or (
        read_text(run.directory, config["bodyFromFile"]) if config.get("bodyFromFile") else ""
    )
    credentials = Credentials(insecure=bool(config.get("insecureSkipTLSVerify")), proxy=config.get("proxy") or "")
    headers = {one["name"]: one["value"] for one in config.get("headers") or ()}
    if text and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "application/json"
    try:
        answer: Answer = await run.tools.send(
            config.get("method") or "GET",
            with_query(config["url"], config.get("queryParams") or ()),
            credentials,
            limit=BODY_LIMIT,
            body=text.encode() if text else None,
            headers=headers,
            seconds=seconds(config.get("timeout"), TIMEOUT),
        )
    except SourceError as error:
        raise StepFault(f"error sending HTTP request: {error}") from None
    return answer


def with_query(url: str, parameters: Any) -> str:
    if not parameters:
        return url
    parts = urlsplit(url)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *((one["name"], one["value"]) for one in parameters)]
    return urlunsplit(parts._replace(query=urlencode(sorted(pairs))))


def _environment(answer: Answer, content_type: str) -> dict[str, Any]:
    headers = {name.title(): [value] for name, value in answer.headers.items()}
    return {
        "response": {
            "status": answer.status,
            "header": Function(lambda name: answer.headers.get(str(name).lower(), ""), 1, 1),
            "headers": headers,
            "body": _parsed(answer, content_type),
        }
    }


def _parsed(answer: Answer, content_type: str) -> Any:
    """An empty map for an empty or unreadable body; text as `responseContentType` has it."""
    kind = content_type or answer.headers.get("content-type", "").partition(";")[0].strip()
    text = answer.body.decode("utf-8", "replace")
    if kind == "text/plain":
        return text
    if not text.strip():
        return {}
    try:
        return yaml.load(text) if kind.endswith("yaml") else orjson.loads(answer.body)
    except (orjson.JSONDecodeError, yaml.YamlError):
        if kind.endswith(("json", "yaml")):
            raise StepFault(f"failed to parse the answer of HTTP {answer.status} as {kind}") from None
        return text


def _holds(expression: str | None, environment: dict[str, Any]) -> bool:
    if not expression:
        return False
    try:
        found = evaluate(expression, environment)
    except ExpressionFault as fault:
        raise StepFault(f'error evaluating expression "{expression}": {fault}') from None
    if not isinstance(found, bool):
        raise StepFault(f'expression "{expression}" must give a bool', terminal=True)
    return found


def _failure(config: dict[str, Any], answer: Answer, environment: dict[str, Any]) -> str:
    message = f"HTTP ({answer.status}) response met failure criteria"
    if not config.get("errorExpression"):
        return message
    try:
        told = evaluate(config["errorExpression"], environment)
    except ExpressionFault as fault:
        raise StepFault(f'error evaluating expression "{config["errorExpression"]}": {fault}') from None
    return f'{message}: "{told}"'


KIND = Kind(
    name="http",
    sort=Sort.OUTSIDE,
    waits=True,
    repeats_harm=True,
    schema=body(
        "url",
        choice=[
            {"properties": {"body": FILLED, "bodyFromFile": NONE}, "required": ["body"]},
            {"properties": {"body": NONE, "bodyFromFile": FILLED}, "required": ["bodyFromFile"]},
            {"properties": {"body": NONE, "bodyFromFile": NONE}},
        ],
        method={"type": "string", "pattern": "^(DELETE|GET|HEAD|PATCH|POST|PUT)$"},
        url=FILLED,
        headers=each(PAIR),
        queryParams=each(PAIR),
        body=TEXT,
        bodyFromFile=FILLED,
        insecureSkipTLSVerify=FLAG,
        proxy={"type": "string", "pattern": "^https?://.*$"},
        timeout=TIME_SPAN,
        pollInterval=TIME_SPAN,
        responseContentType={"type": "string", "pattern": "^(application/json|application/yaml|text/plain)$"},
        outputs=each(OUTPUT),
        successExpression=TEXT,
        failureExpression=TEXT,
        errorExpression=TEXT,
    ),
    run=run,
)
