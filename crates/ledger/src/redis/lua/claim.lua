-- Claims jobs of a queue, those that have been due longest first.
--
-- KEYS 1 due  2 claim  3 meta  4 batch  5 content
-- ARGV 2 how long the lease lasts, in microseconds  3 most to claim  4 who claims
--      5 how many outcomes are in a block
-- Returns in how many microseconds the next job is due (-1: there is none), then id, fence and
-- attempt of each claim, how many items the batch has, and the row and the content of one that has one
-- block of outcomes at most (nil for a bigger one).

local refusal = closed(KEYS[3])
if refusal then
  return refusal
end
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[3])
local found = { -1 }
local function add(value)
  found[#found + 1] = value
end
if #ids == 0 then
  -- Changes nothing, but a server that takes no writes says so: whoever waits should know.
  redis.call('ZADD', KEYS[1], 'XX', 0, '')
else
  -- The time is in it, so that a server which lost its last writes gives no fence out twice.
  local fence = math.max(redis.call('HGET', KEYS[3], 'fence') or 0, now - 1)
  local lease_ends = string.format('%.0f', now + ARGV[2])
  for _, id in ipairs(ids) do
    fence = fence + 1
    local attempt = claimed(KEYS[2], id)
    redis.call('HSET', KEYS[2], id, string.format('%d %.0f %s', attempt + 1, fence, ARGV[4]))
    redis.call('ZADD', KEYS[1], lease_ends, id)
    add(id)
    add(fence)
    add(attempt)
    local row = redis.call('HGET', KEYS[4], id)
    local count = row and #row >= 48 and struct.unpack('>I4', row, 41) or 0
    local is_small = row and count <= tonumber(ARGV[5])
    add(count)
    add(is_small and row)
    add(is_small and redis.call('HGET', KEYS[5], id))
  end
  redis.call('HSET', KEYS[3], 'fence', string.format('%.0f', fence))
end
local next = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if next[2] then
  found[1] = math.max(next[2] - now, 0)
end
return found
