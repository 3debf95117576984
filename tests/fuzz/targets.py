"""The targets: what is fed, to whom, and which refusals are meant. Each must end within its seconds."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from argosy.cluster.http.json_text import BodyError
from argosy.machinery.status import StatusError
from argosy.machinery.yaml import YamlError, load_all
from argosy.render.port import RenderError
from argosy.sources.port import SourceError
from fuzz.mutation import json_values, mutated


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
    from cluster.http.world import SmallWorld

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
    from argosy.cluster.http import protobuf

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
    from argosy.machinery.jsonpatch import apply_json_patch
    from argosy.machinery.mergepatch import merge_patch
    from argosy.machinery.strategic import strategic_merge

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
    from argosy.sources.git import failures, lfs, modules, refs
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
}
