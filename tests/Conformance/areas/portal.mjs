import { deepEqual, equal, ok } from 'node:assert/strict'
import { OpenMeter as PortalClient } from '@openmeter/sdk/portal'
import { newCustomer, newMeter, usageEvent } from './shop.mjs'

export default async function portal({ om, step, refused, given, url, fetch }) {
  await given('a meter', () => om.meters.create(newMeter()))
  await given('a meter that is not for customers', () => om.meters.create({ slug: 'internal', aggregation: 'COUNT', eventType: 'request' }))
  await given('a customer', () => om.customers.create(newCustomer()))
  await given('usage', () => om.events.ingest([
    usageEvent('p1', 'acme-1', '2026-01-15T06:00:00Z', { tokens: 10, model: 'gpt-5' }),
    usageEvent('p2', 'other', '2026-01-15T06:00:00Z', { tokens: 90, model: 'gpt-5' }),
  ]))
  const token = await step('createPortalToken', 'for one meter', () => om.portal.create({ subject: 'acme-1', allowedMeterSlugs: ['tokens_total'] }), (created) => {
    equal(created.subject, 'acme-1')
    ok(created.token.length > 20)
    ok(created.expiresAt > new Date('2026-01-15T09:00:00Z'))
    deepEqual(created.allowedMeterSlugs, ['tokens_total'])
  })
  const second = await step('createPortalToken', 'for every meter', () => om.portal.create({ subject: 'acme-1' }), (created) => ok(created.token))
  const customer = new PortalClient({ baseUrl: url, portalToken: token?.token, fetch })
  const span = { from: new Date('2026-01-15T00:00:00Z'), to: new Date('2026-01-16T00:00:00Z') }
  await step('queryPortalMeter', 'the usage of the subject alone', () => customer.query('tokens_total', span), (found) =>
    deepEqual(found.data.map((row) => row.value), [10]))
  await step('queryPortalMeter', 'by hour and model', () => customer.query('tokens_total', { ...span, windowSize: 'HOUR', groupBy: ['model'] }), (found) =>
    deepEqual(found.data.map((row) => [row.groupBy.model, row.value]), [['gpt-5', 10]]))
  await refused('queryPortalMeter', 'a meter that the token does not have', 403, () => customer.query('internal', span))
  await refused('queryPortalMeter', 'without a token', 401, () => new PortalClient({ baseUrl: url, portalToken: 'nonsense', fetch }).query('tokens_total', span))
  await step('listPortalTokens', 'all, without their secrets', () => om.portal.list({ limit: 10 }), (list) => {
    deepEqual(list.map((each) => each.id).sort(), [token.id, second.id].sort())
    ok(list.every((each) => each.token === undefined))
  })
  await step('invalidatePortalTokens', 'one by id', () => om.portal.invalidate({ id: token.id }))
  await refused('queryPortalMeter', 'with a token that was invalidated', 401, () => customer.query('tokens_total', span))
  await step('invalidatePortalTokens', 'all of a subject', () => om.portal.invalidate({ subject: 'acme-1' }))
}
