"""The programs of bench/campaign, which stand alone and are in no package, as modules."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[3]


def program(name: str) -> ModuleType:
    known = sys.modules.get(f"campaign_{name}")
    if known is not None:
        return known
    path = ROOT / "bench" / "campaign" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"campaign_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
