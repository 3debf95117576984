from __future__ import annotations

import gc

from argosy.observe.metrics import Registry
from argosy.observe.process import register_process


def sample(text: str, name: str) -> float:
    return float(next(line for line in text.splitlines() if line.startswith(f"{name} ")).split()[1])


def test_the_process_exports_its_time_memory_files_and_collections() -> None:
    registry = Registry()
    before = list(gc.callbacks)
    try:
        register_process("1.2", 1_700_000_000.0, registry)
        gc.collect()
        text = registry.text()
    finally:
        gc.callbacks[:] = before

    assert sample(text, "process_cpu_seconds_total") > 0
    assert 1_600_000_000 < sample(text, "process_start_time_seconds") <= 1_700_000_000
    assert sample(text, "process_resident_memory_bytes") > 10_000_000
    assert 0 < sample(text, "process_open_fds") <= sample(text, "process_max_fds")
    assert sample(text, "go_gc_duration_seconds_count") >= 1
    assert 'argocd_info{version="1.2"} 1' in text
