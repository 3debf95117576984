"""Kubeconfig: which connection each section means, and errors that quote no secret."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from argosy.machinery.objects import JsonObject
from argosy.runtime.chance import SeededRng
from argosy.runtime.clock import RealClock
from argosy.runtime.http import Connection, ConnectionSettingsError, in_cluster, load_kubeconfig
from argosy.runtime.http.cluster_secret import connection_of_cluster
from argosy.runtime.http.credentials import (
    CredentialError,
    ExecCredential,
    Plugin,
    TokenFile,
    read_exec_credential,
)
from argosy.runtime.virtual import START, VirtualClock, run_virtual

CLOCK = RealClock()


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def config(user: JsonObject | None = None, /, **cluster: object) -> JsonObject:
    return {
        "current-context": "main",
        "clusters": [{"name": "c", "cluster": {"server": "https://k8s.example:6443/", **cluster}}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [
            {"name": "main", "context": {"cluster": "c", "user": "u", "namespace": "team"}},
            {"name": "broken", "context": {"cluster": "nope", "user": "u"}},
        ],
    }


def loaded(directory: Path, document: object, **more: str) -> Connection:
    path = directory / "config"
    path.write_text(json.dumps(document))
    return load_kubeconfig(path, CLOCK, **more)


def authorization(connection: Connection) -> str:
    proof = asyncio.run(connection.credential.proof())
    return proof.authorization.reveal() if proof.authorization else ""


def test_a_context_names_server_namespace_and_trust(tmp_path: Path) -> None:
    document = config(**{"certificate-authority-data": b64("PEM"), "tls-server-name": "api"})
    connection = loaded(tmp_path, document)
    assert (connection.server, connection.namespace) == ("https://k8s.example:6443", "team")
    assert (connection.trust.authority, connection.trust.server_name, connection.trust.insecure) == (
        "PEM",
        "api",
        False,
    )


@pytest.mark.parametrize(
    ("user", "sent"),
    [
        ({}, ""),
        ({"token": "t"}, "Bearer t"),
        ({"username": "bob", "password": "pw"}, f"Basic {b64('bob:pw')}"),
        ({"token": "t", "username": "bob", "password": "pw"}, "Bearer t"),
        ({"tokenFile": "token", "token": "t"}, "Bearer from-file"),
    ],
)
def test_each_kind_of_user_is_sent_as_kubectl_does(tmp_path: Path, user: JsonObject, sent: str) -> None:
    (tmp_path / "token").write_text("from-file\n")
    assert authorization(loaded(tmp_path, config(user))) == sent


def test_files_are_found_next_to_the_kubeconfig_that_names_them(tmp_path: Path) -> None:
    for name in ("ca", "crt", "key"):
        (tmp_path / name).write_text(f"{name} text")
    user = {"client-certificate": "crt", "client-key": "key"}
    connection = loaded(tmp_path, config(user, **{"certificate-authority": "ca"}))
    proof = asyncio.run(connection.credential.proof())
    assert connection.trust.authority == "ca text"
    assert proof.certificate is not None
    assert (proof.certificate.chain, proof.certificate.key.reveal()) == ("crt text", "key text")
    assert "key text" not in repr(connection)


def test_of_several_files_the_first_to_name_a_thing_wins(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    first.write_text(json.dumps({"users": [{"name": "u", "user": {"token": "first"}}]}))
    second.write_text(json.dumps(config({"token": "second"})))
    assert authorization(load_kubeconfig([first, tmp_path / "absent", second], CLOCK)) == "Bearer first"


@pytest.mark.parametrize(
    ("document", "context", "message"),
    [
        (config(), "nowhere", "has no context 'nowhere': it has broken, main"),
        (config(), "broken", "has no cluster 'nope': it has c"),
        ({}, "", "no current-context"),
        ([], "", "is not a mapping"),
        (config(server="ftp://x"), "", "'ftp://x' is not an http or https URL"),
        (config(server="https://u:canary@x"), "", "carries a user"),
        (
            config(**{"certificate-authority-data": b64("PEM"), "insecure-skip-tls-verify": True}),
            "",
            "exclude each other",
        ),
        (config(**{"certificate-authority-data": "canary!"}), "", "certificate-authority-data is not base64"),
        (config({"client-certificate-data": b64("x")}), "", "need each other"),
        (config({"auth-provider": {"name": "gcp"}}), "", "use an exec plug-in"),
        (config(**{"proxy-url": "socks5://u:canary@p"}), "", "'socks5' are not spoken"),
        (config(**{"certificate-authority": "absent"}), "", "No such file"),
    ],
)
def test_bad_settings_are_named_without_their_values(
    tmp_path: Path, document: object, context: str, message: str
) -> None:
    with pytest.raises(ConnectionSettingsError, match=message) as error:
        loaded(tmp_path, document, context=context)
    assert "canary" not in str(error.value)


def test_a_file_that_is_not_yaml_is_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("token: 'canary\n  :")
    with pytest.raises(ConnectionSettingsError) as error:
        load_kubeconfig(tmp_path / "config", CLOCK)
    assert "canary" not in str(error.value)
    assert error.value.__cause__ is None


def test_a_pod_is_its_service_account(tmp_path: Path) -> None:
    for name, text in (("token", "t"), ("ca.crt", "PEM"), ("namespace", "team")):
        (tmp_path / name).write_text(text)
    environment = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}
    connection = in_cluster(CLOCK, environment, tmp_path)
    assert (connection.server, connection.namespace) == ("https://[fd00::1]:443", "team")
    assert authorization(connection) == "Bearer t"
    with pytest.raises(ConnectionSettingsError, match="not inside a Pod"):
        in_cluster(CLOCK, {}, tmp_path)


def test_a_token_file_is_read_again_after_a_minute_and_when_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"

    async def main(clock: VirtualClock, rng: SeededRng) -> list[str]:
        credential, seen = TokenFile(path, clock), []

        async def ask() -> None:
            proof = await credential.proof()
            assert proof.authorization is not None
            seen.append(proof.authorization.reveal())

        for text, seconds in (("1", 30.0), ("2", 30.0), ("3", 10.0)):
            path.write_text(text)
            await ask()
            await clock.sleep(seconds)
        path.write_text("4")
        assert credential.refused()
        await ask()
        assert not credential.refused()
        path.unlink()
        await clock.sleep(100)
        await ask()
        return seen

    assert run_virtual(main) == ["Bearer 1", "Bearer 1", "Bearer 3", "Bearer 4", "Bearer 4"]


PROGRAM = """
import json, os, sys
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
assert info["spec"] == {"interactive": False, "cluster": {"server": "https://k8s.example:6443/"}}, info
with open(sys.argv[1], "a") as runs:
    runs.write("x")
