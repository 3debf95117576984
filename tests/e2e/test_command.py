"""The verbs of `argosy` against a server: what they print, what they write, how they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from argosy.apis import crds
from argosy.cli.main import main
from tests.e2e.local_cluster import LocalCluster, running_cluster


class Shell:
    def __init__(self, cluster: LocalCluster, capsys: pytest.CaptureFixture[str]) -> None:
        self.cluster, self._capsys = cluster, capsys

    def __call__(self, line: str, *more: str) -> tuple[int, str]:
        """Exit code, and what was printed on both outputs."""
        code = main([*line.split(), *more, "--kubeconfig", str(self.cluster.kubeconfig)])
        found = self._capsys.readouterr()
        return code, found.out + found.err

    def fine(self, line: str, *more: str) -> str:
        code, text = self(line, *more)
        assert code == 0, text
        return text


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    with running_cluster(tmp_path_factory.mktemp("command")) as found:
        found.kubectl("create", "namespace", "argocd")
        wanted = [crd for crd in crds() if crd["spec"]["group"] == "argoproj.io" and "app" in crd["metadata"]["name"]]
        definitions = json.dumps({"apiVersion": "v1", "kind": "List", "items": wanted})
        found.kubectl("apply", "--server-side", "-f", "-", stdin=definitions)
        yield found


@pytest.fixture
def shell(cluster: LocalCluster, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(cluster, capsys)


def test_an_application_is_made_changed_and_deleted(shell: Shell, tmp_path: Path) -> None:
    flags = "--repo https://git.example.com/x --path p --dest-namespace n"
    assert shell.fine(f"app create shop {flags}") == "application 'shop' created\n"
    assert shell.fine(f"app create shop {flags}") == "application 'shop' unchanged\n"
    code, text = shell("app create shop --repo https://git.example.com/x --path q")
    assert (code, "use upsert flag to force update" in text) == (20, True)

    shell.fine("app set shop --helm-set a=1 --sync-policy automated --self-heal")
    spec = yaml.safe_load(shell.fine("app get shop -o yaml"))["spec"]
    assert spec["source"]["helm"] == {"parameters": [{"name": "a", "value": "1"}]}
    assert spec["syncPolicy"] == {"automated": {"selfHeal": True}}
    shell.fine("app unset shop -p a")
    assert "helm" not in yaml.safe_load(shell.fine("app get shop -o yaml"))["spec"]["source"]
    shell.fine("app patch shop --type merge --patch", '{"spec":{"revisionHistoryLimit":3}}')
    assert yaml.safe_load(shell.fine("app get shop -o yaml"))["spec"]["revisionHistoryLimit"] == 3
    assert shell("app add-source shop --repo u --path p")[0] == 20
    assert shell("app terminate-op shop") == (
        20,
        "argosy app terminate-op: Unable to terminate operation. No operation is in progress\n",
    )
    assert shell.fine("app delete shop -y --cascade=false --wait") == "application 'shop' deleted\n"
    assert shell("app get shop")[0] == 20


def test_an_editor_changes_a_spec_and_what_is_no_mapping_changes_nothing(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.fine("app create edited --repo https://git.example.com/x --path p")
    monkeypatch.setenv("KUBE_EDITOR", "sed -i s/path:.p/path:\\ q/")
    shell.fine("app edit edited")
    assert yaml.safe_load(shell.fine("app get edited -o yaml"))["spec"]["source"]["path"] == "q"
    monkeypatch.setenv("KUBE_EDITOR", "sed -i d")
    code, text = shell("app edit edited")
    assert (code, "must be one mapping" in text) == (1, True)


def test_live_objects_of_an_application_are_shown_patched_acted_on_and_deleted(shell: Shell) -> None:
    shell.fine("app create live --repo https://git.example.com/x --path p --dest-namespace default")
    shell.cluster.kubectl("create", "deployment", "web", "--image=nginx:1", "-n", "default")
    uid = shell.cluster.kubectl("get", "deployment", "web", "-n", "default", "-o", "jsonpath={.metadata.uid}")
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": uid}
    metadata = {"name": "below", "namespace": "default", "ownerReferences": [owner]}
    below = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    shell.cluster.kubectl("create", "-f", "-", stdin=json.dumps(below))
    item = {"group": "apps", "version": "v1", "kind": "Deployment", "namespace": "default", "name": "web"}
    status = json.dumps({"status": {"resources": [item], "sync": {"status": "Synced"}}})
    shell.cluster.kubectl("patch", "application", "live", "-n", "argocd", "--type=merge", "-p", status)

    assert "apps   Deployment  default    web   No" in shell.fine("app resources live")
    assert "Deployment/web" in shell.fine("app get live --output tree")
    tree = shell.fine("app resources live --output tree").splitlines()
    assert tree[0].split() == ["GROUP", "KIND", "NAMESPACE", "NAME", "ORPHANED"]
    assert tree[1].split() == ["apps", "Deployment", "default", "web", "No"]
    assert tree[2].split() == ["└─", "ConfigMap", "default", "below", "No"]
    shown = shell.fine("app get-resource live --kind Deployment --filter-fields spec.replicas")
    assert "spec.replicas  web            1" in shown
    shell.fine("app patch-resource live --kind Deployment --patch", '{"spec":{"replicas":3}}')
    assert "apps         Deployment   web   pause             false" in shell.fine("app actions list live")
    shell.fine("app actions run live scale --kind Deployment --param replicas=5")
    assert shell.cluster.kubectl("get", "deployment", "web", "-o", "jsonpath={.spec.replicas}") == "5"
    assert shell("app actions run live zzz --kind Deployment")[0] == 20
    assert shell("app patch-resource live --kind Zzz --patch {}") == (
        20,
        "argosy app patch-resource: no matching resource found\n",
    )
    assert shell.fine("app delete-resource live --kind Deployment --force") == "Resource 'web' deleted\n"


def test_a_project_its_roles_and_windows(shell: Shell) -> None:
    shell.fine("proj create p --description team -s * -d https://kubernetes.default.svc,*")
    assert shell.fine("proj role create p dev --description devs") == "Role 'dev' created\n"
    assert shell.fine("proj role create p dev") == "Role 'dev' already exists\n"
    shell.fine("proj role add-policy p dev -a get --permission allow -o *")
    shell.fine("proj role add-policy p dev -a sync --permission deny -o secret")
    shell.fine("proj role remove-policy p dev -a sync -o secret")
    assert shell.fine("proj role add-group p dev people") == "Group 'people' added to role 'dev'\n"
    told = shell.fine("proj role get p dev")
    assert "p, proj:p:dev, applications, get, p/*, allow\ng, people, proj:p:dev\nGroups:\n  - people\n" in told
    assert "sync" not in told

    shell.fine("proj windows add p --kind allow --schedule", "0 22 * * *", "--duration", "1h", "--applications", "*")
    code, text = shell("proj windows add p --kind zzz --duration 1h --applications * --schedule", "* * * * *")
    assert (code, text) == (20, "argosy proj windows add: kind 'zzz' mismatch: can only be allow or deny\n")
    shell.fine("proj windows enable-manual-sync p 0")
    shell.fine("proj windows update p 0 --duration 2h")
    row = shell.fine("proj windows list p").splitlines()[1].split()
    assert row[2:] == ["allow", "0", "22", "*", "*", "*", "2h", "*", "-", "-", "Enabled", "Disabled", "UTC", "Disabled"]
    assert shell("proj windows delete p 9") == (20, "argosy proj windows delete: window with id '9' not found\n")

    shell.fine("proj add-source p https://git.example.com/x")
    assert shell("proj add-source p https://git.example.com/x")[0] == 20
    shell.fine("proj deny-namespace-resource p", "", "Secret")
    spec = yaml.safe_load(shell.fine("proj get p -o yaml"))["spec"]
    assert spec["namespaceResourceBlacklist"] == [{"group": "", "kind": "Secret"}]
    shell.fine("proj delete p")
    assert shell("proj get p") == (20, 'argosy proj get: appprojects.argoproj.io "p" not found\n')


def test_credentials_certificates_and_clusters(shell: Shell, tmp_path: Path) -> None:
    add = "repocreds add https://github.com/example --password p-canary-4711 --username"
    assert shell.fine(f"{add} u") == "Repository credentials for 'https://github.com/example' added\n"
    code, text = shell(f"{add} v")
    assert (code, 'difference in keys "username"' in text) == (20, True)
    shell.fine(f"{add} v --upsert")
    told = shell.fine("repocreds list -o json")
    assert json.loads(told) == [{"url": "https://github.com/example", "username": "v", "type": "git"}]
    assert "canary" not in told

    hosts = tmp_path / "hosts"
    hosts.write_text("git.example.com ssh-ed25519 AAAA\n")
    assert "created 1 SSH known host" in shell.fine(f"cert add-ssh --batch --from {hosts}")
    assert "created 0 SSH known host" in shell.fine(f"cert add-ssh --batch --from {hosts}")
    assert shell.fine("cert rm git.example.com").startswith("Removed cert for 'git.example.com' of type 'ssh'")

    assert shell.fine("cluster set in-cluster --name main") == "Cluster 'in-cluster' updated.\n"
    shell.fine("cluster set main --namespace a --namespace b")
    assert "https://kubernetes.default.svc (2 namespaces)  main" in shell.fine("cluster list")
    shell.fine("cluster rm main --yes")
    assert "in-cluster" in shell.fine("cluster list")
    assert "Username: kubernetes-admin" in shell.fine("account get-user-info")
