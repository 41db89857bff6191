// @vitest-environment node
import 'fake-indexeddb/auto'
import { afterEach, describe, expect, test } from 'vitest'
import type { Device, Report } from '../sync/index.ts'
import { arrange, at, gather } from './discussions.ts'
import { waysOf } from './answer.ts'
import { holding } from './holding.ts'
import { outcomeOf, queued, shortPrint, titleOf, type Case } from './moderation.ts'
import { follow } from './unread.ts'

const scope = 'user:me'
const office = 'office:x'
let device: Device

const message = (discussion: string, more: object = {}) => ({
  ...{ discussion, subject: 'A', mode: 'all', from: { id: 'ana', name: 'Ana' } },
  ...{ to: [{ key: 'user:me', name: 'Me' }], body: [{ runs: [{ text: 'Moche' }] }] },
  ...{ at: '2026-11-20T08:00:00Z', ...more },
})

const report = (state: Report['state'], day: number, decided?: number): Report => ({
  ...{ discussion: 'a', reason: 'insult', state, at: `2026-11-0${String(day)}T08:00:00Z` },
  ...(decided && { decided: `2026-11-0${String(decided)}T08:00:00Z` }),
})

async function discussions() {
  const [letters, reports] = await device.read(async (view) => [
    await view.list(scope, 'message'),
    await view.list(scope, 'report'),
  ])
  const reported = new Set(reports.map(({ value }) => value.discussion))
  return arrange(gather(letters, 'me'), new Map(), new Set(), 'me', { reported })
}

describe('E21: reports', () => {
  afterEach(() => device.wipe())

  test('without a network it stands on the device, and its discussion in Moderation', async () => {
    device = await holding({
      [scope]: [
        [1, 'message', 'a', message('a')],
        [1, 'message', 'b', message('b')],
      ],
    })
    const args = { id: 'r', message: 'a', reason: 'threat', text: 'Encore' } as const
    await device.act(scope, 'mail.report@1', args)
    const row = await device.read((view) => view.get(scope, 'report', 'r'))
    expect(row?.value).toMatchObject({
      ...{ discussion: 'a', message: 'a', reason: 'threat', text: 'Encore' },
      state: 'open',
    })
    expect(at('moderation', await discussions()).map(({ id }) => id)).toEqual(['a'])
  })

  test('the office decides at once, and may think better of it', async () => {
    device = await holding({
      [office]: [[1, 'report', 'r', { ...report('open', 1), by: { id: 'b', name: 'B' } }]],
    })
    await device.act(office, 'mail.moderate@1', { id: 'r', withdraw: true, close: true, answer: 'Merci' })
    const now = async () => (await device.read((view) => view.get(office, 'report', 'r')))?.value
    expect(await now()).toMatchObject({ state: 'acted', withdrawn: true, closed: true, answer: 'Merci' })
    await device.act(office, 'mail.reopen@1', { id: 'r' })
    expect(await now()).toMatchObject({ state: 'acted', withdrawn: true, closed: false })
  })

  test('without measures it is dismissed', async () => {
    device = await holding({ [office]: [[1, 'report', 'r', report('open', 1)]] })
    await device.act(office, 'mail.moderate@1', { id: 'r', withdraw: false, close: false })
    expect((await device.read((view) => view.get(office, 'report', 'r')))?.value.state).toBe('dismissed')
  })

  test('a closed discussion is in Moderation, and nobody answers it', async () => {
    device = await holding({
      [scope]: [
        [1, 'message', 'a', message('a', { closed: true })],
        [2, 'message', 'a2', message('a', { re: 'a', at: '2026-11-21T08:00:00Z' })],
        [1, 'message', 'b', message('b')],
      ],
    })
    const all = await discussions()
    expect(at('moderation', all).map(({ id }) => id)).toEqual(['a'])
    const ways = Object.fromEntries(all.map((talk) => [talk.id, waysOf(talk, 'me').one]))
    expect(ways).toEqual({ a: false, b: true })
  })

  test('the tab counts what waits for the office, and not what one reported oneself', async () => {
    device = await holding({
      [scope]: [
        [1, 'message', 'a', message('a')],
        [1, 'report', 'r', report('open', 1)],
      ],
      [office]: [
        [1, 'report', 'r', report('open', 1)],
        [1, 'report', 's', report('acted', 1)],
      ],
    })
    const told = await new Promise((tell) => follow(device, 'me', tell))
    expect(told).toBe(2)
  })
})

describe('the queue', () => {
  const row = (id: string, value: Report): Case => ({
    ...{ scope: office, type: 'report', id },
    ...{ seq: 1, value, pending: false },
  })

  test('what waits longest comes first, then the latest decision', () => {
    const all = [
      row('a', report('acted', 1, 3)),
      row('b', report('open', 4)),
      row('c', report('open', 2)),
      row('d', report('dismissed', 1, 5)),
    ]
    const { open, decided } = queued(all)
    expect([open, decided].map((some) => some.map(({ id }) => id))).toEqual([
      ['c', 'b'],
      ['d', 'a'],
    ])
  })

  test.each([
    [{ state: 'dismissed' }, 'Lu, sans suite.'],
    [{ state: 'acted', withdrawn: true }, 'Le message a été retiré.'],
    [{ state: 'acted', closed: true }, 'La discussion a été fermée.'],
    [{ state: 'acted', withdrawn: true, closed: true }, 'Le message a été retiré et la discussion fermée.'],
  ] as const)('%o is said', (what, said) => {
    expect(outcomeOf({ ...report('open', 1), ...what })).toBe(said)
  })

  test('a discussion whose subject was taken away still has a name', () => {
    expect([titleOf({ subject: 'Sortie' }), titleOf({ subject: '' })]).toEqual(['Sortie', 'Message retiré'])
  })

  test('a fingerprint is short enough to compare by eye', () => {
    expect(shortPrint('0123456789abcdef0123')).toBe('0123 4567 89ab')
  })
})
