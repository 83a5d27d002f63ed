"""The Lua scripts of the view store. Redis runs a script alone, but rolls nothing back: each one
checks everything before its first write, and stores the offset last.

Lua can pass at most 8,000 values in one call: what takes two for each key goes 2,000 keys at once.
"""

from typing import Final

CLEARING: Final = b"clearing"
"""Stands in the claim's place while a partition is being cleared: nobody can write, readers find
no status, and whoever claims next finishes the clearing first."""

CLAIM: Final = """
-- KEYS: claim, status, offset    ARGV: random part of the token
-- The count rises with every claim, and by the clock also when the last one was lost.
local held = redis.call('GET', KEYS[1])
if held == 'clearing' then return {held} end
local time = redis.call('TIME')
local microseconds = time[1] * 1000000 + time[2]
local count = math.max(tonumber(held and string.match(held, ':(%d+)$') or 0) + 1, microseconds)
local token = ARGV[1] .. ':' .. string.format('%d', count)
redis.call('SET', KEYS[1], token)
return {token, redis.call('GET', KEYS[2]), redis.call('GET', KEYS[3])}
"""

_MUST_BE_OURS: Final = """
-- KEYS: claim    ARGV: token
local held = redis.call('GET', KEYS[1])
if not held or held == 'clearing' then return {'no claim'} end
if held ~= ARGV[1] then
  local function count(token) return tonumber(string.match(token, ':(%d+)$') or 0) end
  if count(held) < count(ARGV[1]) then return {'older claim'} end
  return {'fenced'}
end
"""

START: Final = (
    _MUST_BE_OURS
    + """
-- KEYS: claim, offset, status    ARGV: token, offset, status
redis.call('SET', KEYS[3], ARGV[3])
redis.call('SET', KEYS[2], ARGV[2])
return {'written'}
"""
)

_MUST_STAND_BEFORE: Final = """
-- KEYS: claim, offset    ARGV: token, expected offset, offset afterwards
local offset = redis.call('GET', KEYS[2])
if offset ~= ARGV[2] then
  if offset == ARGV[3] then return {'written'} end
  return {'other offset', offset or 'none'}
end
"""

_WRITE: Final = """
-- KEYS: claim, offset, status, index, then the entries: those to set, then those to delete
-- ARGV: token, expected offset, offset afterwards, status, length of the entry prefix, how many
-- of the entries to set the index may lack (they come first), values
local puts, new = #ARGV - 6, tonumber(ARGV[6])
local first = tonumber(ARGV[5]) + 1
for from = 1, puts, 2000 do
  local values, to = {}, math.min(from + 1999, puts)
  for i = from, to do
    values[#values + 1] = KEYS[4 + i]
    values[#values + 1] = ARGV[6 + i]
  end
  redis.call('MSET', unpack(values))
end
for from = 1, new, 2000 do
  local members, to = {}, math.min(from + 1999, new)
  for i = from, to do
    members[#members + 1] = '0'
    members[#members + 1] = string.sub(KEYS[4 + i], first)
  end
  redis.call('ZADD', KEYS[4], unpack(members))
end
if #KEYS > 4 + puts then
  local gone, members = {}, {}
  for i = 5 + puts, #KEYS do
    gone[#gone + 1] = KEYS[i]
    members[#members + 1] = string.sub(KEYS[i], first)
  end
  redis.call('DEL', unpack(gone))
  redis.call('ZREM', KEYS[4], unpack(members))
end
redis.call('SET', KEYS[3], ARGV[4])
redis.call('SET', KEYS[2], ARGV[3])
return {'written'}
"""

_HOLD: Final = """
-- KEYS: the last one, held    ARGV: at the end an offset and a value for each to hold, how many, an
-- offset for each to forget, how many. Taken away, so that what is left is as without them.
local held = table.remove(KEYS)
for _ = 1, tonumber(table.remove(ARGV)) do redis.call('HDEL', held, table.remove(ARGV)) end
for _ = 1, tonumber(table.remove(ARGV)) do
  local value = table.remove(ARGV)
  redis.call('HSET', held, table.remove(ARGV), value)
end
"""

WRITE: Final = _MUST_BE_OURS + _MUST_STAND_BEFORE + _WRITE

WRITE_AND_HOLD: Final = _MUST_BE_OURS + _MUST_STAND_BEFORE + _HOLD + _WRITE
"""Of the parts of strict folds alone, so that no other pays for it."""

CLOSE_FOR_CLEARING: Final = """
-- KEYS: claim, offset, status, held
redis.call('SET', KEYS[1], 'clearing')
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
return 1
"""

CLEAR_SOME: Final = """
-- KEYS: claim, index    ARGV: entry prefix, how many at most
-- Returns how many entries went; -1 when there is nothing left to clear.
if redis.call('GET', KEYS[1]) ~= 'clearing' then return -1 end
local members = redis.call('ZRANGE', KEYS[2], 0, tonumber(ARGV[2]) - 1)
if #members == 0 then
  redis.call('DEL', KEYS[1])
  return -1
end
local names = {}
for i, member in ipairs(members) do names[i] = ARGV[1] .. member end
redis.call('DEL', unpack(names))
redis.call('ZREM', KEYS[2], unpack(members))
return #members
"""

PAGE: Final = """
-- KEYS: status, index    ARGV: entry prefix, lower bound, how many at most
local status = redis.call('GET', KEYS[1])
local members = redis.call('ZRANGEBYLEX', KEYS[2], ARGV[2], '+', 'LIMIT', 0, tonumber(ARGV[3]))
if #members == 0 then return {status, members, {}} end
local names = {}
for i, member in ipairs(members) do names[i] = ARGV[1] .. member end
return {status, members, redis.call('MGET', unpack(names))}
"""
