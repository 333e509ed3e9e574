-- How much is in the ledger.
--
-- KEYS 1 due of worker  2 due of reconciler  3 and on: the index of each state
-- Returns how many jobs of the worker are due, how many of the reconciler, and how many batches are
-- in each state.

local counts = {}
for i = 1, 2 do
  counts[i] = redis.call('ZCOUNT', KEYS[i], '-inf', string.format('%.0f', now))
end
for i = 3, #KEYS do
  counts[i] = redis.call('ZCARD', KEYS[i])
end
return counts
