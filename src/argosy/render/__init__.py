"""Renders a source at a revision into manifests.

The port is `port.Renderer`; `assembly` creates the real one: a pool of confined worker processes (`workers/`), a cache
that knows which files each rendering read (cache.py, inputs.py), and one tool per source type (tools.py). Tools run in
the workers and request files through `files.Workspace`; this process answers from the repository's tree
(workers/conversation.py).
"""

from __future__ import annotations
