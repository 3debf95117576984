"""Names derived from any text, for template functions and generators (spec argo-cd-engine-2.md 15.2, 15.3)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST_NAME: Final = 253
LONGEST_SLUG: Final = 50
_NOT_IN_NAMES: Final = re.compile(r"[^-a-z0-9.]")
_NOT_IN_SLUGS: Final = re.compile(r"[^a-z0-9\-_]+")
_SPELLED: Final = str.maketrans({"&": " and ", "@": " at ", "'": "", '"': "", "‘": "", "’": "", "ß": "ss", "æ": "ae"})


def normalize(text: str) -> str:
    """A lower-case DNS name: invalid characters become `-`; at most 253 characters, none of `-.` at the ends."""
    return _NOT_IN_NAMES.sub("-", text.lower())[:LONGEST_NAME].strip("-.")


def slugify(text: str, longest: int = LONGEST_SLUG, *, whole_words: bool = False) -> str:
    """Words joined by `-`. `whole_words`: truncate between words, not within one, unless the first is too long."""
    plain = unicodedata.normalize("NFKD", text.strip().translate(_SPELLED)).encode("ascii", "ignore").decode()
    slug = re.sub("-+", "-", _NOT_IN_SLUGS.sub("-", plain.lower())).strip("-_")
    if longest <= 0 or len(slug) <= longest:
        return slug
    cut = slug[:longest]
    if whole_words and slug[longest] != "-" and "-" in cut:
        cut = cut.rpartition("-")[0]
    return cut.strip("-_")
