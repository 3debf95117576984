"""The functions for Go templates: Sprig without outside access, metered, with linear-time patterns.

Left out as upstream does: env, expandenv, getHostByName. Left out by us, as one call may take seconds or generates
keys in templates, which is not allowed (spec/security.md rule 3): genCA, genPrivateKey and so on, bcrypt, htpasswd,
derivePassword, AES. Randomness and the time of `now` come from the caller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import re2
from gotpl.funcs.sprig.registry import text_func_map

from argosy.expr.exprlang.encoding import numbered
from argosy.expr.limits import LimitExceeded, Meter
from argosy.expr.slugs import LONGEST_SLUG, normalize, slugify
from argosy.machinery.text import yaml

Function = Callable[..., Any]
OUTSIDE: Final = frozenset({"env", "expandenv", "getHostByName"})
TOO_HEAVY: Final = frozenset(
    {
        "bcrypt", "htpasswd", "derivePassword", "encryptAES", "decryptAES", "buildCustomCert", "genCA", "genCAWithKey",
        "genPrivateKey", "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey",
    }
)  # fmt: skip
WIDEST: Final = 1_000_000
_VERB: Final = re.compile(r"%[-+# 0]*(\[\d+\])?(\d+|\*)?(?:\.(\[\d+\])?(\d+|\*)?)?")
_EXPANSION: Final = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")


class PatternError(ValueError):
    """The pattern is not valid RE2."""


def functions(meter: Meter, now: Callable[[], datetime], entropy: Callable[[int], bytes]) -> dict[str, Function]:
    """Created once; each call spends from `meter`."""
    found = text_func_map(clock=now, entropy=entropy, randbelow=lambda bound: _below(entropy, bound))
    made = {name: function for name, function in found.items() if name not in OUTSIDE | TOO_HEAVY}
    made |= _patterns(meter)
    made |= {"normalize": normalize, "slugify": _slugify, "toYaml": _to_yaml, "fromYaml": _from_yaml}
    made |= {"fromYamlArray": _from_yaml_array}
    made["until"] = lambda count: list(range(_counted(meter, count)))
    return {name: _metered(meter, name, function) for name, function in made.items()}


def metered_builtins(meter: Meter, built_in: Mapping[str, Function]) -> dict[str, Function]:
    """`print` and similar functions can double a string in each loop iteration, so they are metered, too."""
    return {name: _metered(meter, name, function) for name, function in built_in.items()}


def _metered(meter: Meter, name: str, function: Function) -> Function:
    announce = ANNOUNCED.get(name)

    def call(*arguments: Any) -> Any:
        meter.spend(1)
        for argument in arguments:
            meter.weigh(argument)
        if announce is not None:
            announce(meter, arguments)
        result = function(*arguments)
        meter.weigh(result)
        return result

    return call


# -- sizes before creation ---------------------------------------------------------------------------------------------


def _repeat(meter: Meter, arguments: tuple[Any, ...]) -> None:
    count, text = arguments
    meter.text(max(0, int(count)) * len(str(text)))


def _indent(meter: Meter, arguments: tuple[Any, ...]) -> None:
    spaces, text = arguments
    meter.text(len(str(text)) + (str(text).count("\n") + 2) * max(0, int(spaces)))


def _replace(meter: Meter, arguments: tuple[Any, ...]) -> None:
    old, new, text = (str(argument) for argument in arguments)
    meter.text(len(text) + (text.count(old) if old else len(text) + 1) * len(new))


def _join(meter: Meter, arguments: tuple[Any, ...]) -> None:
    separator, items = arguments
    meter.text(len(str(separator)) * (len(items) if isinstance(items, list | tuple) else 1))


def _wrap(meter: Meter, arguments: tuple[Any, ...]) -> None:
    glue = str(arguments[1]) if len(arguments) == 3 else "\n"
    meter.text(len(str(arguments[-1])) * (1 + len(glue)))


def _steps(meter: Meter, arguments: tuple[Any, ...]) -> None:
    start, stop, step = (int(argument) for argument in arguments)
    meter.items(len(range(start, stop, step)) if step else 0)


def _sequence(meter: Meter, arguments: tuple[Any, ...]) -> None:
    numbers = [int(argument) for argument in arguments]
    first, last = (1 if len(numbers) == 1 else numbers[0]), numbers[-1] if numbers else 0
    step = abs(numbers[1]) if len(numbers) == 3 else 1
    meter.items(abs(last - first) // max(1, step) + 1)


def _length(meter: Meter, arguments: tuple[Any, ...]) -> None:
    meter.text(max(0, int(arguments[0])))


def _format(meter: Meter, arguments: tuple[Any, ...]) -> None:
    """A width or precision may be larger than the value it pads; `*` takes it from an argument."""
    pattern = str(arguments[0])
    given = max((abs(item) for item in arguments[1:] if isinstance(item, int | float)), default=0)
    total = 0
    for verb in _VERB.finditer(pattern):
        for text in (verb[2], verb[4]):
            total += int(given) if text == "*" else int(text or 0)
    if total > WIDEST:
        raise LimitExceeded(f"printf pads to more than {WIDEST} characters")
    meter.text(total)


ANNOUNCED: Final[Mapping[str, Callable[[Meter, tuple[Any, ...]], None]]] = {
    "repeat": _repeat,
    "indent": _indent,
    "nindent": _indent,
    "replace": _replace,
    "join": _join,
    "wrap": _wrap,
    "wrapWith": _wrap,
    "untilStep": _steps,
    "seq": _sequence,
    "randAlpha": _length,
    "randAlphaNum": _length,
    "randAscii": _length,
    "randNumeric": _length,
    "randBytes": _length,
    "printf": _format,
}


def _counted(meter: Meter, count: Any) -> int:
    meter.items(abs(int(count)))
    return max(0, int(count))


def _below(entropy: Callable[[int], bytes], bound: int) -> int:
    length = (max(1, bound).bit_length() + 7) // 8 + 8
    return int.from_bytes(entropy(length), "big") % max(1, bound)


# -- patterns ----------------------------------------------------------------------------------------------------------


def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise PatternError(f"error parsing regexp {pattern!r}: {error}") from None


def _expanded(match: Any, template: str) -> str:
    """Go's Expand: `$1`, `$name`, `${name}`; an unknown name is empty."""

    def one(found: re.Match[str]) -> str:
        if found[1]:
            return "$"
        name = found[2] or found[3]
        try:
            return match.group(int(name) if name.isdigit() else name) or ""
        except (IndexError, KeyError):
            return ""

    return _EXPANSION.sub(one, template)


