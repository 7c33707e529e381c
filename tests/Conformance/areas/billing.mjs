import { deepEqual, equal, ok } from 'node:assert/strict'
import { newCustomer } from './shop.mjs'

/** The apps of the default profile: what stands behind tax, invoicing and payment is not for a client to choose here. */
export async function appsOfDefault(om) {
  const page = await om.billing.profiles.list()
  const { apps } = page.items.find((profile) => profile.default)
  return { tax: apps.tax.id, invoicing: apps.invoicing.id, payment: apps.payment.id }
}

export const newProfile = (name, apps, workflow) => ({
  name,
  default: false,
  supplier: { name: 'Seller Ltd', addresses: [{ country: 'GB', city: 'London', line1: '1 High Street', postalCode: 'E1 6AN' }] },
  workflow,
  apps,
})

export default async function billing({ om, step, refused, given }) {
  const customer = await given('a customer', () => om.customers.create(newCustomer()))
  await given('another customer', () => om.customers.create(newCustomer('beta')))
  const { profiles, customers } = om.billing
  await step('listBillingProfiles', 'the default one is there from the start', () => profiles.list(), (page) =>
    deepEqual(page.items.map((profile) => profile.default), [true]))
  const apps = await given('its apps', () => appsOfDefault(om))
  const profile = await step('createBillingProfile', 'with its own workflow', () => profiles.create({
    ...newProfile('Careful', apps, {
      collection: { alignment: { type: 'subscription' }, interval: 'PT2H' },
      invoicing: { autoAdvance: true, draftPeriod: 'P1D', dueAfter: 'P14D', progressiveBilling: false },
      payment: { collectionMethod: 'send_invoice' },
      tax: { enabled: true, enforced: false },
    }),
    description: 'Looks twice',
    metadata: { desk: '2' },
  }), (created) => {
    equal(created.name, 'Careful')
    equal(created.default, false)
    equal(created.workflow.invoicing.draftPeriod, 'P1D')
    equal(created.workflow.payment.collectionMethod, 'send_invoice')
    equal(created.supplier.name, 'Seller Ltd')
  })
  await refused('createBillingProfile', 'without a supplier', 400, () => profiles.create({ name: 'Odd', default: false, workflow: {}, apps }))
  await step('getBillingProfile', 'by id', () => profiles.get(profile.id), (found) => equal(found.name, 'Careful'))
  await refused('getBillingProfile', 'that does not exist', 404, () => profiles.get('01ARZ3NDEKTSV4RRFFQ69G5FAV'))
  await step('updateBillingProfile', 'its workflow', () => profiles.update(profile.id, {
    name: 'Very careful', default: false, supplier: { name: 'Seller Limited' }, workflow: { invoicing: { autoAdvance: false, draftPeriod: 'P2D' } },
  }), (updated) => {
    equal(updated.name, 'Very careful')
    equal(updated.workflow.invoicing.autoAdvance, false)
  })
  await step('listBillingProfiles', 'a page by name', () => profiles.list({ page: 1, pageSize: 10, orderBy: 'name', order: 'ASC' }), (page) => equal(page.totalCount, 2))

  await step('upsertBillingProfileCustomerOverride', 'a profile of its own', () => customers.createOverride(customer.id, { billingProfileId: profile.id }), (override) => {
    equal(override.customerOverride.billingProfileId, profile.id)
    equal(override.baseBillingProfileId, profile.id)
  })
  await step('getBillingProfileCustomerOverride', 'of a customer', () => customers.getOverride(customer.id), (found) =>
    equal(found.customerOverride.customerId, customer.id))
  await step('listBillingProfileCustomerOverrides', 'pinned ones', () => customers.listOverrides({ includeAllCustomers: false }), (page) => {
    equal(page.totalCount, 1)
    equal(page.items[0].baseBillingProfileId, profile.id)
  })
  await step('listBillingProfileCustomerOverrides', 'of every customer, with the customer', () =>
    customers.listOverrides({ includeAllCustomers: true, expand: ['customer'], page: 1, pageSize: 10 }), (page) => {
    equal(page.totalCount, 2)
    ok(page.items.every((item) => item.customer.name.startsWith('Customer ')))
  })
  await refused('deleteBillingProfile', 'that a customer is pinned to', 400, () => profiles.delete(profile.id))
  await step('deleteBillingProfileCustomerOverride', 'back to the default', () => customers.deleteOverride(customer.id))
  await step('deleteBillingProfile', 'that nobody uses', () => profiles.delete(profile.id))
}
