// What OpenMeter's OpenAPI document says of an operation, as JSON Schemas that a request and a response are held against.
import { readFileSync } from 'node:fs'
import Ajv from 'ajv'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'

const formats = ['date-time', 'duration', 'uri', 'uri-reference']
const annotations = ['description', 'title', 'example', 'default', 'deprecated', 'externalDocs', 'readOnly', 'writeOnly', 'xml']

export class Contract {
  #document
  #operations = new Map()
  #validators = { request: undefined, response: undefined }
  #compiled = new Map()

  constructor(file) {
    this.#document = parse(readFileSync(file, 'utf8'), { maxAliasCount: -1 })
    for (const [path, item] of Object.entries(this.#document.paths)) {
      for (const [method, operation] of Object.entries(item)) {
        if (operation?.operationId !== undefined) {
          this.#operations.set(operation.operationId, { method: method.toUpperCase(), path, ...operation })
        }
      }
    }
    for (const side of ['request', 'response']) {
      const ajv = addFormats(new Ajv({ strict: false, allErrors: true, unicodeRegExp: false, logger: false }))
      ajv.addSchema({ $id: 'contract', components: { schemas: convertEach(this.#document.components.schemas, side) } })
      this.#validators[side] = ajv
    }
  }

  operation(operationId) {
    const operation = this.#operations.get(operationId)
    return operation && { method: operation.method, path: operation.path }
  }

  /** The first thing that is wrong with what was sent, or nothing. */
  violationOfRequest(operationId, call) {
    const operation = this.#operations.get(operationId)
    const known = (operation.parameters ?? []).map((parameter) => this.#resolve(parameter).name)
    const unknown = [...new URL(call.url).searchParams.keys()].map((name) => name.split('[')[0]).find((name) => !known.includes(name))
    if (unknown !== undefined) {
      return `the request has the parameter ${unknown}, which the contract does not know`
    }
    const media = operation.requestBody?.content?.[mediaType(call.requestType)]
    if (call.requestBody === '' || media === undefined) {
      return call.requestBody === '' ? undefined : `the request is ${call.requestType}, which the contract does not know`
    }
    const found = this.#check(`${operationId} request ${mediaType(call.requestType)}`, media.schema, 'request', JSON.parse(call.requestBody))
    return found && `the request: ${found}`
  }

  /** The first thing that is wrong with what was answered, or nothing. */
  violationOfResponse(operationId, call) {
    const operation = this.#operations.get(operationId)
    const response = operation.responses[String(call.status)]
    if (response === undefined) {
      return `the contract knows no status ${call.status}`
    }
    const content = this.#resolve(response).content
    if (content === undefined) {
      return call.responseBody === '' ? undefined : `${call.status} has no body by the contract`
    }
    const type = mediaType(call.responseType)
    const media = content[type]
    if (media === undefined) {
      return `${call.status} is ${type || 'nothing'}, the contract says ${Object.keys(content).join(' or ')}`
    }
    if (!type.endsWith('json')) {
      return undefined
    }
    return this.#check(`${operationId} ${call.status} ${type}`, media.schema, 'response', JSON.parse(call.responseBody))
  }

  #check(key, schema, side, value) {
    if (!this.#compiled.has(key)) {
      this.#compiled.set(key, this.#validators[side].compile(convert(schema, side)))
    }
    const validate = this.#compiled.get(key)
    return validate(value) ? undefined : sentence(validate.errors)
  }

  #resolve(node) {
    return node.$ref === undefined
      ? node
      : node.$ref.slice(2).split('/').reduce((at, step) => at[step.replaceAll('~1', '/').replaceAll('~0', '~')], this.#document)
  }
}

/** OpenAPI 3.0 says some things in its own way; here they become JSON Schema. */
function convert(schema, side) {
  if (schema.$ref !== undefined) {
    return { $ref: `contract${schema.$ref}` }
  }
  const result = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (annotations.includes(keyword) || keyword.startsWith('x-') || ['nullable', 'discriminator', 'required'].includes(keyword)) {
      continue
    }
    if (keyword === 'properties') {
      result.properties = convertEach(value, side)
    } else if (keyword === 'format') {
      if (formats.includes(value)) result.format = value
    } else if (['allOf', 'anyOf', 'oneOf'].includes(keyword)) {
      // Open objects overlap, so what is not told apart by a discriminator only has to fit one of the choices.
      result[keyword === 'oneOf' ? 'anyOf' : keyword] = value.map((item) => convert(item, side))
    } else if (['items', 'not'].includes(keyword) || (keyword === 'additionalProperties' && typeof value === 'object')) {
      result[keyword] = convert(value, side)
    } else {
      result[keyword] = value
    }
  }
  const required = (schema.required ?? []).filter((name) => {
    const property = schema.properties?.[name]
    return !(side === 'request' ? property?.readOnly : property?.writeOnly)
  })
  if (required.length > 0) {
    result.required = required
  }
  if (schema.discriminator?.mapping !== undefined) {
    delete result.anyOf
    Object.assign(result, chosenBy(schema.discriminator))
  }
  return schema.nullable ? { if: { type: 'null' }, else: result } : result
}

/** One branch per value of the discriminator, so that a violation is told of the branch that was meant. */
function chosenBy({ propertyName, mapping }) {
  return {
    required: [propertyName],
    properties: { [propertyName]: { enum: Object.keys(mapping) } },
    allOf: Object.entries(mapping).map(([value, target]) => ({
      if: { required: [propertyName], properties: { [propertyName]: { const: value } } },
      then: { $ref: `contract${target}` },
    })),
  }
}

function convertEach(schemas, side) {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, convert(schema, side)]))
}

/** Of several violations the deepest says most. */
function sentence(errors) {
  const telling = errors.filter((error) => !['if', 'anyOf'].includes(error.keyword))
  const error = (telling.length > 0 ? telling : errors).reduce((best, next) => (depth(next) > depth(best) ? next : best))
  const allowed = error.params.allowedValues === undefined ? '' : ` (${error.params.allowedValues.join(', ')})`
  return `${error.instancePath || '/'} ${error.message}${allowed}`
}

const depth = (error) => error.instancePath.split('/').length

const mediaType = (contentType) => (contentType ?? '').split(';')[0].trim().toLowerCase()
