"""The API server's metrics: every method from the start, calls by code, sign-ins, pushes without passwords."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from argosy.observe.metrics import REGISTRY, Registry
from argosy.server.metrics import MOST_REPOSITORIES, ServerMetrics
from argosy.server.schema.facts import methods
from tests.kit.argocd_server import argocd_server


def test_every_method_is_there_from_the_start() -> None:
    registry = Registry()
    ServerMetrics(registry)
    text = registry.text()
    for method in methods().values():
        service, name = method.service, method.name
        assert f'grpc_service="{service}",grpc_method="{name}",grpc_code="PermissionDenied"}} 0' in text


def test_pushes_are_named_without_user_and_password_and_very_many_are_one() -> None:
    registry = Registry()
    metrics = ServerMetrics(registry)
    metrics.pushed(["https://me:hunter2@git.example.com/a/b.git"])
    for number in range(MOST_REPOSITORIES + 5):
        metrics.pushed([f"https://git.example.com/{number}"])
    text = registry.text()
    assert "hunter2" not in text
    assert 'argocd_webhook_requests_total{repo="https://git.example.com/a/b"} 1' in text
    assert 'argocd_webhook_requests_total{repo="other"} 6' in text


def value(pattern: str) -> float:
    found = re.search(rf"^{pattern} (\S+)$", REGISTRY.text(), re.MULTILINE)
    return float(found[1]) if found else 0.0


HANDLED = r'grpc_server_handled_total\{grpc_type="unary",grpc_service="%s",grpc_method="%s",grpc_code="%s"\}'


def test_calls_are_counted_by_how_they_ended_and_sign_ins_by_success(tmp_path: Path) -> None:
    listed = HANDLED % ("project.ProjectService", "List", "OK")
    refused = HANDLED % ("project.ProjectService", "List", "Unauthenticated")
    failed, succeeded = (rf'argocd_login_request_total\{{status="{word}"\}}' for word in ("failure", "success"))

    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            before = {one: value(one) for one in (listed, refused, failed, succeeded)}
            assert (await api.call("GET", "/api/v1/projects"))[0] == 200
            assert (await api.call("GET", "/api/v1/projects", token=""))[0] == 401
            body = {"username": "admin", "password": "wrong"}
            assert (await api.call("POST", "/api/v1/session", body, token=""))[0] == 401
            after = {one: value(one) - before[one] for one in before}
            assert list(after.values()) == [1, 1, 1, 0]
            assert before[succeeded] >= 1

    asyncio.run(scenario())
