"""A report on a terminal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from argosy.rehearse.differences import Difference, Environmental
from argosy.rehearse.notes import Note
from argosy.rehearse.report import Report
from argosy.rehearse.repositories import Commits
from argosy.rehearse.standing import Finding
from argosy.rehearse.text import text_of
from argosy.rehearse.timeline import Entry

BEGAN = datetime(2030, 1, 1, tzinfo=UTC)
CHANGED = Difference("Deployment", "prod", "shop", "update", ("--- before", "+++ after", "-a", "+b"))
REPORT = Report(
    name="night",
    seed=0,
    began=BEGAN,
    ended=BEGAN + timedelta(hours=6, seconds=8),
    outcome="waiting",
    reason="Stage shop/prod: waits",
    changes=["push image shop:1.1.0"],
    timeline=[
        Entry(at=BEGAN, kind="", namespace="", name="", text="push image shop:1.1.0"),
        Entry(
            at=BEGAN + timedelta(hours=6), kind="Rollout", namespace="prod", name="shop", text="is Paused\x1b[2J",
            severity="attention", cluster="eu",
        ),
    ],
    differences=[Environmental("argocd", "prod", "eu, namespace prod", (CHANGED,))],
    commits=[Commits("https://h/a", "main", ("abc one",))],
    gates=[Finding(kind="Stage", namespace="shop", name="prod", state="gate", message="waits", until=BEGAN)],
    notes=[Note(BEGAN, "assumed", "metric errors is good")],
)  # fmt: skip
SHOWN = """\
push image shop:1.1.0

Timeline:
          0s > you: push image shop:1.1.0
      6h0m0s ! Rollout shop in eu: is Paused\\u001b[2J

Commits to main of https://h/a:
  abc one

prod (eu, namespace prod)
  ~ Deployment prod/shop
      -a
      +b

Assumed:
  metric errors is good

Gates:
  Stage shop/prod: waits (until 2030-01-01T00:00:00Z)

WAITS FOR A PERSON after 6h0m8s: Stage shop/prod: waits
"""


def test_a_report_reads_from_the_change_to_how_it_ends_and_steers_no_terminal() -> None:
    assert text_of(REPORT) == SHOWN


def test_differences_are_named_alone_where_that_is_wished() -> None:
    assert text_of(REPORT, diffs=False) == SHOWN.replace("      -a\n      +b\n", "")
