"""Kubernetes' CEL extensions: strings, lists, sets, regular expressions, quantities, URLs, IPs, versions, formats.

Sources: apiserver pkg/cel/library, cel-go ext (strings v2, sets), spec/embedded-kubernetes.md section 12.
"""

from __future__ import annotations

from argosy.machinery.cel.extensions.formats import add_formats, add_versions
from argosy.machinery.cel.extensions.lists import add_lists, add_sets
from argosy.machinery.cel.extensions.networks import add_addresses, add_urls
from argosy.machinery.cel.extensions.optionals import add_optionals
from argosy.machinery.cel.extensions.quantities import add_quantities
from argosy.machinery.cel.extensions.texts import add_regex, add_texts
from argosy.machinery.cel.overloads import Library

_PARTS = (
    add_texts,
    add_lists,
    add_sets,
    add_regex,
    add_quantities,
    add_urls,
    add_addresses,
    add_versions,
    add_formats,
    add_optionals,
)


def add_extensions(library: Library) -> None:
    for part in _PARTS:
        part(library)
