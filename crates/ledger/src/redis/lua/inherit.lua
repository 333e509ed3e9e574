-- Takes over what another ledger knew of itself.
--
-- KEYS 1 meta
-- ARGV 2 the stage the ledger must be in  3 account, or ''  4 fence to go on above
-- Returns 'done', or 'changed' when the stage is another.

if redis.call('HGET', KEYS[1], 'stage') ~= ARGV[2] then
  return 'changed'
end
if ARGV[3] ~= '' then
  redis.call('HSETNX', KEYS[1], 'account', ARGV[3])
end
local fence = tonumber(redis.call('HGET', KEYS[1], 'fence') or 0)
redis.call('HSET', KEYS[1], 'fence', string.format('%.0f', math.max(fence, ARGV[4])))
return 'done'
