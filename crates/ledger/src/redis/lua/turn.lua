-- Goes from one stage to another: the ledger is opened, being filled, or left.
--
-- KEYS 1 meta  2 batch  3 cell
-- ARGV 2 stage before, '' for one that never changed  3 stage after
--      4 'empty' when the ledger must have no batch and no cell, or ''
-- Returns 'done', 'changed' when the stage was another, or 'not empty'.

if (redis.call('HGET', KEYS[1], 'stage') or '') ~= ARGV[2] then
  return 'changed'
end
local is_new = redis.call('EXISTS', KEYS[2], KEYS[3]) == 0
if ARGV[4] == 'empty' and not is_new then
  return 'not empty'
end
redis.call('HSET', KEYS[1], 'stage', ARGV[3])
return 'done'
