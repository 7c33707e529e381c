// What several areas stand on: a meter, a feature, a customer, a plan.

export const ulid = /^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$/

export const usageEvent = (id, subject, time, data) => ({
  id, source: 'conformance', specversion: '1.0', type: 'request', subject, time: new Date(time), data,
})

export const newMeter = (slug = 'tokens_total') => ({
  slug, aggregation: 'SUM', eventType: 'request', valueProperty: '$.tokens', groupBy: { model: '$.model' },
})

export const newFeature = (key = 'tokens', meterSlug = 'tokens_total') => ({ key, name: `Feature ${key}`, meterSlug })

export const newCustomer = (key = 'acme') => ({ name: `Customer ${key}`, key, currency: 'USD', usageAttribution: { subjectKeys: [`${key}-1`] } })

export const flatFee = (amount = '50', key = 'platform_fee') => ({
  type: 'flat_fee', key, name: 'Platform fee', billingCadence: 'P1M', price: { type: 'flat', amount, paymentTerm: 'in_advance' },
})

export const perUnit = (amount = '0.01', featureKey = 'tokens') => ({
  type: 'usage_based', key: featureKey, name: 'Tokens', featureKey, billingCadence: 'P1M', price: { type: 'unit', amount },
})

export const withAllowance = (rateCard, allowance = 1000) => ({
  ...rateCard, entitlementTemplate: { type: 'metered', isSoftLimit: false, issueAfterReset: allowance },
})

export const newPlan = (key = 'team', rateCards = [flatFee(), withAllowance(perUnit())]) => ({
  key, name: `Plan ${key}`, currency: 'USD', billingCadence: 'P1M', phases: [{ key: 'default', name: 'Default', duration: null, rateCards }],
})

/** A meter, its feature and a published plan. */
export async function openShop({ om, given }, planKey = 'team') {
  const meter = await given('a meter', () => om.meters.create(newMeter()))
  const feature = await given('a feature', () => om.features.create(newFeature()))
  const draft = await given('a plan', () => om.plans.create(newPlan(planKey)))
  const plan = await given('the plan published', () => om.plans.publish(draft.id))
  return { meter, feature, plan }
}
