"""cert-manager's recorded decisions and time lines: one family for each file or folder below data/cert-manager."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.vectors.certmanager import acme, names, pki, policies, shims, timelines, validation
from tests.vectors.outcome import Outcome, unreadable

Judge = Callable[[dict[str, Any]], Iterator[str]]

FAMILIES: tuple[tuple[str, Judge], ...] = (
    ("csr-and-certificate", pki.csr_and_certificate),
    ("subject-der", pki.subject_der),
    ("ca-chain", pki.ca_chain),
    ("names", names.computed_names),
    ("annotation-copy", names.annotation_copy),
    ("issuance-backoff", names.issuance_backoff),
    ("secret-ownership", names.secret_ownership),
    ("renewal-time", names.renewal_time),
    ("policy-chain", policies.policy_chain),
    ("secret-contents", policies.secret_contents),
    ("certificate-validation", validation.certificate),
    ("issuer-validation", validation.issuers),
    ("certificaterequest-validation", validation.requests),
    ("order-challenge-update", validation.order_and_challenge),
    ("signer-names", validation.signer_names),
    ("ingress-shim", shims.shim),
    ("gateway-shim", shims.shim),
    ("shim-helpers", shims.helper),
    ("solver-selection", acme.solver_selection),
    ("challenge-overrides", acme.challenge_overrides),
    ("challenge-scheduler", acme.challenge_scheduler),
)
"""(file without .json, what is wrong with a case in words: nothing when it passes)."""


def run(data: Path) -> Iterator[Outcome]:
    for family, judge in FAMILIES:
        path = data / "cert-manager" / f"{family}.json"
        try:
            cases = json.loads(path.read_bytes())["cases"] if path.exists() else ()
        except (ValueError, KeyError, TypeError) as error:
            yield unreadable(f"certmanager.{family}", error)
            continue
        for case in cases:
            problems = _judged(judge, case)
            yield Outcome(f"certmanager.{family}", f"{case['id']} {case['name']}", not problems, "; ".join(problems))
    yield from timelines.run(data)


def _judged(judge: Judge, case: dict[str, Any]) -> list[str]:
    try:
        return list(judge(case))
    except Exception as error:  # a case that breaks has failed, and the next one is judged
        return [f"{type(error).__name__}: {error}"]
