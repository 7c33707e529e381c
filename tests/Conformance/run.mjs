// Runs areas against a Metering that runs already:  node run.mjs REPORT AREA…   (see README.md)
// METERING_URL and METERING_API_KEY say where; METERING_CONTRACT names OpenMeter's openapi-v1.yaml, without it only results are checked.
import { readFileSync, writeFileSync } from 'node:fs'
import { Contract } from './harness/contract.mjs'
import { Session } from './harness/session.mjs'

const [reportFile, ...areas] = process.argv.slice(2)
const here = new URL('.', import.meta.url)
const operations = JSON.parse(readFileSync(new URL('operations.json', here), 'utf8'))
const contract = process.env.METERING_CONTRACT ? new Contract(process.env.METERING_CONTRACT) : undefined
const steps = []

for (const area of areas) {
  const session = new Session({ url: process.env.METERING_URL, apiKey: process.env.METERING_API_KEY, operations, contract })
  const { default: run } = await import(new URL(`areas/${area}.mjs`, here))
  await run(session)
  steps.push(...session.steps)
}

for (const operation of operations.filter((each) => contract !== undefined && areas.includes(each.area))) {
  const known = contract.operation(operation.operationId)
  if (known?.method !== operation.method || known?.path !== operation.path) {
    steps.push({ operationId: operation.operationId, name: 'operations.json', violation: 'the contract has no such operation', reached: false })
  }
}

for (const { operationId, name, violation } of steps) {
  console.log(`${violation === undefined ? 'ok  ' : 'FAIL'} ${operationId}: ${name}${violation === undefined ? '' : `\n     ${violation}`}`)
}
writeFileSync(reportFile, JSON.stringify({ validated: contract !== undefined, steps }))
