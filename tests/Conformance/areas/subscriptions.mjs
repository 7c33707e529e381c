import { deepEqual, equal, ok } from 'node:assert/strict'
import { raw } from '../harness/session.mjs'
import { flatFee, newCustomer, newPlan, openShop, perUnit, withAllowance } from './shop.mjs'

export default async function subscriptions(session) {
  const { om, given } = session
  await openShop(session)
  const addon = await given('an add-on', async () => {
    const made = await om.addons.create({ key: 'extra', name: 'Extra', currency: 'USD', instanceType: 'multiple', rateCards: [flatFee('10', 'extra_fee')] })
    return om.addons.publish(made.id)
  })
  await given('a plan that offers it', async () => {
    const made = await om.plans.create(newPlan('business', [flatFee('200'), withAllowance(perUnit('0.005'), 5000)]))
    await om.plans.addons.create(made.id, { addonId: addon.id, fromPlanPhase: 'default', maxQuantity: 5 })
    return om.plans.publish(made.id)
  })
  for (const key of ['acme', 'beta', 'gamma', 'delta', 'epsilon']) {
    await given(`the customer ${key}`, () => om.customers.create(newCustomer(key)))
  }
  await creating(session)
  await editing(session)
  await addons(session, addon)
  await changing(session)
}

async function creating({ om, step, refused }) {
  const subscription = await step('createSubscription', 'of a plan, at once', () => om.subscriptions.create({
    customerKey: 'acme', plan: { key: 'team' }, timing: 'immediate', name: 'Acme on Team', metadata: { order: '7' },
  }), (created) => {
    equal(created.status, 'active')
    equal(created.plan.key, 'team')
    equal(created.plan.version, 1)
    equal(created.currency, 'USD')
    equal(created.billingCadence, 'P1M')
    equal(created.activeFrom.toISOString(), '2026-01-15T09:00:00.000Z')
  })
  const later = await step('createSubscription', 'of a plan, later', () => om.subscriptions.create({
    customerKey: 'beta', plan: { key: 'team', version: 1 }, timing: new Date('2026-02-01T00:00:00Z'), billingAnchor: new Date('2026-02-01T00:00:00Z'),
  }), (created) => equal(created.status, 'scheduled'))
  await step('createSubscription', 'of a custom plan', () => om.subscriptions.create({
    customerKey: 'gamma',
    customPlan: { name: 'Made for Gamma', currency: 'USD', billingCadence: 'P1M', phases: newPlan().phases },
  }), (created) => equal(created.status, 'active'))
  await refused('createSubscription', 'of a plan that does not exist', 400, () => om.subscriptions.create({ customerKey: 'acme', plan: { key: 'nothing' } }))
  await step('getSubscription', 'with its phases', () => om.subscriptions.get(subscription.id), (found) => {
    deepEqual(found.phases.map((phase) => phase.key), ['default'])
    ok(found.alignment.currentAlignedBillingPeriod.from instanceof Date)
  })
  await step('deleteSubscription', 'that has not begun', () => om.subscriptions.delete(later.id))
  await step('cancelSubscription', 'at the end of the period', () => om.subscriptions.cancel(subscription.id, { timing: 'next_billing_cycle' }), (canceled) => {
    equal(canceled.status, 'canceled')
    equal(canceled.activeTo.toISOString(), '2026-02-15T09:00:00.000Z')
  })
  await step('unscheduleCancelation', 'that was scheduled', () => om.subscriptions.unscheduleCancelation(subscription.id), (continued) => {
    equal(continued.status, 'active')
    equal(continued.activeTo, undefined)
  })
  await step('cancelSubscription', 'again', () => om.subscriptions.cancel(subscription.id, { timing: 'next_billing_cycle' }), (canceled) =>
    equal(canceled.status, 'canceled'))
  await step('restoreSubscription', 'that was canceled', () =>
    raw(om.client.POST('/api/v1/subscriptions/{subscriptionId}/restore', { params: { path: { subscriptionId: subscription.id } } })), (restored) => {
    equal(restored.status, 'active')
    equal(restored.activeTo, undefined)
  })
}

