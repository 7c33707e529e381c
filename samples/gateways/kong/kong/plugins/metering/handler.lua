-- Asks Metering's sidecar before Kong forwards a request (Kong Gateway 3.x, open source or Enterprise).

local http = require "resty.http"

-- After Kong's own authentication, beside its rate limiting.
local Metering = { PRIORITY = 915, VERSION = "1.0.0" }

-- Headers that describe the connection are Kong's own business.
local NOT_COPIED = { ["connection"] = true, ["content-length"] = true, ["transfer-encoding"] = true, ["keep-alive"] = true, ["date"] = true }

-- What an admitted request's answer tells the client, in every dialect that the sidecar speaks.
local function is_told_to_client(name)
  return name:find("^ratelimit") or name:find("^x%-ratelimit%-") or name == "x-meter-warning"
end

-- Nothing of the client reaches the check but its key, so that it can not name its own feature, units or request.
local function question(conf)
  return {
    ["Authorization"] = kong.request.get_header("authorization"),
    ["X-Api-Key"] = kong.request.get_header(conf.key_header),
    ["X-Meter-Feature"] = conf.feature,
    ["X-Meter-Request-Id"] = kong.request.get_id(),
    ["X-Original-Method"] = kong.request.get_method(),
    ["X-Original-Content-Length"] = kong.request.get_header("content-length"),
  }
end

local function ask(conf)
  local client = http.new()
  client:set_timeouts(conf.connect_timeout, conf.timeout, conf.timeout)
  return client:request_uri(conf.sidecar_url .. "/v1/check", {
    method = "GET",
    headers = question(conf),
    keepalive_timeout = conf.keepalive,
    keepalive_pool = conf.keepalive_pool,
  })
end

local function strip_from_client()
  for name in pairs(kong.request.get_headers()) do
    if name:lower():find("^x%-meter%-") then
      kong.service.request.clear_header(name)
    end
  end
end

local function admit(answer)
  kong.service.request.set_header("X-Meter-Customer", answer.headers["X-Meter-Customer"])
  kong.service.request.set_header("X-Meter-Reservation", answer.headers["X-Meter-Reservation"])
  local told = {}
  for name, value in pairs(answer.headers) do
    if is_told_to_client(name:lower()) then
      told[name] = value
    end
  end

  kong.ctx.plugin.told = told
end

local function deny(answer)
  local headers = {}
  for name, value in pairs(answer.headers) do
    if not NOT_COPIED[name:lower()] then
      headers[name] = value
    end
  end

  return kong.response.exit(answer.status, answer.body, headers)
end

local function undecided(conf, problem)
  if conf.failure == "open" then
    kong.log.err("passed without a decision: ", problem)
    return
  end

  kong.log.err("nobody decided: ", problem)
  return kong.response.exit(503, {
    type = "urn:metering:problem:not-available",
    title = "The request can not be decided now",
    status = 503,
    reason = "sidecar_unreachable",
  }, { ["Content-Type"] = "application/problem+json", ["Retry-After"] = "1" })
end

function Metering:access(conf)
  strip_from_client()
  local answer, problem = ask(conf)
  if not answer then
    return undecided(conf, problem)
  end

  if answer.status == 200 then
    return admit(answer)
  end

  return deny(answer)
end

function Metering:header_filter()
  for name, value in pairs(kong.ctx.plugin.told or {}) do
    kong.response.set_header(name, value)
  end
end

return Metering
