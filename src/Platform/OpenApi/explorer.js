'use strict';
const key = document.getElementById('key');

// Opens what a link points at.
function open() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) { target.open = true; target.scrollIntoView(); }
}

document.getElementById('filter').addEventListener('input', event => {
  const text = event.target.value.toLowerCase();
  for (const operation of document.querySelectorAll('.operation')) {
    operation.hidden = !operation.querySelector('summary').textContent.toLowerCase().includes(text) && !operation.id.toLowerCase().includes(text);
  }
});

document.addEventListener('submit', async event => {
  event.preventDefault();
  const operation = event.target.closest('.operation');
  const answer = operation.querySelector('.answer');
  const headers = {};
  const query = new URLSearchParams();
  let path = operation.dataset.path;
  if (key.value) { headers.Authorization = 'Bearer ' + key.value; }
  for (const input of event.target.querySelectorAll('input[name]')) {
    if (!input.value) { continue; }
    if (input.dataset.in === 'path') { path = path.replace('{' + input.name + '}', encodeURIComponent(input.value)); }
    else if (input.dataset.in === 'query') { query.append(input.name, input.value); }
    else { headers[input.name] = input.value; }
  }
  const body = event.target.querySelector('textarea');
  if (body) { headers['Content-Type'] = body.dataset.type; }
  answer.hidden = false;
  answer.textContent = '…';
  try {
    const response = await fetch(path + (query.size ? '?' + query : ''), { method: operation.dataset.method, headers, body: body?.value });
    const text = await response.text();
    const seen = ['ETag', 'Location', 'Idempotency-Replayed'].filter(name => response.headers.has(name));
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* Not JSON: shown as it is. */ }
    answer.textContent = [response.status + ' ' + response.statusText, ...seen.map(name => name + ': ' + response.headers.get(name)), '', shown].join('\n');
  } catch (error) {
    answer.textContent = String(error);
  }
});

addEventListener('hashchange', open);
open();
