-- Claims jobs of a queue, those that have been due longest first.
--
-- KEYS 1 due  2 claim  3 meta
-- ARGV 2 how long the lease lasts, in microseconds  3 most to claim  4 who claims
-- Returns in how many microseconds the next job is due (-1: there is none), then id, fence and
-- attempt of each claim.

local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[3])
local claims = { -1 }
if #ids > 0 then
  local fence = redis.call('HINCRBY', KEYS[3], 'fence', #ids) - #ids
  local lease_ends = string.format('%.0f', now + ARGV[2])
  for _, id in ipairs(ids) do
    fence = fence + 1
    local attempt = claimed(KEYS[2], id)
    redis.call('HSET', KEYS[2], id, string.format('%d %.0f %s', attempt + 1, fence, ARGV[4]))
    redis.call('ZADD', KEYS[1], lease_ends, id)
    claims[#claims + 1] = id
    claims[#claims + 1] = fence
    claims[#claims + 1] = attempt
  end
end
local next = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if next[2] then
  claims[1] = math.max(next[2] - now, 0)
end
return claims
