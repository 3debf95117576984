"""`argosy completion SHELL`: a script that completes commands and flags from a table, without starting Argosy."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping

from argosy.cli.commands import make_parser
from argosy.cli.failing import Exit

BASH = """\
# bash completion for argosy
declare -A _argosy_words=(
{table}
)
_argosy() {{
    local path="" word next
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        next="${{path:+$path }}$word"
        [[ -n "${{_argosy_words[/$next]+known}}" ]] && path="$next"
    done
    mapfile -t COMPREPLY < <(compgen -W "${{_argosy_words[/$path]}}" -- "${{COMP_WORDS[COMP_CWORD]}}")
}}
complete -o default -F _argosy argosy
"""
ZSH = """\
#compdef argosy
typeset -gA _argosy_words
_argosy_words=(
{table}
)
_argosy() {{
    local path_="" word next
    for word in "${{words[@]:1:$((CURRENT - 2))}}"; do
        next="${{path_:+$path_ }}$word"
        (( ${{+_argosy_words[/$next]}} )) && path_="$next"
    done
    compadd -- ${{=_argosy_words[/$path_]}}
    _files
}}
compdef _argosy argosy
"""
FISH = """\
# fish completion for argosy
function __argosy_words
    set -l path /
    for word in (commandline -opc)[2..-1]
        set -l next (string trim --left -c ' ' -- (string replace -r '^/' '' -- $path)" $word")
        contains -- "/$next" $__argosy_paths; and set path "/$next"
    end
    set -l at (contains -i -- $path $__argosy_paths)
    string split ' ' -- $__argosy_words[$at]
end
set -g __argosy_paths {paths}
set -g __argosy_words {words}
complete -c argosy -a '(__argosy_words)'
"""


def run(options: argparse.Namespace) -> int:
    sys.stdout.write(script(options.shell, dict(_words(make_parser()))))
    return Exit.OK


def script(shell: str, words: Mapping[str, str]) -> str:
    """`words`: subcommands and flags by the path of a command below `argosy`, "" for itself. Pure."""
    if shell == "fish":
        quoted = (" ".join(f"'{text}'" for text in texts) for texts in ((f"/{path}" for path in words), words.values()))
        return FISH.format(paths=next(quoted), words=next(quoted))
    row = "    ['/{}']='{}'" if shell == "bash" else "    '/{}' '{}'"
    table = "\n".join(row.format(path, texts) for path, texts in words.items())
    return (BASH if shell == "bash" else ZSH).format(table=table)


def _words(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    texts, below = list[str](), list[argparse.ArgumentParser]()
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            texts += action.choices
            below += dict.fromkeys(action.choices.values())
        elif action.help != argparse.SUPPRESS:
            texts += (name for name in action.option_strings if name.startswith("--"))
    yield parser.prog.partition(" ")[2], " ".join(texts)
    for one in below:
        yield from _words(one)
