import { deepEqual, equal, ok } from 'node:assert/strict'
import { raw } from '../harness/session.mjs'
import { flatFee, newFeature, newMeter, newPlan, perUnit, withAllowance } from './shop.mjs'

export default async function plans(session) {
  const { om, step, refused, given } = session
  await given('a meter', () => om.meters.create(newMeter()))
  for (const key of ['tokens', 'graduated_tokens', 'volume_tokens', 'packed_tokens']) {
    await given(`the feature ${key}`, () => om.features.create(newFeature(key)))
  }
  await given('a feature without a meter', () => om.features.create({ key: 'sso', name: 'Single sign-on' }))
  const plan = await step('createPlan', 'with phases and every price', () => om.plans.create(everyPrice()), (created) => {
    equal(created.version, 1)
    equal(created.status, 'draft')
    equal(created.phases.length, 2)
    equal(created.phases[0].duration, 'P1M')
    equal(created.phases[1].duration, null)
    deepEqual(created.phases[1].rateCards.map((card) => card.price?.type), ['flat', 'unit', 'tiered', 'tiered', 'package', 'flat', undefined])
    equal(created.phases[1].rateCards[1].entitlementTemplate.issueAfterReset, 1000)
  })
  await refused('createPlan', 'without phases', 400, () => om.plans.create({ ...newPlan('empty'), phases: [] }))
  await step('getPlan', 'by id', () => om.plans.get(plan.id), (found) => equal(found.key, 'pro'))
  await step('updatePlan', 'a draft', () => om.plans.update(plan.id, {
    name: 'Professional', billingCadence: 'P1M', phases: newPlan().phases, metadata: { tier: '2' },
  }), (updated) => {
    equal(updated.name, 'Professional')
    equal(updated.phases.length, 1)
  })
  await step('publishPlan', 'a draft', () => om.plans.publish(plan.id), (published) => {
    equal(published.status, 'active')
    ok(published.effectiveFrom instanceof Date)
  })
  await step('getPlan', 'by key, the active version', () => om.plans.get('pro'), (found) => equal(found.id, plan.id))
  const next = await step('nextPlan', 'a draft of the next version', () =>
    raw(om.client.POST('/api/v1/plans/{planIdOrKey}/next', { params: { path: { planIdOrKey: 'pro' } } })), (draft) => {
    equal(draft.version, 2)
    equal(draft.status, 'draft')
    equal(draft.key, 'pro')
  })
  await step('getPlan', 'with the draft of the next version', () => om.plans.get('pro', { includeLatest: true }), (found) => equal(found.version, 2))
  await lists(session)
  await step('publishPlan', 'the next version', () => om.plans.publish(next.id), (published) => equal(published.version, 2))
  await step('getPlan', 'the version before, archived by that', () => om.plans.get(plan.id), (found) => {
    equal(found.status, 'archived')
    ok(found.effectiveTo instanceof Date)
  })
  await planAddons(session)
  await step('archivePlan', 'an active one', () => om.plans.archive(next.id), (archived) => equal(archived.status, 'archived'))
  const draft = await given('a draft', () => om.plans.create(newPlan('mistake')))
  await step('deletePlan', 'a draft', () => om.plans.delete(draft.id))
  await refused('getPlan', 'that does not exist', 404, () => om.plans.get('01ARZ3NDEKTSV4RRFFQ69G5FAV'))
}

async function lists({ om, step, given }) {
  await given('another plan', () => om.plans.create(newPlan('basic')))
  const keys = (page) => page.items.map((each) => `${each.key}.${each.version}`).sort()
  await step('listPlans', 'all', () => om.plans.list(), (page) => {
    equal(page.totalCount, 3)
    deepEqual(keys(page), ['basic.1', 'pro.1', 'pro.2'])
  })
  for (const [name, query, expected] of [
    ['by key', { key: ['pro'] }, ['pro.1', 'pro.2']],
    ['by status', { status: ['draft'] }, ['basic.1', 'pro.2']],
    ['by currency', { currency: ['EUR'] }, []],
    ['by page', { page: 2, pageSize: 2, orderBy: 'key', order: 'ASC' }, ['pro.2']],
  ]) {
    await step('listPlans', name, () => om.plans.list(query), (page) => deepEqual(keys(page), expected))
  }
}

/** Add-ons are made for drafts and published before the plan offers them. */
async function planAddons({ om, step, refused, given }) {
  const addon = await given('an add-on', async () => {
    const made = await om.addons.create({ key: 'extra_tokens', name: 'Extra', currency: 'USD', instanceType: 'multiple', rateCards: [flatFee('10', 'extra_fee')] })
    return om.addons.publish(made.id)
  })
  const draft = await given('a draft', () => om.plans.create(newPlan('with_addons')))
  const offered = await step('createPlanAddon', 'from the first phase', () =>
    om.plans.addons.create(draft.id, { addonId: addon.id, fromPlanPhase: 'default', maxQuantity: 5 }), (created) => {
    equal(created.addon.key, 'extra_tokens')
    equal(created.fromPlanPhase, 'default')
    equal(created.maxQuantity, 5)
  })
  await refused('createPlanAddon', 'in a phase that does not exist', 400, () =>
    om.plans.addons.create(draft.id, { addonId: addon.id, fromPlanPhase: 'nowhere' }))
  await step('listPlanAddons', 'all', () => om.plans.addons.list(draft.id), (page) => equal(page.totalCount, 1))
  await step('getPlanAddon', 'one', () => om.plans.addons.get(draft.id, offered.addon.id), (found) => equal(found.maxQuantity, 5))
  await step('updatePlanAddon', 'how many', () =>
    om.plans.addons.update(draft.id, offered.addon.id, { fromPlanPhase: 'default', maxQuantity: 7 }), (updated) => equal(updated.maxQuantity, 7))
  await step('deletePlanAddon', 'one', () => om.plans.addons.delete(draft.id, offered.addon.id))
  await step('listPlanAddons', 'none any more', () => om.plans.addons.list(draft.id), (page) => equal(page.totalCount, 0))
}

function everyPrice() {
  const tiers = [
    { upToAmount: '100', flatPrice: { type: 'flat', amount: '5' }, unitPrice: null },
    { flatPrice: null, unitPrice: { type: 'unit', amount: '0.05' } },
  ]
  const usageBased = (key, price) => ({ type: 'usage_based', key, name: `Price ${key}`, featureKey: key, billingCadence: 'P1M', price })
  return {
    key: 'pro',
    name: 'Pro',
    description: 'For teams',
    metadata: { tier: '1' },
    currency: 'USD',
    billingCadence: 'P1M',
    proRatingConfig: { enabled: true, mode: 'prorate_prices' },
    phases: [
      { key: 'trial', name: 'Trial', duration: 'P1M', rateCards: [{ ...flatFee('0'), price: null }] },
      {
        key: 'paid',
        name: 'Paid',
        duration: null,
        rateCards: [
          { ...flatFee('99'), discounts: { percentage: { percentage: 10 } } },
          withAllowance(perUnit('0.01')),
          usageBased('graduated_tokens', { type: 'tiered', mode: 'graduated', tiers }),
          usageBased('volume_tokens', { type: 'tiered', mode: 'volume', tiers }),
          usageBased('packed_tokens', { type: 'package', amount: '2', quantityPerPackage: '1000' }),
          { ...flatFee('500', 'setup_fee'), billingCadence: null },
          { ...flatFee('0', 'sso'), featureKey: 'sso', price: null, entitlementTemplate: { type: 'boolean' } },
        ],
      },
    ],
  }
}