hours = os.path.getsize(sys.argv[1])
status = {"token": os.environ["TOKEN"], "expirationTimestamp": f"2030-01-01T{hours:02}:00:00Z"}
print(json.dumps({"apiVersion": info["apiVersion"], "kind": "ExecCredential", "status": status}))
"""


def test_a_plug_in_is_run_once_until_its_token_ends_or_is_refused(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    program = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": sys.executable,
        "args": ["-S", "-c", PROGRAM, str(runs)],
        "env": [{"name": "TOKEN", "value": "secret-token"}],
        "provideClusterInfo": True,
    }
    path = tmp_path / "config"
    path.write_text(json.dumps(config({"exec": program})))

    async def main(clock: VirtualClock, rng: SeededRng) -> list[int]:
        credential = load_kubeconfig(path, clock).credential
        counts = []
        for seconds in (0.0, 3000.0, 595.0):
            await clock.sleep(seconds)
            async with asyncio.TaskGroup() as tasks:
                asked = [tasks.create_task(credential.proof()) for _ in range(3)]
            assert all(repr(task.result()).find("secret-token") < 0 for task in asked)
            counts.append(len(runs.read_text()))
        credential.refused()
        await credential.proof()
        return [*counts, len(runs.read_text())]

    assert run_virtual(main, start=START) == [1, 1, 2, 3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-c", "import sys; print('canary'); sys.exit(3)"), "ended with code 3"),
        (("-c", "print('canary')"), "did not print an ExecCredential"),
        (("-c", "print('x' * (2 << 20))"), "printed over 1048576 bytes"),
    ],
)
def test_a_plug_in_that_fails_is_named_and_not_quoted(arguments: tuple[str, ...], message: str) -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        await ExecCredential(Plugin(command=sys.executable, args=("-S", *arguments)), clock).proof()

    with pytest.raises(CredentialError, match=message) as error:
        run_virtual(main)
    assert "canary" not in str(error.value)


def test_a_plug_in_that_is_not_installed_says_how_to_get_it() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        await ExecCredential(Plugin(command="/nowhere/login", install_hint="ask the platform team"), clock).proof()

    with pytest.raises(CredentialError, match=r"'/nowhere/login' cannot be run: .*\(ask the platform team\)"):
        run_virtual(main)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"apiVersion": "client.authentication.k8s.io/v1beta1", "status": {"token": "t"}}, "printed '.*v1beta1', not"),
        ({"apiVersion": "client.authentication.k8s.io/v1", "status": {"clientKeyData": "k"}}, "neither a token nor"),
        ({"apiVersion": "client.authentication.k8s.io/v1"}, "did not print"),
    ],
)
def test_an_incomplete_credential_is_refused(answer: JsonObject, message: str) -> None:
    with pytest.raises(CredentialError, match=message):
        read_exec_credential(Plugin(command="x"), json.dumps(answer).encode())


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({}, ""),
        ({"bearerToken": "t"}, "Bearer t"),
        ({"username": "bob", "password": "pw"}, f"Basic {b64('bob:pw')}"),
    ],
)
def test_a_cluster_secret_says_who_we_are(settings: JsonObject, sent: str) -> None:
    settings |= {"tlsClientConfig": {"caData": b64("PEM"), "serverName": "api"}, "proxyUrl": "http://u:canary@p:1"}
    connection = connection_of_cluster("https://k8s.example/", json.dumps(settings), CLOCK)
    assert authorization(connection) == sent
    assert (connection.server, connection.trust.authority, connection.trust.server_name) == (
        "https://k8s.example",
        "PEM",
        "api",
    )
    assert connection.proxy_for() == "http://u:canary@p:1"
    assert "canary" not in repr(connection)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("canary", "is not JSON"),
        ("[]", "is not a JSON object"),
        ('{"tlsClientConfig":{"insecure":true,"caData":"UEVN"}}', "exclude each other"),
        ('{"tlsClientConfig":{"certData":"UEVN"}}', "need each other"),
        ('{"tlsClientConfig":{"caData":"canary!"}}', "caData is not base64"),
    ],
)
def test_a_bad_cluster_secret_is_named_and_not_quoted(text: str, message: str) -> None:
    with pytest.raises(ConnectionSettingsError, match=message) as error:
        connection_of_cluster("https://k8s.example", text, CLOCK)
    assert "canary" not in str(error.value)


def test_the_environment_names_a_proxy_where_the_settings_do_not() -> None:
    connection = Connection(server="https://k8s.example")
    assert connection.proxy_for({"https": "http://proxy:3128"}) == "http://proxy:3128"
    assert connection.proxy_for({}) is None


def test_the_plugin_lifetime_leaves_room_for_the_request_itself() -> None:
    answer = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "status": {"token": "t", "expirationTimestamp": (START + timedelta(hours=1)).isoformat()},
    }
    _, ends = read_exec_credential(Plugin(command="x"), json.dumps(answer).encode())
    assert ends == START + timedelta(hours=1)
