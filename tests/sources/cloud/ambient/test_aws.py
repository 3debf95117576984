"""AWS: a project's role before the process's own identity, by a ServiceAccount's token or a Pod Identity."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from argosy.sources.cloud.ambient.aws import roles
from argosy.sources.cloud.ambient.registries import cloud_registry
from argosy.sources.port import AccessDenied, Credentials, Unavailable
from tests.kit.scripted_http import Reply
from tests.sources.cloud.ambient.clouds import AWS, Clouds, Request, ecr_answer, wanted

OWN_ACCOUNT = "999999999999"
IN_REGISTRY = "arn:aws:iam::123456789012:role/kargo-project-demo"
IN_OWN = f"arn:aws:iam::{OWN_ACCOUNT}:role/kargo-project-demo"
DENIED = (403, b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "token").write_text("canary-token\n")
    return {
        "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/argosy",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
        "AWS_REGION": "eu-central-1",
        "SHARD_NAME": "east",
    }


def key(clock: Any, who: str) -> bytes:
    expires = (clock.now() + timedelta(hours=1)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = {"AccessKeyId": who, "SecretAccessKey": "canary", "SessionToken": f"of-{who}", "Expiration": expires}
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f'<R xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Credentials>{inner}</Credentials></R>'.encode()


def aws(clock: Any, *, assumable: tuple[str, ...] = (), ecr: Callable[[str], Reply] | None = None) -> Any:
    """`ecr`: the reply to the owner of a session token."""

    def answer(request: Request) -> Reply:
        if request.host.startswith("https://api.ecr."):
            who = request.headers["x-amz-security-token"]
            return ecr(who) if ecr else (200, ecr_answer(f"password {who}", clock.now().timestamp() + 12 * 3600))
        sent = request.sent
        if sent["Action"] == "AssumeRoleWithWebIdentity":
            return 200, key(clock, "own")
        if sent["Action"] == "GetCallerIdentity":
            return 200, f"<R><Arn>arn</Arn><Account>{OWN_ACCOUNT}</Account></R>".encode()
        return (200, key(clock, sent["RoleArn"])) if sent["RoleArn"] in assumable else DENIED

    return answer


def tried(clouds: Clouds) -> list[str]:
    return [one.sent["RoleArn"] for one in clouds.asked if one.body.startswith(b"Action=AssumeRole&")]


@pytest.mark.parametrize(
    ("assumable", "password", "expected"),
    [
        ((IN_REGISTRY, IN_OWN), f"password of-{IN_REGISTRY}", [IN_REGISTRY]),
        ((IN_OWN,), f"password of-{IN_OWN}", [IN_REGISTRY, IN_OWN]),
        ((), "password of-own", [IN_REGISTRY, IN_OWN]),
    ],
)
def test_a_projects_role_comes_before_the_processs_own(
    clock: Any, environment: dict[str, str], assumable: tuple[str, ...], password: str, expected: list[str]
) -> None:
    clouds = Clouds(clock, environment, aws(clock, assumable=assumable))

    assert clouds.effective(wanted(AWS)) == [Credentials(username="AWS", password=password)]
    assert tried(clouds) == expected
    first = next(one for one in clouds.asked if one.body.startswith(b"Action=AssumeRole&"))
    assert first.sent["RoleSessionName"] == "kargo-controller-east"
    assert first.sent["ExternalId"] == "kargo-project-demo"
    assert "Credential=own/" in first.headers["authorization"]
    hosts = ["https://sts.eu-central-1.amazonaws.com", "https://api.ecr.eu-west-1.amazonaws.com"]
    assert list(dict.fromkeys(one.host for one in clouds.asked)) == hosts


def test_the_token_file_is_what_the_own_role_is_assumed_with(clock: Any, environment: dict[str, str]) -> None:
    clouds = Clouds(clock, environment, aws(clock))
    clouds.effective(wanted(AWS))

    assert clouds.asked[0].sent["WebIdentityToken"] == "canary-token"
    assert clouds.asked[0].sent["RoleArn"] == environment["AWS_ROLE_ARN"]
    assert "authorization" not in clouds.asked[0].headers


@pytest.mark.parametrize("address", ["169.254.170.23", "[fd00:ec2::23]"])
def test_a_pod_identity_is_only_requested_from_its_agents_address(clock: Any, tmp_path: Path, address: str) -> None:
    (tmp_path / "token").write_text("agent-token")
    expires = datetime.fromtimestamp(clock.now().timestamp() + 3600, UTC).isoformat().replace("+00:00", "Z")
    others = aws(clock)

    def answer(request: Request) -> Reply:
        if request.path == "/v1/credentials":
            given = {"AccessKeyId": "own", "SecretAccessKey": "canary", "Token": "of-own", "Expiration": expires}
            return (200, given) if request.headers["authorization"] == "agent-token" else (401, {})
        return others(request)  # type: ignore[no-any-return]

    environment = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{address}/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token"),
    }
    clouds = Clouds(clock, environment, answer)

    assert [one.password for one in clouds.effective(wanted(AWS))] == ["password of-own"]
    assert [one.direct for one in clouds.asked][:2] == [address.strip("[]"), ""]
    assert clouds.asked[1].host == "https://sts.eu-west-1.amazonaws.com"


def test_where_no_identity_is_authorized_the_registry_is_read_anonymously(
    clock: Any, environment: dict[str, str]
) -> None:
    clouds = Clouds(clock, environment, aws(clock, ecr=lambda _: (400, {"__type": "AccessDeniedException"})))

    assert clouds.effective(wanted(AWS)) == [Credentials()]


@pytest.mark.parametrize("reply", [(503, b""), (400, {"__type": "ThrottlingException"})])
def test_a_service_that_fails_is_not_taken_for_a_refusal(clock: Any, environment: dict[str, str], reply: Reply) -> None:
    """Else the process's own identity would be used for a project that has a role."""
    clouds = Clouds(clock, environment, aws(clock, assumable=(IN_REGISTRY,), ecr=lambda _: reply))
    found = clouds.effective(wanted(AWS), wanted(AWS))

    assert [type(one) for one in found] == [Unavailable, Unavailable]
    assert tried(clouds) == [IN_REGISTRY, IN_REGISTRY]
    assert "canary" not in str(found)


def test_a_token_file_that_cannot_be_read_is_reported_by_its_variable(clock: Any, environment: dict[str, str]) -> None:
    clouds = Clouds(clock, {**environment, "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token"}, aws(clock))
    (found,) = clouds.effective(wanted(AWS))

    assert isinstance(found, AccessDenied)
    assert "AWS_WEB_IDENTITY_TOKEN_FILE: /nowhere/token" in str(found)


@pytest.mark.parametrize(
    ("host", "account", "partition", "expected"),
    [
        (AWS, "123456789012", "aws", (IN_REGISTRY, "")),
        (
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
            "123456789012",
            "aws-cn",
            ("arn:aws-cn:iam::123456789012:role/kargo-project-demo", ""),
        ),
    ],
)
def test_a_role_is_tried_once_where_the_accounts_are_the_same(
    host: str, account: str, partition: str, expected: tuple[str, ...]
) -> None:
    registry = cloud_registry(host)
    assert registry is not None
    assert roles(registry, account, partition, "demo") == expected
