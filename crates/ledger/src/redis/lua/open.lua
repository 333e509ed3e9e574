-- Stores a new batch, unless its external id was ever used.
--
-- KEYS 1 external  2 batch  3 content  4 index of its state
--      5 due of worker  6 claim of worker  7 due of reconciler  8 claim of reconciler  9 meta
-- ARGV 2 id  3 external id  4 row  5 content
--      6 in how many microseconds the worker's job is due, or ''  7 the same for the reconciler's
-- Returns the id of the batch that has the external id: this one, or the first one.

local refusal = closed(KEYS[9])
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
redis.call('ZADD', KEYS[4], 0, ARGV[2])
plan(KEYS[5], KEYS[6], ARGV[2], ARGV[6])
plan(KEYS[7], KEYS[8], ARGV[2], ARGV[7])
return ARGV[2]
