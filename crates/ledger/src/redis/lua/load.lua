-- A batch with all its items, as they are at one moment.
--
-- KEYS 1 external  2 batch  3 content  4 outcome
-- ARGV 2 id, or '' to find it by its external id  3 external id  4 how many outcomes are in a block
-- Returns id, row, content and every block of outcomes (nil where nothing is known; no blocks where
-- one is enough: it is in the row); nothing for a batch that does not exist.

local id = ARGV[2]
if id == '' then
  id = redis.call('HGET', KEYS[1], ARGV[3])
end
local row = id and redis.call('HGET', KEYS[2], id)
if not row then
  return {}
end
local found = { id, row, redis.call('HGET', KEYS[3], id) }
local blocks = #row >= 48 and math.ceil(struct.unpack('>I4', row, 41) / ARGV[4]) or 0
if blocks > 1 and blocks <= MOST_BLOCKS then
  for block = 0, blocks - 1 do
    found[block + 4] = redis.call('HGET', KEYS[4], id .. struct.pack('>I4', block))
  end
end
return found
