-- The row of a batch, which has its newest journal entries, and every block of its journal.
--
-- KEYS 1 batch  2 journal
-- ARGV 2 id  3 how many entries are in a block
-- Returns the row, then the blocks, oldest first, and nil where one is missing; nothing for a batch
-- that does not exist.

local row = redis.call('HGET', KEYS[1], ARGV[2])
if not row then
  return {}
end
local found = { row }
local version = #row >= 48 and struct.unpack('>I8', row) or 0
for block = 0, math.min(math.ceil(version / ARGV[3]), MOST_BLOCKS) - 2 do
  found[block + 2] = redis.call('HGET', KEYS[2], ARGV[2] .. struct.pack('>I4', block))
end
return found
