"""The audit trail: one record for each call that could change something, never a value, denials counted (rule 18)."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from argosy.cluster.audit import Act, AuditFile, Auditor
from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.http.assembly import ClusterFront, Keys, Settings
from argosy.cluster.http.exchange import Request
from argosy.cluster.kind import User
from argosy.cluster.server import EmbeddedCluster
from argosy.machinery.objects import JsonObject
from argosy.observe.metrics import REGISTRY
from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual

CANARY = "hunter2-canary"
TOKENS = {"root": User("root", ("system:masters",)), "ann": User("ann", ("team",))}
SECRETS = "/api/v1/namespaces/default/secrets"
SECRET = {"metadata": {"name": "s"}, "stringData": {"password": CANARY}}
MERGE = "application/merge-patch+json"


def noon() -> datetime:
    return datetime(2026, 1, 1, 12, tzinfo=UTC)


class Lines:
    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def append(self, line: bytes) -> None:
        self.lines.append(line)

    @property
    def records(self) -> list[JsonObject]:
        return [orjson.loads(line) for line in self.lines]


def talk(requests: list[tuple[str, str, str, Any, str]]) -> tuple[list[int], list[JsonObject], bytes]:
    """The codes, the records, and the trail's raw bytes of (user, method, path, body, content type), in order."""
    lines, codes = Lines(), list[int]()

    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        async with EmbeddedCluster(clock=clock, rng=rng, bootstrap=bootstrap_objects()) as cluster:
            keys = Keys.make(clock.now())
            front = ClusterFront(cluster, keys, Settings(tokens=TOKENS, audit=lines))
            for user, method, path, body, content_type in requests:
                headers = {"authorization": [f"Bearer {user}"], "content-type": [content_type], "user-agent": ["t/1"]}
                raw = json.dumps(body).encode() if body is not None else b""
                response = await front.front.handle(Request(method, path, headers, raw, audit_id=f"id-{len(codes)}"))
                codes.append(response.status)

    run_virtual(main)
    return codes, lines.records, b"".join(lines.lines)


