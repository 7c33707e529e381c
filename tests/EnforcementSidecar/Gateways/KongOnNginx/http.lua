-- As much of lua-resty-http as the plugin uses: one request over a pooled connection.

local http = {}
http.__index = http

function http.new()
  return setmetatable({ socket = ngx.socket.tcp() }, http)
end

function http:set_timeouts(connect, send, read)
  self.socket:settimeouts(connect, send, read)
end

local function read_head(socket)
  local line, problem = socket:receive("*l")
  if not line then
    return nil, problem
  end

  local headers = {}
  while true do
    local header = socket:receive("*l")
    if not header or header == "" then
      return { status = tonumber(line:match("^HTTP/1%.1 (%d+)")), headers = headers }
    end

    local name, value = header:match("^([^:]+):%s*(.-)%s*$")
    headers[name] = value
  end
end

function http:request_uri(url, options)
  local host, port, path = url:match("^http://([^:/]+):(%d+)(/.*)$")
  local connected, refused = self.socket:connect(host, tonumber(port), { pool_size = options.keepalive_pool })
  if not connected then
    return nil, refused
  end

  local lines = { options.method .. " " .. path .. " HTTP/1.1", "Host: " .. host .. ":" .. port }
  for name, value in pairs(options.headers) do
    lines[#lines + 1] = name .. ": " .. value
  end

  self.socket:send(table.concat(lines, "\r\n") .. "\r\n\r\n")
  local answer, problem = read_head(self.socket)
  if not answer then
    self.socket:close()
    return nil, problem
  end

  local length = tonumber(answer.headers["Content-Length"])
  answer.body = length > 0 and self.socket:receive(length) or ""
  self.socket:setkeepalive(options.keepalive_timeout, options.keepalive_pool)
  return answer
end

return http
