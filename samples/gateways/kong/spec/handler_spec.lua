-- The plugin's own logic with plain Lua 5.1:  cd samples/gateways/kong && lua5.1 spec/handler_spec.lua
package.path = "./?.lua;" .. package.path

local asked, scripted, service, exited, answered

-- The client library: remembers the question and answers what the case says.
package.loaded["resty.http"] = {
  new = function()
    return {
      set_timeouts = function(_, connect, send, read)
        asked.timeouts = { connect, send, read }
      end,
      request_uri = function(_, url, options)
        asked.url, asked.options = url, options
        return scripted.answer, scripted.problem
      end,
    }
  end,
}

-- Kong's plugin API, as far as the plugin uses it.
local function stub_kong(client)
  asked, service, exited, answered = {}, {}, nil, {}
  _G.kong = {
    ctx = { plugin = {} },
    log = { err = function() end },
    request = {
      get_header = function(name) return client[name:lower()] end,
      get_headers = function() return client end,
      get_method = function() return "POST" end,
      get_id = function() return "request-1" end,
    },
    response = {
      exit = function(status, body, headers) exited = { status = status, body = body, headers = headers } end,
      set_header = function(name, value) answered[name] = value end,
    },
    service = {
      request = {
        clear_header = function(name) service[name:lower()] = nil end,
        set_header = function(name, value) service[name:lower()] = value end,
      },
    },
  }
  for name, value in pairs(client) do
    service[name] = value
  end
end

local handler = require "kong.plugins.metering.handler"

local CONF = {
  sidecar_url = "http://127.0.0.1:8081", feature = "summarize", key_header = "X-Api-Key", failure = "closed",
  connect_timeout = 100, timeout = 1500, keepalive = 60000, keepalive_pool = 256,
}

local CLIENT = {
  ["authorization"] = "Bearer key", ["content-length"] = "18", ["cookie"] = "c=1",
  ["x-meter-feature"] = "free-of-charge", ["x-meter-units"] = "0", ["x-meter-customer"] = "somebody-else",
}

local function run(answer, problem, failure)
  scripted = { answer = answer, problem = problem }
  stub_kong(CLIENT)
  handler:access(setmetatable({ failure = failure }, { __index = CONF }))
  handler:header_filter()
end

local function equal(expected, actual, what)
  if expected ~= actual then
    error(("%s: expected %s, got %s"):format(what, tostring(expected), tostring(actual)), 2)
  end
end

local ALLOWED = {
  status = 200, body = "",
  headers = {
    ["X-Meter-Customer"] = "customer", ["X-Meter-Reservation"] = "reservation", ["Content-Length"] = "0",
    ["Ratelimit"] = '"q";r=1;t=9', ["Ratelimit-Policy"] = '"q";q=2;w=9', ["X-Ratelimit-Limit-Day"] = "2",
  },
}

local cases = {
  ["the check is asked with the key, the route's feature and nothing else of the client"] = function()
    run(ALLOWED)
    local headers = asked.options.headers
    equal("http://127.0.0.1:8081/v1/check", asked.url, "url")
    equal("GET", asked.options.method, "method")
    equal("Bearer key", headers["Authorization"], "key")
    equal("summarize", headers["X-Meter-Feature"], "feature")
    equal("request-1", headers["X-Meter-Request-Id"], "request id")
    equal("18", headers["X-Original-Content-Length"], "length")
    equal(nil, headers["X-Meter-Units"], "units")
    equal(nil, headers["cookie"], "cookie")
    equal(100, asked.timeouts[1], "connect timeout")
    equal(1500, asked.timeouts[3], "read timeout")
    equal(256, asked.options.keepalive_pool, "pool")
  end,

  ["an admitted request goes on with the customer that the check named"] = function()
    run(ALLOWED)
    equal(nil, exited, "exit")
    equal("customer", service["x-meter-customer"], "customer")
    equal("reservation", service["x-meter-reservation"], "reservation")
    equal(nil, service["x-meter-feature"], "spoofed feature")
    equal(nil, service["x-meter-units"], "spoofed units")
    equal("c=1", service["cookie"], "cookie")
  end,

  ["an admitted request's answer tells what is left and nothing that is the service's"] = function()
    run(ALLOWED)
    equal('"q";r=1;t=9', answered["Ratelimit"], "RateLimit")
    equal('"q";q=2;w=9', answered["Ratelimit-Policy"], "RateLimit-Policy")
    equal("2", answered["X-Ratelimit-Limit-Day"], "Kong's own header")
    equal(nil, answered["X-Meter-Reservation"], "reservation")
    equal(nil, answered["Content-Length"], "length")
  end,

  ["a denial is passed on as it is"] = function()
    for _, status in ipairs({ 401, 402, 403, 413, 429, 503 }) do
      run({ status = status, body = '{"reason":"r"}', headers = { ["Retry-After"] = "7", ["Connection"] = "keep-alive" } })
      equal(status, exited.status, "status")
      equal('{"reason":"r"}', exited.body, "body")
      equal("7", exited.headers["Retry-After"], "Retry-After")
      equal(nil, exited.headers["Connection"], "Connection")
      equal(nil, answered["Ratelimit"], "RateLimit of another request")
    end
  end,

  ["without an answer nothing passes"] = function()
    run(nil, "connection refused")
    equal(503, exited.status, "status")
    equal("sidecar_unreachable", exited.body.reason, "reason")
    equal("1", exited.headers["Retry-After"], "Retry-After")
  end,

  ["without an answer a request passes where the operator chose so, without what its client claimed to be"] = function()
    run(nil, "timeout", "open")
    equal(nil, exited, "exit")
    equal(nil, service["x-meter-customer"], "customer")
  end,

  ["a sidecar that can not decide is heard also where requests pass without one"] = function()
    run({ status = 503, body = "{}", headers = {} }, nil, "open")
    equal(503, exited.status, "status")
  end,

  ["the schema asks for a feature and fails closed"] = function()
    package.loaded["kong.db.schema.typedefs"] = { protocols_http = {} }
    local config = require("kong.plugins.metering.schema").fields[2].config
    local known = {}
    for _, field in ipairs(config.fields) do
      for name, terms in pairs(field) do
        known[name] = terms
      end
    end

    for name in pairs(CONF) do
      equal(true, known[name] ~= nil, name)
    end

    equal(true, known.feature.required and known.feature.default == nil, "feature")
    equal("closed", known.failure.default, "failure")
  end,
}

local failed, passed = 0, 0
for name, case in pairs(cases) do
  local ok, problem = pcall(case)
  passed, failed = passed + (ok and 1 or 0), failed + (ok and 0 or 1)
  if not ok then
    print("failed: " .. name .. ": " .. problem)
  end
end

print(passed .. " passed, " .. failed .. " failed")
os.exit(failed == 0 and 0 or 1)
