"""What programs of well-known images answer."""

from __future__ import annotations

import pytest

from argosy.cluster.ports import ProxyRequest
from argosy.cluster.workloads.inside.known_images import ROOT, page_of, serves_pages


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/", 200, b"<h1>Welcome to nginx!</h1>"),
        ("/index.html", 200, b"<h1>Welcome to nginx!</h1>"),
        ("/none", 404, b"404 Not Found"),
        ("/data.bin", 200, b"data"),
    ],
)
def test_nginx_has_its_welcome_page_and_its_files_and_no_others(path: str, status: int, text: bytes) -> None:
    request = ProxyRequest(method="GET", path=path, query="", headers={}, body=b"")
    found = page_of(request, {f"{ROOT}/data.bin": b"data"})
    assert (found.status, text in found.body) == (status, True)


@pytest.mark.parametrize(
    ("container", "serves"),
    [
        ({"image": "nginx"}, True),
        ({"image": "docker.io/library/nginx:1.29@sha256:0"}, True),
        ({"image": "nginx", "command": ["sleep", "9"]}, False),
        ({"image": "ingress-nginx:1"}, False),
        ({}, False),
    ],
)
def test_only_an_image_that_is_run_as_it_is_serves_them(container: dict[str, object], serves: bool) -> None:
    assert serves_pages(container) is serves
