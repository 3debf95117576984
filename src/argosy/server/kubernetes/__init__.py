"""The Kubernetes API for signed-in users, under `/api/argosy/v1/kubernetes`: used by `argosy --server`.

Nothing is passed through unchecked. For each object the rights that Argo CD's calls need are checked, by what a write
would change rather than by its form; credentials are never returned, and only Argosy's own kinds can be written.

- `addresses.py`: parses requests.  `rights.py`: the rights that they require.
- `shown.py`: the visible part of an object.  `writes.py`: writes exactly the change that was authorised, or nothing.
- `door.py`: the answers.  `watching.py`: watches.
"""
