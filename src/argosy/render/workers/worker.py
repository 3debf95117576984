"""A render worker: a child process that turns one job after another into manifests, with access only to its pipe.

Started by render/workers/pool.py in a box (render/workers/boxes.py), with an empty environment. Not imported by the
parent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from argosy.machinery.objects import JsonObject
from argosy.render.files import Job
from argosy.render.port import RenderError
from argosy.render.tools import load_tool
from argosy.render.workers.own_pipe import end_last_words, own_pipe
from argosy.render.workers.processor_time import allow_cpu
from argosy.render.workers.wire import BODY_LIMIT, Closed, Pipe
from argosy.render.workers.workspace import Advance, AskedWorkspace, Needed


def main() -> None:
    """Serves jobs until the parent closes the pipe."""
    pipe = own_pipe()
    end_last_words()
    pipe.send({"ready": True})
    while True:
        try:
            header, body = pipe.receive()
            allow_cpu()
            pipe.send(*_answer(pipe, header, body))
        except Closed:
            return


def _answer(pipe: Pipe, header: JsonObject, body: bytes) -> tuple[JsonObject, bytes]:
    advance = Advance(header.get("advance") or {}, body)
    workspace = AskedWorkspace(pipe, header["roots"], advance)
    try:
        manifests = _generate(workspace, header["job"])
    except Needed as needed:
        return {"done": "needed", "root": needed.root}, b""
    except RenderError as error:
        return {"done": "error", "message": str(error), "used": sorted(advance.used)}, b""
    except Closed:
        raise
    except Exception as error:  # a tool's own bug is one failed rendering, and is reported as such
        name = header["job"].get("tool", "")
        message = f"{name} failed unexpectedly: {type(error).__name__}: {str(error)[:500]}"
        return {"done": "error", "message": message, "used": sorted(advance.used)}, b""
    return {"done": "manifests", "used": sorted(advance.used), "warnings": list(workspace.warnings)}, manifests


def _generate(workspace: AskedWorkspace, job: Mapping[str, Any]) -> bytes:
    tool = load_tool(job["tool"])
    manifests = tool(workspace, Job(**{**job, "api_versions": tuple(job["api_versions"])}))
    data = b"\n".join([orjson.dumps(manifest) for manifest in manifests])
    if len(data) > BODY_LIMIT:
        raise RenderError(f"the manifests are {len(data)} bytes, more than the limit of {BODY_LIMIT}")
    return data
