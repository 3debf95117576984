"""The targets: what is fed, to whom, and which refusals are meant. Each must end within its seconds."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st

from argosy.cluster.http.representation.json_text import BodyError
from argosy.machinery.status import StatusError
from argosy.machinery.text.yaml import YamlError, load_all
from argosy.render.port import RenderError
from argosy.server.errors import ApiError
from argosy.server.permissions.policy import PolicyError
from argosy.sources.port import SourceError
from tests.fuzz.mutation import json_values, mutated


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`run` may raise what `refusals` names, and nothing else."""

    inputs: st.SearchStrategy[Any]
    run: Callable[[Any], object]
    refusals: tuple[type[BaseException], ...] = ()
    seconds: float = 2.0


# -- HTTP --------------------------------------------------------------------------------------------------------------

_REQUESTS = (
    b"GET /api/v1/namespaces/default/configmaps/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin-token\r\n\r\n",
    b"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin-token\r\n"
    b"Content-Type: application/json\r\nContent-Length: 70\r\n\r\n"
    b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{}}',
    b"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin-token\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n2\r\n1}\r\n0\r\n\r\n",
    b"PATCH /api/v1/namespaces/default/configmaps/a?fieldManager=x&force=true HTTP/1.1\r\nHost: x\r\n"
    b"Authorization: Bearer admin-token\r\nContent-Type: application/apply-patch+yaml\r\nContent-Length: 12\r\n\r\nkind: Secret",
    b"GET /apis?limit=1&continue=abc&labelSelector=a%3Db&fieldSelector=metadata.name%3Da HTTP/1.1\r\nHost: x\r\n\r\n",
    b"OPTIONS * HTTP/1.0\r\n\r\n",
)  # fmt: skip


def _http(data: bytes) -> None:
    """The server answers or closes, logs nothing as unexpected, and answers the next client."""
    from argosy.cluster.http.server import serve
    from tests.cluster.http.world import SmallWorld

    async def main() -> None:
        world = SmallWorld()
        shelf = world.shelf.handle

        async def checked(request: Any) -> Any:
            """The shelf of these tests checks nothing; the store of a cluster does."""
            try:
                return await shelf(request)
            except (KeyError, AttributeError, TypeError):
                raise StatusError(422, "Invalid", "the object has no name") from None

        world.shelf.handle = checked  # type: ignore[method-assign]
        async with serve(world.front.handle, clock=world.clock, rng=world.rng, tls=None, drain_seconds=0.1) as server:
            for sent in (data, _REQUESTS[0]):
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                try:
                    writer.write(sent)
                    writer.write_eof()
                    answer = await asyncio.wait_for(reader.read(65536), 5)
                    assert not answer or answer.startswith(b"HTTP/1."), answer[:80]
                    assert b" 500 " not in answer[:16], answer[:300]
                except ConnectionError:
                    assert sent is data
                finally:
                    writer.close()
            assert answer.startswith(b"HTTP/1.1 ")

    asyncio.run(main())


# -- bodies ------------------------------------------------------------------------------------------------------------


def _envelope(kind: bytes, raw: bytes) -> bytes:
    word = b"\x0a\x02v1\x12" + bytes((len(kind),)) + kind
    return b"k8s\0\x0a" + bytes((len(word),)) + word + b"\x12" + bytes((len(raw),)) + raw


_META = b"\x0a\x0d\x0a\x03abc\x1a\x06team-a"
_MESSAGES = (
    _envelope(b"ConfigMap", _META + b"\x12\x06\x0a\x01k\x12\x01v"),
    _envelope(b"Secret", _META + b"\x12\x06\x0a\x01k\x12\x01v\x1a\x06Opaque"),
    _envelope(b"Pod", _META + b"\x12\x12\x12\x10\x0a\x01c\x12\x05nginx\x4a\x04\x10\x50\x18\x50"),
    _envelope(b"Namespace", b"\x0a\x05\x0a\x03abc"),
)


def _protobuf(data: bytes) -> None:
    from argosy.cluster.http.representation import protobuf

    keys = {"Pod": "core/v1.Pod", "Secret": "core/v1.Secret", "ConfigMap": "core/v1.ConfigMap"}
    protobuf.decode(data, lambda version, kind: keys.get(kind))


