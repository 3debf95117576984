"""Chart repositories over HTTP, and charts and artifacts in a real registry."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import io
import json
import shutil
import socket
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
import yaml

from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.helm import HelmRepositories, versions_in
from argosy.sources.oci import HELM_LAYER, OciRegistries
from argosy.sources.port import AccessDenied, Credentials, NotFound, Rejected, Tree, Unavailable
from tests.kit.ports import free_port

REGISTRY = shutil.which("docker-registry")
needs_registry = pytest.mark.skipif(REGISTRY is None, reason="docker-registry is not installed")
CANARY = "canary-4b2a"


def chart(name: str, version: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        for path, text in {"Chart.yaml": f"name: {name}\nversion: {version}\n", "templates/a.yaml": "x"}.items():
            info = tarfile.TarInfo(f"{name}/{path}")
            info.size = len(text)
            made.addfile(info, io.BytesIO(text.encode()))
    return gzip.compress(buffer.getvalue(), mtime=0)


def run(kind: Callable[..., Any], clock: Any, work: Callable[[Any], Any]) -> Any:
    async def once() -> Any:
        egress = Egress(EgressPolicy(allow_loopback=True))
        try:
            return await work(kind(egress, clock))
        finally:
            await egress.close()

    return asyncio.run(once())


class Charts:
    """A chart repository as `helm repo index` lays it out."""

    def __init__(self, site: Any) -> None:
        self.site = site
        self.entries: dict[str, list[dict[str, Any]]] = {}
        for name, version in (("web", "1.0.0"), ("web", "1.2.0"), ("web", "2.0.0-rc.1"), ("api", "v0.3.0")):
            self.add(name, version)

    def add(self, name: str, version: str, url: str = "", digest: str = "") -> None:
        data = chart(name, version)
        path = f"/charts/{name}-{version}.tgz"
        self.site.answers[path] = (200, {}, data)
        entry = {
            "apiVersion": "v2", "name": name, "version": version, "urls": [url or path[1:]],
            "digest": digest or hashlib.sha256(data).hexdigest(), "dependencies": [{"name": "web:", "version": "9"}],
        }  # fmt: skip
        self.entries.setdefault(name, []).append(entry)
        self.publish()

    def publish(self) -> None:
        index = yaml.safe_dump({"apiVersion": "v1", "entries": self.entries, "generated": "2020"}).encode()
        tag = hashlib.sha256(index).hexdigest()
        self.site.answers["/index.yaml"] = (200, {"ETag": tag}, index)


@pytest.fixture
def charts(site: Any) -> Charts:
    return Charts(site)


@pytest.mark.parametrize(
    ("name", "wanted", "version"),
    [
        ("web", "1.0.0", "1.0.0"), ("web", "^1.0", "1.2.0"), ("web", "", "1.2.0"), ("web", "*", "1.2.0"),
        ("web", ">=2.0.0-0", "2.0.0-rc.1"), ("web", "v1.0.0", "1.0.0"), ("api", "0.3.0", "v0.3.0"),
    ],
)  # fmt: skip
def test_a_version_or_constraint_picks_a_chart(
    charts: Charts, clock: Any, name: str, wanted: str, version: str
) -> None:
    url = charts.site.url
    found = run(HelmRepositories, clock, lambda helm: helm.resolve(url, name, wanted, Credentials()))
    assert found == version
    tree = run(HelmRepositories, clock, lambda helm: helm.tree(url, name, version, Credentials()))
    assert f"version: {version}" in tree.read("Chart.yaml").decode()


@pytest.mark.parametrize(
    ("name", "wanted"), [("web", "9.9.9"), ("gone", "1.0.0"), ("web", "^3"), ("dependencies", "1")]
)
def test_what_is_not_there_is_not_found(charts: Charts, clock: Any, name: str, wanted: str) -> None:
    with pytest.raises(NotFound, match="not found in"):
        run(HelmRepositories, clock, lambda helm: helm.resolve(charts.site.url, name, wanted, Credentials()))


@pytest.mark.parametrize("name", ["", "-x", "../x", "a b", "a\nb", "/x"])
def test_a_chart_name_that_is_none_is_refused(charts: Charts, clock: Any, name: str) -> None:
    with pytest.raises(Rejected, match="chart name"):
        run(HelmRepositories, clock, lambda helm: helm.resolve(charts.site.url, name, "*", Credentials()))


def test_the_index_is_read_again_only_when_it_changed(charts: Charts, clock: Any) -> None:
    async def twice(helm: HelmRepositories) -> list[str]:
        first = await helm.resolve(charts.site.url, "web", "^1", Credentials())
        _, headers, _ = charts.site.answers["/index.yaml"]
        charts.site.answers["/index.yaml"] = (304, headers, b"")
        second = await helm.resolve(charts.site.url, "web", "^1", Credentials())
        assert charts.site.seen[-1][1]["if-none-match"] == headers["ETag"]
        charts.add("web", "1.9.0")
        return [first, second, await helm.resolve(charts.site.url, "web", "^1", Credentials())]

    assert run(HelmRepositories, clock, twice) == ["1.2.0", "1.2.0", "1.9.0"]


def test_a_chart_that_is_not_what_the_index_promised_is_refused(charts: Charts, clock: Any) -> None:
    charts.add("web", "3.0.0", digest="0" * 64)
    with pytest.raises(Rejected, match="digest"):
        run(HelmRepositories, clock, lambda helm: helm.tree(charts.site.url, "web", "3.0.0", Credentials()))


@pytest.mark.parametrize("passes", [False, True])
def test_credentials_go_to_the_repositorys_host_unless_they_are_to_be_passed_on(
    charts: Charts, clock: Any, make_site: Callable[[], Any], passes: bool
) -> None:
    elsewhere = make_site()
    elsewhere.answers["/w.tgz"] = (200, {}, chart("web", "4.0.0"))
    charts.add("web", "4.0.0", url=f"{elsewhere.url}/w.tgz")
    given = Credentials(username="u", password=CANARY, pass_credentials=passes)
    run(HelmRepositories, clock, lambda helm: helm.tree(charts.site.url, "web", "4.0.0", given))
    header = "Basic " + base64.b64encode(f"u:{CANARY}".encode()).decode()
    assert charts.site.seen[0][1]["authorization"] == header
    assert elsewhere.seen[0][1].get("authorization") == (header if passes else None)


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_refusals_say_what_to_do_and_show_no_secret(charts: Charts, clock: Any, status: int) -> None:
    charts.site.answers["/index.yaml"] = (status, {}, b"")
    kind = {401: AccessDenied, 403: AccessDenied, 404: NotFound}.get(status, Unavailable)
    with pytest.raises(kind) as refused:
        url = charts.site.url.replace("http://", f"http://u:{CANARY}@")
        run(HelmRepositories, clock, lambda helm: helm.resolve(url, "web", "*", Credentials(password=CANARY)))
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize(
    "index", [b"", b"entries: 3", b"entries: [", b"{", b'{"entries": 3}', b"- a", b"entries:\n  web: 3\n"]
)
def test_a_broken_index_is_an_error_and_not_an_outage(index: bytes) -> None:
    with pytest.raises((Rejected, NotFound)):
        versions_in(index, "web")


def test_only_the_charts_own_block_of_a_large_index_is_parsed() -> None:
    lines = ["apiVersion: v1", "entries:"]
    for number in range(20_000):
        lines += [
            f"  chart-{number}:",
            "  - apiVersion: v2",
            f"    name: chart-{number}",
            "    urls: [a]",
            "    version: 1.0.0",
        ]
    index = "\n".join([*lines, "generated: x", ""]).encode()
    assert [item.version for item in versions_in(index, "chart-10000")] == ["1.0.0"]
    assert [item.version for item in versions_in(index, "chart-19999")] == ["1.0.0"]


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    config = {
        "version": 0.1, "log": {"level": "error"}, "storage": {"filesystem": {"rootdirectory": str(tmp_path / "r")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }  # fmt: skip
    (tmp_path / "config.yml").write_text(json.dumps(config))
    assert REGISTRY
    process = subprocess.Popen(
        [REGISTRY, "serve", str(tmp_path / "config.yml")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        threading.Event().wait(0.05)
    yield f"127.0.0.1:{port}"
    process.terminate()
    process.wait()


def push(registry: str, name: str, tag: str, layers: list[tuple[str, bytes]]) -> str:
    base = f"http://{registry}/v2/{name}"
    described = [{"mediaType": kind, **_blob(base, data)} for kind, data in layers]
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", **_blob(base, b"{}")}
    kind = "application/vnd.oci.image.manifest.v1+json"
    body = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": described}).encode()
    with urlopen(Request(f"{base}/manifests/{tag}", body, {"Content-Type": kind}, method="PUT")) as answer:
        return str(answer.headers["Docker-Content-Digest"])


def _blob(base: str, data: bytes) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    with urlopen(Request(f"{base}/blobs/uploads/", b"", method="POST")) as answer:
        where = answer.headers["Location"]
    joint = "&" if "?" in where else "?"
    headers = {"Content-Type": "application/octet-stream"}
    with urlopen(Request(f"{where}{joint}digest={digest}", data, headers, method="PUT")):
        return {"digest": digest, "size": len(data)}


PLAIN = Credentials(insecure_oci_force_http=True)


def resolved(clock: Any, url: str, chart: str, wanted: str) -> str:
    found: str = run(OciRegistries, clock, lambda oci: oci.resolve(url, chart, wanted, PLAIN))
    return found


def pulled(clock: Any, url: str, chart: str, version: str) -> Tree:
    found: Tree = run(OciRegistries, clock, lambda oci: oci.tree(url, chart, version, PLAIN))
    return found


@needs_registry
def test_charts_in_a_registry(registry: str, clock: Any) -> None:
    for version in ("1.0.0", "1.4.0", "1.5.0-rc.1"):
        push(registry, "charts/web", version, [(HELM_LAYER, chart("web", version))])
    push(registry, "charts/web", "2.0.0_build", [(HELM_LAYER, chart("web", "2.0.0+build"))])
    url = f"oci://{registry}/charts"
    for wanted, version in (
        ("^1.0", "1.4.0"),
        ("1.0.0", "1.0.0"),
        ("*", "2.0.0+build"),
        ("2.0.0+build", "2.0.0+build"),
    ):
        assert resolved(clock, url, "web", wanted) == version
        tree = pulled(clock, url, "web", version)
        assert f"version: {version}" in tree.read("Chart.yaml").decode()
    with pytest.raises(NotFound):
        resolved(clock, url, "web", "^9")
    with pytest.raises(NotFound):
        resolved(clock, url, "gone", "^1")


@needs_registry
def test_artifacts_resolve_to_digests_and_hold_one_layer(registry: str, clock: Any) -> None:
    layer = ("application/vnd.oci.image.layer.v1.tar+gzip", chart("files", "1"))
    digest = push(registry, "team/app", "1.2.3", [layer])
    push(registry, "team/two", "1.0.0", [layer, layer])
    push(registry, "team/odd", "1.0.0", [("application/x-odd", b"x")])
    url = f"oci://{registry}/team"
    for wanted in ("1.2.3", "^1", digest):
        assert resolved(clock, f"{url}/app", "", wanted) == digest
    tree = pulled(clock, f"{url}/app", "", digest)
    assert tree.stat("files/Chart.yaml")
    for name, message in (("two", "single oci layer, got 2"), ("odd", "not in the list of allowed media types")):
        with pytest.raises(Rejected, match=message):
            pulled(clock, f"{url}/{name}", "", "1.0.0")


@needs_registry
def test_plain_http_needs_the_option(registry: str, clock: Any) -> None:
    with pytest.raises((AccessDenied, Unavailable)):
        run(OciRegistries, clock, lambda oci: oci.resolve(f"oci://{registry}/a", "", "1", Credentials()))


@pytest.mark.parametrize(
    "url", ["oci://", "oci://h", "oci://h/../x", "oci://u@h/x", "oci://h/UP", "oci://-h/x", "oci://h/a b"]
)
def test_a_repository_name_that_is_none_is_refused(clock: Any, url: str) -> None:
    with pytest.raises(Rejected, match="not allowed"):
        resolved(clock, url, "", "1")


@pytest.mark.parametrize("own", [True, False])
def test_credentials_go_only_to_a_token_service_of_the_registry(
    charts: Charts, clock: Any, make_site: Callable[[], Any], own: bool
) -> None:
    thief = make_site()
    site = charts.site
    service = site if own else thief
    realm = f"{service.url if own else service.url.replace('127.0.0.1', 'localhost')}/token"
    challenge = {"WWW-Authenticate": f'Bearer realm="{realm}",service="s",scope="repository:a:pull"'}
    site.answers["/v2/a/manifests/1"] = (401, challenge, b"")
    service.answers["/token?service=s&scope=repository:a:pull"] = (200, {}, b'{"token": "t"}')
    given = Credentials(username="u", password=CANARY, insecure_oci_force_http=True)
    url = site.url.replace("http://", "oci://") + "/a"
    with pytest.raises(AccessDenied):
        run(OciRegistries, clock, lambda oci: oci.resolve(url, "", "1", given))
    asked = next(headers for path, headers in service.seen if path.startswith("/token"))
    assert ("authorization" in asked) == own
    assert site.seen[-1][1].get("authorization") == "Bearer t"
