-- Stands in for lua-resty-balancer's consistent hash, as far as ingress-nginx uses it: new, reinit, find and the field nodes,
-- a table from a node's name to its weight. A key goes to the first point at or after its hash on a ring; a node that
-- comes or goes moves only the keys of its own points. Which node a key goes to is not what the original would choose.
local crc32 = ngx.crc32_long

local POINTS_PER_WEIGHT = 160

local _M = {}
local meta = { __index = _M }

local function points_of(nodes)
  local points = {}
  for name, weight in pairs(nodes) do
    for i = 1, weight * POINTS_PER_WEIGHT do
      points[#points + 1] = { hash = crc32(name .. "#" .. i), name = name }
    end
  end
  table.sort(points, function(a, b)
    if a.hash == b.hash then
      return a.name < b.name
    end
    return a.hash < b.hash
  end)
  return points
end

function _M.new(_, nodes)
  local self = setmetatable({}, meta)
  self:reinit(nodes)
  return self
end

function _M.reinit(self, nodes)
  self.nodes = nodes
  self.points = points_of(nodes)
end

function _M.find(self, key)
  local points = self.points
  if #points == 0 then
    return nil
  end
  local hash = crc32(tostring(key))
  local first, last = 1, #points + 1
  while first < last do
    local middle = math.floor((first + last) / 2)
    if points[middle].hash < hash then
      first = middle + 1
    else
      last = middle
    end
  end
  local point = points[first] or points[1]
  return point.name
end

return _M
