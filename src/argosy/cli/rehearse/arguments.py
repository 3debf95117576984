"""Flags and help of `argosy rehearse`."""

from __future__ import annotations

from pathlib import Path

from argosy.cli.parsing import Commands, command, connection


def add_rehearse(commands: Commands) -> None:
    text = "Play a change through the whole delivery in virtual time, before anyone merges it"
    parser = command(commands, "rehearse", "argosy.cli.rehearse:run", text)
    where = "manifests of the present configuration: files or directories (default: those of the cluster, read only)"
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help=where)
    what = parser.add_argument_group("the change")
    what.add_argument(
        "--push", action="append", default=[], metavar="URL[#BRANCH]=REVISION", help="a branch moves to a revision"
    )
    what.add_argument("--image", action="append", default=[], metavar="REPOSITORY:TAG", help="a new image appears")
    what.add_argument("--apply", action="append", default=[], type=Path, metavar="FILE", help="apply changed manifests")
    how = parser.add_argument_group("the rehearsal")
    how.add_argument(
        "--repository", action="append", default=[], metavar="URL=DIR", help="take a repository from a checkout here"
    )
    how.add_argument("--scenario", type=Path, metavar="FILE", help="metrics, images, failures and events, as YAML")
    how.add_argument("--open-gates", action="store_true", help="open each gate as soon as it waits")
    how.add_argument("--within", default="", metavar="DURATION", help="of virtual time, at most (default: 7d)")
    how.add_argument("--seed", type=int, default=0, metavar="NUMBER", help="the same seed plays the same (default: 0)")
    out = parser.add_argument_group("output")
    out.add_argument("-o", "--output", choices=("text", "json"), default="text")
    out.add_argument("--no-diffs", action="store_true", help="name the objects that would change, without their lines")
    out.add_argument("--save", default="", metavar="NAME", help="keep the report in the cluster, for the web page")
    connection(parser)
