"""The repo-server over a real connection: TLS, HTTP/2 and protobuf, as `argocd --core` speaks it."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from pathlib import Path
from urllib.parse import unquote

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, ResponseReceived, StreamEnded, TrailersReceived

from argosy.machinery.objects import JsonObject
from argosy.server.process import Running
from argosy.server.schema.decoding import decode
from argosy.server.schema.encoding import encode
from tests.e2e.up_process import Repository
from tests.kit.argocd_server import argocd_server

SERVICE = "repository.RepoServerService"
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hello}\ndata: {a: b}\n"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: hidden}\nstringData: {key: never-shown}\n"
UNKNOWN, UNIMPLEMENTED = "2", "12"


class Answer:
    def __init__(self) -> None:
        self.body, self.fields, self.ended = b"", dict[str, str](), False

    def take(self, event: Event, connection: H2Connection) -> None:
        if isinstance(event, ResponseReceived | TrailersReceived):
            self.fields |= {name.decode(): value.decode() for name, value in event.headers or ()}
        elif isinstance(event, DataReceived):
            self.body += event.data or b""
            connection.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 0)
        elif isinstance(event, StreamEnded):
            self.ended = True


async def called(server: Running, path: str, message: bytes) -> Answer:
    near, far = socket.socketpair()
    server.answer_repo_server(far)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    near.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=near, ssl=context, server_hostname="localhost")
    client, answer = H2Connection(H2Configuration(client_side=True)), Answer()
    client.initiate_connection()
    headers = {":method": "POST", ":scheme": "https", ":path": f"/{path}", ":authority": "localhost"}
    client.send_headers(1, [*headers.items(), ("content-type", "application/grpc"), ("te", "trailers")])
    client.send_data(1, b"\0" + len(message).to_bytes(4, "big") + message, end_stream=True)
    writer.write(client.data_to_send())
    async with asyncio.timeout(120):
        while not answer.ended:
            data = await reader.read(65536)
            assert data, "the connection ended"
            for event in client.receive_data(data):
                answer.take(event, client)
            writer.write(client.data_to_send())
    writer.close()
    return answer


async def asked(server: Running, name: str, kind: str, answer: str, request: JsonObject) -> JsonObject:
    """The answer, or `{code, message}` of the error."""
    found = await called(server, f"{SERVICE}/{name}", encode(f"repository.{kind}", request))
    if found.fields["grpc-status"] != "0":
        return {"code": found.fields["grpc-status"], "message": unquote(found.fields["grpc-message"])}
    return decode(f"repository.{answer}", found.body[5:])


def test_creating_and_syncing_an_application_find_what_they_ask(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    commit = repository.commit({"app/a.yaml": CONFIG, "app/b.yaml": SECRET, "empty.txt": ""})
    url = f"file://{repository.directory}"

    async def scenario() -> None:
        async with argocd_server(tmp_path / "data") as api:
            test = ("TestRepository", "TestRepositoryRequest", "TestRepositoryResponse")
            assert await asked(api.server, *test, {"repo": {"repo": url, "type": "git"}}) == {}
            absent = await asked(api.server, *test, {"repo": {"repo": f"{url}-absent", "type": "git"}})
            assert absent["code"] == UNKNOWN
            assert absent["message"].startswith("error testing repository connectivity: unable to ls-remote HEAD")

            resolve = ("ResolveRevision", "ResolveRevisionRequest", "ResolveRevisionResponse")
            source: JsonObject = {"repoURL": url, "path": "app"}
            app = {"metadata": {"name": "web"}, "spec": {"project": "default", "source": source}}
            for wanted, number in (("main", -1), ("", 0)):
                request = {"repo": {"repo": url}, "app": app, "ambiguousRevision": wanted, "sourceIndex": str(number)}
                shown = f"{wanted or 'HEAD'} ({commit})"
                assert await asked(api.server, *resolve, request) == {"revision": commit, "ambiguousRevision": shown}
            refused = await asked(api.server, *resolve, {"app": app, "ambiguousRevision": "nowhere"})
            assert refused["code"] == UNKNOWN
            assert "nowhere" in refused["message"]

            generate = ("GenerateManifest", "ManifestRequest", "ManifestResponse")
            wanted_: JsonObject = {"repo": {"repo": url}, "revision": "main", "appName": "web", "namespace": "web"}
            wanted_ |= {"applicationSource": source, "projectName": "default", "kubeVersion": "1.36.1"}
            made = await asked(api.server, *generate, wanted_)
            objects = [json.loads(text) for text in made["manifests"]]
            assert [(obj["kind"], obj["metadata"]["name"]) for obj in objects] == [
                ("ConfigMap", "hello"),
                ("Secret", "hidden"),
            ]
            assert (made["revision"], made["sourceType"]) == (commit, "Directory")
            assert "never-shown" not in str(made)
            missing = await asked(api.server, *generate, {**wanted_, "applicationSource": {**source, "path": "no"}})
            assert missing == {"code": UNKNOWN, "message": "no: app path does not exist"}
            nobody = await asked(api.server, *generate, {**wanted_, "projectName": "none"})
            assert nobody == {"code": UNKNOWN, "message": "projectName: there is no project none"}

    asyncio.run(scenario())


def test_what_is_not_answered_says_where_it_is(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            details = await called(api.server, f"{SERVICE}/GetAppDetails", b"")
            assert details.fields["grpc-status"] == UNIMPLEMENTED
            assert "GetAppDetails is not available with --core" in unquote(details.fields["grpc-message"])
            assert "argocd login" in unquote(details.fields["grpc-message"])
            other = await called(api.server, "version.VersionService/Version", b"")
            assert unquote(other.fields["grpc-message"]) == "unknown service version.VersionService"
            malformed = await called(api.server, f"{SERVICE}/TestRepository", b"\xff\xff\xff")
            assert malformed.fields["grpc-status"] == "13"
            empty = await called(api.server, f"{SERVICE}/TestRepository", b"")
            assert unquote(empty.fields["grpc-message"]) == "repo: a repository with its URL is needed"

    asyncio.run(scenario())


def test_the_server_s_own_port_has_no_repo_server(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            headers = {"Content-Type": "application/grpc-web+proto"}
            path = f"/{SERVICE}/TestRepository"
            async with api.http.post(f"{api.server.url}{path}", data=bytes(5), headers=headers) as answer:
                told = answer.headers.get("Grpc-Status") or (await answer.text())
            assert UNIMPLEMENTED in told

    asyncio.run(scenario())
