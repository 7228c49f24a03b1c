-- Takes the place of lua-resty-ipmatcher, so that the modules that need it can be loaded. Global rate limits, which use it,
-- do not work with this image.
return {
  new = function()
    return nil, "resty.ipmatcher is not in this image"
  end,
}
