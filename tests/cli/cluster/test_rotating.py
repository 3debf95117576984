"""`argosy cluster rotate-auth`: whose token it is, and what the cluster's configuration becomes."""

from __future__ import annotations

import base64
import json

import pytest

from argosy.cli.cluster.rotating import account_of, renewed
from argosy.cli.failing import CommandError


def token(**claims: object) -> str:
    return "x." + base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=") + ".y"


def test_a_token_names_its_account_and_its_secret() -> None:
    subject = "system:serviceaccount:kube-system:argocd-manager"
    assert account_of(token(sub=subject), "s") == ("kube-system", "argocd-manager", "")
    held = token(sub=subject, **{"kubernetes.io/serviceaccount/secret.name": "old"})
    assert account_of(held, "s") == ("kube-system", "argocd-manager", "old")
    bound = token(sub=subject, **{"kubernetes.io": {"secret": {"name": "bound"}}})
    assert account_of(bound, "s") == ("kube-system", "argocd-manager", "bound")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("", "Cluster 'https://c' does not use bearer token authentication"),
        (token(sub="admin"), "its token is not one of a service account"),
        ("no token at all", "its token is not one of a service account"),
    ],
)
def test_what_is_no_accounts_token_is_refused(given: str, text: str) -> None:
    with pytest.raises(CommandError, match=text):
        account_of(given, "https://c")


def test_all_but_the_credentials_stays() -> None:
    config = {
        "bearerToken": "old",
        "tlsClientConfig": {"caData": "ca", "certData": "c", "keyData": "k"},
        "proxyUrl": "p",
    }
    assert json.loads(renewed(config, "new")) == {
        "bearerToken": "new",
        "tlsClientConfig": {"caData": "ca"},
        "proxyUrl": "p",
    }
