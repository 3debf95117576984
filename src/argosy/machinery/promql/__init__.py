"""A subset of PromQL over any source of series, for queries of analyses and autoscalers on simulated traffic.

Selectors, ranges and offsets; rate, increase, irate, delta and *_over_time; sum, avg, min, max, count, topk, bottomk;
arithmetic, comparison and set operators with on, ignoring and group; histogram_quantile and the usual functions.
"""

from __future__ import annotations

from argosy.machinery.promql.evaluate import Sample, Source, evaluate
from argosy.machinery.promql.parser import PromqlError, parse

__all__ = ["PromqlError", "Sample", "Source", "evaluate", "parse"]
