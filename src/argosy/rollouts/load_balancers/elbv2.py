"""The ELBv2 API of AWS: the weights that a load balancer's rules give its target groups, and their registered targets.

Version 2015-12-01 of its Query protocol: form requests, XML answers; requests are signed (SigV4) with the process's
own identity and are subject to the egress policy. It only reads.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from xml.etree import ElementTree as Xml

from argosy.rollouts.ports import AskBalancer, AskTargets, BalancerAnswer, LoadBalancer, TargetGroup, TargetsAnswer
from argosy.runtime.clock import Clock
from argosy.sources.cloud.aws_session import AwsSession, aws_session
from argosy.sources.cloud.aws_signing import signed_headers
from argosy.sources.egress import Egress
from argosy.sources.port import Credentials, SourceError

VERSION: Final = "2015-12-01"
ENDPOINT: Final = "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2"
"""Amazon's own variable for another endpoint of this service."""
SERVICE: Final = "elasticloadbalancing"
SECONDS: Final = 20.0
ANSWER_LIMIT: Final = 4 * 1024 * 1024
PAGE: Final = "300"
PAGES: Final = 100
"""No account has more load balancers than that."""
TAGGED_AT_ONCE: Final = 20
"""Resources in one DescribeTags."""
_SHOWN: Final = 300


class Trouble(Exception):
    """AWS could not be asked, or refused; the text says why."""


class Elbv2:
    """The port's real adapter."""

    def __init__(self, egress: Egress, clock: Clock, tag: str, environment: Mapping[str, str]) -> None:
        self._egress, self._clock, self._tag, self._environment = egress, clock, tag, environment

    async def balancer(self, question: AskBalancer) -> BalancerAnswer:
        return await self._clock.external(self._balancer(question.host))

    async def targets(self, question: AskTargets) -> TargetsAnswer:
        return await self._clock.external(self._registered(question))

    async def _balancer(self, host: str) -> BalancerAnswer:
        try:
            api = await self._api()
            async for found in api.all("DescribeLoadBalancers", {"PageSize": PAGE}, "LoadBalancers"):
                if _text(found, "DNSName") == host:
                    name, arn = _text(found, "LoadBalancerName"), _text(found, "LoadBalancerArn")
                    return BalancerAnswer(LoadBalancer(name, arn, await _groups(api, arn, self._tag)))
        except (SourceError, Trouble) as error:
            return BalancerAnswer(problem=str(error))
        return BalancerAnswer()

    async def _registered(self, question: AskTargets) -> TargetsAnswer:
        try:
            api = await self._api()
            described = await api.call("DescribeTargetHealth", {"TargetGroupArn": question.arn})
        except (SourceError, Trouble) as error:
            return TargetsAnswer(problem=str(error))
        targets = (one.find("Target") for one in _members(described, "TargetHealthDescriptions"))
        found = {f"{_text(target, 'Id')}:{_text(target, 'Port')}" for target in targets if target is not None}
        return TargetsAnswer(question.targets & found)

    async def _api(self) -> _Api:
        session = await aws_session()
        url = self._environment.get(ENDPOINT) or f"https://{SERVICE}.{session.region}.amazonaws.com"
        return _Api(self._egress, self._clock, session, url.rstrip("/") + "/")


async def _groups(api: _Api, balancer: str, tag: str) -> tuple[TargetGroup, ...]:
    form = {"LoadBalancerArn": balancer}
    groups = [one async for one in api.all("DescribeTargetGroups", form, "TargetGroups")]
    names = {_text(one, "TargetGroupArn"): _text(one, "TargetGroupName") for one in groups}
    resources, weights = await _resources(api, list(names), tag), await _weights(api, balancer)
    return tuple(TargetGroup(name, arn, resources.get(arn, ""), weights.get(arn)) for arn, name in names.items())


async def _resources(api: _Api, arns: list[str], tag: str) -> dict[str, str]:
    found = {}
    for begin in range(0, len(arns), TAGGED_AT_ONCE):
        some = enumerate(arns[begin : begin + TAGGED_AT_ONCE], 1)
        described = await api.call("DescribeTags", {f"ResourceArns.member.{at}": arn for at, arn in some})
        for one in _members(described, "TagDescriptions"):
            tags = {_text(each, "Key"): _text(each, "Value") for each in _members(one, "Tags")}
            found[_text(one, "ResourceArn")] = tags.get(tag, "")
    return found


async def _weights(api: _Api, balancer: str) -> dict[str, int]:
    """Weights by target group; the last rule that names one counts."""
    found = {}
    async for listener in api.all("DescribeListeners", {"LoadBalancerArn": balancer}, "Listeners"):
        async for rule in api.all("DescribeRules", {"ListenerArn": _text(listener, "ListenerArn")}, "Rules"):
            for group in rule.findall("Actions/member/ForwardConfig/TargetGroups/member"):
                if (weight := _text(group, "Weight")).isdecimal():
                    found[_text(group, "TargetGroupArn")] = int(weight)
    return found


@dataclass(frozen=True, slots=True)
class _Api:
    egress: Egress
    clock: Clock
    session: AwsSession
    url: str

    async def all(self, action: str, form: Mapping[str, str], listed: str) -> AsyncIterator[Xml.Element]:
        """The items of all pages. Raises Trouble and SourceError."""
        marker = ""
        for _ in range(PAGES):
            page = await self.call(action, {**form, **({"Marker": marker} if marker else {})})
            for member in _members(page, listed):
                yield member
            marker = _text(page, "NextMarker")
            if not marker:
                return
        raise Trouble(f"{action}: more than {PAGES} pages")

    async def call(self, action: str, form: Mapping[str, str]) -> Xml.Element:
        """The result element of an answer. Raises Trouble and SourceError."""
        body = urlencode({"Action": action, "Version": VERSION, **form}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        own, now = self.session, self.clock.now()
        headers |= signed_headers("POST", self.url, body, own.credentials, now, service=SERVICE, region=own.region)
        try:
            answer = await self.egress.request(
                "POST", self.url, Credentials(), limit=ANSWER_LIMIT, body=body, headers=headers, seconds=SECONDS
            )
        except TimeoutError:
            raise Trouble(f"{action}: no answer within {SECONDS:g} s") from None
        root = _parsed(answer.body, action)
        if not 200 <= answer.status < 300:
            raise Trouble(f"{action}: {_complaint(root, answer.status)}")
        result = root.find(f"{action}Result")
        if result is None:
            raise Trouble(f"{action}: the answer holds no result")
        return result


def _parsed(body: bytes, action: str) -> Xml.Element:
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:  # entities can expand without limit
        raise Trouble(f"{action}: the answer has a document type")
    try:
        root = Xml.fromstring(body)  # noqa: S314 -- document types are refused above
    except Xml.ParseError:
        raise Trouble(f"{action}: the answer is not XML") from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def _complaint(root: Xml.Element, status: int) -> str:
    code, message = root.findtext(".//Code") or str(status), root.findtext(".//Message") or ""
    return f"{code}: {message}"[:_SHOWN]


def _members(element: Xml.Element, name: str) -> Iterable[Xml.Element]:
    return element.findall(f"{name}/member")


def _text(element: Xml.Element, name: str) -> str:
    return (element.findtext(name) or "").strip()
