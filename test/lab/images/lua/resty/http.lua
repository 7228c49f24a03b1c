-- Takes the place of lua-resty-http, so that the modules that need it can be loaded. It only says that it is not there: OCSP
-- stapling does not work with this image.
return {
  new = function()
    error("resty.http is not in this image")
  end,
}
