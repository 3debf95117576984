"""Admission of this room's kinds: defaults and validation with upstream's field paths, pure.

`review` answers one request; the embedded server calls it in process, a webhook server for real clusters over HTTP.
Source: spec/cert-manager.md section 10.
"""

from argosy.certs.admission.review import KINDS, Asked, Verdict, mutate, review

__all__ = ["KINDS", "Asked", "Verdict", "mutate", "review"]
