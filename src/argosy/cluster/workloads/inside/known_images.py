"""Default behaviour of well-known images without a rule: the welcome page of nginx, and its files."""

from __future__ import annotations

from argosy.cluster.ports import ProxyRequest, ProxyResponse
from argosy.cluster.workloads.inside.files import Files
from argosy.machinery.objects import JsonObject

ROOT = "/usr/share/nginx/html"
PORT = 80
WELCOME = "<!DOCTYPE html>\n<html>\n<head><title>Welcome to nginx!</title></head>\n<body>\n<h1>Welcome to nginx!</h1>\n"
WELCOME += "<p>This one is simulated.</p>\n</body>\n</html>\n"
MISSING = "<html>\n<head><title>404 Not Found</title></head>\n<body>\n<h1>404 Not Found</h1>\n</body>\n</html>\n"


def serves_pages(container: JsonObject) -> bool:
    image = str(container.get("image") or "").rpartition("/")[2].partition("@")[0].partition(":")[0]
    return image == "nginx" and not container.get("command")


def page_of(request: ProxyRequest, files: Files) -> ProxyResponse:
    path = f"{request.path}index.html" if request.path.endswith("/") else request.path
    data = files.get(f"{ROOT}{path}")
    if data is None and path == "/index.html":
        data = WELCOME.encode()
    kind = "text/html" if data is None or path.endswith(".html") else "application/octet-stream"
    if data is None:
        return ProxyResponse(status=404, body=MISSING.encode(), content_type=kind)
    return ProxyResponse(status=200, body=data, content_type=kind)
