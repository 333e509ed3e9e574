-- Stores a new batch, unless its external id was ever used.
--
-- KEYS 1 external  2 batch  3 content  4 journal  5 index of its state
--      6 due of worker  7 claim of worker  8 due of reconciler  9 claim of reconciler
--      10 meta
-- ARGV 2 id  3 external id  4 row  5 content  6 field of its first journal block  7 that block
--      8 when the worker's job is due, or ''  9 when the reconciler's is
-- Returns the id of the batch that has the external id: this one, or the first one.

local refusal = closed(KEYS[10])
if refusal then
  return refusal
end
local first = redis.call('HGET', KEYS[1], ARGV[3])
if first then
  return first
end
redis.call('HSET', KEYS[1], ARGV[3], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[4])
redis.call('HSET', KEYS[3], ARGV[2], ARGV[5])
redis.call('HSET', KEYS[4], ARGV[6], ARGV[7])
redis.call('ZADD', KEYS[5], 0, ARGV[2])
plan(KEYS[6], KEYS[7], ARGV[2], ARGV[8])
plan(KEYS[8], KEYS[9], ARGV[2], ARGV[9])
return ARGV[2]
