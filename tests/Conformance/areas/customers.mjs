import { deepEqual, equal, ok } from 'node:assert/strict'
import { newCustomer, openShop, usageEvent } from './shop.mjs'

export default async function customers(session) {
  const { om, step, refused, given } = session
  const { plan } = await openShop(session)
  const customer = await step('createCustomer', 'with everything', () => om.customers.create({
    key: 'acme',
    name: 'Acme Inc',
    description: 'Makes everything',
    metadata: { segment: 'enterprise' },
    currency: 'USD',
    primaryEmail: 'billing@acme.example',
    usageAttribution: { subjectKeys: ['acme-1', 'acme-2'] },
    billingAddress: { country: 'US', postalCode: '10001', state: 'NY', city: 'New York', line1: '1 Main Street', line2: 'Floor 2', phoneNumber: '+15550100' },
  }), (created) => {
    equal(created.key, 'acme')
    deepEqual(created.usageAttribution.subjectKeys, ['acme-1', 'acme-2'])
    equal(created.billingAddress.city, 'New York')
    deepEqual(created.metadata, { segment: 'enterprise' })
  })
  await step('createCustomer', 'with a name alone', () => om.customers.create({ name: 'Beta' }), (created) => equal(created.name, 'Beta'))
  await given('another customer', () => om.customers.create(newCustomer('gamma')))
  await refused('createCustomer', 'without a name', 400, () => om.customers.create({ key: 'nameless' }))
  await step('getCustomer', 'by id', () => om.customers.get(customer.id), (found) => equal(found.key, 'acme'))
  await step('getCustomer', 'by key', () => om.customers.get('acme'), (found) => equal(found.id, customer.id))
  await refused('getCustomer', 'that nobody is', 404, () => om.customers.get('nobody'))
  await step('updateCustomer', 'other words and one subject more', () => om.customers.update('acme', {
    key: 'acme', name: 'Acme Limited', currency: 'USD', usageAttribution: { subjectKeys: ['acme-1', 'acme-2', 'acme-3'] },
  }), (updated) => {
    equal(updated.name, 'Acme Limited')
    equal(updated.usageAttribution.subjectKeys.length, 3)
  })

  const subscription = await given('a subscription', () => om.subscriptions.create({ customerId: customer.id, plan: { key: plan.key } }))
  await lists(session, customer, subscription)
  await given('usage', () => om.events.ingest(usageEvent('c1', 'acme-1', '2026-01-15T09:00:00Z', { tokens: 100 })))
  await step('getCustomerAccess', 'to what the plan gives', () => om.customers.getAccess('acme'), (access) => {
    equal(access.entitlements.tokens.hasAccess, true)
    equal(access.entitlements.tokens.usage, 100)
    equal(access.entitlements.tokens.balance, 900)
    equal(access.entitlements.tokens.overage, 0)
  })
  await step('getCustomerEntitlementValue', 'of one feature', () => om.customers.entitlementsV1.value('acme', 'tokens'), (value) => {
    equal(value.hasAccess, true)
    equal(value.balance, 900)
  })
  await step('deleteCustomer', 'that has no subscription', () => om.customers.delete('gamma'))
  await refused('getCustomer', 'by the key of a deleted one', 404, () => om.customers.get('gamma'))
}

async function lists({ om, step }, customer, subscription) {
  await step('listCustomers', 'all', () => om.customers.list(), (page) => {
    equal(page.totalCount, 3)
    equal(page.page, 1)
    equal(page.pageSize, 100)
  })
  for (const [name, query] of [
    ['by key', { key: 'acme' }],
    ['by name', { name: 'limited' }],
    ['by subject', { subject: 'acme-3' }],
    ['by plan', { planKey: 'team' }],
  ]) {
    await step('listCustomers', name, () => om.customers.list(query), (page) => deepEqual(page.items.map((each) => each.id), [customer.id]))
  }
  await step('listCustomers', 'one of a page, by name from the end', () => om.customers.list({ page: 1, pageSize: 1, orderBy: 'name', order: 'DESC' }),
    (page) => {
      equal(page.totalCount, 3)
      deepEqual(page.items.map((each) => each.key), ['gamma'])
    })
  await step('listCustomers', 'with their subscriptions', () => om.customers.list({ key: 'acme', expand: ['subscriptions'] }), (page) => {
    equal(page.items[0].currentSubscriptionId, subscription.id)
    deepEqual(page.items[0].subscriptions.map((each) => each.id), [subscription.id])
  })
  await step('listCustomerSubscriptions', 'all', () => om.customers.listSubscriptions('acme'), (page) => {
    equal(page.totalCount, 1)
    equal(page.items[0].id, subscription.id)
    ok(page.items[0].activeFrom instanceof Date)
  })
  await step('listCustomerSubscriptions', 'active ones by start', () =>
    om.customers.listSubscriptions('acme', { status: ['active'], orderBy: 'activeFrom', order: 'DESC' }), (page) => equal(page.totalCount, 1))
}
