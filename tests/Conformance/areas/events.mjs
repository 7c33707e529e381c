import { deepEqual, equal, ok } from 'node:assert/strict'
import { newMeter, usageEvent } from './shop.mjs'

export default async function events({ om, step, refused, given, advance }) {
  await given('a meter', () => om.meters.create(newMeter()))
  const customer = await given('a customer', () => om.customers.create({ name: 'Acme', key: 'acme', usageAttribution: { subjectKeys: ['acme-1'] } }))

  await step('ingestEvents', 'one event', () => om.events.ingest(usageEvent('e1', 'acme-1', '2026-01-15T06:00:00Z', { tokens: 1, model: 'gpt-5' })))
  await step('ingestEvents', 'a batch', () => om.events.ingest([
    usageEvent('e2', 'acme-1', '2026-01-15T07:00:00Z', { tokens: 2, model: 'gpt-5' }),
    usageEvent('e3', 'other', '2026-01-15T08:00:00Z', { tokens: '3', model: 'claude' }),
  ]))
  await step('ingestEvents', 'what the client fills in by itself', () => om.events.ingest({ type: 'request', subject: 'acme-1', data: { tokens: 4 } }))
  await step('ingestEvents', 'an event without data', () =>
    om.events.ingest({ id: 'e5', type: 'ping', subject: 'other', time: new Date('2026-01-15T05:00:00Z') }))
  await refused('ingestEvents', 'an event without a subject', 400, () => om.events.ingest({ id: 'e6', type: 'request', subject: '' }))
  await listOne({ om, step, refused }, customer)
  await listTwo({ om, step, refused, given, advance }, customer)
}

async function listOne({ om, step, refused }, customer) {
  const span = { from: new Date('2026-01-15T00:00:00Z'), to: new Date('2026-01-15T09:00:00Z') }
  await step('listEvents', 'of a span, latest first', () => om.events.list(span), (list) => {
    deepEqual(ids(list), ['e3', 'e2', 'e1', 'e5'])
    deepEqual(list[0].event.data, { tokens: '3', model: 'claude' })
    equal(list[0].event.source, 'conformance')
    ok(list[0].ingestedAt instanceof Date && list[0].storedAt instanceof Date)
  })
  await step('listEvents', 'with the customer of each', () => om.events.list({ ...span, subject: 'acme-1' }), (list) => {
    deepEqual(ids(list), ['e2', 'e1'])
    equal(list[0].customerId, customer.id)
  })
  await step('listEvents', 'by id', () => om.events.list({ ...span, id: 'e3' }), (list) => deepEqual(ids(list), ['e3']))
  await step('listEvents', 'by customer', () => om.events.list({ ...span, customerId: [customer.id] }), (list) => deepEqual(ids(list), ['e2', 'e1']))
  await step('listEvents', 'at most two', () => om.events.list({ ...span, limit: 2 }), (list) => deepEqual(ids(list), ['e3', 'e2']))
  await step('listEvents', 'by when they came', () =>
    om.events.list({ ...span, ingestedAtFrom: new Date('2026-01-15T08:00:00Z'), ingestedAtTo: new Date('2026-01-15T10:00:00Z') }),
  (list) => equal(list.length, 4))
  await step('listEvents', 'the last three days without a word', () => om.events.list(), (list) => ok(list.length >= 4))
  await refused('listEvents', 'more than there is room for', 400, () => om.events.list({ limit: 101 }))
}

async function listTwo({ om, step, refused, given, advance }, customer) {
  const filtered = (filter) => om.events.listV2({ filter: JSON.stringify({ source: { $eq: 'conformance' }, ...filter }) })
  const first = await step('listEventsV2', 'a first page', () => om.events.listV2({ limit: 2, filter: JSON.stringify({ source: { $eq: 'conformance' } }) }),
    (page) => {
      equal(page.items.length, 2)
      ok(page.nextCursor)
    })
  await given('an event between the pages', () => om.events.ingest(usageEvent('e7', 'other', '2026-01-15T08:30:00Z', { tokens: 7 })))
  await step('listEventsV2', 'the page after it, which no insert disturbs', () =>
    om.events.listV2({ limit: 2, cursor: first.nextCursor, filter: JSON.stringify({ source: { $eq: 'conformance' } }) }),
  (page) => {
    const seen = new Set([...ids(first.items), ...ids(page.items)])
    equal(seen.size, first.items.length + page.items.length)
    ok(!seen.has('e7'))
  })
  await step('listEventsV2', 'by subject', () => filtered({ subject: { $eq: 'acme-1' } }), (page) => {
    deepEqual(ids(page.items).sort(), ['e1', 'e2'])
    equal(page.items[0].customerId, customer.id)
  })
  await step('listEventsV2', 'by id', () => filtered({ id: { $in: ['e1', 'e3'] } }), (page) => deepEqual(ids(page.items).sort(), ['e1', 'e3']))
  await step('listEventsV2', 'by type', () => om.events.listV2({ filter: JSON.stringify({ type: { $like: 'pi%' } }) }),
    (page) => deepEqual(ids(page.items), ['e5']))
  await step('listEventsV2', 'by customer', () => filtered({ customerId: { $in: [customer.id] } }), (page) => deepEqual(ids(page.items).sort(), ['e1', 'e2']))
  await step('listEventsV2', 'by time', () => filtered({ time: { $gte: '2026-01-15T07:00:00Z', $lt: '2026-01-15T08:00:00Z' } }),
    (page) => deepEqual(ids(page.items), ['e2']))
  await given('the clock an hour later', () => advance('2026-01-15T10:00:00Z'))
  await given('an event of that hour', () => om.events.ingest(usageEvent('e8', 'other', '2026-01-15T09:30:00Z', { tokens: 8 })))
  await step('listEventsV2', 'by when it came', () => filtered({ ingestedAt: { $gte: '2026-01-15T10:00:00Z' } }),
    (page) => deepEqual(ids(page.items), ['e8']))
  await refused('listEventsV2', 'a cursor that nobody gave', 400, () => om.events.listV2({ cursor: 'nonsense' }))
}

const ids = (list) => list.map((item) => item.event.id)
