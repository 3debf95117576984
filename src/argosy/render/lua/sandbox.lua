-- The world a user's script lives in. Everything it can reach is put into an environment of its own, by name and new
-- for every run; the rest of Lua's library stays with this chunk. Every C function offered here ends in bounded time, or
-- is wrapped so that it does: the instruction hook cannot interrupt C. Called once; returns a function that runs one
-- compiled script.
--
-- The language is Lua 5.1 with `goto`, as upstream's is: the interpreter is a 5.2, and what 5.2 took out of the library is
-- put back here.
local sethook, clock = debug.sethook, os.clock
local pcall, error, type, tostring, select = pcall, error, type, tostring, select
local patterns = ...
local strftime, mktime = os.date, os.time
local unpack, rawget, raw_setmetatable, setupvalue = table.unpack, rawget, setmetatable, debug.setupvalue
local raw_insert, raw_sort, raw_create, raw_rep, raw_find = table.insert, table.sort, coroutine.create, string.rep, string.find
local raw_resume, raw_gmatch, format_limit = coroutine.resume, string.gmatch, 1000
local string_meta = getmetatable("")

local HOOK_EVERY = 100 -- instructions; small, because one instruction may be a C call of some milliseconds
local SPEED = 5e7 -- instructions a second, for a script's own clock: the same on every machine
local expired, deadline, budget, given, now, timed = false, 0, 0, 0, 0, false

local function hook()
  budget = budget - HOOK_EVERY
  if expired or budget < 0 or clock() > deadline then
    expired = true
    sethook(hook, "", 1) -- a pcall cannot hold it: the next instruction outside raises again
    error("script exceeded its limit of time", 0)
  end
end

local function copy(from, names)
  local to = {}
  for name in raw_gmatch(names, "%S+") do to[name] = from[name] end
  return to
end

local function safe_insert(list, place, ...)
  if type(list) ~= "table" then error("bad argument #1 to 'insert' (table expected)", 2) end
  if select("#", ...) == 0 then return raw_insert(list, place) end
  if type(place) ~= "number" or place < 1 or place > #list + 1 then error("bad argument #2 to 'insert' (position out of bounds)", 2) end
  return raw_insert(list, place, (...))
end

local function less(a, b) return a < b end

-- A finalizer would run when nothing can end it, and in another script's turn.
local function safe_setmetatable(object, meta)
  if type(meta) == "table" and rawget(meta, "__gc") ~= nil then error("finalizers are not allowed", 2) end
  return raw_setmetatable(object, meta)
end

local function largest(list)
  local found = 0
  for key in next, list do
    if type(key) == "number" and key > found then found = key end
  end
  return found
end

local function new_table()
  local safe = copy(table, "concat remove")
  safe.insert, safe.maxn = safe_insert, largest
  function safe.getn(list) return #list end
  function safe.sort(list, before) return raw_sort(list, before or less) end
  return safe
end

local function new_os(open)
  local safe = {}
  function safe.time(parts)
    if parts == nil then
      timed = true
      return now
    end
    return mktime(parts)
  end
  function safe.date(format, moment)
    if #(format or "") > format_limit then error("bad argument #1 to 'date' (format too long)", 2) end
    timed = timed or moment == nil
    return strftime(format or "%c", moment or now)
  end
  if open then
    function safe.clock() return (given - budget) / SPEED end
    function safe.difftime(one, two) return one - (two or 0) end
  end
  return safe
end

local function new_string()
  local safe = copy(string, "byte char format len lower reverse sub upper")
  for name, value in next, patterns do safe[name] = value end
  function safe.rep(text, count)
    if text == "" or count <= 0 then return "" end
    if #text * count > 67108864 then error("not enough memory", 2) end
    return raw_rep(text, count)
  end
  local find = safe.find
  function safe.find(text, pattern, from, plain)
    if not plain then return find(text, pattern, from) end
    if #text * #pattern > 1e8 then error("text too long to search", 2) end
    return raw_find(text, pattern, from, true)
  end
  return safe
end

local function new_coroutine()
  local safe = copy(coroutine, "resume running status yield")
  function safe.create(body)
    local made = raw_create(body)
    sethook(made, hook, "", HOOK_EVERY)
    return made
  end
  local function pass(good, ...)
    if not good then error((...), 0) end
    return ...
  end
  function safe.wrap(body)
    local made = safe.create(body)
    return function(...) return pass(raw_resume(made, ...)) end
  end
  return safe
end

local BASE = "assert error getmetatable ipairs next pairs pcall rawequal rawget rawset select tonumber tostring type"
local MATH = "abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp huge ldexp log max min modf pi pow rad sin sinh sqrt tan tanh"

local function new_math()
  local safe = copy(math, MATH)
  safe.mod = math.fmod
  function safe.log10(number) return math.log(number, 10) end
  return safe
end

-- The built-in one runs its handler inside the hook when the hook raises, where no hook can end it.
local function handled(handler, good, ...)
  if good then return true, ... end
  return false, handler((...))
end

local function environment(open)
  local env = copy(_G, BASE)
  local modules = { os = new_os(open), table = new_table(), _G = env }
  local package = { loaded = modules, preload = {} }
  env._G, env.table, env.package, modules.package = env, modules.table, package, package
  env.setmetatable, env.unpack, env._VERSION = safe_setmetatable, unpack, "Lua 5.1"
  function env.print() end
  function env.xpcall(body, handler) return handled(handler, pcall(body)) end
  if open then
    modules.string, modules.math, modules.coroutine = new_string(), new_math(), new_coroutine()
    env.string, env.math, env.coroutine, env.os = modules.string, modules.math, modules.coroutine, modules.os
  end
  function env.require(name)
    local found = modules[name]
    if found == nil and package.preload[name] then
      found = package.preload[name](name) or true
      modules[name] = found
    end
    if found == nil then error("module " .. tostring(name) .. " not found", 2) end
    return found
  end
  return env, modules.string
end

string_meta.__metatable = false

-- Returns whether it ended well, the value, the value's type, whether the time mattered, and whether a limit was met.
return function(chunk, obj, parameters, open, moment, seconds, instructions)
  local env, strings = environment(open)
  string_meta.__index = strings or {}
  env.obj, env.actionParams = obj, parameters
  setupvalue(chunk, 1, env) -- a chunk's only upvalue is its environment
  now, timed, expired, budget, given = moment, false, false, instructions, instructions
  deadline = clock() + seconds
  sethook(hook, "", HOOK_EVERY)
  local good, value = pcall(chunk)
  sethook()
  local kind = type(value)
  if not good and kind ~= "string" then value = kind == "number" and tostring(value) or "script raised a " .. kind end
  return good, value, kind, timed, expired
end
