import { deepEqual, equal, ok } from 'node:assert/strict'
import { newCustomer, newFeature, newMeter, usageEvent } from './shop.mjs'

export default async function entitlements(session) {
  const { om, step, refused, given, advance } = session
  await given('a meter', () => om.meters.create(newMeter()))
  await given('a metered feature', () => om.features.create(newFeature()))
  const sso = await given('a feature that is there or not', () => om.features.create({ key: 'sso', name: 'Single sign-on' }))
  await given('a feature with settings', () => om.features.create({ key: 'settings', name: 'Settings' }))
  const customer = await given('a customer', () => om.customers.create(newCustomer()))
  const mine = om.customers.entitlements

  const metered = await step('createCustomerEntitlementV2', 'metered', () => mine.create('acme', {
    type: 'metered', featureKey: 'tokens', isSoftLimit: false, usagePeriod: { interval: 'MONTH', anchor: new Date('2026-01-01T00:00:00Z') },
    measureUsageFrom: 'CURRENT_PERIOD_START', issue: { amount: 100, priority: 5 }, metadata: { deal: '1' },
  }), (created) => {
    equal(created.type, 'metered')
    equal(created.customerId, customer.id)
    equal(created.customerKey, 'acme')
    equal(created.currentUsagePeriod.from.toISOString(), '2026-01-01T00:00:00.000Z')
    equal(created.currentUsagePeriod.to.toISOString(), '2026-02-01T00:00:00.000Z')
    equal(created.issue.amount, 100)
  })
  const flag = await step('createCustomerEntitlementV2', 'boolean', () => mine.create('acme', { type: 'boolean', featureId: sso.id }),
    (created) => equal(created.featureKey, 'sso'))
  await step('createCustomerEntitlementV2', 'static', () => mine.create('acme', { type: 'static', featureKey: 'settings', config: '{"seats":5}' }),
    (created) => deepEqual(JSON.parse(created.config), { seats: 5 }))
  await refused('createCustomerEntitlementV2', 'of a feature that does not exist', 400, () => mine.create('acme', { type: 'boolean', featureKey: 'nothing' }))
  await refused('createCustomerEntitlementV2', 'a second one of a feature', 409, () => mine.create('acme', { type: 'boolean', featureKey: 'sso' }))
  await step('listCustomerEntitlementsV2', 'all', () => mine.list('acme', { query: { page: 1, pageSize: 10, orderBy: 'createdAt', order: 'ASC' } }),
    (page) => equal(page.totalCount, 3))
  await step('getCustomerEntitlementV2', 'by feature', () => mine.get('acme', 'tokens'), (found) => equal(found.id, metered.id))
  await step('getCustomerEntitlementV2', 'by id', () => mine.get('acme', metered.id), (found) => equal(found.featureKey, 'tokens'))
  await step('getEntitlementByIdV2', 'by id', () => om.entitlements.get(metered.id), (found) => equal(found.customerId, customer.id))
  await step('listEntitlementsV2', 'metered ones of a feature', () =>
    om.entitlements.list({ query: { feature: ['tokens'], entitlementType: ['metered'], customerKeys: ['acme'], page: 1, pageSize: 10 } }),
  (page) => deepEqual(page.items.map((each) => each.id), [metered.id]))
  await grants(session, metered)
  await values(session)
  await given('the clock two hours later', () => advance('2026-01-15T11:00:00Z'))
  await history(session)
  await step('resetCustomerEntitlementUsageV2', 'now', () => mine.resetUsage('acme', 'tokens', {
    effectiveAt: new Date('2026-01-15T11:00:00Z'), retainAnchor: true, preserveOverage: false,
  }))
  await step('getCustomerEntitlementValueV2', 'after the reset', () => mine.value('acme', 'tokens'), (value) => {
    equal(value.usage, 0)
    equal(value.hasAccess, true)
  })
  await step('overrideCustomerEntitlementV2', 'with a greater one', () => mine.override('acme', 'tokens', {
    type: 'metered', featureKey: 'tokens', usagePeriod: { interval: 'P1M' }, issue: { amount: 1000 },
  }), (created) => {
    ok(created.id !== metered.id)
    equal(created.issue.amount, 1000)
  })
  await step('deleteCustomerEntitlementV2', 'by id', () => mine.delete('acme', flag.id))
  await refused('getCustomerEntitlementV2', 'that was deleted', 404, () => mine.get('acme', 'sso'))
}

