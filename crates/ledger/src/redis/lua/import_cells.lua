-- Stores cells as they were in another ledger, those that are not here.
--
-- KEYS 1 meta  2 cell
-- ARGV 2 the stage the ledger must be in  3 and on: pairs of cell and value
-- Returns 'done', or 'changed' when the stage is another.

if redis.call('HGET', KEYS[1], 'stage') ~= ARGV[2] then
  return 'changed'
end
for i = 3, #ARGV, 2 do
  redis.call('HSETNX', KEYS[2], ARGV[i], ARGV[i + 1])
end
return 'done'
