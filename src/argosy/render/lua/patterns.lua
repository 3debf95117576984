-- Lua's patterns, written in Lua: the built-in matcher cannot be interrupted and recurses on the C stack. Returned:
-- find, match, gmatch, gsub with the meaning of Lua 5.1.
local byte, sub, char, builtin = string.byte, string.sub, string.char, string.find
local type, tostring, error, unpack = type, tostring, error, table.unpack
local ESCAPE, OPEN, CLOSE, SET, END_SET, NOT, RANGE, LAST = 37, 40, 41, 91, 93, 94, 45, 36
local UNFINISHED, POSITION, MOST_CAPTURES = -1, -2, 32
local NAMED = "acdlpsuwxzACDLPSUWXZ"

local named = {}
for at = 1, #NAMED do named[byte(NAMED, at)] = {} end

local function in_class(c, letter)
  local known = named[letter]
  if not known then return c == letter end
  if known[c] == nil then known[c] = builtin(char(c), "^%" .. char(letter)) ~= nil end
  return known[c]
end

local function class_end(p, at)
  local c = byte(p, at)
  at = at + 1
  if c == ESCAPE then
    if at > #p then error("malformed pattern (ends with '%')", 0) end
    return at + 1
  end
  if c ~= SET then return at end
  if byte(p, at) == NOT then at = at + 1 end
  repeat
    if at > #p then error("malformed pattern (missing ']')", 0) end
    local d = byte(p, at)
    at = at + 1
    if d == ESCAPE and at <= #p then at = at + 1 end
  until byte(p, at) == END_SET
  return at + 1
end

local function in_set(c, p, at, last)
  local wanted = true
  at = at + 1
  if byte(p, at) == NOT then wanted, at = false, at + 1 end
  while at < last do
    local d = byte(p, at)
    if d == ESCAPE then
      if in_class(c, byte(p, at + 1)) then return wanted end
      at = at + 2
    elseif byte(p, at + 1) == RANGE and at + 2 < last then
      if d <= c and c <= byte(p, at + 2) then return wanted end
      at = at + 3
    else
      if d == c then return wanted end
      at = at + 1
    end
  end
  return not wanted
end

local function single(m, s, p, ending)
  local c = byte(m.text, s)
  if not c then return false end
  local d = byte(m.pattern, p)
  if d == 46 then return true end
  if d == ESCAPE then return in_class(c, byte(m.pattern, p + 1)) end
  if d == SET then return in_set(c, m.pattern, p, ending - 1) end
  return c == d
end

local run

local function with_capture(m, s, p, kind)
  local level = m.level + 1
  if level > MOST_CAPTURES then error("too many captures", 0) end
  m.from[level], m.size[level], m.level = s, kind, level
  local found = run(m, s, p)
  if not found then m.level = level - 1 end
  return found
end

local function closed(m, s, p)
  for level = m.level, 1, -1 do
    if m.size[level] == UNFINISHED then
      m.size[level] = s - m.from[level]
      local found = run(m, s, p)
      if not found then m.size[level] = UNFINISHED end
      return found
    end
  end
  error("invalid pattern capture", 0)
end

local function balanced(m, s, p)
  local open, close = byte(m.pattern, p), byte(m.pattern, p + 1)
  if not close then error("unbalanced pattern", 0) end
  if byte(m.text, s) ~= open then return nil end
  local depth = 1
  for at = s + 1, #m.text do
    local c = byte(m.text, at)
    if c == close then
      depth = depth - 1
      if depth == 0 then return at + 1 end
    elseif c == open then
      depth = depth + 1
    end
  end
  return nil
end

