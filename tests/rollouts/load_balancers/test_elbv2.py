"""The ELBv2 API over a real connection: what is asked of it, and what is made of its answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import pytest

from argosy.rollouts.load_balancers.elbv2 import ENDPOINT, Elbv2
from argosy.rollouts.ports import AskBalancer, AskTargets, BalancerAnswer, LoadBalancer, TargetGroup, TargetsAnswer
from argosy.runtime.clock import RealClock
from argosy.sources.egress import Egress, EgressPolicy
from tests.kit.scripted_http import Asked, Reply, ScriptedHttp

SPACE = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"
HOST = "k8s-shop.eu-west-1.elb.amazonaws.com"
BALANCER = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/k8s-shop/abc"
TAG = "ingress.k8s.aws/resource"
SINCE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def identity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-credential")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


def xml(value: Any) -> str:
    """Lists become `member`s, as the Query protocol has them."""
    if isinstance(value, dict):
        return "".join(f"<{name}>{xml(item)}</{name}>" for name, item in value.items())
    if isinstance(value, list):
        return "".join(f"<member>{xml(item)}</member>" for item in value)
    return escape(str(value))


def result(action: str, value: Any) -> Reply:
    inner = f"<{action}Result>{xml(value)}</{action}Result><ResponseMetadata/>"
    return 200, f'<{action}Response xmlns="{SPACE}">{inner}</{action}Response>'.encode()


class Amazon:
    """A load balancer with so many target groups, of which the rules name the first two; pages of ten."""

    def __init__(self, groups: int = 2) -> None:
        self.groups = [f"arn:tg/{number}" for number in range(groups)]
        self.forms: list[dict[str, str]] = []

    def __call__(self, asked: Asked) -> Reply:
        form = dict(parse_qsl(asked.body.decode()))
        self.forms.append(form)
        assert "canary-credential" not in str(asked)
        assert "/eu-west-1/elasticloadbalancing/aws4_request" in asked.headers["authorization"]
        action = form["Action"]
        return result(action, getattr(self, action)(form))

    def DescribeLoadBalancers(self, form: dict[str, str]) -> Any:  # noqa: N802
        if not form.get("Marker"):
            other = {"LoadBalancerArn": "arn:other", "LoadBalancerName": "other", "DNSName": "other"}
            return {"LoadBalancers": [other], "NextMarker": "more"}
        return {"LoadBalancers": [{"LoadBalancerArn": BALANCER, "LoadBalancerName": "k8s-shop", "DNSName": HOST}]}

    def DescribeTargetGroups(self, form: dict[str, str]) -> Any:  # noqa: N802
        begin = int(form.get("Marker") or 0)
        page = [{"TargetGroupArn": arn, "TargetGroupName": f"n{arn}"} for arn in self.groups[begin : begin + 10]]
        more = {"NextMarker": begin + 10} if begin + 10 < len(self.groups) else {}
        return {"TargetGroups": page, **more}

    def DescribeTags(self, form: dict[str, str]) -> Any:  # noqa: N802
        arns = [value for name, value in form.items() if name.startswith("ResourceArns")]
        assert len(arns) <= 20
        tags = [{"Key": "x", "Value": "y"}]
        return {
            "TagDescriptions": [
                {"ResourceArn": arn, "Tags": [*tags, {"Key": TAG, "Value": f"shop/web-{arn}:80"}]} for arn in arns
            ]
        }

    def DescribeListeners(self, form: dict[str, str]) -> Any:  # noqa: N802
        assert form["LoadBalancerArn"] == BALANCER
        return {"Listeners": [{"ListenerArn": "arn:listener"}]}

    def DescribeRules(self, form: dict[str, str]) -> Any:  # noqa: N802
        assert form["ListenerArn"] == "arn:listener"
        groups = [{"TargetGroupArn": arn, "Weight": 20 + 60 * at} for at, arn in enumerate(self.groups[:2])]
        return {
            "Rules": [
                {"Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]},
                {"Actions": [{"Type": "fixed-response"}]},
            ]
        }

    def DescribeTargetHealth(self, form: dict[str, str]) -> Any:  # noqa: N802
        targets = [{"Id": "10.0.0.1", "Port": 80}, {"Id": "10.0.0.9", "Port": 80}]
        return {"TargetHealthDescriptions": [{"Target": one, "TargetHealth": {"State": "initial"}} for one in targets]}


def asking(question: AskBalancer | AskTargets, answer: Callable[[Asked], Reply]) -> BalancerAnswer | TargetsAnswer:
    async def work() -> BalancerAnswer | TargetsAnswer:
        async with ScriptedHttp(answer).running() as server:
            egress = Egress(EgressPolicy(allow_loopback=True))
            try:
                balancers = Elbv2(egress, RealClock(), TAG, {ENDPOINT: server.url})
                if isinstance(question, AskBalancer):
                    return await balancers.balancer(question)
                return await balancers.targets(question)
            finally:
                await egress.close()

    return asyncio.run(work())


def test_a_load_balancer_is_found_by_its_host_with_the_tags_and_weights_of_its_target_groups() -> None:
    amazon = Amazon(25)
    answer = asking(AskBalancer(HOST, SINCE), amazon)
    assert isinstance(answer, BalancerAnswer)
    assert answer.problem == ""
    assert isinstance(answer.found, LoadBalancer)
    assert (answer.found.name, answer.found.arn, len(answer.found.groups)) == ("k8s-shop", BALANCER, 25)
    assert answer.found.groups[0] == TargetGroup("narn:tg/0", "arn:tg/0", "shop/web-arn:tg/0:80", 20)
    assert [group.weight for group in answer.found.groups[:3]] == [20, 80, None]
    assert sum(form["Action"] == "DescribeTags" for form in amazon.forms) == 2
    assert all(form["Version"] == "2015-12-01" for form in amazon.forms)


def test_a_host_that_no_load_balancer_has_is_found_nowhere() -> None:
    assert asking(AskBalancer("elsewhere", SINCE), Amazon()) == BalancerAnswer()


def test_targets_are_registered_whatever_their_health() -> None:
    wanted = frozenset({"10.0.0.1:80", "10.0.0.2:80"})
    assert asking(AskTargets("arn:tg/0", wanted), Amazon()) == TargetsAnswer(frozenset({"10.0.0.1:80"}))


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ((403, b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"),
         "DescribeTargetHealth: AccessDenied: no"),
        ((503, b"<html/>"), "DescribeTargetHealth: 503: "),
        ((200, b"not XML"), "the answer is not XML"),
        ((200, b"<DescribeTargetHealthResponse/>"), "the answer holds no result"),
        ((200, b'<!DOCTYPE x [<!ENTITY a "aaaa">]><R>&a;</R>'), "the answer has a document type"),
    ],
)  # fmt: skip
def test_what_amazon_refuses_or_garbles_is_a_problem_in_the_answer(reply: Reply, told: str) -> None:
    answer = asking(AskTargets("arn", frozenset({"10.0.0.1:80"})), lambda asked: reply)
    assert isinstance(answer, TargetsAnswer)
    assert told in answer.problem
    assert answer.registered == frozenset()


def test_a_list_without_end_is_given_up() -> None:
    answer = asking(AskBalancer(HOST, SINCE), lambda asked: result("DescribeLoadBalancers", {"NextMarker": "again"}))
    assert "more than 100 pages" in answer.problem


def test_missing_credentials_are_a_problem_in_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    assert "no region" in asking(AskBalancer(HOST, SINCE), Amazon()).problem
