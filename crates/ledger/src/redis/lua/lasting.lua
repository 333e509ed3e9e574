-- Claims that last, among a part of those of a queue.
--
-- KEYS 1 due  2 claim
-- ARGV 2 cursor, '0' to begin  3 about how many to look at
-- Returns the cursor of the next part ('0' after the last), how many claims last, and in how many
-- microseconds the last of them ends.

local part = redis.call('HSCAN', KEYS[2], ARGV[2], 'COUNT', ARGV[3])
local count, left = 0, 0
for i = 1, #part[2], 2 do
  if not string.find(part[2][i + 1], '^%d+ 0') then
    local ends = tonumber(redis.call('ZSCORE', KEYS[1], part[2][i]) or 0)
    if ends > now then
      count, left = count + 1, math.max(left, ends - now)
    end
  end
end
return { part[1], count, left }
