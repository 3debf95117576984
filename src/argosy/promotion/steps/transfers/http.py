"""`http`: sends a request, evaluates expressions over its answer, and repeats it until they decide.

Source: spec/kargo-steps.md 9.3. Both expressions are evaluated, and failure takes precedence. Without either, a good
status is success and any other a failure without an error, which the engine treats as still running.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson

from argosy.machinery.text import yaml
from argosy.promotion.expressions import ExpressionFault, Function, UnreadableFault, evaluate
from argosy.promotion.steps.documents.parsing import OUTPUT
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
    answer = await _sent(run)
    judged: Result = await run.tools.in_thread(lambda: _judged(run, answer))
    return judged


def _judged(run: Run, answer: Answer) -> Result:
    """Runs outside the event loop: an untrusted answer may take long to parse, and expressions long to evaluate."""
    config, poll = run.job.config, poll_interval(run, POLL)
    environment = _environment(answer, config.get("responseContentType") or "")
    succeeded = _holds("success", config.get("successExpression"), environment)
    failed = _holds("failure", config.get("failureExpression"), environment)
    if failed:
        return Result(status=Status.FAILED, error=_failure(config, answer, environment), terminal=True)
    if succeeded is None and failed is None:
        succeeded = 200 <= answer.status < 300
        if not succeeded:
            return Result(status=Status.FAILED, poll=poll)
    if not succeeded:
        return Result(status=Status.RUNNING, poll=poll)
    return Result(output=_outputs(config.get("outputs") or [], environment))


async def _sent(run: Run) -> Answer:
    config = run.job.config
    text: str = await run.tools.in_thread(lambda: _text(run))
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


def _text(run: Run) -> str:
    config = run.job.config
    if config.get("body") or not config.get("bodyFromFile"):
        return config.get("body") or ""
    return read_text(run.directory, config["bodyFromFile"])


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
    """An empty map for an empty or invalid body; text if `responseContentType` says so."""
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


def _holds(which: str, expression: str | None, environment: dict[str, Any]) -> bool | None:
    """None without an expression. `which`: success or failure. A text that cannot be parsed is a terminal error."""
    if not expression:
        return None
    found = _value(f"error evaluating {which} criteria: ", which, expression, environment)
    if not isinstance(found, bool):
        detail = f'{which} expression "{expression}" did not evaluate to a boolean (got {_type(found)})'
        raise StepFault(f"error evaluating {which} criteria: {detail}")
    return found


def _type(value: object) -> str:
    names = {str: "string", int: "int", float: "float64", list: "[]interface {}", dict: "map[string]interface {}"}
    return names.get(type(value), "<nil>")


def _value(lead: str, which: str, expression: str, environment: dict[str, Any]) -> Any:
    try:
        return evaluate(expression, environment)
    except UnreadableFault as fault:
        detail = f'error compiling {which} expression "{expression}": {fault}'
        raise StepFault(lead + detail, terminal=True) from None
    except ExpressionFault as fault:
        raise StepFault(f'{lead}error evaluating {which} expression "{expression}": {fault}') from None


def _outputs(wanted: list[dict[str, str]], environment: dict[str, Any]) -> dict[str, Any]:
    lead, found = "error extracting outputs from HTTP response: ", dict[str, Any]()
    for one in wanted:
        name, expression = one["name"], one["fromExpression"]
        try:
            found[name] = evaluate(expression, environment)
        except UnreadableFault as fault:
            detail = f'{lead}error compiling output expression "{name}": {fault}'
            raise StepFault(detail, terminal=True) from None
        except ExpressionFault as fault:
            raise StepFault(f'{lead}error evaluating output expression "{name}": {fault}') from None
    return found


def _failure(config: dict[str, Any], answer: Answer, environment: dict[str, Any]) -> str:
    """The answer's message is included if it can be decoded."""
    message = f"HTTP ({answer.status}) response met failure criteria"
    expression = config.get("errorExpression")
    if not expression:
        return message
    try:
        detail = _value("", "error", expression, environment)
    except StepFault as fault:
        if fault.terminal:
            raise
        return message
    return f"{message}: {json.dumps(detail, ensure_ascii=False)}" if isinstance(detail, str) and detail else message


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
