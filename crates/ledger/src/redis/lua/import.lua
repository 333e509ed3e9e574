-- Stores a batch exactly as it was in another ledger, unless it is here.
--
-- KEYS 1 external  2 batch  3 content  4 journal  5 index of its state
--      6 due of worker  7 claim of worker  8 due of reconciler  9 claim of reconciler
--      10 meta  11 outcome
-- ARGV 2 id  3 external id  4 row  5 content  6 the stage the ledger must be in
--      7 when the worker's job is due, or ''  8 how often it was claimed
--      9 and 10 the same for the reconciler's
--      11 how many blocks the journal has  12 and on: pairs of field and block, those of the
--      journal, then those of the outcomes
-- Returns 'done', or 'changed' when the stage is another.

if redis.call('HGET', KEYS[10], 'stage') ~= ARGV[6] then
  return 'changed'
end
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 1 then
  return 'done'
end
redis.call('HSET', KEYS[1], ARGV[3], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[4])
redis.call('HSET', KEYS[3], ARGV[2], ARGV[5])
redis.call('ZADD', KEYS[5], 0, ARGV[2])
for i = 0, 1 do
  local due, attempt = ARGV[7 + 2 * i], ARGV[8 + 2 * i]
  if due ~= '' then
    redis.call('ZADD', KEYS[6 + 2 * i], due, ARGV[2])
    if attempt ~= '0' then
      redis.call('HSET', KEYS[7 + 2 * i], ARGV[2], attempt .. ' 0')
    end
  end
end
local outcomes = 12 + 2 * ARGV[11]
for i = 12, #ARGV, 2 do
  redis.call('HSET', i < outcomes and KEYS[4] or KEYS[11], ARGV[i], ARGV[i + 1])
end
return 'done'
