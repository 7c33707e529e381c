import { equal, ok } from 'node:assert/strict'
import { raw } from '../harness/session.mjs'
import { newMeter, usageEvent } from './shop.mjs'

export default async function info({ om, step, refused, given }) {
  await step('listCurrencies', 'all', () => om.info.listCurrencies(), (list) => {
    const yen = list.find((each) => each.code === 'JPY')
    equal(yen.subunits, 0)
    equal(list.find((each) => each.code === 'USD').subunits, 2)
    equal(list.find((each) => each.code === 'USD').symbol, '$')
    ok(list.length > 100)
  })
  await refused('getProgress', 'of nothing that goes on', 404, () => om.info.getProgress('nothing'))
  await given('a meter', () => om.meters.create(newMeter()))
  await given('usage', () => om.events.ingest([
    usageEvent('d1', 'acme-1', '2026-01-15T06:00:00Z', { tokens: 1 }), usageEvent('d2', 'acme-1', '2026-01-15T07:00:00Z', { tokens: 1 }),
  ]))
  await step('getProgress', 'of a query with a client id', async () => {
    await om.meters.query('tokens_total', { clientId: 'conformance' })
    return om.info.getProgress('conformance')
  }, (progress) => {
    equal(progress.failed, 0)
    equal(progress.success, progress.total)
  })
  await step('getDebugMetrics', 'the events of today', () => raw(om.client.GET('/api/v1/debug/metrics', { parseAs: 'text' })),
    (text) => ok(/^openmeter_events_total\{.*subject="acme-1".*\} 2/m.test(text), text))
}