def _patterns(meter: Meter) -> dict[str, Function]:
    def replaced(pattern: str, text: str, make: Callable[[Any], str]) -> str:
        made: list[str] = []
        at = length = 0
        for match in _compiled(pattern).finditer(text):
            piece = text[at : match.start()] + make(match)
            length += len(piece)
            meter.text(length) if length > len(text) else None
            made.append(piece)
            at = match.end()
        return "".join(made) + text[at:]

    def matches(pattern: str, text: str) -> bool:
        return _compiled(pattern).search(text) is not None

    def find(pattern: str, text: str) -> str:
        match = _compiled(pattern).search(text)
        return match.group(0) if match else ""

    def find_all(pattern: str, text: str, count: int) -> list[str]:
        found = [match.group(0) for match in _compiled(pattern).finditer(text)]
        return found if count < 0 else found[: int(count)]

    def split(pattern: str, text: str, count: int) -> list[str]:
        return _split(_compiled(pattern), text, int(count))

    made: dict[str, Function] = {
        "regexMatch": matches,
        "regexFind": find,
        "regexFindAll": find_all,
        "regexSplit": split,
        "regexReplaceAll": lambda pattern, text, new: replaced(pattern, text, lambda match: _expanded(match, new)),
        "regexReplaceAllLiteral": lambda pattern, text, new: replaced(pattern, text, lambda match: str(new)),
    }
    return made | {f"mustR{name[1:]}": function for name, function in made.items()}


def _split(pattern: Any, text: str, count: int) -> list[str]:
    """As Go's Split: `count` < 0 is all; the last part has the rest."""
    if count == 0:
        return []
    parts: list[str] = []
    at = 0
    for match in pattern.finditer(text):
        if 0 < count == len(parts) + 1:
            break
        if match.end() == match.start() and match.start() in (0, len(text)):
            continue
        parts.append(text[at : match.start()])
        at = match.end()
    return [*parts, text[at:]]


# -- additions to Sprig ------------------------------------------------------------------------------------------------


def _slugify(*arguments: Any) -> str:
    """`slugify [longest [whole words]] text`, of the result of `normalize`; whole words unless disabled."""
    if not 1 <= len(arguments) <= 3:
        raise ValueError(f"slugify takes 1 to 3 arguments, {len(arguments)} are given")
    longest = int(arguments[0]) if len(arguments) > 1 else LONGEST_SLUG
    whole_words = bool(arguments[1]) if len(arguments) == 3 else True
    return slugify(normalize(str(arguments[-1])), longest, whole_words=whole_words)


def _to_yaml(value: Any) -> str:
    return yaml.dump(plain(value)).removesuffix("\n")


def _from_yaml(text: str) -> Any:
    found = yaml.load(text)
    if found is not None and not isinstance(found, dict):
        raise ValueError("fromYaml: the text is not a map")
    return numbered(found or {})


def _from_yaml_array(text: str) -> Any:
    found = yaml.load(text)
    if found is not None and not isinstance(found, list):
        raise ValueError("fromYamlArray: the text is not a list")
    return numbered(found or [])


def plain(value: Any) -> Any:
    """The reverse conversion: integral numbers are integers."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value
