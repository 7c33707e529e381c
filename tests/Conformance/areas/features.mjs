import { deepEqual, equal, ok } from 'node:assert/strict'
import { newMeter } from './shop.mjs'

export default async function features({ om, step, refused, given }) {
  await given('a meter', () => om.meters.create(newMeter()))
  const feature = await step('createFeature', 'of a meter, filtered', () => om.features.create({
    key: 'gpt_tokens',
    name: 'Tokens of GPT',
    metadata: { owner: 'ai' },
    meterSlug: 'tokens_total',
    advancedMeterGroupByFilters: { model: { $like: 'gpt%' } },
  }), (created) => {
    equal(created.meterSlug, 'tokens_total')
    deepEqual(created.advancedMeterGroupByFilters, { model: { $like: 'gpt%' } })
    deepEqual(created.metadata, { owner: 'ai' })
  })
  await step('createFeature', 'with what a unit costs', () => om.features.create({
    key: 'all_tokens', name: 'All tokens', meterSlug: 'tokens_total', unitCost: { type: 'manual', amount: '0.000002' },
  }), (created) => equal(created.unitCost.amount, '0.000002'))
  await step('createFeature', 'without a meter', () => om.features.create({ key: 'sso', name: 'Single sign-on' }), (created) => equal(created.key, 'sso'))
  await refused('createFeature', 'of a meter that does not exist', 400, () => om.features.create({ key: 'odd', name: 'Odd', meterSlug: 'nobody' }))
  await step('getFeature', 'by id', () => om.features.get(feature.id), (found) => equal(found.key, 'gpt_tokens'))
  await step('getFeature', 'by key', () => om.features.get('gpt_tokens'), (found) => equal(found.id, feature.id))
  await refused('getFeature', 'that does not exist', 404, () => om.features.get('nobody'))
  await step('listFeatures', 'as a plain list', () => om.features.list(), (list) => equal(list.length, 3))
  await step('listFeatures', 'as a page', () => om.features.list({ page: 1, pageSize: 2, orderBy: 'key', order: 'ASC' }), (page) => {
    equal(page.totalCount, 3)
    deepEqual(page.items.map((each) => each.key), ['all_tokens', 'gpt_tokens'])
  })
  await step('listFeatures', 'of a meter', () => om.features.list({ meterSlug: ['tokens_total'] }), (list) => equal(list.length, 2))
  await step('deleteFeature', 'archives it', () => om.features.delete(feature.id))
  await step('listFeatures', 'without archived ones', () => om.features.list(), (list) => equal(list.length, 2))
  await step('listFeatures', 'with archived ones', () => om.features.list({ includeArchived: true }),
    (list) => ok(list.find((each) => each.id === feature.id).archivedAt instanceof Date))
}
