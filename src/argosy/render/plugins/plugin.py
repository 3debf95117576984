"""Runs a config-management plug-in: a child of a dedicated worker, on a copy of the application's repository.

Off unless the operator configures a plug-in, whose commands are then the operator's and never a repository's. The
child has the same restrictions as its worker: a sandbox with only its files, limits, a cleared environment, and it is
killed along with the worker (spec/security.md rules 3 and 17). It cannot access the worker either.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from argosy.confinement.kernel.landlock import restrict_signals
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.text.yaml import YamlError, load_all
from argosy.render.directories.directory import expanded
from argosy.render.files import Files, Job, ToolError, Workspace
from argosy.render.globs import GlobError, by_segment
from argosy.render.plugins.definitions import DEFINITIONS, Plugin, candidates, plugin_environment, readable
from argosy.sources.scrub import scrub

FILES_LIMIT: Final = 20_000
BYTES_LIMIT: Final = 256 * 1024 * 1024
OUTPUT_LIMIT: Final = 32 * 1024 * 1024


def generate(workspace: Workspace, job: Job) -> Sequence[JsonValue]:
    options = job.options.get("plugin") or {}
    plugins, problems = readable(job.options.get(DEFINITIONS) or ())
    environment = plugin_environment(options, job.environment, job.kube_version, job.api_versions)
    found = candidates(plugins, str(options.get("name") or ""), problems)
    root = Path(tempfile.mkdtemp(prefix="plugin-"))
    try:
        copied = copy_files(workspace.files, root / "files")
        run = _Run(root / "files" / job.path, {**environment, **_own(root)})
        plugin = next((plugin for plugin in found if supports(plugin, run, copied, job.path)), None)
        if plugin is None:
            raise ToolError("could not find a config management plugin that supports this application's files")
        if plugin.init:
            run.command(plugin, "init", plugin.init)
        return _manifests(plugin, run.command(plugin, "generate", plugin.generate), workspace)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def copy_files(files: Files, target: Path) -> list[str]:
    """Copies the repository, within limits: a plug-in may read bases next to the application. Returns the paths.

    Symlinks are replaced by their targets; ones to directories are left out.
    """
    copied: list[str] = []
    size = 0
    waiting = [""]
    target.mkdir(mode=0o700)
    while waiting:
        directory = waiting.pop()
        (target / directory).mkdir(mode=0o700, exist_ok=True)
        for entry in files.list(directory):
            path = f"{directory}/{entry.name}" if directory else entry.name
            found = files.stat(path) if entry.kind == "link" else entry
            if entry.kind == "dir":
                waiting.append(path)
            elif found is not None and found.kind == "file":
                data = files.read(path)
                size += len(data)
                copied.append(path)
                if size > BYTES_LIMIT or len(copied) > FILES_LIMIT:
                    raise ToolError(f"a plugin gets no more than {FILES_LIMIT} files and {BYTES_LIMIT} bytes of them")
                (target / path).write_bytes(data)
    return copied


def supports(plugin: Plugin, run: _Run, copied: Sequence[str], application: str) -> bool:
    """Whether its discovery matches the application's directory; a plug-in without discovery matches any."""
    if not plugin.discovers:
        return True
    if plugin.file_name or plugin.find_glob:
        try:
            pattern = by_segment((plugin.file_name or plugin.find_glob).removeprefix("./"))
        except GlobError as error:
            raise ToolError(f"plugin {plugin.key!r}: discover: {error}") from None
        prefix = f"{application}/" if application else ""
        return any(path.startswith(prefix) and pattern.fullmatch(path[len(prefix) :]) for path in copied)
    return bool(run.command(plugin, "discover", plugin.find_command, must=False).strip())


class _Run:
    """Runs commands in the application's directory."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self._directory = directory
        self._environment = environment

    def command(self, plugin: Plugin, step: str, words: Sequence[str], *, must: bool = True) -> bytes:
        """Its output. Raises ToolError, with the end of its error output, if it failed."""
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            try:
                done = subprocess.run(
                    list(words),
                    cwd=self._directory,
                    env=dict(self._environment),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=errors,
                    check=False,
                    preexec_fn=restrict_signals,
                )
            except OSError as error:
                raise ToolError(f"plugin {plugin.key!r}: {step}: {words[0]}: {error.strerror}") from None
            if done.returncode != 0 and must:
                problem = _tail(errors.fileno()) + self._full()
                raise ToolError(f"plugin {plugin.key!r}: {step} ended with {done.returncode}: {problem}")
            if os.fstat(output.fileno()).st_size > OUTPUT_LIMIT:
                raise ToolError(f"plugin {plugin.key!r}: {step} printed more than {OUTPUT_LIMIT} bytes")
            output.seek(0)
            return output.read() if done.returncode == 0 else b""

    def _full(self) -> str:
        """Nothing it could have written would show that."""
        place = os.statvfs(self._directory)
        size = place.f_blocks * place.f_frsize
        return "" if place.f_bavail else f" (its disk of {size >> 20} MiB is full)"


def _manifests(plugin: Plugin, output: bytes, workspace: Workspace) -> list[JsonObject]:
    def repeated(fault: str) -> None:
        workspace.warn(f"plugin {plugin.key!r}: {fault}; the last one counts")

    try:
        documents = [document for document in load_all(output, repeated=repeated) if document is not None]
    except YamlError as error:
        raise ToolError(f"plugin {plugin.key!r}: its output is not YAML: {error}") from None
    return [manifest for document in documents for manifest in expanded(document, f"plugin {plugin.key}")]


def _own(root: Path) -> dict[str, str]:
    """Added last, so that nothing in a source can override them."""
    home = root / "home"
    home.mkdir(mode=0o700)
    return {"HOME": str(home), "TMPDIR": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}


def _tail(errors: int) -> str:
    size = os.fstat(errors).st_size
    return scrub(os.pread(errors, 2000, max(0, size - 2000)).decode("utf-8", "replace"))
