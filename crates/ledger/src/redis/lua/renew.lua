-- Moves the end of a claim's lease, or gives the claim back.
--
-- KEYS 1 due  2 claim  3 meta
-- ARGV 2 id  3 fence  4 in how many microseconds the job is due again  5 'renew' or 'give back'
-- Returns 1, or 0 when the claim was lost.

local refusal = closed(KEYS[3])
if refusal then
  return refusal
end
local attempt, fence = claimed(KEYS[2], ARGV[2])
if fence ~= ARGV[3] or (ARGV[5] == 'renew' and is_over(KEYS[1], ARGV[2])) then
  return 0
end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[4]), ARGV[2])
if ARGV[5] == 'give back' then
  redis.call('HSET', KEYS[2], ARGV[2], attempt .. ' 0')
  wake(KEYS[1], now + ARGV[4])
end
return 1
