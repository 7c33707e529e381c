import { deepEqual, equal, ok } from 'node:assert/strict'
import { createServer } from 'node:http'
import { raw } from '../harness/session.mjs'
import { newFeature, newMeter } from './shop.mjs'

export default async function notifications(session) {
  const receiver = createServer((request, response) => request.resume().on('end', () => response.writeHead(204).end()))
  await new Promise((listening) => receiver.listen(0, '127.0.0.1', listening))
  try {
    await run(session, `http://127.0.0.1:${receiver.address().port}/hook`)
  } finally {
    receiver.close()
    receiver.closeAllConnections()
  }
}

async function run({ om, step, refused, given }, url) {
  await given('a meter', () => om.meters.create(newMeter()))
  const feature = await given('a feature', () => om.features.create(newFeature()))
  const { channels, rules, events } = om.notifications

  const channel = await step('createNotificationChannel', 'a webhook', () => channels.create({
    type: 'WEBHOOK', name: 'Finance', url, customHeaders: { 'X-Team': 'finance' }, signingSecret: 'whsec_S6g2HLnTwd9AhHwUIMFggVS9OfoPafN8', metadata: { owner: 'finance' },
  }), (created) => {
    equal(created.type, 'WEBHOOK')
    equal(created.url, url)
    equal(created.disabled, false)
    ok(created.signingSecret.startsWith('whsec_'))
  })
  await refused('createNotificationChannel', 'without an address', 400, () => channels.create({ type: 'WEBHOOK', name: 'Nowhere' }))
  await step('getNotificationChannel', 'by id', () => channels.get(channel.id), (found) => equal(found.name, 'Finance'))
  await step('updateNotificationChannel', 'its name', () => channels.update(channel.id, { type: 'WEBHOOK', name: 'Treasury', url }), (updated) => equal(updated.name, 'Treasury'))
  const spare = await given('a channel that nothing uses', () => channels.create({ type: 'WEBHOOK', name: 'Spare', url, disabled: true }))
  await step('listNotificationChannels', 'the ones that work', () => channels.list(), (page) => deepEqual(page.items.map((each) => each.id), [channel.id]))
  await step('listNotificationChannels', 'disabled ones too', () => channels.list({ includeDisabled: true, page: 1, pageSize: 10 }), (page) => equal(page.totalCount, 2))
  await step('deleteNotificationChannel', 'that nothing uses', () => channels.delete(spare.id))
  await refused('getNotificationChannel', 'that does not exist', 404, () => channels.get('01ARZ3NDEKTSV4RRFFQ69G5FAV'))

  const rule = await step('createNotificationRule', 'of a balance', () => rules.create({
    type: 'entitlements.balance.threshold', name: 'Almost used up', channels: [channel.id], features: [feature.key],
    thresholds: [{ value: 80, type: 'usage_percentage' }, { value: 10, type: 'balance_value' }],
  }), (created) => {
    equal(created.thresholds.length, 2)
    deepEqual(created.channels.map((each) => each.id), [channel.id])
    deepEqual(created.features.map((each) => each.key), ['tokens'])
  })
  for (const type of ['entitlements.reset', 'invoice.created', 'invoice.updated']) {
    await step('createNotificationRule', type, () => rules.create({ type, name: type, channels: [channel.id] }), (created) => equal(created.type, type))
  }
  await refused('createNotificationRule', 'of a channel that does not exist', 400, () =>
    rules.create({ type: 'invoice.created', name: 'Odd', channels: ['01ARZ3NDEKTSV4RRFFQ69G5FAV'] }))
  await step('getNotificationRule', 'by id', () => rules.get(rule.id), (found) => equal(found.name, 'Almost used up'))
  await step('updateNotificationRule', 'its thresholds', () => rules.update(rule.id, {
    type: 'entitlements.balance.threshold', name: 'Used up', channels: [channel.id], thresholds: [{ value: 100, type: 'usage_percentage' }],
  }), (updated) => {
    equal(updated.name, 'Used up')
    equal(updated.thresholds.length, 1)
  })
  await step('listNotificationRules', 'all', () => rules.list(), (page) => equal(page.totalCount, 4))
  await step('listNotificationRules', 'of a channel', () => rules.list({ channel: [channel.id], page: 1, pageSize: 2, orderBy: 'createdAt', order: 'DESC' }),
    (page) => equal(page.items.length, 2))

  const event = await step('testNotificationRule', 'with made-up values', () =>
    raw(om.client.POST('/api/v1/notification/rules/{ruleId}/test', { params: { path: { ruleId: rule.id } } })), (created) => {
    equal(created.type, 'entitlements.balance.threshold')
    equal(created.rule.id, rule.id)
  })
  await step('getNotificationEvent', 'by id', () => events.get(event.id), (found) => {
    equal(found.payload.type, 'entitlements.balance.threshold')
    deepEqual(found.deliveryStatus.map((each) => each.channel.id), [channel.id])
  })
  await step('listNotificationEvents', 'of a rule', () => events.list({ rule: [rule.id] }), (page) => deepEqual(page.items.map((each) => each.id), [event.id]))
  await step('resendNotificationEvent', 'to a channel', () => events.resend(event.id, { channels: [channel.id] }))
  await step('deleteNotificationRule', 'one', () => rules.delete(rule.id))
  await step('listNotificationRules', 'without it', () => rules.list(), (page) => equal(page.totalCount, 3))
}
