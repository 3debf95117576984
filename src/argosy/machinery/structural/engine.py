"""The CEL package without its own command line, which it would import too: half a second and 20 MB for nobody."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

sys.modules.setdefault("cel.cli", ModuleType("cel.cli"))
engine: Any = importlib.import_module("cel")
