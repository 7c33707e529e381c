-- Asks Metering's sidecar over HAProxy's own HTTP client, which keeps its connections (HAProxy 2.6).

local CHECK = "http://" .. os.getenv("METERING_SIDECAR") .. "/v1/check"
local FAILS_OPEN = os.getenv("METERING_FAILURE") == "open"

-- A check may wait up to one second for the server that holds the quota.
local TIMEOUT_MS = 1500

-- Headers that describe the connection are HAProxy's own business.
local NOT_COPIED = { ["connection"] = true, ["content-length"] = true, ["transfer-encoding"] = true, ["date"] = true }

local UNDECIDED = '{"type":"urn:metering:problem:not-available","title":"The request can not be decided now","status":503,'
  .. '"reason":"sidecar_unreachable"}'

local function first(headers, name)
  for _, value in pairs(headers[name] or {}) do
    return value
  end
end

-- Nothing of the client reaches the check but its key.
local function question(txn)
  local asked = {
    ["x-meter-feature"] = { txn:get_var("txn.meter_feature") },
    ["x-meter-request-id"] = { txn:get_var("txn.meter_request") },
    ["x-original-method"] = { txn.sf:method() },
  }
  for name, copied in pairs({ ["authorization"] = "authorization", ["x-api-key"] = "x-api-key", ["content-length"] = "x-original-content-length" }) do
    local value = txn.sf:req_fhdr(name)
    if value ~= "" then
      asked[copied] = { value }
    end
  end

  return asked
end

local function deny(txn, status, headers, body)
  local reply = txn:reply({ status = status })
  for name, values in pairs(headers) do
    if not NOT_COPIED[name] then
      for _, value in pairs(values) do
        reply:add_header(name, value)
      end
    end
  end

  reply:set_body(body or "")
  txn:done(reply)
end

-- What the configuration takes from here: it alone changes the request and its answer.
local KEPT = {
  ["x-meter-customer"] = "txn.meter_customer",
  ["x-meter-reservation"] = "txn.meter_reservation",
  ["x-meter-warning"] = "txn.meter_warning",
  ["ratelimit"] = "txn.meter_ratelimit",
  ["ratelimit-policy"] = "txn.meter_ratelimit_policy",
}

local function allow(txn, headers)
  for header, variable in pairs(KEPT) do
    local value = first(headers, header)
    if value then
      txn:set_var(variable, value)
    end
  end
end

core.register_action("metering_check", { "http-req" }, function(txn)
  local answer = core.httpclient():get({ url = CHECK, headers = question(txn), timeout = TIMEOUT_MS })
  if answer.status == 200 then
    allow(txn, answer.headers)
  elseif first(answer.headers or {}, "x-meter-reason") then
    deny(txn, answer.status, answer.headers, answer.body)
  elseif FAILS_OPEN then
    -- HAProxy's own 503 or 504, or nothing at all: only the sidecar gives a reason.
    txn:Warning("passed without a decision: " .. txn:get_var("txn.meter_request"))
  else
    deny(txn, 503, { ["content-type"] = { "application/problem+json" }, ["retry-after"] = { "1" } }, UNDECIDED)
  end
end, 0)
