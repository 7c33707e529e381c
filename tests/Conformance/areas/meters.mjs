import { equal, deepEqual, ok } from 'node:assert/strict'
import { raw } from '../harness/session.mjs'
import { usageEvent } from './shop.mjs'

const from = new Date('2026-01-15T00:00:00Z')
const to = new Date('2026-01-16T00:00:00Z')

export default async function meters({ om, step, refused, given }) {
  const meter = await step('createMeter', 'a sum with dimensions', () => om.meters.create({
    slug: 'tokens_total',
    name: 'Tokens',
    description: 'Tokens of prompts and answers',
    metadata: { team: 'gateway' },
    aggregation: 'SUM',
    eventType: 'request',
    valueProperty: '$.tokens',
    groupBy: { model: '$.model', region: '$.region' },
  }), (created) => {
    equal(created.slug, 'tokens_total')
    equal(created.aggregation, 'SUM')
    deepEqual(created.groupBy, { model: '$.model', region: '$.region' })
    deepEqual(created.metadata, { team: 'gateway' })
  })
  for (const aggregation of ['COUNT', 'UNIQUE_COUNT', 'AVG', 'MIN', 'MAX', 'LATEST']) {
    await step('createMeter', aggregation, () => om.meters.create({
      slug: `by_${aggregation.toLowerCase()}`, aggregation, eventType: 'request', ...(aggregation === 'COUNT' ? {} : { valueProperty: '$.tokens' }),
    }), (created) => equal(created.aggregation, aggregation))
  }
  await refused('createMeter', 'an aggregation that does not exist', 400, () =>
    om.meters.create({ slug: 'odd', aggregation: 'MEDIAN', eventType: 'request' }))
  await step('getMeter', 'by id', () => om.meters.get(meter.id), (found) => equal(found.slug, 'tokens_total'))
  await step('getMeter', 'by slug', () => om.meters.get('tokens_total'), (found) => equal(found.id, meter.id))
  await refused('getMeter', 'a slug that nobody has', 404, () => om.meters.get('nobody'))
  await step('listMeters', 'all', () => om.meters.list(), (list) => equal(list.length, 7))
  await step('listMeters', 'two, by name from the end', () =>
    om.meters.list({ params: { query: { page: 1, pageSize: 2, orderBy: 'key', order: 'DESC' } } }),
  (list) => deepEqual(list.map((each) => each.slug), ['tokens_total', 'by_unique_count']))
  await step('updateMeter', 'a name and one dimension more', () => om.meters.update('tokens_total', {
    name: 'All tokens', metadata: { team: 'platform' }, groupBy: { model: '$.model', region: '$.region', tier: '$.tier' },
  }), (updated) => {
    equal(updated.name, 'All tokens')
    deepEqual(Object.keys(updated.groupBy).sort(), ['model', 'region', 'tier'])
  })

  const customer = await given('a customer', () => om.customers.create({ name: 'Acme', key: 'acme', usageAttribution: { subjectKeys: ['acme-1', 'acme-2'] } }))
  await given('events', () => om.events.ingest([
    usageEvent('m1', 'acme-1', '2026-01-15T06:10:00Z', { tokens: 10, model: 'gpt-5', region: 'eu' }),
    usageEvent('m2', 'acme-1', '2026-01-15T06:50:00Z', { tokens: 20, model: 'gpt-5-mini', region: 'eu' }),
    usageEvent('m3', 'acme-2', '2026-01-15T07:30:00Z', { tokens: 30, model: 'gpt-5', region: 'us' }),
    usageEvent('m4', 'other', '2026-01-15T08:00:00Z', { tokens: 40, model: 'claude', region: 'us' }),
  ]))
  await queries({ om, step, refused }, 'queryMeter', (query) => om.meters.query('tokens_total', query), customer)
  await queries({ om, step, refused }, 'queryMeterPost', (query) => om.meters.queryPost('tokens_total', query), customer)
  await step('queryMeter', 'one value of a dimension', () =>
    om.meters.query('tokens_total', { from, to, filterGroupBy: { model: 'gpt-5' } }), (found) => deepEqual(values(found), [40]))
  await step('queryMeterPost', 'several values of a dimension', () =>
    om.meters.queryPost('tokens_total', { from, to, filterGroupBy: { model: ['gpt-5', 'claude'] } }), (found) => deepEqual(values(found), [80]))
  await advanced(om, step)
  await csv(om, step)
  await refused('queryMeter', 'of a meter that does not exist', 404, () => om.meters.query('nobody', { from, to }))

  await step('listMeterSubjects', 'all', () =>
    raw(om.client.GET('/api/v1/meters/{meterIdOrSlug}/subjects', { params: { path: { meterIdOrSlug: 'tokens_total' } } })),
  (subjects) => deepEqual(subjects, ['acme-1', 'acme-2', 'other']))
  await step('listMeterGroupByValues', 'of a day', () => om.meters.listGroupByValues('tokens_total', 'model', { from, to }),
    (found) => deepEqual(found, ['claude', 'gpt-5', 'gpt-5-mini']))
  await step('deleteMeter', 'one that nothing uses', () => om.meters.delete('by_avg'))
  await step('listMeters', 'without the deleted one', () => om.meters.list(), (list) => equal(list.length, 6))
  await step('listMeters', 'with the deleted one', () => om.meters.list({ params: { query: { includeDeleted: true } } }),
    (list) => ok(list.find((each) => each.slug === 'by_avg').deletedAt instanceof Date))
}

