"""The Kubernetes API for those who sign in here, under `/api/argosy/v1/kubernetes`: what `argosy --server` talks to.

Nothing goes through as it came. Every object is asked for the rights that the calls of Argo CD's API ask for, by what a
write would change and not by what it says; credentials never leave, and only kinds of Argosy's own can be written.

- `addresses.py`: from a request to what it asks for.  `rights.py`: which rights that needs.
- `shown.py`: what of an object may leave.  `writes.py`: a write that changes what was judged, or nothing.
- `door.py`: the answers.  `watching.py`: changes, as they come.
"""
