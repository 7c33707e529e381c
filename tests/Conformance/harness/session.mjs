// Runs named steps through the client library, sees every call that it makes, and keeps what became of each step.
import { OpenMeter } from '@openmeter/sdk'

const callLimitMs = 30_000

export class Session {
  #calls = []
  #operations
  #contract
  #steps = []

  constructor({ url, apiKey, operations, contract }) {
    this.url = url
    this.apiKey = apiKey
    this.#operations = new Map(operations.map((operation) => [operation.operationId, operation]))
    this.#contract = contract
    this.fetch = (request) => this.#capture(request)
    this.om = new OpenMeter({ baseUrl: url, apiKey, fetch: this.fetch })
  }

  get steps() {
    return this.#steps
  }

  /**
   * One use of an operation. What it gives is held against the contract and then against `check`, and is returned for later steps;
   * nothing is returned when the step failed.
   */
  step = async (operationId, name, act, check = () => {}) => {
    const { value, error, call } = await this.#run(act)
    const violation = error !== undefined
      ? told(error, call) + this.#blame(operationId, call)
      : this.#violation(operationId, call, (status) => status < 400) ?? failed(check, value)
    this.#keep(operationId, name, violation, call)
    return violation === undefined ? value : undefined
  }

  /** One use of an operation that has to be refused with this status. */
  refused = async (operationId, name, status, act) => {
    const { error, call } = await this.#run(act)
    const violation = call === undefined
      ? told(error, call)
      : this.#violation(operationId, call, (answered) => answered === status, `${status}`)
    this.#keep(operationId, name, violation, call)
  }

  /** What the steps stand on and another area answers for. Nothing is returned when it failed, and the steps after it say so. */
  given = async (name, act) => {
    const { value, error, call } = await this.#run(act)
    if (error !== undefined) {
      console.error(`! given ${name}: ${told(error, call)}`)
    }
    return error === undefined ? value : undefined
  }

  /** A route of Metering itself, which the client library does not know. */
  own = async (method, path, body) => {
    const response = await fetch(new URL(path, this.url), {
      method,
      headers: { Authorization: `Bearer ${this.apiKey}`, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(callLimitMs),
    })
    const text = await response.text()
    if (!response.ok) {
      throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
    }
    return text === '' ? undefined : JSON.parse(text)
  }

  /** Moves the test clock; everything that falls due on the way has happened when this returns. */
  advance = (to) => this.own('POST', '/api/v1/test-clock/advance', { to })

  async #run(act) {
    this.#calls = []
    try {
      const value = await act()
      return { value, call: this.#calls.at(-1) }
    } catch (error) {
      return { error, call: this.#calls.at(-1) }
    }
  }

  #violation(operationId, call, expected, wanted = 'success') {
    const operation = this.#operations.get(operationId)
    if (operation === undefined) {
      return `operations.json does not list ${operationId}`
    }
    if (call === undefined) {
      return 'the client made no call'
    }
    if (call.method !== operation.method || !matches(operation.path, new URL(call.url).pathname)) {
      return `the client called ${call.method} ${new URL(call.url).pathname}, which is not ${operationId}`
    }
    if (!expected(call.status)) {
      return `answered ${call.status} instead of ${wanted}: ${call.responseBody.slice(0, 300)}`
    }
    if (this.#contract === undefined) {
      return undefined
    }
    // A request that is to be refused may be wrong on purpose.
    return (call.status < 400 ? this.#contract.violationOfRequest(operationId, call) : undefined) ?? this.#contract.violationOfResponse(operationId, call)
  }

  /** Why a call may have been refused: the step itself can be wrong. */
  #blame(operationId, call) {
    const found = call !== undefined && this.#operations.has(operationId) ? this.#contract?.violationOfRequest(operationId, call) : undefined
    return found === undefined ? '' : ` (but ${found})`
  }

  #keep(operationId, name, violation, call) {
    this.#steps.push({ operationId, name, violation, status: call?.status, reached: call !== undefined })
  }

  async #capture(request) {
    const call = {
      method: request.method,
      url: request.url,
      requestType: request.headers.get('content-type') ?? '',
      requestBody: await request.clone().text(),
    }
    const response = await fetch(request, { signal: AbortSignal.timeout(callLimitMs) })
    call.status = response.status
    call.responseType = response.headers.get('content-type') ?? ''
    call.responseBody = await response.clone().text()
    this.#calls.push(call)
    return response
  }
}

/** For what the client library has no method of its own for: its inner client, with the same refusal as its methods. */
export async function raw(answer) {
  const { data, error, response } = await answer
  if (!response.ok) {
    throw Object.assign(new Error(`${response.status}`), { error })
  }
  return data
}

function failed(check, value) {
  try {
    check(value)
    return undefined
  } catch (error) {
    return `the result: ${error.message.replaceAll(/\s+/g, ' ')}`
  }
}

function told(error, call) {
  if (call === undefined) {
    return `not reached: ${error?.message ?? 'no call was made'}`
  }
  return call.status >= 400 ? `answered ${call.status}: ${call.responseBody.slice(0, 300)}` : `the client failed: ${error.message}`
}

function matches(template, path) {
  const wanted = template.split('/')
  const found = path.split('/')
  return wanted.length === found.length && wanted.every((step, index) => step.startsWith('{') || step === found[index])
}
