import { deepEqual, equal, ok } from 'node:assert/strict'
import { newMeter, usageEvent } from './shop.mjs'

export default async function subjects({ om, step, refused, given }) {
  await given('a meter', () => om.meters.create(newMeter()))
  await given('usage', () => om.events.ingest(usageEvent('s1', 'seen', '2026-01-15T06:00:00Z', { tokens: 1 })))
  const [made] = await step('upsertSubject', 'two new ones', () => om.subjects.upsert([
    { key: 'acme-1', displayName: 'Acme', metadata: { floor: 2, tags: ['a'] } }, { key: 'acme-2' },
  ]), (list) => {
    deepEqual(list.map((each) => each.key), ['acme-1', 'acme-2'])
    equal(list[0].displayName, 'Acme')
    deepEqual(list[0].metadata, { floor: 2, tags: ['a'] })
  }) ?? [undefined]
  await step('upsertSubject', 'a known one, in part', () => om.subjects.upsert({ key: 'acme-1', displayName: 'Acme Limited' }), (list) => {
    equal(list[0].id, made.id)
    equal(list[0].displayName, 'Acme Limited')
    deepEqual(list[0].metadata, { floor: 2, tags: ['a'] })
  })
  await refused('upsertSubject', 'without a key', 400, () => om.subjects.upsert({ displayName: 'Nobody' }))
  await step('getSubject', 'by key', () => om.subjects.get('acme-1'), (found) => equal(found.id, made.id))
  await step('getSubject', 'by id', () => om.subjects.get(made.id), (found) => equal(found.key, 'acme-1'))
  await refused('getSubject', 'that nobody is', 404, () => om.subjects.get('nobody'))
  await step('listSubjects', 'all', () => om.subjects.list(), (list) => ok(['acme-1', 'acme-2'].every((key) => list.some((each) => each.key === key))))
  await step('deleteSubject', 'by key', () => om.subjects.delete('acme-2'))
  await refused('getSubject', 'that was deleted', 404, () => om.subjects.get('acme-2'))
}
