-- Stands in for lua-resty-cookie, as far as ingress-nginx uses it: for cookies that keep a client with one server.
local _M = {}
local meta = { __index = _M }

function _M.new()
  return setmetatable({}, meta)
end

function _M.get(_, name)
  local value = ngx.var["cookie_" .. name]
  if not value then
    return nil, "no cookie found in the current request"
  end
  return value
end

local function with_value(name, value)
  return value and "; " .. name .. "=" .. value or ""
end

local function flag(name, wanted)
  return wanted and "; " .. name or ""
end

function _M.set(_, cookie)
  if not cookie.key or not cookie.value then
    return nil, 'missing field "key" or "value"'
  end
  local line = cookie.key .. "=" .. cookie.value
    .. with_value("Expires", cookie.expires)
    .. with_value("Max-Age", cookie.max_age)
    .. with_value("Domain", cookie.domain)
    .. with_value("Path", cookie.path)
    .. flag("Secure", cookie.secure)
    .. flag("HttpOnly", cookie.httponly)
    .. with_value("SameSite", cookie.samesite)
  local lines = ngx.header["Set-Cookie"] or {}
  if type(lines) ~= "table" then
    lines = { lines }
  end
  lines[#lines + 1] = line
  ngx.header["Set-Cookie"] = lines
  return true
end

return _M
