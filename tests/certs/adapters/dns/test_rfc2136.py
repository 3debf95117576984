"""Dynamic updates and look-ups against the real BIND on loopback."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.certs.acme.ports import CheckRecord, Done, NotYet, PresentRecord, Record, RemoveRecord, Visible
from argosy.certs.adapters.dns.lookup import Lookup
from argosy.certs.adapters.dns.records import Records
from argosy.machinery.controller import Hidden
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from argosy.sources.egress import Egress, EgressPolicy
from tests.kit.pebble import await_port
from tests.kit.ports import free_port

pytestmark = [
    pytest.mark.skipif(shutil.which("named") is None, reason="named: not installed (apt-get install bind9)"),
    pytest.mark.e2e,
]
SECRET = "c2VjcmV0LW9mLXRoZS1rZXktZm9yLXRlc3RzLTMyYnl0ZXM="
CONFIG = """
options {{ directory "{directory}"; pid-file none; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; dnssec-validation no; session-keyfile none; }};
controls {{ }};
key "update." {{ algorithm hmac-sha256; secret "{secret}"; }};
zone "example.test" {{ type primary; file "{directory}/zone"; allow-update {{ key "update."; }}; }};
"""
ZONE = """$TTL 60
@ IN SOA ns.example.test. root.example.test. 1 60 60 60 60
@ IN NS ns.example.test.
ns IN A 127.0.0.1
_acme-challenge.alias IN CNAME _acme-challenge.target.example.test.
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory, port = tmp_path_factory.mktemp("bind"), free_port()
    (directory / "named.conf").write_text(CONFIG.format(directory=directory, port=port, secret=SECRET))
    (directory / "zone").write_text(ZONE)
    log = (directory / "log").open("wb")
    named = subprocess.Popen(["named", "-g", "-c", str(directory / "named.conf")], stdout=log, stderr=log)
    try:
        await_port(port)
        await_zone(directory / "log")
        yield f"127.0.0.1:{port}"
    finally:
        named.terminate()
        named.wait(10)
        log.close()


def await_zone(log: Path) -> None:
    for _ in range(500):
        if b"all zones loaded" in log.read_bytes():
            return
        threading.Event().wait(0.02)
    raise AssertionError(log.read_text())


def record(server: str, value: str, domain: str = "www.example.test", **config: Any) -> Record:
    rfc2136 = {
        "nameserver": server,
        "tsigKeyName": "update",
        "tsigAlgorithm": "HMACSHA256",
        "tsigSecretSecretRef": {"name": "tsig", "key": "secret"},
        **config,
    }
    strategy = {"cnameStrategy": rfc2136.pop("cnameStrategy")} if "cnameStrategy" in rfc2136 else {}
    secret = rfc2136.pop("secret", SECRET)
    return Record(
        owner="u",
        domain=domain,
        value=value,
        key=value,
        config=json.dumps({"rfc2136": rfc2136, **strategy}),
        secrets=(("tsig", "secret", Hidden(secret)),),
        namespace="default",
        ambient=False,
        nameservers=(server,),
        recursive_only=True,
    )


def asking(doing: Callable[[Records], Awaitable[None]]) -> None:
    async def main() -> None:
        policy = EgressPolicy(allow_loopback=True)
        egress = Egress(policy)
        records = Records(egress, None, RealClock(), SystemRng(), Lookup(egress, policy))  # type: ignore[arg-type]
        try:
            await doing(records)
        finally:
            await egress.close()

    asyncio.run(main())


@pytest.mark.parametrize("protocol", ["UDP", "TCP"])
def test_a_value_is_written_seen_and_taken_away_while_others_stay(server: str, protocol: str) -> None:
    async def doing(records: Records) -> None:
        mine, other = record(server, f"mine-{protocol}", protocol=protocol), record(server, "other")
        assert isinstance(await records.check(CheckRecord(mine, 0)), NotYet)
        wanted = Done("_acme-challenge.www.example.test.", "example.test.")
        assert await records.present(PresentRecord(mine, 0)) == wanted
        assert await records.present(PresentRecord(mine, 1)) == wanted
        assert await records.present(PresentRecord(other, 0)) == wanted
        assert await records.check(CheckRecord(mine, 0)) == Visible()
        assert await records.remove(RemoveRecord(mine, 0)) == wanted
        assert isinstance(await records.check(CheckRecord(mine, 1)), NotYet)
        assert await records.check(CheckRecord(other, 0)) == Visible()

    asking(doing)


def test_with_the_strategy_to_follow_the_value_is_written_where_the_alias_leads(server: str) -> None:
    async def doing(records: Records) -> None:
        mine = record(server, "followed", "alias.example.test", cnameStrategy="Follow")
        done = await records.present(PresentRecord(mine, 0))
        assert done == Done("_acme-challenge.target.example.test.", "example.test.")
        assert await records.check(CheckRecord(mine, 0)) == Visible()

    asking(doing)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"secret": "d3Jvbmc="}, "refused the signature"),
        ({"tsigKeyName": ""}, "REFUSED"),
        ({"tsigAlgorithm": "HMACROT13"}, "is not one of HMACMD5, HMACSHA1, HMACSHA256, HMACSHA512"),
        ({"secret": "no base64!"}, "the TSIG secret is not base64 text"),
        ({"nameserver": "ns.example.test"}, "is not an IP address with an optional port"),
    ],
)
def test_an_update_that_is_refused_says_why_and_shows_no_secret(server: str, config: dict[str, str], says: str) -> None:
    async def doing(records: Records) -> None:
        mine = record(server, "x", **config)
        found = await records.present(PresentRecord(mine, 0))
        assert isinstance(found, NotYet) and says in found.reason
        assert config.get("secret", SECRET) not in found.reason + repr(mine)

    asking(doing)


def test_a_name_that_is_in_no_zone_of_the_servers_is_reported(server: str) -> None:
    async def doing(records: Records) -> None:
        found = await records.present(PresentRecord(record(server, "x", "www.elsewhere.example"), 0))
        assert isinstance(found, NotYet) and "was not answered" in found.reason

    asking(doing)
