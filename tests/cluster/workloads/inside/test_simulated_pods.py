"""Commands in a simulated Pod, as `exec` starts them."""

from __future__ import annotations

from dataclasses import dataclass, field

from argosy.cluster.workloads.inside.simulated_pods import LONGEST_LINE, SimulatedPodRuntime
from argosy.cluster.workloads.rules.rule_book import RuleBook
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject
from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual

POD: JsonObject = {
    "metadata": {"name": "web", "namespace": "default", "uid": "1"},
    "spec": {"containers": [{"name": "web", "image": "web:1"}]},
    "status": {"phase": "Running"},
}


@dataclass
class Talk:
    """Somebody who says one thing after another, and hears what was said before the next."""

    says: list[bytes]
    heard: list[tuple[bytes, bool]] = field(default_factory=list)
    before: list[int] = field(default_factory=list)
    """How much had been heard each time that something was said."""

    async def read(self) -> bytes:
        self.before.append(len(self.heard))
        return self.says.pop(0) if self.says else b""

    async def write(self, data: bytes, *, error: bool = False) -> None:
        if data:
            self.heard.append((data, error))


def run(talk: Talk, *command: str) -> int:
    async def main(clock: VirtualClock, rng: SeededRng) -> int:
        runtime = SimulatedPodRuntime(View(), RuleBook(), clock)
        return await runtime.run(POD, "web", list(command), talk, tty=False)

    return run_virtual(main)


def test_a_shell_without_a_terminal_answers_each_line_before_the_next_is_said() -> None:
    talk = Talk([b"echo o", b"ne\n", b"echo two >&2\n", b"exit 3\n", b"echo never\n"])
    assert run(talk, "sh") == 3
    assert talk.heard == [(b"one\n", False), (b"two\n", True)]
    assert talk.before == [0, 0, 1, 2]


def test_what_comes_without_a_last_newline_is_carried_out_at_the_end() -> None:
    talk = Talk([b"false\necho $HOSTNAME"])
    assert run(talk, "/bin/sh") == 0
    assert talk.heard == [(b"web\n", False)]


def test_a_script_without_newlines_does_not_fill_the_memory() -> None:
    talk = Talk([b"x" * (LONGEST_LINE + 1), b"x"])
    assert run(talk, "bash") == 2
    assert talk.says == [b"x"]
