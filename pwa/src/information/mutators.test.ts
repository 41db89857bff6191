// P14: what a reader did shows at once, as the server will have it.
import { expect, test } from 'vitest'
import { informationMutators } from '../sync/informationmutators.ts'
import type { MutatorTx } from '../sync/mutators.ts'

const context = { user: 'nadia', scope: 'user:nadia', at: '2026-11-24T08:00:00Z' }

function device(information: object) {
  const all = new Map<string, unknown>([['information i', information]])
  const tx = {
    get: (_: string, type: string, id: string) => Promise.resolve(all.get(`${type} ${id}`)),
    base: () => Promise.resolve(undefined),
    put: (_: string, type: string, id: string, value: unknown) =>
      Promise.resolve(void all.set(`${type} ${id}`, value)),
  }
  return { tx: tx as unknown as MutatorTx, all }
}

test('read once, acknowledged once', async () => {
  const { tx, all } = device({})
  await informationMutators['information.read@1'](tx, { ids: ['i', 'gone'] }, context)
  const later = { ...context, at: '2026-11-25T08:00:00Z' }
  await informationMutators['information.acknowledge@1'](tx, { id: 'i' }, later)
  expect(all.get('response i')).toEqual({ read: context.at, acknowledged: later.at })
  expect(all.has('response gone')).toBe(false)
})

test('an answer stands with its text, an anonymous one without', async () => {
  const answers = [{ choices: [1] }]
  const named = device({})
  await informationMutators['information.answer@1'](named.tx, { id: 'i', child: 'ines', answers }, context)
  expect(named.all.get('response i')).toMatchObject({ answers: { ines: { at: context.at, given: answers } } })
  const anonymous = device({ anonymous: true })
  await informationMutators['information.answer@1'](anonymous.tx, { id: 'i', answers }, context)
  expect(anonymous.all.get('response i')).toMatchObject({ answers: { self: { at: context.at } } })
  expect(JSON.stringify(anonymous.all.get('response i'))).not.toContain('choices')
})
