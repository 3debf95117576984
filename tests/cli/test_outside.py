"""The doors to the outside as a process wires them: what the operator says reaches what fetches and verifies."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from argosy.cli.outside import Doors, Outside, Signatures
from argosy.cli.process import ControlPlane
from argosy.runtime.chance import SystemRng
from argosy.runtime.clients.access import ClientAccess
from argosy.runtime.clock import RealClock
from argosy.sources.port import Credentials, NotFound, Rejected, Unavailable
from argosy.sources.signatures import Policy
from tests.kit.world import World

POLICY = Policy(mode="head", keys=("0" * 16,))
SHA = "0" * 40


def doors(directory: Path, **parameters: str) -> Doors:
    given = {name.replace("__", "."): value for name, value in parameters.items()}
    outside = Outside(cache_directory=directory, own_machine=True)
    nobody = Credentials()
    return Doors(outside, RealClock(), lambda url, project: nobody, lambda url, project: True, parameters=lambda: given)


def test_the_operators_settings_reach_what_fetches(tmp_path: Path) -> None:
    made = doors(
        tmp_path, reposerver__enable__git__submodule="false", reposerver__git__max__fetch__size="5Mi",
        reposerver__allow__oob__symlinks="true", reposerver__git__request__timeout="7s",
        reposerver__helm__manifest__max__extracted__size="1Mi", reposerver__oci__layer__media__types="a/b",
    )  # fmt: skip
    settings = made.git._settings
    assert (settings.submodules, settings.allow_links_out) == (False, True)
    assert (settings.fetch_bytes, settings.list_seconds) == (5 << 20, 7.0)
    assert made.charts._helm._limits is not None
    assert made.charts._helm._limits.total == 1 << 20
    assert made.charts._oci._media_types == ("a/b",)
    asyncio.run(made.close())


@pytest.mark.parametrize(("switch", "verifies"), [("", True), ("true", True), ("false", False), ("no", False)])
def test_signatures_are_verified_unless_the_operator_switches_it_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, switch: str, verifies: bool
) -> None:
    monkeypatch.setenv("ARGOCD_GPG_ENABLED", switch)
    made = doors(tmp_path)

    async def verify() -> list[str]:
        try:
            return await Signatures(made).verify(f"file://{tmp_path}/none", SHA, POLICY, {}, Credentials())
        finally:
            await made.close()

    if verifies:
        with pytest.raises((NotFound, Rejected, Unavailable)):
            asyncio.run(verify())
    else:
        assert asyncio.run(verify()) == []


def test_a_process_verifies_and_finds_repositories_by_name(tmp_path: Path) -> None:
    with World(seed=1) as world:
        outside = Outside(cache_directory=tmp_path, own_machine=True)
        plane = _plane(world, outside)
        try:
            assert isinstance(plane.gitops.manifests._integrity._verifier, Signatures)
            assert plane.doors._named == plane._named
            assert plane.doors._parameters == plane._parameters
        finally:
            plane.renderer.close()


def _plane(world: Any, outside: Outside) -> ControlPlane:
    def refuse(user: str) -> Any:
        raise AssertionError("nobody is impersonated here")

    return ControlPlane(ClientAccess(world.client, refuse), world.clock, SystemRng(), outside)
