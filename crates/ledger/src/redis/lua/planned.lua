-- When the jobs of a batch are handed out next.
--
-- KEYS 1 due of worker  2 due of reconciler
-- ARGV 2 id
-- Returns both times in microseconds since 1970, -1 for no job.

local times = {}
for i = 1, 2 do
  times[i] = tonumber(redis.call('ZSCORE', KEYS[i], ARGV[2]) or -1)
end
return times
