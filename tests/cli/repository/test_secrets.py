"""Names of the Secrets of repositories and clusters."""

from __future__ import annotations

from argosy.cli.cluster.changing import secret_name as cluster_secret_name
from argosy.cli.repository.certificates import known_host
from argosy.cli.repository.secrets import fnv32a, secret_name


def test_names_are_upstreams() -> None:
    """FNV-1a of 32 bits (argo-cd: util/db/db.go, util/db/cluster.go); the values are those of the published tests."""
    assert fnv32a("a") == 0xE40C292C
    assert fnv32a("foobar") == 0xBF9CF968
    assert secret_name("repo", "foobar") == f"repo-{0xBF9CF968}"
    assert secret_name("repo", "foo", "bar") == f"repo-{0xBF9CF968}"
    assert cluster_secret_name("https://Kube.Example.com:6443/x").startswith("cluster-kube.example.com-")


def test_a_line_of_known_hosts_is_shown_by_its_fingerprint() -> None:
    found = known_host("[git.example.com]:2222,10.0.0.1 ssh-ed25519 AAAA comment")
    assert found is not None
    assert (found.host, found.subtype) == ("[git.example.com]:2222", "ssh-ed25519")
    assert found.info.startswith("SHA256:")
    assert known_host("# git.example.com ssh-ed25519 AAAA") is None
    assert known_host("git.example.com ssh-ed25519") is None
