import { deepEqual, equal, ok } from 'node:assert/strict'
import { appsOfDefault, newProfile } from './billing.mjs'
import { newCustomer, newFeature, newMeter, usageEvent } from './shop.mjs'

const period = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2026-01-15T00:00:00Z') }
const oneTime = (name, amount) => ({
  name, period, invoiceAt: new Date('2026-01-15T00:00:00Z'), rateCard: { price: { type: 'flat', amount, paymentTerm: 'in_arrears' } },
})
const metered = () => ({
  name: 'Tokens', period, invoiceAt: new Date('2026-01-15T00:00:00Z'), rateCard: { featureKey: 'tokens', price: { type: 'unit', amount: '0.5' } },
})

export default async function invoices(session) {
  const { om, step, given } = session
  await given('a meter', () => om.meters.create(newMeter()))
  await given('a feature', () => om.features.create(newFeature()))
  const customer = await given('a customer', () => om.customers.create(newCustomer()))
  await given('invoices that wait for approval', async () => {
    const profile = await om.billing.profiles.create(newProfile('By hand', await appsOfDefault(om), {
      collection: { alignment: { type: 'subscription' }, interval: 'P1D' }, invoicing: { autoAdvance: false, dueAfter: 'P14D' }, payment: { collectionMethod: 'send_invoice' },
    }))
    await om.billing.customers.createOverride(customer.id, { billingProfileId: profile.id })
  })
  await given('usage', () => om.events.ingest(usageEvent('i1', 'acme-1', '2026-01-10T00:00:00Z', { tokens: 100 })))

  await step('simulateInvoice', 'of lines that nobody keeps', () => om.billing.invoices.simulate(customer.id, {
    currency: 'USD', lines: [{ ...oneTime('Setup', '100'), quantity: '1' }, { ...metered(), quantity: '100', preLinePeriodQuantity: '0' }],
  }), (simulated) => {
    equal(simulated.totals.total, '150')
    equal(simulated.lines.length, 2)
    equal(simulated.customer.id, customer.id)
  })
  const pending = await step('createPendingInvoiceLine', 'a fee and usage', () =>
    om.billing.invoices.createLineItems(customer.id, { currency: 'USD', lines: [oneTime('Setup', '100'), metered()] }), (created) => {
    equal(created.lines.length, 2)
    equal(created.isInvoiceNew, true)
    equal(created.invoice.status, 'gathering')
  })
  await step('createPendingInvoiceLine', 'one more, on the same invoice', () =>
    om.billing.invoices.createLineItems(customer.id, { currency: 'USD', lines: [oneTime('Training', '20')] }), (created) => {
    equal(created.isInvoiceNew, false)
    equal(created.invoice.id, pending.invoice.id)
  })
  await step('getInvoice', 'gathering, with the usage as it is now', () => om.billing.invoices.get(pending.invoice.id), (found) => {
    equal(found.status, 'gathering')
    equal(found.lines.find((line) => line.name === 'Tokens').quantity, '100')
  })
  const [drafted] = await step('invoicePendingLinesAction', 'what is due', () => om.billing.invoices.invoicePendingLines({ customerId: customer.id }), (made) => {
    equal(made.length, 1)
    equal(made[0].status, 'draft')
    equal(made[0].lines.length, 3)
  }) ?? [undefined]
  await drafts(session, drafted)
  await afterwards(session, customer, drafted)
}

