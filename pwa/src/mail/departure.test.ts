// @vitest-environment node
import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { known, speech } from '../i18n/index.svelte'
import type { Device, Message } from '../sync/index.ts'
import { draftFrom, dueWords, recall } from './departure.ts'
import { takenWords, type Letter } from './discussions.ts'
import { holding } from './holding.ts'
import { standing } from './moderation.ts'

const scope = 'user:me'
const body = [{ runs: [{ text: 'Le car part à 13 h.' }] }]
const file = { sha: 'f', name: 'plan.pdf', type: 'application/pdf', size: 10 }
const sent: Message = {
  ...{ discussion: 'a', subject: 'Sortie', mode: 'sender', from: { id: 'me', name: 'Me' } },
  ...{ to: [{ key: 'class:c/guardians', name: '5e B', count: 26 }], body, files: [file] },
  ...{ at: '2026-11-20T21:00:00Z', due: '2026-11-21T06:00:00Z' },
}
const letter = (id: string, value: Message): Letter => ({
  ...{ scope, type: 'message', id, seq: 1 },
  ...{ value, pending: false },
})

describe('when it leaves', () => {
  beforeEach(() => {
    speech.timeZone = 'Europe/Paris'
  })

  test.each([
    ['2026-11-20T21:00:00Z', 'Part demain à 7 h'],
    ['2026-11-21T00:30:00Z', 'Part à 7 h'],
    ['2026-11-21T05:51:00Z', 'Part dans 9 min'],
    ['2026-11-21T05:51:30Z', 'Part dans 9 min'],
    ['2026-11-21T05:59:20Z', 'Part dans 40 s'],
    ['2026-11-21T06:00:01Z', 'Part maintenant'],
  ])('at %s: %s', (now, said) => {
    expect(dueWords('2026-11-21T06:00:00Z', Date.parse(now)).replace(/\s/g, ' ')).toBe(said)
  })
})

describe('taken back', () => {
  let device: Device
  beforeEach(async () => {
    device = await holding({ [scope]: [[1, 'message', 'a', sent]] })
  })
  afterEach(() => device.wipe())

  const held = () =>
    device.read(async (view) => ({
      message: (await view.get(scope, 'message', 'a'))?.value,
      drafts: await view.list(scope, 'draft'),
    }))

  test.each([true, false])('nothing of it is left in the mailbox; its text is a draft: %s', async (keep) => {
    for (const { name, args } of recall(letter('a', sent), [], keep).acts) await device.act(scope, name, args)
    const { message, drafts } = await held()
    expect(message).toMatchObject({ recalled: true, body: [], subject: 'Sortie' })
    expect(message).not.toHaveProperty('files')
    expect(message).not.toHaveProperty('due')
    expect(drafts.map(({ value }) => value)).toMatchObject(
      keep ? [{ subject: 'Sortie', mode: 'sender', to: sent.to, body, files: [file] }] : [],
    )
  })

  test('its text is kept before it is taken back', () => {
    expect(recall(letter('a', sent), [], true).acts.map(({ name }) => name)).toEqual([
      'mail.draft@1',
      'mail.recall@1',
    ])
  })

  test('an answer stays an answer, and what was passed on is passed on again', () => {
    const quote = { from: 'Ana', to: [], subject: 'Q', at: '2026-11-01T08:00:00Z', body }
    const gone = { ...quote, at: '2026-11-02T08:00:00Z' }
    const original: Message = { ...sent, from: { id: 'ana', name: 'Ana' }, at: quote.at }
    const draft = draftFrom({ ...sent, re: 'z', quotes: [quote, gone] }, [letter('q', original)])
    expect(draft).toMatchObject({ re: 'z', all: false, forward: ['q'], quotes: [quote] })
  })

  test('everybody reads who took it back', () => {
    const words = [true, false].map((moderated) =>
      ['me', 'ana'].map((reader) => takenWords({ ...sent, moderated }, reader)),
    )
    expect(words).toEqual([
      ['mail.moderated.mine', 'mail.moderated'],
      ['mail.recalled.mine', 'mail.recalled'],
    ])
  })
})

test('the office sees what leaves first, then what was stopped', () => {
  const mailing = (id: string, state: 'waiting' | 'sent' | 'stopped', minute: number) => ({
    ...{ scope: 'office:x', type: 'mailing', id, seq: 1, pending: false },
    value: {
      ...{ by: { id: 'g', name: 'G' }, subject: id, people: 80, state },
      due: `2026-11-20T08:0${String(minute)}:00Z`,
    },
  })
  const all = [
    mailing('a', 'stopped', 1),
    mailing('b', 'waiting', 5),
    mailing('c', 'sent', 0),
    mailing('d', 'waiting', 2),
  ]
  expect(standing(all).map(({ id }) => id)).toEqual(['d', 'b', 'a'])
})

test.each(['closed', 'quarantine', 'quota', 'alike', 'pair', 'frozen'])('a refusal "%s" says why', (code) => {
  expect(known(`refused.${code}`)).toBeDefined()
})