_DOCUMENTS = (
    b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels: {x: 'y', n: \"z\"}\ndata:\n  k: |+\n    text\n\n",
    b"a: &x [1, 2.5, .inf, 0x1F, 0o17, 1_000, yes, ~, 2001-12-14t21:59:43.10-05:00]\nb: *x\nc: {<<: {d: 1}}\n---\n- x\n...\n",
    b"%YAML 1.2\n%TAG ! tag:x,2000:\n--- !!str 5\n--- !binary aGk=\n--- >-\n  folded\n  text\n? complex\n: value\n",
    b'kind: List\nitems:\n- {apiVersion: v1, kind: Secret, stringData: {p: "\\x41\\u00e9\\U0001F600"}}\n# comment\n',
)


def _patches(given: tuple[Any, Any]) -> None:
    from argosy.cluster.kinds import builtin_kinds
    from argosy.machinery.patches.jsonpatch import apply_json_patch
    from argosy.machinery.patches.mergepatch import merge_patch
    from argosy.machinery.patches.strategic import strategic_merge

    global _schema
    if _schema is None:
        _schema = next(kind.schema for kind in builtin_kinds() if kind.resource.plural == "deployments")
    document, patch = given
    for apply in (
        lambda: merge_patch(document, patch),
        lambda: apply_json_patch(document, patch),
        lambda: strategic_merge(document, patch, _schema),
    ):
        try:
            apply()
        except StatusError as refused:
            assert 400 <= refused.code < 600, refused


_schema: Any = None
_operations = st.lists(
    st.fixed_dictionaries(
        {"op": st.sampled_from(("add", "remove", "replace", "move", "copy", "test", "x"))},
        optional={
            "path": st.sampled_from(("/metadata", "/metadata/labels/a", "/spec/0", "/spec/-", "", "/", "/~1~0", "x")),
            "from": st.sampled_from(("/metadata", "/spec", "")), "value": json_values(),
        },
    ), max_size=5,
)  # fmt: skip


# -- repositories ------------------------------------------------------------------------------------------------------

_KUSTOMIZATIONS = (
    b"resources: [a.yaml]\nnamePrefix: p-\ncommonLabels: {a: b}\nimages: [{name: nginx, newTag: '1'}]\n",
    b"resources: [a.yaml]\npatches:\n- target: {kind: ConfigMap, name: 'a|b'}\n  patch: |\n    - {op: add, path: /data/x, value: y}\n",
    b"resources: [a.yaml]\npatchesStrategicMerge:\n- |-\n  apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n  $patch: delete\n",
    b"configMapGenerator: [{name: g, literals: [a=b], files: [x=a.yaml], options: {disableNameSuffixHash: true}}]\n"
    b"secretGenerator: [{name: s, envs: [e.env]}]\ngeneratorOptions: {labels: {q: r}}\n",
    b"resources: [a.yaml]\nreplacements:\n- source: {kind: ConfigMap, name: a, fieldPath: data.k}\n"
    b"  targets: [{select: {kind: ConfigMap}, fieldPaths: ['data.[x=y].z', metadata.annotations.n], options: {create: true}}]\n",
    b"resources: [a.yaml]\nvars: [{name: V, objref: {kind: ConfigMap, name: a, apiVersion: v1}, fieldref: {fieldpath: data.k}}]\n"
    b"components: [c]\nreplicas: [{name: a, count: 3}]\nnamespace: n\nlabels: [{pairs: {a: b}, includeSelectors: true}]\n",
)


def _kustomize(data: bytes) -> None:
    from argosy.render.local import rendered_here
    from argosy.render.port import RenderRequest
    from argosy.sources.tree import MemoryStorage, RootedTree

    files = {
        "app/kustomization.yaml": data, "app/e.env": b"A=1\n",
        "app/a.yaml": b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n",
        "app/c/kustomization.yaml": b"apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n",
    }  # fmt: skip
    source = {"repoURL": "https://git.example.com/r.git", "path": "app"}
    rendered_here(
        RenderRequest(
            source=source, tree=RootedTree(MemoryStorage(files)), revision="0" * 40, app_name="web", release_name="web",
            namespace="prod",
        )
    )  # fmt: skip


def _archives() -> tuple[bytes, ...]:
    found = []
    for kind in (tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE):
        for name in ("c/Chart.yaml", "../x", "/etc/x", "c/" + "n" * 150):
            stream = io.BytesIO()
            with tarfile.open(fileobj=stream, mode="w") as archive:
                member = tarfile.TarInfo(name)
                member.type, member.linkname = kind, "../../x"
                member.size = 5 if kind == tarfile.REGTYPE else 0
                archive.addfile(member, io.BytesIO(b"hello"))
            found += [stream.getvalue(), gzip.compress(stream.getvalue(), mtime=0)]
    return tuple(found)


def _archive(data: bytes) -> None:
    from argosy.sources.archive import ArchiveLimits, unpack

    tree = unpack(data, limits=ArchiveLimits(total=1 << 20, files=100), strip_root=True)
    for entry in tree.list(""):
        tree.stat(entry.name)


# -- answers and webhooks ----------------------------------------------------------------------------------------------

_HOOKS = {
    "x-github-event": {
        "ref": "refs/heads/main", "before": "a" * 40, "after": "b" * 40, "commits": [{"added": ["a"], "modified": []}],
        "repository": {"html_url": "https://github.com/o/r", "default_branch": "main", "owner": {"login": "o"}},
        "action": "opened", "pull_request": {"head": {"sha": "x"}}, "number": 3,
    },
    "x-gitlab-event": {
        "object_kind": "push", "ref": "refs/heads/main", "checkout_sha": "b" * 40, "commits": [{"added": ["a"]}],
        "project": {"web_url": "https://gitlab.com/o/r", "default_branch": "main", "path_with_namespace": "o/r"},
        "object_attributes": {"action": "open", "target": {"path_with_namespace": "o/r"}},
    },
    "x-hook-uuid": {
        "push": {"changes": [{"new": {"name": "main"}, "old": {"target": {"hash": "a"}}}]},
        "repository": {"links": {"html": {"href": "https://bitbucket.org/o/r"}}, "full_name": "o/r"},
    },
    "x-gogs-event": {"ref": "refs/heads/main", "repository": {"html_url": "https://gogs.example.com/o/r"}},
    "x-vss-activityid": {
        "eventType": "git.push",
        "resource": {
            "refUpdates": [{"name": "refs/heads/main", "oldObjectId": "a", "newObjectId": "b"}],
            "repository": {"remoteUrl": "https://dev.azure.com/o/p/_git/r", "defaultBranch": "refs/heads/main"},
        },
    },
}  # fmt: skip


def _webhook(given: tuple[str, str, bytes]) -> None:
    from argosy.server.webhooks.news import Refused
    from argosy.server.webhooks.providers import Hook, news_of

    header, event, body = given
    try:
        news_of(Hook({header: event, "x-event-key": event, "authorization": "s"}, body, {}, 1 << 20))
    except Refused as refused:
        assert 400 <= refused.status < 500


_SHA = b"0123456789abcdef0123456789abcdef01234567"
_ANSWERS = (
    b"ref: refs/heads/main\tHEAD\n"
    + _SHA
    + b"\tHEAD\n"
    + _SHA
    + b"\trefs/heads/main\n"
    + _SHA
    + b"\trefs/tags/v1^{}\n",
    b'[submodule "a"]\n\tpath = lib/a\n\turl = ../a.git\n[submodule "b"]\npath=b\nurl=https://h/b\nupdate = none\n',
    b"tree " + _SHA + b"\nparent " + _SHA + b"\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n"
    b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n\nmessage\n\nArgoCD-Seal: x\n",
    b"[GNUPG:] GOODSIG 0123456789ABCDEF A <a@b>\n[GNUPG:] VALIDSIG 0123 2026-01-01 1 0 4 0 1 8 00 0123456789ABCDEF\n",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n",
    b"apiVersion: v1\nentries:\n  web:\n  - version: 1.2.3\n    urls: [web-1.2.3.tgz]\n    digest: abc\n  other:\n  - {}\n",
    b'{"entries": {"web": [{"version": "1.2.3", "urls": ["x"]}, {"version": 5}, null]}}',
    b"remote: \x1b[2Jsecret\nfatal: unable to access 'https://h/': The requested URL returned error: 403\n",
    b'{"objects": [{"oid": "a", "actions": {"download": {"href": "https://h/x", "header": {"A": "b"}}}, "size": 3}]}',
)


def _answers(data: bytes) -> None:
    from argosy.sources import signatures
    from argosy.sources.egress import complaint
    from argosy.sources.git import failures, refs
    from argosy.sources.git.content import lfs, modules
    from argosy.sources.helm import versions_in
    from argosy.sources.port import Credentials

    text = data.decode("utf-8", "replace")
    found = refs.parse_listing(text)
    for revision in ("main", "v1", "1.x", "", "abcdef0"):
        refs.lookup(found, revision)
    signatures.parse_status(text)
    for part in (signatures.split_commit(data), signatures.split_tag(data)):
        assert all(isinstance(piece, bytes) for piece in part)
    for read_commit in (signatures.parents, signatures.author, signatures.is_sealed):
        read_commit(data)
    lfs.parse_pointer(data)
    assert "\x1b" not in complaint(data)
    for error in (
        failures.failure("x", "https://h", text, Credentials()),
        failures.push_failure("u", text, Credentials()),
    ):
        assert "\x1b" not in str(error)
        assert "secret" not in str(error)
    for read in (
        lambda: modules.parse_modules(text),
        lambda: versions_in(data, "web"),
        lambda: lfs._actions("h", data),
    ):
        try:
            read()
        except SourceError:
            continue


# -- calls of the API --------------------------------------------------------------------------------------------------


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


_CALLS = tuple(
    flag + len(body).to_bytes(4, "big") + body
    for flag, body in (
        (b"\0", b""),
        (b"\0", _field(1, b"guestbook") + _field(2, b"main") + b"\x18\x01" + _field(4, _field(1, b"a") + b"\x10\x7f")),
        (b"\0", _field(1, _field(1, _field(1, b"name") + _field(3, b"argocd")) + _field(2, _field(1, b"https://h")))),
        (b"\1", gzip.compress(_field(1, b"guestbook") * 20)),
        (b"\0", b"\x08" + b"\xff" * 9 + b"\x01" + b"\x0d\0\0\0\0\x09\0\0\0\0\0\0\0\0"),
    )
)


def _grpc(given: tuple[str, str, list[bytes]]) -> None:
    from argosy.server.schema.facts import methods
    from argosy.server.transport.grpc import Messages, decoded

    name, encoding, pieces = given
    method = methods()[name]
    cutter = Messages(encoding, 1 << 20)
    for piece in pieces:
        for message in cutter.feed(piece):
            assert isinstance(decoded(method, message), dict)


def _method_names() -> list[str]:
    from argosy.server.schema.facts import methods

    return sorted(methods())


_FRAMES = (
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000"),
    bytes.fromhex("000006040000000000000400100000"),  # settings: a window
    bytes.fromhex("000008060000000000") + b"12345678",  # a ping
    bytes.fromhex("000004080000000000000fffff"),  # a window's update
    bytes.fromhex("00000c0105000000018386418aa0e41d139d09b8f01e07"[:42]),  # headers, of many a client
    bytes.fromhex("000005000100000001") + b"\0\0\0\0\0",  # data, the last
    bytes.fromhex("000004030000000001") + b"\0\0\0\x08",  # a reset
    bytes.fromhex("000000090400000001"),  # a continuation
    bytes.fromhex("000008070000000000") + bytes(8),  # goaway
)


class _Sink:
    """What a connection writes, and whether it closed."""

    def __init__(self) -> None:
        self.closed = False

    def write(self, data: bytes) -> None: ...

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, name: str) -> None: ...


