-- Stores a change of a batch: row, outcomes, journal entry, jobs and claim in one step.
--
-- KEYS 1 batch  2 journal  3 outcome  4 index of the state before  5 index of the state after
--      6 due of worker  7 claim of worker  8 due of reconciler  9 claim of reconciler
--      10 meta  11 cell
-- ARGV 2 id
--      3 the place the change is based on: how the row begins now  4 front of the row after it
--      5 the queue of the claim it relies on, or ''  6 the fence of that claim
--      7 in how many microseconds the worker's job is due, '' for no job, 'kept' to leave it as it is
--      8 the same for the reconciler's
--      9 journal entry  10 field of the block that the entries before it fill, or ''
--      11 'first', or 'again' when the answer to the very same change may have been lost
--      12 how many pairs of outcome field and block there are  13 and on: those pairs; then how many
--      cells are compared and set, and of each: cell, before, after
-- Returns 'stored', 'missing', 'lost', 'stale', or 'changed' and the place of a cell that is not what it
-- must be, counted from 1.

local refusal = closed(KEYS[10])
if refusal then
  return refusal
end
local row = redis.call('HGET', KEYS[1], ARGV[2])
if not row then
  return 'missing'
end
local place = string.sub(row, 1, #ARGV[3])
if ARGV[11] == 'again' and place == string.sub(ARGV[4], 1, #ARGV[3]) then
  return 'stored'
end
if ARGV[5] ~= '' then
  local due, claim, planned = KEYS[6], KEYS[7], ARGV[7]
  if ARGV[5] == 'reconciler' then
    due, claim, planned = KEYS[8], KEYS[9], ARGV[8]
  end
  local _, fence = claimed(claim, ARGV[2])
  if fence ~= ARGV[6] then
    return 'lost'
  end
  -- More is to be done under this claim, so it must last.
  if planned == 'kept' and is_over(due, ARGV[2]) then
    return 'lost'
  end
end
if place ~= ARGV[3] then
  return 'stale'
end
local cells = 13 + 2 * ARGV[12]
local refused = unlike(KEYS[11], cells, 1)
if refused then
  return 'changed ' .. refused
end
local entries = string.sub(row, 49 + struct.unpack('>I4', row, 45))
if ARGV[10] ~= '' then
  redis.call('HSET', KEYS[2], ARGV[10], entries)
  entries = ''
end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[4] .. entries .. ARGV[9])
for i = 13, cells - 1, 2 do
  redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1])
end
set_cells(KEYS[11], cells)
if KEYS[4] ~= KEYS[5] then
  redis.call('ZREM', KEYS[4], ARGV[2])
  redis.call('ZADD', KEYS[5], 0, ARGV[2])
end
if ARGV[7] ~= 'kept' then
  plan(KEYS[6], KEYS[7], ARGV[2], ARGV[7])
end
if ARGV[8] ~= 'kept' then
  plan(KEYS[8], KEYS[9], ARGV[2], ARGV[8])
end
return 'stored'
