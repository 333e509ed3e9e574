-- Every block of a batch's journal.
--
-- KEYS 1 batch  2 journal
-- ARGV 2 id  3 how many entries are in a block
-- Returns the blocks, oldest first, and nil where one is missing.

local row = redis.call('HGET', KEYS[1], ARGV[2])
if not row then
  return {}
end
local blocks = {}
local version = struct.unpack('>I8', row)
for block = 0, math.ceil(version / ARGV[3]) - 1 do
  blocks[block + 1] = redis.call('HGET', KEYS[2], ARGV[2] .. struct.pack('>I4', block))
end
return blocks
