-- Stands in for lua-resty-balancer's round robin, as far as ingress-nginx uses it: new, reinit, find and the field nodes,
-- a table from a node's name to its weight.
local _M = {}
local meta = { __index = _M }

local function each_as_often_as_it_weighs(nodes)
  local turns = {}
  for name, weight in pairs(nodes) do
    for _ = 1, weight do
      turns[#turns + 1] = name
    end
  end
  table.sort(turns)
  return turns
end

function _M.new(_, nodes)
  local self = setmetatable({}, meta)
  self:reinit(nodes)
  return self
end

function _M.reinit(self, nodes)
  self.nodes = nodes
  self.turns = each_as_often_as_it_weighs(nodes)
  -- Each worker of nginx has its own turns: they must not all begin with the same node.
  self.last = math.random(0, math.max(#self.turns - 1, 0))
end

function _M.find(self)
  if #self.turns == 0 then
    return nil
  end
  self.last = self.last % #self.turns + 1
  return self.turns[self.last]
end

return _M
