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

-- Tells everybody who waits on a queue in how many microseconds a job falls due.
local function wake(due, at)
  local wait = math.max(at - now, 0)
  if wait < FALLBACK then
    redis.call('PUBLISH', due, string.format('%.0f', wait))
  end
end

-- Plans the job of a batch in one queue, or none (at ''); whoever had claimed it loses it.
local function plan(due, claim, id, at)
  redis.call('HDEL', claim, id)
  if at == '' then
    redis.call('ZREM', due, id)
  else
    redis.call('ZADD', due, at, id)
    wake(due, tonumber(at))
  end
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

-- Why nothing may be changed: the ledger moved, or is being filled (`moving.rs`). Every script that
-- changes something begins with this; nil while the ledger is in use.
local function closed(meta)
  local stage = redis.call('HGET', meta, 'stage')
  if stage and stage ~= '' and not string.find(stage, '^%["open"') then
    return redis.error_reply('CLOSED ' .. stage)
  end
end
