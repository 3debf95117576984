"""What the plain commands of a simulated container print."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest

from argosy.cluster.workloads.inside.commands import FILTERED, Place, Ran, run
from argosy.cluster.workloads.inside.files import packed, unpacked
from tests.machinery.test_bounded_tar import ATTACKS

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def place() -> Place:
    files = {"/etc/app/a.conf": b"port=80\nhost=x\n", "/etc/app/sub/b": b"b", "/notes": b"one\ntwo\n"}
    return Place(hostname="web-0", now=NOON, environment={"A": "b", "HOME": "/root"}, files=files)


@pytest.mark.parametrize(
    ("words", "given", "output", "code"),
    [
        (["echo", "a", "b"], b"", b"a b\n", 0),
        (["echo", "-n", "a"], b"", b"a", 0),
        (["/bin/cat", "/etc/app/a.conf"], b"", b"port=80\nhost=x\n", 0),
        (["cat"], b"in", b"in", 0),
        (["cat", "/none"], b"", b"", 1),
        (["ls", "/etc/app"], b"", b"a.conf\nsub\n", 0),
        (["ls", "-la", "/etc"], b"", b"app\n", 0),
        (["ls", "/none"], b"", b"", 2),
        (["printenv", "A"], b"", b"b\n", 0),
        (["printenv", "NONE"], b"", b"", 1),
        (["env"], b"", b"A=b\nHOME=/root\n", 0),
        (["hostname"], b"", b"web-0\n", 0),
        (["date"], b"", b"Thu Jan 01 12:00:00 UTC 2026\n", 0),
        (["date", "+%Y-%m-%d %s"], b"", b"2026-01-01 1767268800\n", 0),
        (["head", "-n", "1", "/notes"], b"", b"one\n", 0),
        (["tail", "-1", "/notes"], b"", b"two\n", 0),
        (["sort", "-r"], b"a\nb\n", b"b\na\n", 0),
        (["sh", "-c", "echo b; cat /notes | sort -r | head -n1"], b"", b"b\ntwo\n", 0),
        (["test", "-f", "/notes"], b"", b"", 0),
        (["test", "-d", "/etc/app"], b"", b"", 0),
        (["[", "-f", "/none", "]"], b"", b"", 1),
        (["wc", "-l", "/notes"], b"", b"2 /notes\n", 0),
        (["grep", "port", "/etc/app/a.conf"], b"", b"port=80\n", 0),
        (["grep", "-v", "port"], b"port\nx\n", b"x\n", 0),
        (["false"], b"", b"", 1),
        (["psql"], b"", b"", 127),
        (["sh", "-c", "echo 1 && echo 2"], b"", b"1\n2\n", 0),
        (["sh", "-c", "false && echo 2; echo 3"], b"", b"3\n", 0),
        (["sh", "-c", "false || echo 4"], b"", b"4\n", 0),
        (["sh", "-c", "echo $A ${A}c"], b"", b"b bc\n", 0),
        (["sh", "-c", "echo x > /tmp/y && cat /tmp/y"], b"", b"x\n", 0),
        (["bash", "-c", "exit 3"], b"", b"", 3),
        (["sh", "-c", "cat /notes | wc"], b"", b"2 2 8\n", 0),
        (["sh", "-c", "sleep 1 & echo a"], b"", b"", 2),
        (["sh", "-c", 'printf %s "$A"'], b"", b"b", 0),
        (["printf", "%s=%d\\n", "a", "1", "b", "2"], b"", b"a=1\nb=2\n", 0),
        (["printf", "%-4s|%3d%%", "a", "7"], b"", b"a   |  7%", 0),
        (["seq", "2"], b"", b"1\n2\n", 0),
        (["seq", "3", "-1", "2"], b"", b"3\n2\n", 0),
        (["sh", "-c", "for i in $(seq 1 2) c; do echo n$i ${i}x; done"], b"", b"n1 1x\nn2 2x\nnc cx\n", 0),
        (["sh", "-c", "for i in $(seq 5000); do echo; done"], b"", b"", 2),
        (["sh", "-c", "echo \"on $(hostname)\"; echo '$(hostname)'"], b"", b"on web-0\n$(hostname)\n", 0),
        (["sh", "-c", "echo a 2>&1 | cat"], b"", b"a\n", 0),
        (["ls", "/tmp"], b"", b"", 0),
        (["sh", "-c", "echo 'open"], b"", b"", 2),
    ],
)
def test_a_command_prints(words: list[str], given: bytes, output: bytes, code: int) -> None:
    ran = run(place(), words, given)
    assert (ran.output, ran.code) == (output, code)
    assert bool(ran.complaint) is (code in (2, 127) or words == ["cat", "/none"])


@pytest.mark.parametrize(
    ("words", "output", "complaint", "code"),
    [
        (["date", "foo"], b"", b"date: invalid date 'foo'", 1),
        (["dd", "of=/big", "bs=1G", "count=1"], b"", b"No space left on device", 1),
        (["dd", "of=/big", "bs=1q", "count=1"], b"", b"dd: invalid number: '1q'", 1),
        (["gzip", "-d"], b"", b"is not simulated", 1),
        (["sh", "-c", "cat /none | wc -c"], b"0\n", b"cat: /none: No such file", 0),
    ],
)
def test_a_command_that_fails_says_why(words: list[str], output: bytes, complaint: bytes, code: int) -> None:
    ran = run(place(), words, b"x")
    assert (ran.output, ran.code, complaint in ran.complaint) == (output, code, True)


def test_a_filter_takes_no_more_than_it_can_at_once() -> None:
    assert run(place(), ["sort"], bytes(FILTERED + 1)).code == 1


def test_what_is_no_command_says_that_the_container_is_simulated() -> None:
    assert b"executable file not found in $PATH: this container is simulated" in run(place(), ["psql"], b"").complaint


def test_a_tree_survives_tar_and_untar() -> None:
    here = place()
    made = run(here, ["tar", "cf", "-", "/etc/app"], b"")
    there = place()
    assert run(there, ["tar", "-xmf", "-", "-C", "/copy"], made.output) == Ran()
    assert there.written == {"/copy/etc/app/a.conf": b"port=80\nhost=x\n", "/copy/etc/app/sub/b": b"b"}


def test_no_member_of_an_archive_leaves_the_directory() -> None:
    made = packed({"/../../etc/passwd": b"x", "/a": b"y"}, "/")
    assert made is not None
    assert all(path.startswith("/in/") for path in unpacked(made, "/in"))


@pytest.mark.parametrize("data", [b"", b"hello", b"\0" * 3])
def test_invalid_archives_are_reported(data: bytes) -> None:
    assert run(place(), ["tar", "xf", "-"], data).code == 2


def test_dd_makes_a_file_and_a_pipe_into_gzip_is_gzip() -> None:
    there = place()
    assert run(there, ["dd", "if=/dev/random", "of=/big", "bs=4k", "count=3"], b"").code == 0
    assert len(there.written["/big"]) == 3 * 4096
    assert gzip.decompress(run(there, ["sh", "-c", 'echo -n "a b" | gzip'], b"").output) == b"a b"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_archive_that_is_made_to_hurt_its_reader_is_no_archive(attack: str) -> None:
    with pytest.raises(ValueError, match="does not look like a tar archive"):
        unpacked(ATTACKS[attack], "/")


def test_a_packed_archive_that_is_cut_off_is_no_archive() -> None:
    whole = gzip.compress(packed({"/a": b"1" * 100_000}, "/a") or b"")
    assert unpacked(whole, "/in")
    for cut in (whole[:-20], whole[:40]):
        with pytest.raises(ValueError, match="does not look like a tar archive"):
            unpacked(cut, "/in")


def test_the_root_has_the_directories_of_every_image() -> None:
    names = run(place(), ["ls", "/"], b"").output.decode().split()
    assert {"bin", "etc", "notes", "tmp", "usr"} <= set(names)
    assert names == sorted(set(names))


def test_what_is_turned_to_the_complaints_is_no_output() -> None:
    assert run(place(), ["sh", "-c", "echo a >&2; echo b"], b"") == Ran(b"b\n", b"a\n")


@pytest.mark.parametrize(
    "words", [["printf", "%d", "x"], ["printf"], ["seq", "1000000"], ["seq", "1", "0", "2"], ["seq", "a"]]
)
def test_what_cannot_be_printed_is_complained_of(words: list[str]) -> None:
    done = run(place(), words, b"")
    assert (done.output, done.code, bool(done.complaint)) == (b"", 1, True)
