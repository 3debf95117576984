"""Which parameters each generator gives, by either engine."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.apis.argoproj.applicationset.generators import GitPath
from argosy.apis.argoproj.applicationset.spec import ApplicationSetSpec
from argosy.apis.schema import read
from argosy.expr.gotemplate import GoTemplates
from argosy.gitops.applicationsets.generator_context import (
    Doors,
    GeneratorContext,
    HostNotFound,
    PullRequest,
    Repository,
)
from argosy.gitops.applicationsets.generators import requeue_after, sets_of
from argosy.gitops.applicationsets.generators.git import chosen
from argosy.gitops.applicationsets.options import Options, options_of
from argosy.gitops.applicationsets.params import GeneratorError, flattened, text_of
from argosy.gitops.applicationsets.template import engine_of
from argosy.machinery.objects import JsonObject
from argosy.sources.port import Credentials, Tree
from argosy.sources.tree import MemoryStorage, RootedTree

TEMPLATES = GoTemplates(lambda: datetime(2026, 1, 1, tzinfo=UTC), lambda length: b"\1" * length)
SHA = "0123456789abcdef0123456789abcdef01234567"


def secret(name: str, namespace: str = "argocd", labels: dict[str, str] | None = None, **data: str) -> JsonObject:
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    return {"metadata": {"name": name, "namespace": namespace, "labels": labels or {}}, "data": encoded}


def cluster(name: str, server: str, **labels: str) -> JsonObject:
    made = secret(name.lower(), labels={"argocd.argoproj.io/secret-type": "cluster", **labels}, server=server)
    made["data"]["name"] = base64.b64encode(name.encode()).decode()
    return made


@dataclass
class Fake:
    """Every door at once, holding facts only."""

    files: dict[str, str] = field(default_factory=dict)
    found_clusters: Sequence[JsonObject] = ()
    secrets: dict[tuple[str, str], JsonObject] = field(default_factory=dict)
    config: dict[str, dict[str, str]] = field(default_factory=dict)
    placed: Sequence[JsonObject] = ()
    pulls: Sequence[PullRequest] | HostNotFound = ()
    tokens: list[str] = field(default_factory=list)
    called: list[Any] = field(default_factory=list)
    answer: Any = None

    async def tree(self, url: str, revision: str, project: str) -> Tree:
        return RootedTree(MemoryStorage({path: text.encode() for path, text in self.files.items()}))

    def clusters(self) -> Sequence[JsonObject]:
        return self.found_clusters

    def secret(self, namespace: str, name: str) -> JsonObject | None:
        return self.secrets.get((namespace, name))

    def config_map(self, namespace: str, name: str) -> JsonObject | None:
        return {"data": self.config[name]} if name in self.config else None

    async def decisions(self, *asked: str) -> Sequence[JsonObject]:
        self.called.append(asked)
        return self.placed

    def repositories(self, provider: str, options: Any, token: str, ca: str, protocol: str) -> Any:
        self.tokens.append(token)
        return self

    def pull_requests(self, *asked: Any) -> Any:
        if not asked:
            return self._pulls()
        self.tokens.append(asked[2])
        return self

    async def app_token(self, app: Credentials) -> str:
        return f"app-{app.github_app_id}"

    async def _pulls(self) -> Sequence[PullRequest]:
        if isinstance(self.pulls, HostNotFound):
            raise self.pulls
        return self.pulls

    async def call(self, *asked: Any) -> Any:
        self.called.append(asked)
        return self.answer


class OneRepository(Fake):
    def repositories(self, *asked: Any) -> Any:  # the factory with arguments, the host without
        return super().repositories(*asked) if asked else self._listed()

    async def _listed(self) -> Sequence[Repository]:
        return [Repository(organization="acme", repository="api", repository_id="7", url="u", branch="main")]

    async def branches(self, repository: Repository) -> Sequence[Repository]:
        return [
            Repository(
                organization="acme",
                repository="api",
                repository_id="7",
                url="u",
                branch="F/x",
                sha=SHA,
                labels=("a", "b"),
            )
        ]


def asked(
    fake: Fake, *, go: bool = True, namespace: str = "argocd", options: Options | None = None
) -> GeneratorContext:
    doors = Doors(git=fake, hosting=fake, plugins=fake, objects=fake)
    spec = {"goTemplate": go, "goTemplateOptions": ["missingkey=error"] if go else []}
    engine = engine_of(read(ApplicationSetSpec, spec), TEMPLATES)
    return GeneratorContext(
        name="fleet", namespace=namespace, control_plane="argocd", project="default", engine=engine,
        options=options or Options(), doors=doors,
    )  # fmt: skip


def sets(generator: JsonObject, fake: Fake | None = None, **more: Any) -> list[JsonObject]:
    return asyncio.run(sets_of(asked(fake or Fake(), **more), generator, 0))


def elements(*found: JsonObject) -> JsonObject:
    return {"list": {"elements": list(found)}}


FILES = {
    "apps/a/config.json": '{"env": {"name": "dev"}, "n": 3}',
    "apps/b_X/config.json": '[{"env": {"name": "x"}}, {"env": {"name": "y"}}]',
    "apps/b_X/deep/config.json": "{}",
    "apps/old/config.json": "{}",
    ".hidden/apps/x": "",
    "root.yaml": "a: 1",
}


@pytest.mark.parametrize(
    ("go", "generator", "expected"),
    [
        (True, elements({"n": 1, "deep": {"x": [1]}}), [{"n": 1, "deep": {"x": [1]}}]),
        (False, elements({"n": 1, "on": True, "values": {"k": "v"}}), [{"n": "1", "on": "true", "values.k": "v"}]),
        (True, {"list": {"elements": [{"a": 1}], "elementsYaml": "- b: 2"}}, [{"a": 1}, {"b": 2}]),
        (True, {**elements({"e": "x"}, {"e": "y"}), "selector": {"matchLabels": {"e": "y"}}}, [{"e": "y"}]),
        (True, {**elements({"a": {"b": 1}}), "selector": {"matchLabels": {"a.b": "1"}}}, [{"a": {"b": 1}}]),
    ],
)
def test_a_list_gives_its_elements(go: bool, generator: JsonObject, expected: list[JsonObject]) -> None:
    assert sets(generator, go=go) == expected


def test_clusters_are_named_by_their_secrets_and_the_local_one_is_added() -> None:
    fake = Fake(found_clusters=[cluster("East_1", "https://e", env="prod")])
    made = sets(
        {"clusters": {"values": {"at": "{{.metadata.labels.env}}"}, "selector": {"matchLabels": {"env": "prod"}}}}, fake
    )
    labels = {"argocd.argoproj.io/secret-type": "cluster", "env": "prod"}
    named = {"name": "East_1", "nameNormalized": "east-1", "server": "https://e", "project": ""}
    assert made == [{**named, "metadata": {"labels": labels}, "values": {"at": "prod"}}]
    flat = sets({"clusters": {}}, fake, go=False)
    assert [found["name"] for found in flat] == ["East_1", "in-cluster"]
    assert flat[0]["metadata.labels.env"] == "prod"
    assert sets({"clusters": {"flatList": True}}) == [{"clusters": sets({"clusters": {}})}]
    own = Fake(found_clusters=[cluster("here", "https://kubernetes.default.svc")])
    assert [found["name"] for found in sets({"clusters": {}}, own)] == ["here"]


def test_folders_give_the_parts_of_their_path() -> None:
    paths = [{"path": "apps/*"}, {"path": "apps/old", "exclude": True}]
    generator = {
        "git": {"repoURL": "r", "revision": "HEAD", "directories": paths, "values": {"v": "{{.path.basename}}"}}
    }
    made = sets(generator, Fake(files=FILES))
    assert [found["path"]["path"] for found in made] == ["apps/a", "apps/b_X"]
    assert made[1] == {
        "path": {"path": "apps/b_X", "basename": "b_X", "basenameNormalized": "b-x", "segments": ["apps", "b_X"]},
        "values": {"v": "b_X"},
    }
    generator["git"] |= {"pathParamPrefix": "in", "values": {}}
    assert list(sets(generator, Fake(files=FILES))[0]) == ["in"]
    assert sets(generator, Fake(files=FILES), go=False)[1] == {
        "in.path": "apps/b_X", "in.path.basename": "b_X", "in.path.basenameNormalized": "b-x",
        "in.path[0]": "apps", "in.path[1]": "b_X",
    }  # fmt: skip


def test_files_give_what_they_hold_one_set_for_each_item_of_a_list() -> None:
    paths = [{"path": "apps/**/config.json"}, {"path": "apps/old/*", "exclude": True}]
    generator = {"git": {"repoURL": "r", "revision": "HEAD", "files": paths}}
    new = Options(new_file_globbing=True)
    made = sets(generator, Fake(files=FILES), options=new)
    assert [(found["path"]["path"], (found.get("env") or {}).get("name")) for found in made] == [
        ("apps/a", "dev"), ("apps/b_X", "x"), ("apps/b_X", "y"), ("apps/b_X/deep", None),
    ]  # fmt: skip
    flat = sets(generator, Fake(files=FILES), go=False, options=new)[0]
    assert (flat["env.name"], flat["n"], flat["path"], flat["path.filename"]) == ("dev", "3", "apps/a", "config.json")
    generator["git"]["files"] = [{"path": "root.yaml"}]
    assert sets(generator, Fake(files=FILES))[0]["path"]["path"] == "."


@pytest.mark.parametrize(("crossing", "found"), [(True, ["a/b/c.json", "a/c.json"]), (False, ["a/c.json"])])
def test_a_star_crosses_folders_only_in_the_old_globbing(crossing: bool, found: list[str]) -> None:
    assert chosen(["a/b/c.json", "a/c.json"], [GitPath(path="a/*.json")], crossing=crossing) == found


@pytest.mark.parametrize("path", ["../x", "/etc/*", "a/../../b", "a\0b", ".."])
@pytest.mark.parametrize("kind", ["directories", "files"])
def test_paths_stay_within_the_repository(path: str, kind: str) -> None:
    with pytest.raises(GeneratorError, match="must stay within the repository"):
        sets({"git": {"repoURL": "r", "revision": "", kind: [{"path": path}]}}, Fake(files=FILES))


def test_a_matrix_hands_the_first_parameters_to_the_second() -> None:
    second = {"list": {"elements": [{"b": "{{.a}}-1"}, {"b": "x", "deep": {"p": 1, "q": 2}}]}}
    made = sets({"matrix": {"generators": [elements({"a": "1", "deep": {"p": 9}}), second]}})
    assert made == [
        {"a": "1", "b": "1-1", "deep": {"p": 9}},
        {"a": "1", "b": "x", "deep": {"p": 9, "q": 2}},
    ]
    with pytest.raises(GeneratorError, match="duplicate key a"):
        sets({"matrix": {"generators": [elements({"a": "1"}), elements({"a": "2"})]}}, go=False)
    with pytest.raises(GeneratorError, match="exactly two"):
        sets({"matrix": {"generators": [elements({})]}})


@pytest.mark.parametrize(
    ("text", "value"),
    [("{{.path.basename}}", "a"), ("{{.env}}", "dev"), ("{{.env}}-{{.path.basename}}", None), ("plain", "plain")],
)
def test_values_of_a_matrix_second_generator_are_of_either_generators_parameters(text: str, value: str | None) -> None:
    second = {"git": {"repoURL": "r", "revision": "", "directories": [{"path": "apps/a"}], "values": {"v": text}}}
    generator = {"matrix": {"generators": [elements({"env": "dev"}), second]}}
    if value is None:
        with pytest.raises(GeneratorError, match='map has no entry for key "env"'):
            sets(generator, Fake(files=FILES))
    else:
        assert [found["values"]["v"] for found in sets(generator, Fake(files=FILES))] == [value]


def test_a_merge_overlays_what_agrees_and_drops_what_has_no_base() -> None:
    base = elements({"k": 1, "v": {"a": 1, "b": 1}}, {"k": 2, "v": {"a": 2}})
    over = elements({"k": 1, "v": {"b": 5}}, {"k": 3, "v": {}})
    made = sets({"merge": {"mergeKeys": ["k"], "generators": [base, over]}})
    assert made == [{"k": 1, "v": {"a": 1, "b": 5}}, {"k": 2, "v": {"a": 2}}]
    with pytest.raises(GeneratorError, match="not unique"):
        sets({"merge": {"mergeKeys": ["k"], "generators": [elements({"k": 1}, {"k": 1}), base]}})


def test_matrix_and_merge_hold_one_another_once() -> None:
    inner = {"matrix": {"generators": [elements({"a": "1"}), elements({"b": "2"})]}}
    assert sets({"matrix": {"generators": [inner, elements({"c": "3"})]}}) == [{"a": "1", "b": "2", "c": "3"}]
    deeper = {"matrix": {"generators": [{"matrix": {"generators": [inner, elements({})]}}, elements({})]}}
    with pytest.raises(GeneratorError, match="nested only once"):
        sets(deeper)


def test_repositories_give_their_branch_and_commit() -> None:
    made = sets({"scmProvider": {"github": {"organization": "acme"}}}, OneRepository())
    assert made == [
        {
            "organization": "acme", "repository": "api", "repository_id": "7", "url": "u", "branch": "F/x",
            "branchNormalized": "f-x", "sha": SHA, "short_sha": SHA[:8], "short_sha_7": SHA[:7], "labels": "a,b",
        }
    ]  # fmt: skip


def test_pull_requests_give_slugs_and_are_filtered() -> None:
    one = PullRequest(
        number=7, title="Add x", branch="Feat/A", target_branch="main", head_sha=SHA, author="ada", labels=("p",)
    )
    other = PullRequest(number=8, title="y", branch="z", target_branch="old", head_sha=SHA, author="ada")
    options = {"github": {"owner": "o", "repo": "r"}, "filters": [{"branchMatch": "^F", "targetBranchMatch": "main"}]}
    made = sets({"pullRequest": options}, Fake(pulls=[one, other]))
    assert made == [
        {
            "number": "7", "title": "Add x", "branch": "Feat/A", "branch_slug": "feat-a", "target_branch": "main",
            "target_branch_slug": "main", "head_sha": SHA, "head_short_sha": SHA[:8], "head_short_sha_7": SHA[:7],
            "author": "ada", "labels": ["p"],
        }
    ]  # fmt: skip
    assert "labels" not in sets({"pullRequest": options}, Fake(pulls=[one]), go=False)[0]
    with pytest.raises(GeneratorError, match="error compiling branchMatch"):
        sets({"pullRequest": {**options, "filters": [{"branchMatch": "("}]}}, Fake(pulls=[one]))


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_repository_that_is_gone_is_an_error_unless_said_otherwise(goes_on: bool) -> None:
    options = {"gitea": {"owner": "o", "repo": "r"}, "continueOnRepoNotFoundError": goes_on}
    if goes_on:
        assert sets({"pullRequest": options}, Fake(pulls=HostNotFound("gone"))) == []
    else:
        with pytest.raises(GeneratorError, match="gone"):
            sets({"pullRequest": options}, Fake(pulls=HostNotFound("gone")))


def test_decisions_name_clusters_by_their_key() -> None:
    config = {"apiVersion": "mallard.io/v1", "kind": "ducks", "statusListKey": "found", "matchKey": "where"}
    placed = [{"status": {"found": [{"where": "East", "reason": "near"}, {"where": "unknown"}]}}]
    fake = Fake(config={"how": config}, placed=placed, found_clusters=[cluster("East", "https://e")])
    selector = {"matchLabels": {"duck": "all"}}
    made = sets({"clusterDecisionResource": {"configMapRef": "how", "labelSelector": selector}}, fake)
    assert made == [{"where": "East", "reason": "near", "name": "East", "server": "https://e"}]
    assert fake.called == [("mallard.io/v1", "ducks", "argocd", "", "duck=all")]


def test_a_plugin_is_called_with_the_token_that_its_configuration_names() -> None:
    config = {"baseUrl": "http://p/", "token": "$mine:key", "requestTimeout": "5"}
    held = secret("mine", labels={"app.kubernetes.io/part-of": "argocd"}, key="t0ken")
    fake = Fake(
        config={"p": config}, secrets={("argocd", "mine"): held}, answer={"output": {"parameters": [{"a": {"b": 1}}]}}
    )
    generator = {
        "plugin": {"configMapRef": {"name": "p"}, "input": {"parameters": {"k": "v"}}, "values": {"w": "{{.a.b}}"}}
    }
    made = sets(generator, fake)
    assert made == [{"a": {"b": 1}, "generator": {"input": {"parameters": {"k": "v"}}}, "values": {"w": "1"}}]
    body = {"applicationSetName": "fleet", "input": {"parameters": {"k": "v"}}}
    assert fake.called == [("http://p/api/v1/getparams.execute", "t0ken", body, 5.0)]
    fake.secrets["argocd", "mine"] = secret("mine", key="t0ken")
    with pytest.raises(GeneratorError, match="part-of") as raised:
        sets(generator, fake)
    assert "t0ken" not in str(raised.value)


@pytest.mark.parametrize(
    "generator",
    [{"plugin": {"configMapRef": {"name": "p"}}}, {"clusterDecisionResource": {"configMapRef": "p", "name": "x"}}],
)
def test_plugins_and_decisions_are_the_control_planes_for_any_caller(generator: JsonObject) -> None:
    """Else a tenant could name any address, and a token for it."""

    class Noting(Fake):
        def config_map(self, namespace: str, name: str) -> JsonObject | None:
            self.called.append(namespace)
            return None

    fake = Noting()
    with pytest.raises(GeneratorError, match="ConfigMap argocd/p"):
        sets(generator, fake, namespace="team")
    assert fake.called == ["argocd"]


SCM = {"scmProvider": {"github": {"organization": "o", "tokenRef": {"secretName": "s", "key": "k"}}}}


@pytest.mark.parametrize(
    ("namespace", "labelled", "options", "allowed"),
    [
        ("argocd", False, Options(), True),
        ("argocd", False, Options(strict_token_refs=True), False),
        ("argocd", True, Options(strict_token_refs=True), True),
        ("team", False, Options(), False),
        ("team", True, Options(), True),
    ],
)
def test_secrets_named_by_generators_need_their_label_outside(
    namespace: str, labelled: bool, options: Options, allowed: bool
) -> None:
    labels = {"argocd.argoproj.io/secret-type": "scm-creds"} if labelled else {}
    fake = OneRepository(secrets={(namespace, "s"): secret("s", namespace, labels, k="canary")})
    if allowed:
        sets(SCM, fake, namespace=namespace, options=options)
        assert fake.tokens == ["canary"]
    else:
        with pytest.raises(GeneratorError, match="scm-creds"):
            sets(SCM, fake, namespace=namespace, options=options)
        assert fake.tokens == []


@pytest.mark.parametrize(
    ("namespace", "listed", "allowed"), [("argocd", (), True), ("team", (), False), ("team", ("awsCodeCommit",), True)]
)
def test_the_processs_own_identity_at_amazon_is_lent_elsewhere_only_when_said(
    namespace: str, listed: tuple[str, ...], allowed: bool
) -> None:
    generator: JsonObject = {"scmProvider": {"awsCodeCommit": {}}}
    options = Options(allowed_hosts=listed)
    if allowed:
        assert sets(generator, OneRepository(), namespace=namespace, options=options)
    else:
        with pytest.raises(GeneratorError, match="'awsCodeCommit' is not in"):
            sets(generator, OneRepository(), namespace=namespace, options=options)


REF = {"secretName": "s", "key": "k"}


@pytest.mark.parametrize(
    ("provider", "given"),
    [
        ("bitbucket", {"owner": "o", "user": "u", "appPasswordRef": REF}),
        ("bitbucketServer", {"project": "p", "api": "https://b", "basicAuth": {"username": "u", "passwordRef": REF}}),
        ("bitbucketServer", {"project": "p", "api": "https://b", "bearerToken": {"tokenRef": REF}}),
        ("azureDevOps", {"organization": "o", "teamProject": "p", "accessTokenRef": REF}),
        ("gitlab", {"group": "g", "tokenRef": REF}),
    ],
)
def test_every_provider_has_its_own_name_for_its_secret(provider: str, given: JsonObject) -> None:
    fake = OneRepository(secrets={("argocd", "s"): secret("s", k=" canary\n")})
    sets({"scmProvider": {provider: given}}, fake)
    assert fake.tokens == ["canary"]


@pytest.mark.parametrize(("namespace", "allowed"), [("argocd", True), ("team", False)])
def test_a_github_app_is_read_from_the_control_planes_own_namespace(namespace: str, allowed: bool) -> None:
    held = secret("app", githubAppID="7", githubAppInstallationID="8", githubAppPrivateKey="pem")
    fake = Fake(secrets={("argocd", "app"): held})
    generator = {"pullRequest": {"github": {"owner": "o", "repo": "r", "appSecretName": "app"}}}
    if allowed:
        sets(generator, fake, namespace=namespace)
        assert fake.tokens == ["app-7"]
    else:
        with pytest.raises(GeneratorError, match="scm-creds"):
            sets(generator, fake, namespace=namespace)


@pytest.mark.parametrize(
    ("provider", "protocol", "known"),
    [("awsCodeCommit", "https-fips", True), ("github", "https-fips", False), ("github", "git", False)],
)
def test_a_clone_protocol_must_be_one_of_the_providers(provider: str, protocol: str, known: bool) -> None:
    generator = {"scmProvider": {provider: {"organization": "o"}, "cloneProtocol": protocol}}
    if known:
        assert sets(generator, OneRepository())
    else:
        with pytest.raises(GeneratorError, match="cloneProtocol"):
            sets(generator, OneRepository())


@pytest.mark.parametrize(
    ("namespace", "options", "allowed"),
    [
        ("argocd", Options(), True),
        ("team", Options(), False),
        ("team", Options(allowed_hosts=("https://git.example",)), True),
        ("argocd", Options(allowed_hosts=("https://other.example",)), False),
        ("argocd", Options(hosting_enabled=False), False),
    ],
)
def test_hosts_are_asked_only_where_allowed(namespace: str, options: Options, allowed: bool) -> None:
    generator = {"scmProvider": {"gitea": {"owner": "o", "api": "https://git.example/"}}}
    fake = OneRepository()
    if allowed:
        assert sets(generator, fake, namespace=namespace, options=options)
    else:
        with pytest.raises(GeneratorError, match="scm provider"):
            sets(generator, fake, namespace=namespace, options=options)
        assert fake.tokens == []


@pytest.mark.parametrize("generator", [{}, {"list": {}, "clusters": {}}, {"selector": {}}, {"nope": {}}])
def test_an_entry_holds_exactly_one_generator(generator: JsonObject) -> None:
    with pytest.raises(GeneratorError, match="exactly one generator"):
        sets(generator)


@pytest.mark.parametrize(
    ("generators", "wait"),
    [
        ([elements()], None),
        ([{"clusters": {}}], None),
        ([{"git": {}}], 180.0),
        ([{"git": {"requeueAfterSeconds": 20}}, {"plugin": {}}], 20.0),
        ([{"git": {"requeueAfterSeconds": 0}}, {"plugin": {}}], 1800.0),
        ([{"clusterDecisionResource": {}}], 180.0),
        ([{"merge": {"generators": [{"matrix": {"generators": [{"git": {}}]}}, {"scmProvider": {}}]}}], 180.0),
        ([{"matrix": {"generators": [{"pullRequest": {}}, {"list": {}}]}}], 1800.0),
    ],
)
def test_the_smallest_wait_of_all_generators_wins(generators: list[JsonObject], wait: float | None) -> None:
    assert requeue_after(generators) == wait


def test_the_setting_says_how_often_repositories_are_asked() -> None:
    assert requeue_after([{"git": {}}, {"scmProvider": {}}], polled=60.0) == 60.0


@pytest.mark.parametrize(
    ("pattern", "served"),
    [("team-*", True), ("/^team-[ab]$/", True), ("/^eam/", False), ("/(/", False), ("team", False)],
)
def test_namespaces_are_named_by_globs_and_expressions(pattern: str, served: bool) -> None:
    assert Options(namespaces=(pattern,)).serves("team-a", "argocd") is served


@pytest.mark.parametrize(
    ("branch", "slug"),
    [("feat/A_b", "feat-a-b"), ("x" * 40 + "-long-branch-name", "x" * 40 + "-long"), ("y" * 60, "y" * 50)],
)
def test_slugs_of_branches_are_short_and_end_with_a_word(branch: str, slug: str) -> None:
    pull = PullRequest(number=1, title="", branch=branch, target_branch="m", head_sha=SHA, author="")
    found = sets({"pullRequest": {"github": {"owner": "o", "repo": "r"}}}, Fake(pulls=[pull]))
    assert found[0]["branch_slug"] == slug


def test_settings_are_read_by_their_upstream_names() -> None:
    found = options_of(
        {
            "applicationsetcontroller.policy": "create-only",
            "applicationsetcontroller.allowed.scm.providers": "https://a, https://b",
            "applicationsetcontroller.requeue.after": "1m",
            "applicationsetcontroller.status.max.resources.count": "7",
        }
    )
    assert (found.policy, found.policy_override, found.requeue_after, found.most_resources) == (
        "create-only",
        False,
        60,
        7,
    )
    assert found.allowed_hosts == ("https://a", "https://b")
    assert found.policy_of(with_policy("sync")) == "create-only"
    assert Options().policy_of(with_policy("create-delete")) == "create-delete"


def with_policy(applications_sync: str) -> ApplicationSetSpec:
    return read(ApplicationSetSpec, {"syncPolicy": {"applicationsSync": applications_sync}})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", min_size=1, max_size=2), inner, max_size=3)
    ),
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=2), JSON, max_size=4))
def test_flattening_keeps_every_scalar_and_makes_texts_only(values: JsonObject) -> None:
    def scalars(value: Any) -> list[str]:
        if isinstance(value, dict | list):
            return [text for item in (value.values() if isinstance(value, dict) else value) for text in scalars(item)]
        return [text_of(value)]

    assert sorted(flattened(values).values()) == sorted(scalars(values))
