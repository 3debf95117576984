"""A source at a revision -> manifests.

The door is `port.Renderer`; `assembly` makes the real one: a pool of confined worker processes (`workers/`), a cache
that knows which files each rendering read (cache.py, inputs.py), and one tool per source type (tools.py). Tools run in
the workers and ask for files through `files.Workspace`; this process answers from the repository's tree
(workers/conversation.py).
"""

from __future__ import annotations
