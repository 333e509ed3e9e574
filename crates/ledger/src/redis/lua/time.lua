-- The time, and a field of the ledger's own hash at that time.
--
-- KEYS 1 meta
-- ARGV 2 field
-- Returns microseconds since 1970, and the value ('' for none).

return { now, redis.call('HGET', KEYS[1], ARGV[2]) or '' }
