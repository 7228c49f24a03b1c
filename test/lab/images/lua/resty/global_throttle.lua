-- Takes the place of lua-resty-global-throttle, so that the modules that need it can be loaded. Global rate limits do not work
-- with this image: ingress-nginx logs that and limits nothing.
return {
  new = function()
    return nil, "resty.global_throttle is not in this image"
  end,
}