def _http2(pieces: list[bytes]) -> None:
    """Whatever arrives, the connection continues or is closed; nothing is raised to the loop."""
    from argosy.server.transport.http2 import Http2Connection

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            host = SimpleNamespace(http2_connections=set(), draining=False, run=tasks.create_task)

            async def handle(connection: Any, stream: Any) -> None:
                async for _ in connection.received(stream):
                    pass
                connection.send_headers(stream, [(":status", "200")], last=True)

            connection = Http2Connection(host, handle)
            sink = _Sink()
            connection.connection_made(sink)  # type: ignore[arg-type]
            for piece in (_FRAMES[0], *pieces):
                if not sink.closed:
                    connection.data_received(piece)
            connection.connection_lost(None)

    asyncio.run(main())


# -- tokens, policies, expressions -------------------------------------------------------------------------------------

_KEY = b"k" * 32


def _tokens() -> tuple[bytes, ...]:
    from argosy.server.sessions.tokens import encoded, sign

    claims = {"iss": "argocd", "sub": "admin:login", "iat": 1, "nbf": 1, "exp": 1 << 40, "jti": "1", "groups": ["a"]}
    other = ".".join(encoded(json.dumps(part).encode()) for part in ({"alg": "none"}, claims))
    return tuple(text.encode() for text in (sign(claims, _KEY), sign({**claims, "exp": 1e300}, _KEY), f"{other}."))


