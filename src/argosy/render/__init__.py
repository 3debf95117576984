"""A source at a revision -> manifests: directory, Kustomize, Helm, in spawned worker processes, cached by content.

A worker has no access to repositories, credentials or the network: it asks for each file over its pipe, and what it
asked for is what its result depends on (inputs.py). A result is reused while none of those inputs changed.
"""
