// Asks the sidecar and either forwards the request or answers as the sidecar did (njs 0.7.9).

// Headers that describe the connection are nginx's own business.
const NOT_COPIED = ['connection', 'content-length', 'transfer-encoding', 'keep-alive', 'date', 'server'];

async function decide(r) {
  const answer = await r.subrequest('/_meter/check', { method: 'GET' });
  if (answer.status === 200) {
    remember(r, answer.headersOut);
    r.internalRedirect('@service');
  } else if (answer.status === 502 || answer.status === 504) {
    // nginx says these itself when no sidecar answered, or not in time; the sidecar never does.
    undecided(r);
  } else {
    deny(r, answer);
  }
}

function remember(r, headers) {
  r.variables.meter_customer = headers['X-Meter-Customer'] || '';
  r.variables.meter_reservation = headers['X-Meter-Reservation'] || '';
  r.variables.meter_warning = headers['X-Meter-Warning'] || '';
  r.variables.meter_ratelimit = headers['Ratelimit'] || '';
  r.variables.meter_ratelimit_policy = headers['Ratelimit-Policy'] || '';
}

function deny(r, answer) {
  for (const name in answer.headersOut) {
    if (NOT_COPIED.indexOf(name.toLowerCase()) < 0) {
      r.headersOut[name] = answer.headersOut[name];
    }
  }

  r.return(answer.status, answer.responseBuffer || '');
}

function undecided(r) {
  if (r.variables.meter_failure === 'open') {
    r.error('passed without a decision: ' + r.variables.request_id);
    r.internalRedirect('@service');
    return;
  }

  r.headersOut['Content-Type'] = 'application/problem+json';
  r.headersOut['Retry-After'] = '1';
  r.return(503, JSON.stringify({
    type: 'urn:metering:problem:not-available', title: 'The request can not be decided now', status: 503, reason: 'sidecar_unreachable',
  }));
}

export default { decide };
