-- What every script begins with.
--
-- ARGV 1 is the time in microseconds since 1970, or '' for the time of the server.

local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

-- Whoever waits looks by itself within this time (microseconds; `FALLBACK` in wake.rs), so only
-- what is due sooner is told.
local FALLBACK = 5000000

-- No batch has more blocks of outcomes or of its journal: a row that says so was not written by us,
-- and must not hold up the server.
local MOST_BLOCKS = 10000

-- Tells everybody who waits on a queue in how many microseconds a job falls due.
local function wake(due, at)
  local wait = math.max(at - now, 0)
  if wait < FALLBACK then
    -- A message that may not be sent is only a lost one.
    redis.pcall('PUBLISH', due, string.format('%.0f', wait))
  end
end

-- Plans the job of a batch in one queue in so many microseconds (fewer than none: it goes ahead of
-- others), or none (''); whoever had claimed it loses it.
local function plan(due, claim, id, delay)
  local was_planned
  if delay == '' then
    was_planned = redis.call('ZREM', due, id) == 1
  else
    local at = now + tonumber(delay)
    was_planned = redis.call('ZADD', due, string.format('%.0f', at), id) == 0
    wake(due, at)
  end
  -- What is not planned is not claimed either.
  if was_planned then
    redis.call('HDEL', claim, id)
  end
end

-- Whether the lease on a job has ended.
local function is_over(due, id)
  return tonumber(redis.call('ZSCORE', due, id) or 0) < now
end

-- How often a job was claimed, and the fence of its newest claim ('0' when nobody has it).
local function claimed(claim, id)
  local row = redis.call('HGET', claim, id)
  if not row then
    return 0, '0'
  end
  local attempt, fence = string.match(row, '^(%d+) (%d+)')
  return tonumber(attempt), fence
end

-- The place of the first of the cells a call names that is not what it should be: what it must be
-- before (word 1), or what it becomes (word 2). `at` is where ARGV says how many cells there are;
-- behind it stand three arguments for each: cell, before, after, where '' is no value, and '+' stands
-- in front of one. Nil when all are.
local function unlike(cells, at, word)
  for i = 1, tonumber(ARGV[at]) do
    local first = at - 2 + 3 * i
    local found = redis.call('HGET', cells, ARGV[first])
    if (found and '+' .. found or '') ~= ARGV[first + word] then
      return i
    end
  end
end

-- Makes of these cells what they become.
local function set_cells(cells, at)
  for i = 1, tonumber(ARGV[at]) do
    local first = at - 2 + 3 * i
    local key, before, after = ARGV[first], ARGV[first + 1], ARGV[first + 2]
    if after == '' then
      redis.call('HDEL', cells, key)
    elseif after ~= before then
      redis.call('HSET', cells, key, string.sub(after, 2))
    end
  end
end

-- Why nothing may be changed: the ledger moved, is being filled (`moving.rs`), has another format, or
-- is gone. Every script that changes something begins with this; nil while the ledger is in use.
local function closed(meta)
  local found = redis.call('HMGET', meta, 'stage', 'format')
  local stage, format = found[1], found[2]
  if stage and stage ~= '' and not string.find(stage, '^%["open"') then
    return redis.error_reply('CLOSED ' .. stage)
  end
  if format ~= '1' then
    return redis.error_reply('FORMAT ' .. (format or 'none'))
  end
end