async function drafts({ om, step, refused }, drafted) {
  const { invoices } = om.billing
  await step('snapshotQuantitiesInvoiceAction', 'instead of waiting for late usage', () => invoices.snapshotQuantities(drafted.id), (found) =>
    ok(found.quantitySnapshotedAt instanceof Date))
  await step('updateInvoice', 'its words and one line', () => invoices.update(drafted.id, {
    description: 'January',
    metadata: { po: '4711' },
    supplier: { name: 'Seller Limited' },
    customer: { name: 'Acme Limited' },
    workflow: { workflow: { invoicing: { autoAdvance: false, dueAfter: 'P30D' }, payment: { collectionMethod: 'send_invoice' } } },
    lines: drafted.lines.map((line) => ({
      id: line.id, name: line.name === 'Training' ? 'Workshop' : line.name, period: line.period, invoiceAt: line.invoiceAt, rateCard: line.rateCard,
    })),
  }), (updated) => {
    equal(updated.description, 'January')
    ok(updated.lines.some((line) => line.name === 'Workshop'))
    equal(updated.totals.total, '170')
  })
  await step('recalculateInvoiceTaxAction', 'of a draft', () => invoices.recalculateTax(drafted.id), (found) => equal(found.id, drafted.id))
  await refused('advanceInvoiceAction', 'past what a person has to approve', 400, () => invoices.advance(drafted.id))
  await refused('voidInvoiceAction', 'before it is issued', 400, () =>
    invoices.void(drafted.id, { reason: 'mistake', action: { percentage: 100, action: { type: 'discard' } } }))
  await step('approveInvoiceAction', 'by hand', () => invoices.approve(drafted.id), (approved) => {
    ok(['issuing', 'issued', 'payment_processing'].includes(approved.status), approved.status)
  })
}

async function afterwards({ om, step, refused, given }, customer, issued) {
  const { invoices } = om.billing
  await step('getInvoice', 'that was issued', () => invoices.get(issued.id, { params: { path: { invoiceId: issued.id }, query: { expand: ['lines', 'preceding'] } } }), (found) => {
    ok(found.issuedAt instanceof Date)
    equal(found.statusDetails.immutable, true)
    equal(found.totals.total, '170')
  })
  await refused('updateInvoice', 'that was issued', 400, () => invoices.update(issued.id, {
    supplier: {}, customer: {}, workflow: { workflow: {} }, lines: [],
  }))
  await refused('retryInvoiceAction', 'that did not fail', 400, () => invoices.retry(issued.id))
  await step('listInvoices', 'of the customer', () => invoices.list({ customers: [customer.id], expand: ['lines'], orderBy: 'createdAt', order: 'DESC' }), (page) => {
    ok(page.items.some((each) => each.id === issued.id))
    ok(page.items[0].lines.length > 0)
  })
  await step('listInvoices', 'by status and time', () => invoices.list({
    statuses: ['draft'], createdAfter: new Date('2026-01-01T00:00:00Z'), page: 1, pageSize: 10,
  }), (page) => equal(page.totalCount, 0))
  await step('voidInvoiceAction', 'that was issued', () =>
    invoices.void(issued.id, { reason: 'agreed', action: { percentage: 100, action: { type: 'discard' } } }), (voided) => {
    equal(voided.status, 'voided')
    ok(voided.voidedAt instanceof Date)
  })
  const second = await given('another draft', async () => {
    await om.billing.invoices.createLineItems(customer.id, { currency: 'USD', lines: [oneTime('Mistake', '9')] })
    return (await om.billing.invoices.invoicePendingLines({ customerId: customer.id }))[0]
  })
  await step('deleteInvoice', 'a draft', () => invoices.delete(second.id))
  await waiting({ om, step, given })
}

/** An invoice that waits for late usage goes on by itself when the wait is over, or when somebody says so. */
async function waiting({ om, step, given }) {
  const { invoices } = om.billing
  const waits = await given('an invoice that may go on by itself', async () => {
    const customer = await om.customers.create(newCustomer('beta'))
    const profile = await om.billing.profiles.create(newProfile('Slowly', await appsOfDefault(om), {
      collection: { alignment: { type: 'subscription' }, interval: 'PT0S' }, invoicing: { autoAdvance: true, draftPeriod: 'PT0S' },
    }))
    await om.billing.customers.createOverride(customer.id, { billingProfileId: profile.id })
    await invoices.createLineItems(customer.id, { currency: 'USD', lines: [oneTime('Fee', '5')] })
    return (await invoices.invoicePendingLines({ customerId: customer.id }))[0]
  })
  await step('advanceInvoiceAction', 'where it can', () => invoices.advance(waits.id), (advanced) => ok(advanced.status !== 'gathering'))
}
