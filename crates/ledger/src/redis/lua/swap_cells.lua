-- Compares cells and sets them, all or none.
--
-- KEYS 1 meta  2 cell
-- ARGV 2 'first', or 'again' when the answer to the very same call may have been lost
--      3 how many cells  4 and on: cell, before, after of each
-- Returns 0, or the place of the first cell that is not what it must be, counted from 1.

local refusal = closed(KEYS[1])
if refusal then
  return refusal
end
if ARGV[2] == 'again' and not unlike(KEYS[2], 3, 2) then
  return 0
end
local refused = unlike(KEYS[2], 3, 1)
if refused then
  return refused
end
set_cells(KEYS[2], 3)
return 0