def _token(data: bytes) -> None:
    from argosy.server.sessions.authentication import token_from
    from argosy.server.sessions.cookies import cookies_of, token_of
    from argosy.server.sessions.tokens import InvalidToken, parts_of, verified

    text = data.decode("latin-1")
    token_from({"authorization": f"Bearer {text}", "cookie": f"argocd.token={text}"})
    token_of(cookies_of(text))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    try:
        parts_of(text)
        claims = verified(text, _KEY, now)
    except InvalidToken as error:
        assert len(str(error)) < 200
        return
    assert claims.get("iss") == "argocd", "only what was signed counts"
    assert data in _SIGNED


_SIGNED = _tokens()
_POLICIES = (
    b"p, role:dev, applications, get, team-*/*, allow\ng, alice, role:dev\n# comment\np, x, logs, get, */*, deny\n",
    b'p, "a,b", exec, create, a/b, allow\ng, "x y", role:admin\n',
)


def _policy(data: bytes) -> None:
    from argosy.server.permissions.policy import parse

    parse(data.decode("utf-8", "replace"))


_EXPRESSIONS = (
    b"{{ range $i, $e := .items }}{{ $e.name | upper | quote }}{{ end }}{{ with .x }}{{ . }}{{ else }}no{{ end }}",
    b'{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" }}{{ repeat 99999 "x" }}{{ printf "%*d" 999999 1 }}',
    b'{{ regexReplaceAll "(a+)+$" .text "b" }}{{ index .items 0 "name" }}{{ slice .text 1 2 }}',
    b'items.filter(i, i.name.startsWith("a")).size() > 0 && text.matches("(a+)+$") || [1,2].map(x, x * 2).exists(y, y > 3)',
    b'filter(items, {.name matches "^a"})[0].name ?? "x" + string(1..10) | len()',
    b"text == 'a' ? {'k': [1, 2.5, null, true]} : duration('1h') + timestamp('2026-01-01T00:00:00Z')",
)