async function editing({ om, step, refused, given }) {
  const subscription = await given('a subscription to edit', () => om.subscriptions.create({ customerKey: 'delta', plan: { key: 'team' } }))
  await step('editSubscription', 'one item more', () => om.subscriptions.edit(subscription.id, {
    customizations: [{ op: 'add_item', phaseKey: 'default', rateCard: flatFee('15', 'support') }],
  }), (edited) => equal(edited.id, subscription.id))
  await step('getSubscription', 'with the item', () => om.subscriptions.get(subscription.id), (found) =>
    ok(found.phases[0].items.some((item) => item.key === 'support')))
  await step('editSubscription', 'one item less', () => om.subscriptions.edit(subscription.id, {
    customizations: [{ op: 'remove_item', phaseKey: 'default', itemKey: 'support' }],
  }))
  await step('editSubscription', 'a phase more', () => om.subscriptions.edit(subscription.id, {
    customizations: [{
      op: 'add_phase', phase: { key: 'second', name: 'Second', startAfter: 'P3M' },
    }],
  }))
  await step('editSubscription', 'a longer phase', () => om.subscriptions.edit(subscription.id, {
    customizations: [{ op: 'stretch_phase', phaseKey: 'second', extendBy: 'P1M' }],
  }))
  await step('editSubscription', 'the phase taken back', () => om.subscriptions.edit(subscription.id, {
    customizations: [{ op: 'remove_phase', phaseKey: 'second', shift: 'prev' }],
  }))
  await refused('editSubscription', 'a phase that does not exist', 400, () => om.subscriptions.edit(subscription.id, {
    customizations: [{ op: 'add_item', phaseKey: 'nowhere', rateCard: flatFee('15', 'support') }],
  }))
}

async function changing({ om, step, given }) {
  const subscription = await given('a subscription to change', async () => (await om.customers.listSubscriptions('acme')).items[0])
  const changed = await step('changeSubscription', 'to another plan, at once', () =>
    om.subscriptions.change(subscription.id, { timing: 'immediate', plan: { key: 'business' } }), (answer) => {
    equal(answer.current.id, subscription.id)
    ok(answer.current.activeTo instanceof Date)
    equal(answer.next.plan.key, 'business')
    equal(answer.next.status, 'active')
  })
  await given('a second version of the plan', async () => {
    const next = await om.plans.create(newPlan('business', [flatFee('220'), withAllowance(perUnit('0.004'), 5000)]))
    return om.plans.publish(next.id)
  })
  await step('migrateSubscription', 'to the second version', () => om.subscriptions.migrate(changed.next.id, { targetVersion: 2 }), (answer) => {
    equal(answer.current.id, changed.next.id)
    equal(answer.next.plan.version, 2)
  })
}

async function addons({ om, step, refused, given }, addon) {
  const subscription = await given('a subscription that add-ons are bought for', () =>
    om.subscriptions.create({ customerKey: 'epsilon', plan: { key: 'business', version: 1 } }))
  const bought = await step('createSubscriptionAddon', 'two of it', () => om.subscriptionAddons.create(subscription.id, {
    name: 'Extra', quantity: 2, timing: 'immediate', addon: { id: addon.id },
  }), (created) => {
    equal(created.quantity, 2)
    equal(created.addon.key, 'extra')
    equal(created.subscriptionId, subscription.id)
    equal(created.timeline.length, 1)
  })
  await refused('createSubscriptionAddon', 'that does not exist', 404, () => om.subscriptionAddons.create(subscription.id, {
    name: 'Odd', quantity: 1, timing: 'immediate', addon: { id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' },
  }))
  await step('listSubscriptionAddons', 'all', () => om.subscriptionAddons.list(subscription.id), (found) =>
    deepEqual((found.items ?? found).map((each) => each.id), [bought.id]))
  await step('getSubscriptionAddon', 'one', () => om.subscriptionAddons.get(subscription.id, bought.id), (found) => equal(found.quantity, 2))
  await step('updateSubscriptionAddon', 'three of it', () => om.subscriptionAddons.update(subscription.id, bought.id, { quantity: 3, timing: 'immediate' }),
    (updated) => equal(updated.quantity, 3))
}
