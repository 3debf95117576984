"""New Relic: NRQL over NerdGraph. argo-rollouts: metricproviders/newrelic."""

from __future__ import annotations

from typing import Any, Final

import orjson

from argosy.analysis.ports import Answer, Measured
from argosy.analysis.providers.calling import Asked, Caller, CannotMeasure, decoded, is_good
from argosy.expr.exprlang.encoding import encoded

ADDRESSES: Final = {"us": "https://api.newrelic.com/graphql", "eu": "https://api.eu.newrelic.com/graphql"}
NRQL_SECONDS: Final = 5
_QUERY: Final = (
    "query ($query: Nrql!, $accountId: Int!, $timeout: Seconds!) "
    "{ actor { account(id: $accountId) { nrql(query: $query, timeout: $timeout) { results } } } }"
)


async def measure(caller: Caller, question: Asked) -> Answer:
    credentials = question.credentials
    if credentials is None:
        raise CannotMeasure(f'secrets "{question.spec.get("profile") or "newrelic"}" not found')
    key, account = credentials.get("personal-api-key", ""), credentials.get("account-id", "")
    if not key or not account:
        raise CannotMeasure("account ID or personal API key not found")
    if not account.strip().isdecimal():
        raise CannotMeasure("could not parse account ID")
    timeout = question.spec.get("timeout")
    seconds = NRQL_SECONDS if timeout is None else int(timeout)
    if seconds < 0:
        raise CannotMeasure("timeout value needs to be a positive value")
    region = (credentials.get("region") or "us").strip().lower()
    address = credentials.get("base-url-nerdgraph") or ADDRESSES.get(region)
    if address is None:
        raise CannotMeasure(f"unknown New Relic region: {region}")
    variables = {"accountId": int(account), "query": question.spec.get("query") or "", "timeout": seconds}
    answer = await caller.send(
        "POST",
        address,
        headers={"Api-Key": key, "Content-Type": "application/json", "User-Agent": "argosy"},
        body=orjson.dumps({"query": _QUERY, "variables": variables}),
        seconds=seconds + 30.0,
    )
    if not is_good(answer):
        raise CannotMeasure(f"{answer.status} response returned")
    return read(decoded(answer, "could not parse the answer"))


def read(body: Any) -> Measured:
    """One row is a map, several are a list of maps."""
    if not isinstance(body, dict):
        raise CannotMeasure("no results returned from NRQL query")
    if errors := body.get("errors"):
        raise CannotMeasure(", ".join(str(error.get("message", "")) for error in errors if isinstance(error, dict)))
    place: Any = body.get("data")
    for name in ("actor", "account", "nrql"):
        place = (place or {}).get(name)
    results = (place or {}).get("results") or []
    if not results or (len(results) == 1 and not results[0]):
        raise CannotMeasure("no results returned from NRQL query")
    value = results[0] if len(results) == 1 else results
    return Measured(value=value, text=encoded(value))
