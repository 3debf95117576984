"""What programs need of the machine to run at all, none of it secret: libraries, certificates, the interpreter."""

from __future__ import annotations

import os
import shutil
import site
import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import Final

import argosy

LIBRARIES: Final = (
    "/lib", "/lib32", "/lib64", "/libx32", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", "/usr/local/lib",
    "/usr/local/lib64", "/nix/store", "/gnu/store", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
    "/usr/share/zoneinfo", "/etc/localtime",
)  # fmt: skip
PROGRAMS: Final = (
    *LIBRARIES, "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/libexec", "/usr/share", "/usr/local/bin",
    "/usr/local/sbin", "/usr/local/libexec", "/usr/local/share", "/etc/alternatives", "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs", "/etc/pki/tls/cert.pem", "/etc/pki/ca-trust/extracted",
    "/etc/crypto-policies", "/etc/ca-certificates", "/etc/mime.types",
)  # fmt: skip
"""Of the system and local additions: never all of /etc, /usr/local/etc or a home directory."""

NAMES: Final = ("/etc/passwd", "/etc/group", "/etc/nsswitch.conf")
"""ssh does not run for a user without a name."""


@cache
def python_reads() -> tuple[str, ...]:
    """For one of our modules in this interpreter: its library, the installed packages, our own package."""
    paths = sysconfig.get_paths()
    found = [paths["stdlib"], paths["platstdlib"], paths["purelib"], paths["platlib"], *site.getsitepackages()]
    found += [os.path.join(sys.base_prefix, "lib", os.path.basename(paths["stdlib"]))]
    package = str(Path(argosy.__file__).parent)
    return tuple(path for path in dict.fromkeys((*LIBRARIES, *found, package)) if os.path.exists(path))


@cache
def program_reads(program: str = "") -> tuple[str, ...]:
    """For other executables. One in another place needs the directory that it was installed into."""
    found = shutil.which(program) if program else None
    if found is None:
        return PROGRAMS
    real = os.path.realpath(found)
    more = [found, real]
    directory = Path(real).parent
    if directory.name in ("bin", "sbin") and directory.parent not in (Path("/"), Path.home()):
        more.append(str(directory.parent))
    return (*PROGRAMS, *(path for path in more if not path.startswith(("/usr/", "/bin/", "/nix/store/"))))
