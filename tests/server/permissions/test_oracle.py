"""The compiled policy agrees with casbin, which upstream builds on, on policies that nobody wrote by hand."""

from __future__ import annotations

import re

import casbin
from casbin.model import Model
from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.server.permissions.enforcement import Enforcer, Subject

MODEL = """
[request_definition]
r = sub, res, act, obj
[policy_definition]
p = sub, res, act, obj, eft
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = g(r.sub, p.sub) && fits(r.res, p.res) && fits(r.act, p.act) && fits(r.obj, p.obj)
"""
SUBJECTS = ("alice", "bob", "role:a", "role:b", "role:c", "team")
RESOURCES = ("applications", "projects", "clusters", "*")
ACTIONS = ("get", "sync", "action/apps/Deployment/restart", "action/*", "*", "ge?")
OBJECTS = ("p/web", "p/*", "*/web", "q/ns/web", "q/*/web", "*", "p/w?b", "p/[vw]eb", "{p,q}/web")
ASKED = (("applications", "get"), ("applications", "sync"), ("projects", "get"), ("clusters", "get"))
ASKED_ACTIONS = ("action/apps/Deployment/restart",)
ASKED_OBJECTS = ("p/web", "p/wob", "q/ns/web", "q/web", "r/other", "p", "")

rules = st.tuples(
    st.sampled_from(SUBJECTS),
    st.sampled_from(RESOURCES),
    st.sampled_from(ACTIONS),
    st.sampled_from(OBJECTS),
    st.sampled_from(("allow", "deny")),
)
members = st.tuples(st.sampled_from(SUBJECTS), st.sampled_from(SUBJECTS[2:5])).filter(lambda pair: pair[0] != pair[1])


def translated(pattern: str) -> str:
    """A glob without separators as a regular expression, by another hand than ours."""
    found, at = "", 0
    while at < len(pattern):
        char = pattern[at]
        if char == "[":
            end = pattern.index("]", at)
            found, at = found + pattern[at : end + 1], end + 1
            continue
        if char == "{":
            end = pattern.index("}", at)
            inner = "|".join(translated(part) for part in pattern[at + 1 : end].split(","))
            found, at = f"{found}(?:{inner})", end + 1
            continue
        found += {"*": ".*", "?": "."}.get(char, re.escape(char))
        at += 1
    return found


def fits(value: str, pattern: str) -> bool:
    return re.fullmatch(translated(pattern), value, re.DOTALL) is not None


def oracle(lines: list[tuple[str, ...]], roles: list[tuple[str, str]]) -> casbin.Enforcer:
    model = Model()
    model.load_model_from_text(MODEL)
    made = casbin.Enforcer(model)
    made.add_function("fits", fits)
    made.add_policies([list(line) for line in dict.fromkeys(lines)])
    made.add_grouping_policies([list(pair) for pair in dict.fromkeys(roles)])
    made.build_role_links()
    return made


@settings(deadline=None, max_examples=150)
@given(st.lists(rules, max_size=8), st.lists(members, max_size=5), st.sampled_from(("", "role:a", "role:c")))
def test_what_casbin_allows_is_allowed_and_nothing_else(
    lines: list[tuple[str, ...]], roles: list[tuple[str, str]], default: str
) -> None:
    text = "\n".join(", ".join(("p", *(f'"{part}"' if "," in part else part for part in line))) for line in lines)
    text += "".join(f"\ng, {member}, {role}" for member, role in roles)
    ours = Enforcer({"policy.csv": text, "policy.default": default}, lambda name: None, built_in=False)
    theirs = oracle(lines, roles)
    for name, groups in (("alice", ()), ("bob", ()), ("nobody", ("team",)), ("alice", ("team", "absent"))):
        for resource, action in (*ASKED, *(("applications", one) for one in ASKED_ACTIONS)):
            for target in ASKED_OBJECTS:
                asked = [default] if default else []
                asked += [name, *(group for group in groups if any(member == group for member, _ in roles))]
                wanted = any(theirs.enforce(subject, resource, action, target) for subject in asked)
                found = ours.allows(Subject(name, groups), resource, action, target)
                assert found == wanted, (name, groups, resource, action, target)
