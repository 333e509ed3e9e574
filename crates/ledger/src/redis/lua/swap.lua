-- Replaces a field of the ledger's own hash, if it still is what it was.
--
-- KEYS 1 meta
-- ARGV 2 field  3 value before, '' for none  4 value after
-- Returns 1, or 0 when it changed.

local refusal = closed(KEYS[1])
if refusal then
  return refusal
end
if (redis.call('HGET', KEYS[1], ARGV[2]) or '') ~= ARGV[3] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[4])
return 1
