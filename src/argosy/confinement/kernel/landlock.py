"""Landlock: which paths may be opened, and how, by this process and its children (kernel 5.13 and newer)."""

from __future__ import annotations

import ctypes
import os
import stat
import struct

from argosy.confinement.kernel import calls

TYPE_CHECKING = False  # typing takes longer to load than everything else here
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_READ: Final = _EXECUTE | _READ_FILE | _READ_DIR
_OF_A_FILE: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_TCP: Final = 0b11
"""Bind to and connect to TCP ports."""
_CONNECT_TCP: Final = 0b10
_SCOPED: Final = 0b11
"""Abstract unix sockets, and signals."""
_VERSION: Final = 1
_BENEATH, _PORT = 1, 2


def version() -> int:
    """Landlock's ABI version; 0 when the kernel has none, or does not allow it."""
    try:
        return calls.call("landlock_create_ruleset", None, 0, _VERSION)
    except OSError:
        return 0


def restrict(reads: Iterable[str], writes: Iterable[str], devices: Iterable[str], port: int = 0) -> int:
    """Needs no_new_privs. Returns the effective version. `port`: the only TCP port to which connections are allowed."""
    known = version()
    if not known:
        raise OSError(38, "Landlock is not there")
    everything = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(known, 16)) - 1
    rules = _ruleset(everything, _TCP if known >= 4 else 0, _SCOPED if known >= 6 else 0)
    try:
        for path in reads:
            _allow(rules, path, _READ & everything)
        for path in devices:
            _allow(rules, path, (_READ_FILE | _WRITE_FILE | _TRUNCATE) & everything)
        for path in writes:
            _allow(rules, path, everything & ~(_MAKE_CHAR | _MAKE_BLOCK))
        if port and known >= 4:
            rule = ctypes.create_string_buffer(struct.pack("<QQ", _CONNECT_TCP, port), 16)
            calls.call("landlock_add_rule", rules, _PORT, ctypes.byref(rule), 0)
        calls.call("landlock_restrict_self", rules, 0)
    finally:
        os.close(rules)
    return known


def restrict_signals() -> bool:
    """A nested domain for signals and sockets only: processes in it cannot reach the one that started it."""
    if version() < 6:
        return False
    rules = _ruleset(0, 0, _SCOPED)
    calls.call("landlock_restrict_self", rules, 0)
    os.close(rules)
    return True


def _ruleset(files: int, network: int, scoped: int) -> int:
    attributes = ctypes.create_string_buffer(struct.pack("<QQQ", files, network, scoped), 24)
    return calls.call("landlock_create_ruleset", ctypes.byref(attributes), 24, 0)


def _allow(rules: int, path: str, rights: int) -> None:
    """A missing path needs no rule."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _OF_A_FILE
        rule = ctypes.create_string_buffer(struct.pack("<Qi", rights, place), 12)
        calls.call("landlock_add_rule", rules, _BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(place)
