-- Takes the place of lua-resty-dns, so that the modules that need it can be loaded. It resolves nothing: a Service of type
-- ExternalName does not work with this image.
return {
  TYPE_A = 1,
  TYPE_AAAA = 28,
  new = function()
    return nil, "resty.dns.resolver is not in this image"
  end,
}
