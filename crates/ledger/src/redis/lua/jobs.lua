-- The jobs of a batch, as planned as they are.
--
-- KEYS 1 due of worker  2 claim of worker  3 due of reconciler  4 claim of reconciler
-- ARGV 2 id
-- Returns when each job is due in microseconds since 1970 (-1 for no job), and how often it was
-- claimed.

local jobs = {}
for i = 1, 3, 2 do
  jobs[i] = tonumber(redis.call('ZSCORE', KEYS[i], ARGV[2]) or -1)
  jobs[i + 1] = claimed(KEYS[i + 1], ARGV[2])
end
return jobs
