"""The flags of upstream's command that say how `cluster add` reaches a cluster."""

from __future__ import annotations

import argparse

import pytest

from argosy.cli.cluster.adding import access_of, server_of
from argosy.cli.commands import make_parser
from argosy.cli.failing import CommandError
from argosy.gitops.keys import IN_CLUSTER
from argosy.runtime.http.connection import Connection

CONNECTION = Connection(server="https://kube.example:6443")


def options(*flags: str) -> argparse.Namespace:
    return make_parser().parse_args(["cluster", "add", "there", *flags])


def test_without_a_flag_an_account_is_made() -> None:
    assert access_of(options()) == {}


def test_aws_signs_in_by_the_cluster_and_the_role() -> None:
    found = access_of(options("--aws-cluster-name", "c", "--aws-role-arn", "arn:r"))
    assert found == {"awsAuthConfig": {"clusterName": "c", "roleARN": "arn:r"}}


def test_a_program_prints_credentials() -> None:
    flags = ("--exec-command", "get", "--exec-command-args", "a", "--exec-command-args=-b", "--exec-command-env", "C=d")
    assert access_of(options(*flags)) == {
        "execProviderConfig": {"command": "get", "args": ["a", "-b"], "env": {"C": "d"}}
    }


@pytest.mark.parametrize(
    ("flags", "server"),
    [
        ((), "https://kube.example:6443"),
        (("--cluster-endpoint", "kubeconfig"), "https://kube.example:6443"),
        (("--cluster-endpoint", "internal"), IN_CLUSTER),
        (("--in-cluster",), IN_CLUSTER),
        (("--cluster-endpoint", "https://other:1"), "https://other:1"),
    ],
)
def test_the_address_is_the_kubeconfigs_unless_it_is_said(flags: tuple[str, ...], server: str) -> None:
    assert server_of(CONNECTION, options(*flags)) == server


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="--cluster-endpoint 'kube-public': give kubeconfig, internal, or the URL"):
        server_of(CONNECTION, options("--cluster-endpoint", "kube-public"))
    with pytest.raises(CommandError, match="either --in-cluster or --cluster-endpoint"):
        server_of(CONNECTION, options("--in-cluster", "--cluster-endpoint", "kubeconfig"))