def test_every_mutating_call_leaves_exactly_one_record_and_reading_none() -> None:
    json_type = "application/json"
    review = {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}
    calls: list[tuple[str, str, str, Any, str]] = [
        ("root", "POST", SECRETS, SECRET, json_type),
        ("root", "GET", SECRETS, None, json_type),
        ("root", "GET", f"{SECRETS}/s", None, json_type),
        ("root", "PATCH", f"{SECRETS}/s", {"stringData": {"password": f"{CANARY}-2"}}, MERGE),
        ("root", "PATCH", f"{SECRETS}/s", {"metadata": {"labels": {"a": "b c"}}}, MERGE),
        ("ann", "DELETE", f"{SECRETS}/s", None, json_type),
        ("wrong", "DELETE", f"{SECRETS}/s", None, json_type),
        ("root", "DELETE", f"{SECRETS}/none", None, json_type),
        ("root", "POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "bot"}}, json_type),
        ("root", "POST", "/api/v1/namespaces/default/serviceaccounts/bot/token", {}, json_type),
        ("root", "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review, json_type),
        ("root", "POST", f"{SECRETS}?dryRun=All", {"metadata": {"generateName": "g-"}}, json_type),
        ("root", "POST", "/nowhere", None, json_type),
        ("root", "DELETE", f"{SECRETS}/s", None, json_type),
    ]
    codes, records, raw = talk(calls)
    reading = {"GET"}
    assert [record["auditID"] for record in records] == [
        f"id-{index}" for index, call in enumerate(calls) if call[1] not in reading
    ]
    assert [record["code"] for record in records] == [
        code for code, call in zip(codes, calls, strict=True) if call[1] not in reading
    ]
    assert codes == [201, 200, 200, 200, 422, 403, 401, 404, 201, 201, 201, 201, 404, 200]
    made, changed, refused, denied, unknown, *_, gone = records
    assert (made["user"], made["groups"], made["verb"], made["resource"], made["name"]) == (
        "root",
        ["system:masters", "system:authenticated"],
        "create",
        "secrets",
        "s",
    )
    assert made["before"] == ""
    assert made["after"] == changed["before"] != changed["after"] == refused["after"] == gone["before"]
    assert gone["after"] == ""
    assert (denied["user"], denied["before"], unknown["user"]) == ("ann", "", "")
    assert CANARY.encode() not in raw


def test_a_token_is_named_by_its_id_and_who_is_impersonated_by_whom() -> None:
    lines = Lines()

    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        async with EmbeddedCluster(clock=clock, rng=rng, bootstrap=bootstrap_objects()) as cluster:
            front = ClusterFront(cluster, Keys.make(clock.now()), Settings(tokens=TOKENS, audit=lines))
            root = {"authorization": "Bearer root"}
            accounts = "/api/v1/namespaces/default/serviceaccounts"
            await front.front.send("POST", accounts, root, b'{"metadata":{"name":"bot"}}')
            _, _, answer = await front.front.send("POST", f"{accounts}/bot/token", root, b"{}")
            assert isinstance(answer, bytes)
            token = orjson.loads(answer)["status"]["token"]
            await front.front.send("DELETE", f"{SECRETS}/x", {"authorization": f"Bearer {token}"})
            await front.front.send("DELETE", f"{SECRETS}/x", {**root, "impersonate-user": "ann"})
            assert token not in b"".join(lines.lines).decode()

    run_virtual(main)
    by_token, as_ann = lines.records[-2:]
    assert by_token["user"] == "system:serviceaccount:default:bot"
    assert by_token["credential"][0].startswith("JTI=")
    assert (as_ann["user"], as_ann["impersonatedBy"]) == ("ann", "root")


def test_denials_are_counted_by_subject_and_the_number_of_subjects_is_bounded() -> None:
    auditor = Auditor(None, noon, b"k")
    counter = REGISTRY.counter(
        "argosy_cluster_denials_total", "Requests answered 401 or 403, by who asked.", ("subject", "code")
    )
    for number in range(1100):
        auditor.denied(f"mallory-{number}", 403)
    assert counter.value(subject="mallory-1", code="403") == 1
    assert counter.value(subject="mallory-1099", code="403") == 0
    assert counter.value(subject="(others)", code="403") == 100


def test_the_file_only_grows_is_private_and_turns_over_at_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "audit" / "audit.log"
    file = AuditFile(path, limit=1000, kept=2)
    auditor = Auditor(file, noon, b"k")
    for number in range(12):
        auditor.record(Act(verb="create", resource="secrets", name=f"n{number}"), User("u"), 201)
    file.close()
    files = sorted(path.parent.iterdir())
    assert [found.name for found in files] == ["audit.log", "audit.log.1", "audit.log.2"]
    assert {stat.S_IMODE(found.stat().st_mode) for found in files} == {0o600}
    assert all(found.stat().st_size <= 1000 for found in files)
    names = [json.loads(line)["name"] for found in reversed(files) for line in found.read_text().splitlines()]
    assert names == [f"n{number}" for number in range(12)][-len(names) :]
    again = AuditFile(path, limit=10**6)
    before = path.read_bytes()
    Auditor(again, noon, b"k").record(Act(verb="delete"), None, 401)
    again.close()
    assert path.read_bytes().startswith(before)


def test_a_full_disk_is_counted_and_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = AuditFile(tmp_path / "audit.log")

    def refuse(*_arguments: object) -> int:
        raise OSError(28, "No space left on device")

    lost = REGISTRY.counter("argosy_cluster_audit_lost_total", "Audit records that the disk refused.")
    before = lost.value()
    with monkeypatch.context() as patch:
        patch.setattr("argosy.cluster.audit.os.write", refuse)
        file.append(b"{}\n")
    file.append(b"{}\n")
    file.close()
    assert lost.value() == before + 1
    assert (tmp_path / "audit.log").read_bytes() == b"{}\n"


def test_names_in_a_record_are_bounded_and_valid_text() -> None:
    lines = Lines()
    Auditor(lines, noon, b"k").record(Act(verb="get", name="\udcff" + "x" * 10_000), User("u\ud800"), 404)
    assert len(lines.lines[0]) < 2000
    assert lines.lines[0].count(b"\n") == 1


def test_health_is_answered_to_anybody_and_nothing_else_is() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        async with EmbeddedCluster(clock=clock, rng=rng, bootstrap=bootstrap_objects()) as cluster:
            front = ClusterFront(cluster, Keys.make(clock.now()), Settings(tokens=TOKENS, metrics=lambda: b"m 1\n"))
            codes = {}
            for path in ("/livez", "/readyz", "/healthz", "/livez/ping", "/readyz?verbose", "/metrics", "/version"):
                for who in ("", "ann", "root", "wrong"):
                    headers = {"authorization": f"Bearer {who}"} if who else {}
                    codes[path, who] = (await front.front.send("GET", path, headers))[0]
            probes = {code for (path, _), code in codes.items() if path[1:6] in ("livez", "ready", "healt")}
            assert probes == {200}
            assert [codes["/metrics", who] for who in ("", "ann", "root", "wrong")] == [401, 403, 200, 401]
            assert [codes["/version", who] for who in ("", "ann", "root", "wrong")] == [401, 200, 200, 401]
            assert (await front.front.send("POST", "/livez"))[0] == 401
            assert (await front.front.send("GET", "/livezy"))[0] == 401

    run_virtual(main)


def test_a_record_costs_little(tmp_path: Path) -> None:
    """Counted in calls rather than in time: one write to the system for each record, no read, no flush."""
    file, written = AuditFile(tmp_path / "audit.log"), 0
    auditor = Auditor(file, noon, b"k")
    for _ in range(10):
        auditor.record(Act(verb="create"), User("u"), 201, before=b"a" * 2000, after=b"b" * 2000)
        size = (tmp_path / "audit.log").stat().st_size
        assert size > written
        written = size
    file.close()


def test_guessing_is_slowed_by_address_and_locks_out_nobody_who_was_right() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        async with EmbeddedCluster(clock=clock, rng=rng, bootstrap=bootstrap_objects()) as cluster:
            front = ClusterFront(cluster, Keys.make(clock.now()), Settings(tokens=TOKENS))

            async def ask(token: str, peer: str) -> int:
                headers = {"authorization": [f"Bearer {token}"]}
                return (await front.front.handle(Request("GET", "/version", headers, peer=peer))).status

            assert await ask("ann", "10.0.0.1") == 200
            codes = [await ask(f"guess-{number}", "10.0.0.1") for number in range(150)]
            assert codes == [401] * 100 + [429] * 50
            assert await ask("root", "10.0.0.1") == 429  # right, but never seen: a guess like any other
            assert await ask("ann", "10.0.0.1") == 200
            assert await ask("root", "10.0.0.2") == 200
            for number in range(10_000):
                await ask("x", f"10.1.{number // 250}.{number % 250}")
            assert await ask("y", "10.0.0.1") == 429  # ten thousand other addresses reset nothing
            await clock.sleep(11)
            assert await ask("y", "10.0.0.1") == 401

    run_virtual(main)
