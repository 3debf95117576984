"""The report to the caller of a start: the active layers, or the error."""

from __future__ import annotations

import marshal
import os

TYPE_CHECKING = False  # typing takes longer to load than everything else here
if TYPE_CHECKING:
    from typing import Any, Final, NoReturn

REFUSED: Final = 126


def tell(box: dict[str, Any], told: dict[str, Any]) -> None:
    os.write(box["tells"], marshal.dumps(told))
    os.close(box["tells"])


def refuse(box: dict[str, Any], error: OSError) -> NoReturn:
    tell(box, {"error": error.strerror or str(error), "errno": error.errno or 0})
    os._exit(REFUSED)
