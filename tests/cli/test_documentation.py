"""What the pages say of settings and commands is so."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from argosy.cli.commands import make_parser

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs/kinds").glob("*.md"))]
FACTS = ("argosy.gitops.control_plane.settings",)


@pytest.mark.parametrize("module", FACTS)
def test_every_setting_that_is_read_is_documented(module: str) -> None:
    source = Path(str(import_module(module).__file__)).read_text()
    keys = set(re.findall(r'(?:config|given)\.get\("([^"]+)"\)', source))
    page = (ROOT / "docs/configuration.md").read_text()
    shortened = re.sub(r"`\.\.\.", "`", page)
    missing = [key for key in sorted(keys) if key not in page and key.rpartition(".")[2] not in shortened]
    assert len(keys) > 10
    assert missing == []


def test_every_setting_of_application_sets_is_documented() -> None:
    source = Path(str(import_module("argosy.gitops.applicationsets.options").__file__)).read_text()
    keys = {f"`applicationsetcontroller.{key}`" for key in re.findall(r'given\.get\("([^"]+)"\)', source)}
    keys |= {f"`{key}`" for key in re.findall(r'parameters\.get\("([^"]+)"\)', source)}
    page = (ROOT / "docs/configuration.md").read_text()
    assert len(keys) == 13
    assert sorted(key for key in keys if key not in page) == []


def test_every_setting_of_fetching_and_rendering_is_documented() -> None:
    page = (ROOT / "docs/configuration.md").read_text()
    for module in ("sources/settings.py", "render/workers/process.py", "render/renderer.py"):
        source = (ROOT / "src/argosy" / module).read_text()
        keys = set(re.findall(r'"(reposerver\.[a-z.]+|ARGO(?:CD|SY)_(?!APP_)[A-Z_]+)"', source))
        assert keys
        assert not [key for key in sorted(keys) if f"`{key}`" not in page]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_shell_blocks_can_be_read_by_the_program(page: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    for line in lines:
        command = line.partition("#")[0].rpartition("|")[2].split()
        if command[:1] == ["argosy"]:
            assert make_parser().parse_args(command[1:]).run