async function grants({ om, step, refused }, metered) {
  const mine = om.customers.entitlements
  const grant = await step('createCustomerEntitlementGrantV2', 'that expires', () => mine.createGrant('acme', 'tokens', {
    amount: 50, priority: 1, effectiveAt: new Date('2026-01-15T09:00:00Z'), expiration: { duration: 'MONTH', count: 2 },
    minRolloverAmount: 0, maxRolloverAmount: 50, metadata: { reason: 'welcome' },
  }), (created) => {
    equal(created.amount, 50)
    equal(created.priority, 1)
    equal(created.entitlementId, metered.id)
    equal(created.expiresAt.toISOString(), '2026-03-15T09:00:00.000Z')
  })
  await step('createCustomerEntitlementGrantV2', 'that comes back', () => mine.createGrant('acme', 'tokens', {
    amount: 5, priority: 9, effectiveAt: new Date('2026-01-15T09:00:00Z'), recurrence: { interval: 'DAY', anchor: new Date('2026-01-15T09:00:00Z') },
  }), (created) => equal(created.nextRecurrence.toISOString(), '2026-01-16T09:00:00.000Z'))
  await refused('createCustomerEntitlementGrantV2', 'of less than nothing', 400, () =>
    mine.createGrant('acme', 'tokens', { amount: -1, effectiveAt: new Date('2026-01-15T09:00:00Z') }))
  await step('listCustomerEntitlementGrantsV2', 'all', () => mine.listGrants('acme', 'tokens', { query: { page: 1, pageSize: 10 } }), (page) =>
    ok(page.items.some((each) => each.id === grant.id)))
  await step('listGrantsV2', 'of a feature and a customer', () =>
    om.entitlements.grants.list({ query: { feature: ['tokens'], customer: ['acme'], page: 1, pageSize: 10 } }), (page) =>
    ok(page.items.some((each) => each.id === grant.id)))
  await step('getCustomerEntitlementValueV2', 'with all grants', () => mine.value('acme', 'tokens'), (value) => equal(value.balance, 155))
  await step('voidGrant', 'one', () => om.entitlements.grants.void(grant.id))
  await step('listCustomerEntitlementGrantsV2', 'with the void one marked', () => mine.listGrants('acme', 'tokens', { query: { page: 1, pageSize: 10, includeDeleted: true } }),
    (page) => ok(page.items.find((each) => each.id === grant.id).voidedAt instanceof Date))
}

async function values({ om, step, given }) {
  const mine = om.customers.entitlements
  await given('usage', () => om.events.ingest(usageEvent('en1', 'acme-1', '2026-01-15T09:00:00Z', { tokens: 30 })))
  await step('getCustomerEntitlementValueV2', 'of what is metered', () => mine.value('acme', 'tokens'), (value) => {
    equal(value.hasAccess, true)
    equal(value.usage, 30)
    equal(value.balance, 75)
    equal(value.overage, 0)
    equal(value.totalAvailableGrantAmount, 105)
  })
  await given('more usage than there is', () => om.events.ingest(usageEvent('en2', 'acme-1', '2026-01-15T09:00:00Z', { tokens: 80 })))
  await step('getCustomerEntitlementValueV2', 'of what is used up', () => mine.value('acme', 'tokens'), (value) => {
    equal(value.hasAccess, false)
    equal(value.balance, 0)
    equal(value.overage, 5)
  })
  await step('getCustomerEntitlementValueV2', 'boolean', () => mine.value('acme', 'sso'), (value) => equal(value.hasAccess, true))
  await step('getCustomerEntitlementValueV2', 'static', () => mine.value('acme', 'settings'), (value) => {
    equal(value.hasAccess, true)
    deepEqual(JSON.parse(value.config), { seats: 5 })
  })
}

async function history({ om, step }) {
  await step('getCustomerEntitlementHistoryV2', 'by the hour', () => om.customers.entitlements.history('acme', 'tokens', 'HOUR', {
    query: { from: new Date('2026-01-15T09:00:00Z'), to: new Date('2026-01-15T11:00:00Z') },
  }), (found) => {
    equal(found.windowedHistory.length, 1)
    equal(found.windowedHistory[0].usage, 110)
    equal(found.windowedHistory[0].period.from.toISOString(), '2026-01-15T09:00:00.000Z')
    ok(found.burndownHistory.length > 0)
  })
}