def _expression(data: bytes) -> None:
    """Of each language, whatever it was meant for."""
    from argosy.expr.exprlang import ExprError, compile_expression
    from argosy.expr.gotemplate import GoTemplateError, GoTemplates
    from argosy.machinery.cel import CelError, ParseError, TypeErrors, check, compile_program, parse

    text = data.decode("utf-8", "replace")
    values: dict[str, Any] = {"items": [{"name": "a"}, {"name": "b"}], "text": "a" * 30, "x": None}
    templates = GoTemplates(lambda: datetime(2026, 1, 1, tzinfo=UTC), bytes)
    attempts: tuple[tuple[tuple[type[Exception], ...], Callable[[], object]], ...] = (
        ((GoTemplateError,), lambda: templates.render(text, values)),
        ((ExprError,), lambda: compile_expression(text).run(values)),
        ((CelError, ParseError, TypeErrors), lambda: compile_program(check(text, parse(text), None)).evaluate(values)),
    )
    for refusals, work in attempts:
        with contextlib.suppress(*refusals):
            work()


_JSON_HOOKS = tuple(json.dumps(body).encode() for body in _HOOKS.values())
TARGETS = {
    "http": Target(inputs=mutated(_REQUESTS), run=_http, seconds=12.0),
    "protobuf": Target(inputs=mutated(_MESSAGES), run=_protobuf, refusals=(BodyError,)),
    "yaml": Target(inputs=mutated(_DOCUMENTS), run=load_all, refusals=(YamlError,)),
    "patches": Target(
        inputs=st.tuples(st.dictionaries(st.text(max_size=8), json_values(), max_size=4), json_values() | _operations),
        run=_patches,
    ),
    "kustomize": Target(
        inputs=mutated(_KUSTOMIZATIONS), run=_kustomize, refusals=(RenderError, SourceError, ValueError), seconds=5.0
    ),
    "archives": Target(inputs=mutated(_archives()), run=_archive, refusals=(SourceError,)),
    "webhooks": Target(
        inputs=st.tuples(
            st.sampled_from(sorted(_HOOKS)),
            st.sampled_from(
                ("push", "pull_request", "Push Hook", "Merge Request Hook", "repo:push", "package", "ping")
            ),
            mutated(_JSON_HOOKS),
        ),
        run=_webhook,
    ),
    "answers": Target(inputs=mutated(_ANSWERS), run=_answers),
    "grpc": Target(
        inputs=st.tuples(
            st.sampled_from(_method_names()),
            st.sampled_from(("", "gzip", "deflate")),
            st.lists(mutated(_CALLS), min_size=1, max_size=3),
        ),
        run=_grpc,
        refusals=(ApiError,),
    ),
    "http2": Target(inputs=st.lists(mutated(_FRAMES), max_size=12), run=_http2),
    "tokens": Target(inputs=mutated(_SIGNED), run=_token),
    "policies": Target(inputs=mutated(_POLICIES), run=_policy, refusals=(PolicyError,)),
    "expressions": Target(inputs=mutated(_EXPRESSIONS), run=_expression, seconds=6.0),
}
