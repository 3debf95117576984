"""URLs of an Application's objects (`status.summary.externalURLs`, argo-cd: controller/cache/info.go)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from argosy.gitops.keys import PREFIX, annotations_of
from argosy.machinery.objects import JsonObject, JsonValue

LINK = "link.argocd.argoproj.io/"
TRUE = ("1", "t", "T", "true", "TRUE", "True")
IGNORE_DEFAULTS = PREFIX + "ignore-default-links"


def external_urls(objects: Iterable[JsonObject]) -> list[str]:
    """Sorted: from the hosts and paths of Ingresses, and the links in any object's annotations."""
    found: set[str] = set()
    return sorted(found.union(*map(urls_of, objects)))


def urls_of(obj: JsonObject) -> set[str]:
    """Of one object."""
    marks = annotations_of(obj)
    links = (str(value) for name, value in marks.items() if name.startswith(LINK))
    found = {link for link in links if _is_external(link.partition("|")[2] or link)}
    if _is_ingress(obj) and marks.get(IGNORE_DEFAULTS) not in TRUE:
        found |= set(_of_ingress(obj))
    return found - {""}


def _is_external(url: str) -> bool:
    """Whether a browser may follow it: pages show these as links, and `javascript:` is a scheme, too."""
    scheme = url.strip().partition(":")[0].lower()
    return scheme in ("http", "https", "mailto") and not any(ord(letter) < 32 for letter in url)


def _is_ingress(obj: JsonObject) -> bool:
    group = str(obj.get("apiVersion") or "").partition("/")[0]
    return obj.get("kind") == "Ingress" and group in ("networking.k8s.io", "extensions")


def _of_ingress(obj: JsonObject) -> Iterator[str]:
    spec = _mapping(obj.get("spec"))
    tls = [_mapping(item) for item in _list(spec.get("tls"))]
    secure = {str(host) for item in tls for host in _list(item.get("hosts"))}
    has_secret = any(item.get("secretName") is not None for item in tls)  # upstream: for any host
    for rule in _list(spec.get("rules")):
        host = str(_mapping(rule).get("host") or "") or _address(obj)
        if not host:
            continue
        for path in _list(_mapping(_mapping(rule).get("http")).get("paths")):
            text = str(_mapping(path).get("path") or "").removesuffix("*")
            yield f"{'https' if has_secret or host in secure else 'http'}://{host}{text}"


def _address(obj: JsonObject) -> str:
    """Those of the load balancer, if a rule is for every host."""
    balancer = _mapping(_mapping(obj.get("status")).get("loadBalancer"))
    for item in _list(balancer.get("ingress")):
        if found := _mapping(item).get("hostname") or _mapping(item).get("ip"):
            return str(found)
    return ""


def _mapping(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
