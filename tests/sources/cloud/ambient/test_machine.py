"""Requests to link-local services: each to its one address, all others under the usual policy."""

from __future__ import annotations

import asyncio
import ipaddress

import pytest

from argosy.sources.cloud.ambient.machine import MachineServices, only
from argosy.sources.egress import Egress
from argosy.sources.port import Rejected


def test_a_client_for_one_address_refuses_every_other() -> None:
    policy = only(ipaddress.ip_address("169.254.169.254")).policy

    assert policy.refusal("169.254.169.254") == ""
    assert policy.refusal("169.254.170.23") != ""
    assert policy.refusal("192.0.2.1") != ""


@pytest.mark.parametrize("host", ["169.254.169.254", "127.0.0.1", "[fd00:ec2::254]"])
def test_an_address_that_is_not_the_services_is_subject_to_the_policy(host: str) -> None:
    async def run() -> None:
        egress = Egress()
        try:
            await MachineServices(egress).get(f"http://{host}/", {}, ("169.254.170.23",))
        finally:
            await egress.close()

    with pytest.raises(Rejected):
        asyncio.run(run())
