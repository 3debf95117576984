"""CodeCommit by Amazon's library, against a server that speaks its protocol (JSON 1.1; query for STS)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from argosy.apis.argoproj.applicationset.repositories import ScmFilter
from argosy.gitops.applicationsets.generators.scm import filtered
from argosy.gitops.applicationsets.params import GeneratorError
from tests.kit.host import Host, with_host

NAMES = ["api", "empty", "web"]
PAGES = {"": ["api", "empty"], "2": ["web"]}
ROLE = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


def metadata(name: str) -> Any:
    return {
        "accountId": "111111111111", "repositoryId": f"id-{name}", "repositoryName": name,
        **({} if name == "empty" else {"defaultBranch": "main"}),
        "cloneUrlHttp": f"https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/{name}",
        "cloneUrlSsh": f"ssh://git-codecommit.eu-west-1.amazonaws.com/v1/repos/{name}",
    }  # fmt: skip


class Amazon:
    """What each operation answers; `bodies` are what was asked."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, Any]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if not operation:
            return web.Response(text=ROLE, content_type="text/xml")
        body = json.loads(await request.read())
        self.bodies.append((operation, body))
        found = getattr(self, operation)(body)
        status = 400 if "__type" in found else 200
        return web.json_response(found, status=status, content_type="application/x-amz-json-1.1")

    def ListRepositories(self, body: Any) -> Any:  # noqa: N802 named as the operation
        token = body.get("nextToken", "")
        found = {"repositories": [{"repositoryName": name} for name in PAGES[token]]}
        return found if token else {**found, "nextToken": "2"}

    def GetRepository(self, body: Any) -> Any:  # noqa: N802
        return {"repositoryMetadata": metadata(body["repositoryName"])}

    def ListBranches(self, body: Any) -> Any:  # noqa: N802
        return {"branches": ["main", "f/x"]}

    def GetFolder(self, body: Any) -> Any:  # noqa: N802
        if body["repositoryName"] != "api":
            return {"__type": "FolderDoesNotExistException", "message": "no"}
        return {"commitId": "c", "folderPath": body["folderPath"], "files": [{"relativePath": "app.yaml"}]}

    def GetResources(self, body: Any) -> Any:  # noqa: N802
        arn = "arn:aws:codecommit:eu-west-1:111111111111:web"
        return {"PaginationToken": "", "ResourceTagMappingList": [{"ResourceARN": arn}]}


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Amazon]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIATEST",
        "AWS_SECRET_ACCESS_KEY": "secret-canary",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    yield Amazon()


def run(amazon: Amazon, monkeypatch: pytest.MonkeyPatch, work: Any) -> None:
    async def main(host: Host) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", host.url)
        await work(host)

    def answer(request: web.Request) -> Any:
        return None

    class Served(Host):
        async def answer(self, request: web.Request) -> web.StreamResponse:
            self.asked.append(request)
            return await amazon.answer(request)

    monkeypatch.setattr("tests.kit.host.Host", Served)
    with_host(answer, main)


def repositories(host: Host, protocol: str = "", **options: Any) -> Any:
    return host.hosting.repositories("awsCodeCommit", {"region": "eu-west-1", **options}, "", "", protocol)


def test_repositories_are_read_page_by_page_and_an_empty_one_is_left_out(
    amazon: Amazon, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(host: Host) -> None:
        found = await filtered(repositories(host), [])
        assert [(r.organization, r.repository, r.repository_id, r.url, r.branch, r.sha) for r in found] == [
            ("111111111111", name, f"id-{name}", metadata(name)["cloneUrlSsh"], "main", "") for name in ("api", "web")
        ]
        assert "AKIATEST" in host.asked[0].headers["Authorization"]
        assert "eu-west-1" in host.asked[0].headers["Authorization"]

    run(amazon, monkeypatch, work)


@pytest.mark.parametrize(
    ("protocol", "start"),
    [("https", "https://git-codecommit.eu-west-1"), ("https-fips", "https://git-codecommit-fips.eu-west-1")],
)
def test_branches_paths_and_addresses(
    amazon: Amazon, monkeypatch: pytest.MonkeyPatch, protocol: str, start: str
) -> None:
    async def work(host: Host) -> None:
        every = repositories(host, protocol, allBranches=True)
        found = await filtered(every, [ScmFilter(branch_match="^f/", paths_exist=("deploy/app.yaml",))])
        assert [(r.repository, r.branch) for r in found] == [("api", "f/x")]
        assert found[0].url.startswith(start)
        asked = {"repositoryName": "api", "commitSpecifier": "f/x", "folderPath": "/deploy"}
        assert ("GetFolder", asked) in amazon.bodies

    run(amazon, monkeypatch, work)


def test_tags_choose_and_a_role_is_assumed(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(host: Host) -> None:
        tags = [{"key": "team", "value": "a"}, {"key": "team", "value": "b"}, {"key": "gitops"}]
        found = await filtered(repositories(host, role="arn:aws:iam::1:role/reader", tagFilters=tags), [])
        assert [r.repository for r in found] == ["web"]
        _, asked = next(item for item in amazon.bodies if item[0] == "GetResources")
        assert asked["TagFilters"] == [{"Key": "team", "Values": ["a", "b"]}, {"Key": "gitops"}]
        assert "AKIATEST" in host.asked[0].headers["Authorization"]
        assert all("ASIAROLE" in request.headers["Authorization"] for request in host.asked[1:])

    run(amazon, monkeypatch, work)


def test_a_refusal_is_an_error_that_holds_no_secret(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> None:
    denied = {"__type": "AccessDeniedException", "message": "not you"}
    monkeypatch.setattr(Amazon, "ListRepositories", lambda self, body: denied)

    async def work(host: Host) -> None:
        with pytest.raises(GeneratorError, match="not you") as raised:
            await filtered(repositories(host), [])
        assert "canary" not in str(raised.value)
        with pytest.raises(GeneratorError, match="awsCodeCommit"):
            await filtered(repositories(host, region="evil.example/#"), [])

    run(amazon, monkeypatch, work)


def test_without_the_library_the_error_names_the_extra(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore", None)

    async def work(host: Host) -> None:
        with pytest.raises(GeneratorError, match=r"argosy\[aws\]"):
            await filtered(repositories(host), [])

    run(amazon, monkeypatch, work)