local function repeated(m, s, p)
  local level = byte(m.pattern, p) - 48
  if level < 1 or level > m.level or m.size[level] == UNFINISHED then error("invalid capture index", 0) end
  if m.size[level] == POSITION then return nil end
  local text = sub(m.text, m.from[level], m.from[level] + m.size[level] - 1)
  if sub(m.text, s, s + #text - 1) == text then return s + #text end
  return nil
end

local function frontier(m, s, p)
  if byte(m.pattern, p) ~= SET then error("missing '[' after '%f' in pattern", 0) end
  local ending = class_end(m.pattern, p)
  local before, here = byte(m.text, s - 1) or 0, byte(m.text, s) or 0
  if s == 1 then before = 0 end
  if in_set(before, m.pattern, p, ending - 1) or not in_set(here, m.pattern, p, ending - 1) then return nil end
  return ending
end

local function longest(m, s, p, ending)
  local count = 0
  while single(m, s + count, p, ending) do count = count + 1 end
  for taken = count, 0, -1 do
    local found = run(m, s + taken, ending + 1)
    if found then return found end
  end
  return nil
end

local function shortest(m, s, p, ending)
  while true do
    local found = run(m, s, ending + 1)
    if found then return found end
    if not single(m, s, p, ending) then return nil end
    s = s + 1
  end
end

-- One item after another; what can take a choice back recurses.
function run(m, s, p)
  local pattern, length = m.pattern, #m.pattern
  while p <= length do
    local c, after = byte(pattern, p), byte(pattern, p + 1)
    if c == OPEN then
      if after == CLOSE then return with_capture(m, s, p + 2, POSITION) end
      return with_capture(m, s, p + 1, UNFINISHED)
    elseif c == CLOSE then
      return closed(m, s, p + 1)
    elseif c == LAST and p == length then
      return s == #m.text + 1 and s or nil
    elseif c == ESCAPE and after == 98 then
      s, p = balanced(m, s, p + 2), p + 4
      if not s then return nil end
    elseif c == ESCAPE and after == 102 then
      p = frontier(m, s, p + 2)
      if not p then return nil end
    elseif c == ESCAPE and after and after >= 48 and after <= 57 then
      s, p = repeated(m, s, p + 1), p + 2
      if not s then return nil end
    else
      local ending = class_end(pattern, p)
      local suffix = byte(pattern, ending)
      if suffix == 63 then
        if single(m, s, p, ending) then
          local found = run(m, s + 1, ending + 1)
          if found then return found end
        end
        p = ending + 1
      elseif suffix == 42 then
        return longest(m, s, p, ending)
      elseif suffix == 43 then
        return single(m, s, p, ending) and longest(m, s + 1, p, ending) or nil
      elseif suffix == RANGE then
        return shortest(m, s, p, ending)
      else
        if not single(m, s, p, ending) then return nil end
        s, p = s + 1, ending
      end
    end
  end
  return s
end

local function text_of(value, place, name)
  if type(value) == "number" then return tostring(value) end
  if type(value) ~= "string" then error("bad argument #" .. place .. " to '" .. name .. "' (string expected, got " .. type(value) .. ")", 3) end
  return value
end

local function begin(text, pattern) return { text = text, pattern = pattern, level = 0, from = {}, size = {} } end

local function capture(m, level)
  local size = m.size[level]
  if size == POSITION then return m.from[level] end
  if size == UNFINISHED then error("unfinished capture", 0) end
  return sub(m.text, m.from[level], m.from[level] + size - 1)
end

local function captures(m, s, ending, whole)
  local found = {}
  for level = 1, m.level do found[level] = capture(m, level) end
  if m.level == 0 and whole then found[1] = sub(m.text, s, ending - 1) end
  return found
end

local function search(text, pattern, from)
  local start = from or 1
  if start < 0 then start = #text + start + 1 end
  if start < 1 then start = 1 end
  if start > #text + 1 then start = #text + 1 end
  local anchored = byte(pattern, 1) == NOT
  local m = begin(text, pattern)
  repeat
    m.level = 0
    local ending = run(m, start, anchored and 2 or 1)
    if ending then return m, start, ending end
    start = start + 1
  until anchored or start > #text + 1
end

local out = {}

function out.find(text, pattern, from)
  text, pattern = text_of(text, 1, "find"), text_of(pattern, 2, "find")
  local m, start, ending = search(text, pattern, from)
  if not m then return nil end
  return start, ending - 1, unpack(captures(m, start, ending, false))
end

function out.match(text, pattern, from)
  text, pattern = text_of(text, 1, "match"), text_of(pattern, 2, "match")
  local m, start, ending = search(text, pattern, from)
  if not m then return nil end
  return unpack(captures(m, start, ending, true))
end

function out.gmatch(text, pattern)
  text, pattern = text_of(text, 1, "gmatch"), text_of(pattern, 2, "gmatch")
  local m, start = begin(text, pattern), 1
  return function()
    while start <= #text + 1 do
      m.level = 0
      local at, ending = start, run(m, start, 1)
      if ending then
        start = ending == at and ending + 1 or ending
        return unpack(captures(m, at, ending, true))
      end
      start = start + 1
    end
    return nil
  end
end

local function expanded(m, template, start, ending)
  local parts, at = {}, 1
  while at <= #template do
    local c = byte(template, at)
    if c ~= ESCAPE then
      parts[#parts + 1] = char(c)
    else
      at = at + 1
      local d = byte(template, at)
      if not d or d < 48 or d > 57 then
        parts[#parts + 1] = d and char(d) or "\0"
      elseif d == 48 or (d == 49 and m.level == 0) then
        parts[#parts + 1] = sub(m.text, start, ending - 1)
      else
        if d - 48 > m.level then error("invalid capture index", 0) end
        parts[#parts + 1] = tostring(capture(m, d - 48))
      end
    end
    at = at + 1
  end
  return table.concat(parts)
end

local function replacement(m, by, start, ending)
  local kind = type(by)
  if kind == "string" then return expanded(m, by, start, ending) end
  local found = captures(m, start, ending, true)
  local value
  if kind == "table" then value = by[found[1]] else value = by(unpack(found)) end
  if not value then return sub(m.text, start, ending - 1) end
  if type(value) ~= "string" and type(value) ~= "number" then error("invalid replacement value (a " .. type(value) .. ")", 0) end
  return tostring(value)
end

function out.gsub(text, pattern, by, most)
  text, pattern = text_of(text, 1, "gsub"), text_of(pattern, 2, "gsub")
  if type(by) == "number" then by = tostring(by) end
  local kind = type(by)
  if kind ~= "string" and kind ~= "table" and kind ~= "function" then error("bad argument #3 to 'gsub' (string/function/table expected)", 2) end
  local anchored = byte(pattern, 1) == NOT
  local m, start, count, parts = begin(text, pattern), 1, 0, {}
  while not most or count < most do
    m.level = 0
    local ending = run(m, start, anchored and 2 or 1)
    if ending then
      count = count + 1
      parts[#parts + 1] = replacement(m, by, start, ending)
    end
    if ending and ending > start then
      start = ending
    elseif start <= #text then
      parts[#parts + 1] = sub(text, start, start)
      start = start + 1
    else
      break
    end
    if anchored then break end
  end
  parts[#parts + 1] = sub(text, start)
  return table.concat(parts), count
end

return out
