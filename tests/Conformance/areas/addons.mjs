import { deepEqual, equal, ok } from 'node:assert/strict'
import { flatFee, newFeature, newMeter, perUnit, withAllowance } from './shop.mjs'

export default async function addons({ om, step, refused, given }) {
  await given('a meter', () => om.meters.create(newMeter()))
  await given('a feature', () => om.features.create(newFeature()))
  const addon = await step('createAddon', 'that can be bought often', () => om.addons.create({
    key: 'extra_tokens',
    name: 'Extra tokens',
    description: 'A thousand more',
    metadata: { shelf: '1' },
    currency: 'USD',
    instanceType: 'multiple',
    rateCards: [flatFee('10', 'extra_fee'), withAllowance(perUnit('0.02'))],
  }), (created) => {
    equal(created.version, 1)
    equal(created.status, 'draft')
    equal(created.instanceType, 'multiple')
    equal(created.rateCards.length, 2)
  })
  await step('createAddon', 'that can be bought once', () => om.addons.create({
    key: 'support', name: 'Support', currency: 'USD', instanceType: 'single', rateCards: [flatFee('99', 'support_fee')],
  }), (created) => equal(created.instanceType, 'single'))
  await refused('createAddon', 'of an unknown kind', 400, () =>
    om.addons.create({ key: 'odd', name: 'Odd', currency: 'USD', instanceType: 'sometimes', rateCards: [] }))
  await step('getAddon', 'by id', () => om.addons.get(addon.id), (found) => equal(found.key, 'extra_tokens'))
  await refused('getAddon', 'that does not exist', 404, () => om.addons.get('01ARZ3NDEKTSV4RRFFQ69G5FAV'))
  await step('listAddons', 'all', () => om.addons.list(), (page) => equal(page.totalCount, 2))
  await step('listAddons', 'drafts of a key', () => om.addons.list({ key: ['support'], status: ['draft'], orderBy: 'key', order: 'ASC' }),
    (page) => deepEqual(page.items.map((each) => each.key), ['support']))
  await step('updateAddon', 'a draft', () => om.addons.update(addon.id, {
    name: 'More tokens', instanceType: 'multiple', rateCards: [flatFee('12', 'extra_fee')],
  }), (updated) => {
    equal(updated.name, 'More tokens')
    equal(updated.rateCards.length, 1)
  })
  await step('publishAddon', 'a draft', () => om.addons.publish(addon.id), (published) => {
    equal(published.status, 'active')
    ok(published.effectiveFrom instanceof Date)
  })
  const second = await step('createAddon', 'the next version of a key', () => om.addons.create({
    key: 'extra_tokens', name: 'More tokens', currency: 'USD', instanceType: 'multiple', rateCards: [flatFee('14', 'extra_fee')],
  }), (created) => equal(created.version, 2))
  await step('deleteAddon', 'a draft', () => om.addons.delete(second.id))
  await step('archiveAddon', 'an active one', () => om.addons.archive(addon.id), (archived) => {
    equal(archived.status, 'archived')
    ok(archived.effectiveTo instanceof Date)
  })
}
