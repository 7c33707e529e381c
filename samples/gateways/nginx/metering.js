// Forwards an admitted request, tells the sidecar what it used, and only then answers the client (njs 0.7.9).

const PROBLEM = 'application/problem+json';

// Headers that describe the connection or the body's encoding are nginx's own business.
const NOT_COPIED = ['connection', 'content-length', 'content-encoding', 'transfer-encoding', 'keep-alive', 'date', 'server'];

async function forward(r) {
  try {
    const answer = await r.subrequest('/_meter/upstream', { method: r.method, body: r.requestText || '' });
    if (answer.status === 502 || answer.status === 504) {
      // The upstream did nothing that could be charged for; what the check took stays taken.
      unavailable(r, 'upstream_unavailable');
      return;
    }

    if (!await settle(r, answer)) {
      unavailable(r, 'not_metered');
      return;
    }

    copyHeaders(r, answer);
    limits(r);
    r.headersOut['X-Meter-Request-Id'] = r.variables.request_id;
    r.return(answer.status, answer.responseBuffer || '');
  } catch (e) {
    r.error('metering: ' + e);
    unavailable(r, 'gateway_failed');
  }
}

// Without a reservation nobody decided: the operator chose to let such requests pass, and what they use can not be charged.
async function settle(r, answer) {
  if (!r.variables.meter_reservation) {
    r.error('passed without a decision and without metering: ' + r.variables.request_id);
    return true;
  }

  const settled = await r.subrequest('/_meter/settle', { method: 'POST', body: settlement(r, answer) });
  if (settled.status !== 202) {
    r.error('usage could not be settled: status ' + settled.status);
  }

  return settled.status === 202;
}

// The event's data: whole numbers from the answer's usage block; what is absent counts as nothing used. By nginx's own id
// of the request, which no client can choose, the event is found again when somebody asks about one request.
function settlement(r, answer) {
  const data = {
    request_id: r.variables.request_id, model: 'unknown', prompt_tokens: 0, completion_tokens: 0, total_tokens: 0, status: answer.status,
  };
  try {
    const body = JSON.parse(answer.responseText);
    data.model = typeof body.model === 'string' ? body.model : data.model;
    const usage = body.usage || {};
    data.prompt_tokens = count(usage.prompt_tokens);
    data.completion_tokens = count(usage.completion_tokens);
    data.total_tokens = usage.total_tokens === undefined ? data.prompt_tokens + data.completion_tokens : count(usage.total_tokens);
  } catch (e) {
    // An answer that is not JSON reports no tokens; the request itself is still metered.
  }

  return JSON.stringify({ reservation: r.variables.meter_reservation, data: data });
}

function count(value) {
  return typeof value === 'number' && value >= 0 && Math.floor(value) === value ? value : 0;
}

function copyHeaders(r, answer) {
  for (const name in answer.headersOut) {
    const lower = name.toLowerCase();
    if (NOT_COPIED.indexOf(lower) < 0 && lower.indexOf('x-meter-') !== 0) {
      r.headersOut[name] = answer.headersOut[name];
    }
  }
}

function limits(r) {
  if (r.variables.meter_ratelimit) {
    r.headersOut['RateLimit'] = r.variables.meter_ratelimit;
    r.headersOut['RateLimit-Policy'] = r.variables.meter_ratelimit_policy;
  }

  if (r.variables.meter_warning) {
    r.headersOut['X-Meter-Warning'] = r.variables.meter_warning;
  }
}

function unavailable(r, reason) {
  r.headersOut['Content-Type'] = PROBLEM;
  r.headersOut['Retry-After'] = '1';
  r.return(503, JSON.stringify({
    type: 'urn:metering:problem:not-available', title: 'The request can not be served now', status: 503, reason: reason,
  }));
}

export default { forward };
