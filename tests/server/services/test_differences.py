"""In which fields two structures differ, in Go's words: as an Argo CD server answered."""

from __future__ import annotations

import pytest

from argosy.server.services.differences import different_spec, differing, go_name

SPEC = {
    "sourceRepos": ["*"],
    "destinations": [{"server": "*", "namespace": "*"}],
    "roles": [{"name": "ci", "policies": ["p, proj:n1:ci, applications, get, n1/*, allow"]}],
}


def test_fields_come_in_their_order_and_with_all_that_is_in_them() -> None:
    wanted = "SourceRepos,0,Destinations,0,Server,Destinations,0,Namespace,Description,Roles,0,Name,Roles,0,Policies,0"
    assert ",".join(differing(SPEC, {"description": "x"}, "v1alpha1.AppProjectSpec")) == wanted


def test_what_is_equal_is_not_named() -> None:
    assert differing(SPEC, {**SPEC, "description": ""}, "v1alpha1.AppProjectSpec") == []
    changed = {**SPEC, "destinations": [{"server": "*", "namespace": "web"}]}
    assert differing(SPEC, changed, "v1alpha1.AppProjectSpec") == ["Destinations", "0", "Namespace"]
    refused = different_spec("repository", {"repo": "a"}, {"repo": "a", "name": "x"}, "v1alpha1.Repository")
    assert refused.endswith('difference in keys "Name"')


@pytest.mark.parametrize(
    ("name", "go"),
    [
        ("repoURL", "RepoURL"),
        ("id", "ID"),
        ("sshPrivateKey", "SSHPrivateKey"),
        ("tlsClientCertData", "TLSClientCertData"),
    ],
)
def test_names_are_gos(name: str, go: str) -> None:
    assert go_name(name) == go
