"""Our matcher of Lua's patterns against the built-in one, on short texts where that is harmless."""

from __future__ import annotations

from typing import Any

import lupa.lua51
from hypothesis import example, given, settings
from hypothesis import strategies as st

from argosy.render.lua.sandbox import Sandbox

BUILT_IN = lupa.lua51.LuaRuntime(unpack_returned_tuples=True)
OURS = Sandbox()

PIECES = "a b . %a %d %s %. [ab] [^a] [a-c] [%d%-] []x] [^]] ( ) () %1 %b() %f[%a] ^ $ - * + ? % [ %w %S 1 %p %x %u %l"
pieces = st.sampled_from(PIECES.split(" "))
patterns = st.lists(pieces, max_size=7).map("".join)
texts = st.text("ab1 .()A-x]", max_size=10)

SCRIPT = """
local s, p, r = obj.text, obj.pattern, obj.by
local function told(...)
  local out = {n = select("#", ...)}
  for at = 1, out.n do out[at] = tostring((select(at, ...))) end
  return table.concat(out, "|") .. "#" .. out.n
end
local all = {}
for one, two in string.gmatch(s, p) do
  all[#all + 1] = tostring(one) .. ":" .. tostring(two)
  if #all > 50 then break end
end
return told(string.find(s, p)) .. "\\n" .. told(string.match(s, p, obj.from)) .. "\\n" .. told(string.gsub(s, p, r))
  .. "\\n" .. table.concat(all, ",")
"""
RUN = BUILT_IN.execute(f"return function(obj) {SCRIPT} end")


@settings(max_examples=400)
@given(texts, patterns, st.sampled_from(["", "<%0>", "%1", "%%", "x"]), st.integers(-4, 6))
@example("key = value", "^(%w+)%s*=%s*(%w+)$", "<%0>", 1)
@example("(a(b)c)", "%b()", "%1", 1)
@example("", "", "x", 1)
def test_ours_answers_as_the_built_in_one(text: str, pattern: str, by: str, start: int) -> None:
    given_ = {"text": text, "pattern": pattern, "by": by, "from": start}
    wanted: Any
    try:
        wanted = RUN(BUILT_IN.table_from(given_))
    except lupa.lua51.LuaError:
        wanted = "error"
    found = OURS.evaluate(SCRIPT, given_, {}, 0, open_libraries=True)
    assert ("error" if "error" in found else found["value"]) == wanted


def test_replacements_by_table_and_function() -> None:
    script = """
    local by_table = string.gsub("$name is $age", "%$(%w+)", {name = "Ada", age = 36})
    local by_function, count = string.gsub("abc", "%w", function(c) if c ~= "b" then return c .. c end end)
    return {by_table, by_function, count, (string.gsub("hello", "l", "L", 1))}
    """
    found = OURS.evaluate(script, {}, {}, 0, open_libraries=True)
    assert found["value"] == ["Ada is 36", "aabcc", 3, "heLlo"]
