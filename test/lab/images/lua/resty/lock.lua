-- Stands in for lua-resty-lock, as far as ingress-nginx uses it: with timeout = 0, that is, without waiting.
local _M = {}
local meta = { __index = _M }

function _M.new(_, dictionary, options)
  local shared = ngx.shared[dictionary]
  if not shared then
    return nil, "dictionary not found"
  end
  return setmetatable({ shared = shared, expiry = options and options.exptime or 30 }, meta)
end

-- lock returns 0, the time it waited, or nil and why it has not got the lock.
function _M.lock(self, key)
  local ok, err = self.shared:add(key, true, self.expiry)
  if ok then
    self.key = key
    return 0
  end
  if err == "exists" then
    return nil, "timeout"
  end
  return nil, err
end

function _M.unlock(self)
  if not self.key then
    return nil, "unlocked"
  end
  self.shared:delete(self.key)
  self.key = nil
  return 1
end

return _M