async function queries({ step, refused }, operation, query, customer) {
  await step(operation, 'one number', () => query({ from, to }), (found) => {
    deepEqual(values(found), [100])
    equal(found.from.getTime(), from.getTime())
    equal(found.data[0].subject, null)
    deepEqual(found.data[0].groupBy, {})
  })
  await step(operation, 'hours', () => query({ from, to, windowSize: 'HOUR' }), (found) => {
    equal(found.windowSize, 'HOUR')
    deepEqual(values(found), [30, 30, 40])
    equal(found.data[0].windowStart.toISOString(), '2026-01-15T06:00:00.000Z')
    equal(found.data[0].windowEnd.toISOString(), '2026-01-15T07:00:00.000Z')
  })
  await step(operation, 'minutes', () => query({ from, to, windowSize: 'MINUTE' }), (found) => deepEqual(values(found), [10, 20, 30, 40]))
  await step(operation, 'days of a zone', () => query({
    from: new Date('2026-01-14T00:00:00Z'), to, windowSize: 'DAY', windowTimeZone: 'America/Los_Angeles',
  }), (found) => {
    deepEqual(values(found), [60, 40])
    equal(found.data[1].windowStart.toISOString(), '2026-01-15T08:00:00.000Z')
  })
  await step(operation, 'months', () => query({ windowSize: 'MONTH' }), (found) => deepEqual(values(found), [100]))
  await step(operation, 'two subjects, grouped', () => query({ from, to, subject: ['acme-1', 'other'], groupBy: ['subject'] }), (found) =>
    deepEqual(found.data.map((row) => [row.subject, row.value]), [['acme-1', 30], ['other', 40]]))
  await step(operation, 'grouped by a dimension', () => query({ from, to, groupBy: ['region'] }), (found) =>
    deepEqual(found.data.map((row) => [row.groupBy.region, row.value]), [['eu', 30], ['us', 70]]))
  await step(operation, 'of a customer', () => query({ from, to, filterCustomerId: [customer.id] }), (found) => deepEqual(values(found), [60]))
  await step(operation, 'grouped by customer', () => query({ from, to, filterCustomerId: [customer.id], groupBy: ['customer_id'] }), (found) =>
    deepEqual(found.data.map((row) => [row.customerId, row.value]), [[customer.id, 60]]))
  await refused(operation, 'by a dimension that the meter does not have', 400, () => query({ from, to, groupBy: ['planet'] }))
}

async function advanced(om, step) {
  const cases = [
    [{ model: { $eq: 'gpt-5' } }, 40],
    [{ model: { $ne: 'gpt-5' } }, 60],
    [{ model: { $in: ['gpt-5', 'claude'] } }, 80],
    [{ model: { $nin: ['gpt-5', 'claude'] } }, 20],
    [{ model: { $like: 'gpt-5%' } }, 60],
    [{ model: { $nlike: 'gpt-5%' } }, 40],
    [{ model: { $ilike: 'GPT-5%' } }, 60],
    [{ model: { $nilike: 'GPT-5%' } }, 40],
    [{ model: { $gt: 'gpt-5' } }, 20],
    [{ model: { $gte: 'gpt-5' } }, 60],
    [{ model: { $lt: 'gpt-5' } }, 40],
    [{ model: { $lte: 'gpt-5' } }, 80],
    [{ model: { $and: [{ $like: 'gpt%' }, { $ne: 'gpt-5' }] } }, 20],
    [{ model: { $or: [{ $eq: 'claude' }, { $eq: 'gpt-5-mini' }] } }, 60],
    [{ model: { $like: 'gpt%' }, region: { $eq: 'us' } }, 30],
  ]
  for (const [filters, expected] of cases) {
    await step('queryMeterPost', JSON.stringify(filters), () =>
      om.meters.queryPost('tokens_total', { from, to, advancedMeterGroupByFilters: filters }), (found) => deepEqual(values(found), [expected]))
  }
  // The contract has JSON text in the query here, which the client passes through.
  await step('queryMeter', 'advanced filters', () =>
    om.meters.query('tokens_total', { from, to, advancedMeterGroupByFilters: JSON.stringify({ model: { $like: 'gpt-5%' } }) }),
  (found) => deepEqual(values(found), [60]))
}

async function csv(om, step) {
  const options = { headers: { Accept: 'text/csv' }, parseAs: 'text' }
  const path = { meterIdOrSlug: 'tokens_total' }
  const check = (text) => {
    const lines = text.trim().split(/\r?\n/)
    equal(lines.length, 3)
    ok(lines[0].startsWith('window_start,window_end'), lines[0])
    ok(lines.every((line) => line.split(',').length === 4), text)
  }
  await step('queryMeter', 'as CSV', () =>
    raw(om.client.GET('/api/v1/meters/{meterIdOrSlug}/query', { ...options, params: { path, query: { from, to, groupBy: ['region'] } } })), check)
  await step('queryMeterPost', 'as CSV', () =>
    raw(om.client.POST('/api/v1/meters/{meterIdOrSlug}/query', { ...options, params: { path }, body: { from, to, groupBy: ['region'] } })), check)
}

const values = (found) => found.data.map((row) => row.value)
