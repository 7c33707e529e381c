local typedefs = require "kong.db.schema.typedefs"

return {
  name = "metering",
  fields = {
    { protocols = typedefs.protocols_http },
    {
      config = {
        type = "record",
        fields = {
          { sidecar_url = { type = "string", required = true, default = "http://127.0.0.1:8081" } },
          -- The feature that requests of this route, service or consumer group use.
          { feature = { type = "string", required = true, len_min = 1, len_max = 128 } },
          -- Where the API key is when it is not in Authorization.
          { key_header = { type = "string", required = true, default = "X-Api-Key" } },
          -- What happens when no sidecar answers: 503, or the request passes.
          { failure = { type = "string", required = true, default = "closed", one_of = { "closed", "open" } } },
          { connect_timeout = { type = "integer", required = true, default = 100, between = { 1, 10000 } } },
          -- A check may wait up to one second for the server that holds the quota.
          { timeout = { type = "integer", required = true, default = 1500, between = { 1, 10000 } } },
          { keepalive = { type = "integer", required = true, default = 60000, between = { 1000, 600000 } } },
          { keepalive_pool = { type = "integer", required = true, default = 256, between = { 1, 4096 } } },
        },
      },
    },
  },
}
