-- As much of Kong's plugin API as the plugin uses, on nginx's Lua module.

local pdk = {}
local conf

local function body_of(value)
  if type(value) ~= "table" then
    return value
  end

  local members = {}
  for name, member in pairs(value) do
    members[#members + 1] = type(member) == "number" and ('"%s":%d'):format(name, member) or ('"%s":"%s"'):format(name, member)
  end

  return "{" .. table.concat(members, ",") .. "}"
end

kong = {
  ctx = setmetatable({}, {
    __index = function()
      ngx.ctx.plugin = ngx.ctx.plugin or {}
      return ngx.ctx.plugin
    end,
  }),
  log = { err = function(...) ngx.log(ngx.ERR, ...) end },
  request = {
    get_header = function(name) return ngx.req.get_headers()[name] end,
    get_headers = function() return ngx.req.get_headers() end,
    get_method = function() return ngx.req.get_method() end,
    get_id = function() return ngx.var.request_id end,
  },
  response = {
    set_header = function(name, value) ngx.header[name] = value end,
    exit = function(status, body, headers)
      ngx.status = status
      for name, value in pairs(headers) do
        ngx.header[name] = value
      end

      ngx.print(body_of(body))
      return ngx.exit(status)
    end,
  },
  service = {
    request = { set_header = ngx.req.set_header, clear_header = ngx.req.clear_header },
  },
}

-- What the schema gives a plugin that is configured with these three alone.
function pdk.configure(sidecar_url, failure)
  package.loaded["kong.db.schema.typedefs"] = { protocols_http = {} }
  conf = { sidecar_url = sidecar_url, feature = "summarize", failure = failure }
  for _, field in ipairs(require("kong.plugins.metering.schema").fields[2].config.fields) do
    for name, terms in pairs(field) do
      conf[name] = conf[name] or terms.default
    end
  end
end

function pdk.run(phase)
  local handler = require "kong.plugins.metering.handler"
  handler[phase](handler, conf)
end

return pdk
