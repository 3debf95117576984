-- The world a user's script lives in. Everything it can reach is put into `env` by name; the rest of Lua's library
-- stays with this chunk. Every C function offered here ends in bounded time, or is wrapped so that it does: the
-- instruction hook cannot interrupt C. Called once for a fresh runtime; returns a function that runs one script.
local sethook, clock, loadstring, setfenv = debug.sethook, os.clock, loadstring, setfenv
local pcall, error, type, pairs, tostring, select = pcall, error, type, pairs, tostring, select
local now, wall = ...
local strftime, mktime = os.date, os.time
local raw_insert, raw_sort, raw_create, raw_rep, raw_find = table.insert, table.sort, coroutine.create, string.rep, string.find
local raw_resume, format_limit = coroutine.resume, 1000

local HOOK_EVERY = 100 -- instructions; small, because one instruction may be a C call of some milliseconds
local WALL_EVERY = 0.005 -- seconds of processor time between two looks at the clock on the wall, which costs more
local WALL_HOOKS = 20
local expired, deadline, wall_deadline, budget, looked, hooks = false, 0, 0, 0, 0, 0

local function late()
  local used = clock()
  hooks = hooks + 1
  if used > deadline then return true end
  if not wall or (hooks < WALL_HOOKS and used - looked < WALL_EVERY) then return false end
  hooks, looked = 0, used
  return wall() > wall_deadline
end

local function hook()
  budget = budget - HOOK_EVERY
  if expired or budget < 0 or late() then
    expired = true
    sethook(hook, "", 1) -- a pcall cannot hold it: the next instruction outside raises again
    error("script exceeded its limit of time or instructions", 0)
  end
end

local function copy(from, names)
  local to = {}
  for name in names:gmatch("%S+") do to[name] = from[name] end
  return to
end

local function safe_insert(list, place, ...)
  if type(list) ~= "table" then error("bad argument #1 to 'insert' (table expected)", 2) end
  if select("#", ...) == 0 then return raw_insert(list, place) end
  if type(place) ~= "number" or place < 1 or place > #list + 1 then error("bad argument #2 to 'insert' (position out of bounds)", 2) end
  return raw_insert(list, place, (...))
end

local function less(a, b) return a < b end

local safe_table = copy(table, "concat remove maxn")
safe_table.insert = safe_insert
function safe_table.sort(list, before) return raw_sort(list, before or less) end

local safe_os = {}
function safe_os.time(parts)
  if parts == nil then return now end
  return mktime(parts)
end
function safe_os.date(format, moment)
  if #(format or "") > format_limit then error("bad argument #1 to 'date' (format too long)", 2) end
  return strftime(format or "%c", moment or now)
end

local function bounded_string(patterns)
  local safe = copy(string, "byte char format len lower reverse sub upper")
  for name, value in pairs(patterns) do safe[name] = value end
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

local function bounded_coroutine()
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

local function environment(patterns)
  local env = copy(_G, "assert error getmetatable ipairs next pairs pcall rawequal rawget rawset select setmetatable tonumber tostring type unpack _VERSION")
  local modules = { os = safe_os, table = safe_table }
  function env.print() end
  -- The built-in one runs its handler inside the hook when the hook raises, where no hook can end it.
  local function handled(handler, good, ...)
    if good then return true, ... end
    return false, handler((...))
  end
  function env.xpcall(body, handler) return handled(handler, pcall(body)) end
  env._G, env.table = env, safe_table
  if patterns then
    modules.string, modules.math, modules.coroutine = bounded_string(patterns), copy(math, "abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp huge ldexp log log10 max min modf pi pow rad sin sinh sqrt tan tanh"), bounded_coroutine()
    safe_os.clock, safe_os.difftime = clock, os.difftime
    for name, module in pairs(modules) do env[name] = module end
  end
  function env.require(name)
    local found = modules[name]
    if found == nil then error("module '" .. tostring(name) .. "' not found", 2) end
    return found
  end
  return env, modules.string
end

return function(source, obj, parameters, patterns, seconds, instructions)
  local env, strings = environment(patterns)
  local meta = getmetatable("")
  meta.__index, meta.__metatable = strings or {}, false
  env.obj, env.actionParams = obj, parameters
  local chunk, why = loadstring(source, "=script")
  if not chunk then return false, why end
  setfenv(chunk, env)
  expired, deadline, budget = false, clock() + seconds, instructions
  wall_deadline = wall and wall() + seconds
  sethook(hook, "", HOOK_EVERY)
  local good, value = pcall(chunk)
  sethook()
  if not good and type(value) ~= "string" then value = "script raised a value that is no text" end
  return good, value
end
