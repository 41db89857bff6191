import { describe, expect, test } from 'vitest'
import type { Draft, Outgoing } from '../sync/index.ts'
import {
  cameBack,
  draftIn,
  draftOf,
  emptyDraft,
  faultIn,
  faultsOf,
  isBlank,
  isSame,
  letterOf,
  reconcile,
} from './drafts.ts'

const said = (text: string): Draft['body'] => [{ runs: [{ text }] }]
const draft = (part: Partial<Draft> = {}): Draft => ({
  subject: 'Absence',
  to: [{ key: 'user:ga', name: 'Mme Garnier' }],
  body: said('Bonjour'),
  at: '2026-11-26T10:00:00Z',
  ...part,
})
const at = (iso: string): number => Date.parse(iso)
const codes = (of: Draft, left = {}) =>
  faultsOf(of, { left, most: 2 }).map(({ field, code }) => `${field} ${code}`)

describe('two devices write one draft', () => {
  const base = draft()
  const mine = draft({ body: said('ici') })
  const theirs = draft({ body: said('là-bas'), at: '2026-11-26T11:00:00Z' })
  const kept = { draft: mine, base, at: at('2026-11-26T12:00:00Z') }

  test('only here: this goes on', () => {
    expect(reconcile(kept, { ...base, at: '2026-11-26T10:00:07Z' })).toEqual({
      draft: mine,
      base: { ...base, at: '2026-11-26T10:00:07Z' },
    })
  })

  test('only there: that goes on', () => {
    expect(reconcile({ ...kept, draft: base }, theirs)).toEqual({ draft: theirs, base: theirs })
  })

  test('both, this one later: the other is put aside', () => {
    expect(reconcile(kept, theirs)).toEqual({ draft: mine, base: theirs, aside: theirs })
  })

  test('both, that one later: this one is put aside', () => {
    const early = { ...kept, at: at('2026-11-26T10:30:00Z') }
    expect(reconcile(early, theirs)).toEqual({ draft: theirs, base: theirs, aside: mine })
  })

  test('both the same', () => {
    expect(reconcile({ ...kept, draft: theirs }, { ...theirs, cc: [] })).not.toHaveProperty('aside')
  })

  test('nothing there, nothing here', () => {
    expect(reconcile(kept, undefined)).toEqual({ draft: mine })
    expect(reconcile(undefined, theirs)).toEqual({ draft: theirs, base: theirs })
    expect(isBlank(reconcile(undefined, undefined).draft)).toBe(true)
  })
})

describe('E45, E50, E58, E68–E70 what is missing is said at its field', () => {
  test('an empty message', () => {
    expect(codes(emptyDraft())).toEqual(['to nobody', 'subject subject', 'body body'])
  })

  test('all is there', () => expect(codes(draft())).toEqual([]))
  test('an answer needs a text alone', () => {
    expect(codes({ ...emptyDraft(), re: 'm' })).toEqual(['body body'])
  })

  test('a file, or a message passed on, is enough', () => {
    expect(codes(draft({ body: [], files: [{ sha: 's', name: 'a', type: '', size: 1 }] }))).toEqual([])
    expect(codes(draft({ body: [], forward: ['m'] }))).toEqual([])
  })

  test('half a name', () => expect(codes(draft(), { cc: 'gar' })).toEqual(['cc unknown']))

  test('too many, in all fields together', () => {
    const person = (key: string) => ({ key, name: '' })
    expect(codes(draft({ cc: [person('user:a')], bcc: [person('user:b')] }))).toEqual([
      'to too_many_recipients',
    ])
  })

  test('too long, too heavy', () => {
    const heavy = { sha: 's', name: 'a', type: '', size: 10 * 1024 * 1024 + 1 }
    expect(codes(draft({ body: said('x'.repeat(20_001)), files: [heavy] }))).toEqual([
      'body too_long',
      'files too_large',
    ])
  })
})

describe('what is sent', () => {
  const full = draft({
    subject: ' Absence ',
    mode: 'all',
    bcc: [{ key: 'user:lo', name: 'M. Lopez' }],
    forward: ['m1', 'm2'],
    quotes: ['un', 'deux'].map((text, i) => ({
      ...{ from: 'M', to: [], subject: 's', at: '', body: said(text) },
      ...(i === 1 && { altered: true }),
    })),
  })

  test('E49, E55, E93 a letter, with what was altered of others’ words', () => {
    expect(letterOf(full, 'd', 'n')).toEqual({
      name: 'mail.send@1',
      args: {
        ...{ id: 'n', draft: 'd', subject: 'Absence', mode: 'all', body: said('Bonjour'), files: [] },
        ...{ to: ['user:ga'], bcc: ['user:lo'] },
        quotes: [{ message: 'm1' }, { message: 'm2', body: said('deux') }],
      },
    })
  })

  test('E56 answers go to the author alone unless it was said otherwise', () => {
    expect(letterOf(draft(), 'd', 'n').args).toMatchObject({ mode: 'sender' })
  })

  test('an answer', () => {
    expect(letterOf(draft({ re: 'm', all: true }), 'd', 'n')).toEqual({
      name: 'mail.reply@1',
      args: { id: 'n', draft: 'd', re: 'm', all: true, body: said('Bonjour'), files: [] },
    })
  })

  test.each([full, draft(), draft({ re: 'm', all: false })])('comes back as it was: %#', (one) => {
    const name = (key: string) => ({ key, name: '' })
    const back = draftOf(letterOf(one, 'd', 'n'), one, name)
    const nameless = (of: Draft): Draft => ({ ...of, subject: of.subject.trim(), mode: of.mode ?? 'sender' })
    expect(isSame(nameless(back), nameless(one))).toBe(true)
  })
})

test('E113 who is outside goes along by name, and comes back so', () => {
  const to = [
    { key: 'mail:a@b.example', name: 'Le musée' },
    { key: 'mail:c@d.example', name: 'c@d.example' },
  ]
  const letter = letterOf(draft({ to }), 'd', 'n')
  expect(letter.args).toMatchObject({ names: { 'mail:a@b.example': 'Le musée' } })
  expect(draftOf(letter, undefined, (key) => ({ key, name: '' })).to).toEqual(to)
})

describe('refusals find their field', () => {
  const refused = (error: { code: string; field?: string }, args = {}): Outgoing => ({
    ...{ n: 1, scope: 'user:me', name: 'mail.send@1', at: 0, state: 'refused' },
    args: { id: 'n', draft: 'd', ...args },
    error: { message: '', ...error },
  })

  test.each([
    ['recipient_not_allowed', 'to[3]', { field: 'to', index: 3 }],
    ['recipient_not_allowed', 'bcc[0]', { field: 'bcc', index: 0 }],
    ['recipient_not_allowed', 'all', { field: 'all' }],
    ['too_many_recipients', 'to', { field: 'to' }],
    ['too_large', 'files', { field: 'files' }],
    ['too_large', 'body[0].runs[1]', { field: 'body', index: 0 }],
    ['frozen', '', { field: 'all' }],
    ['gone', 're', { field: 'all' }],
  ])('%s at %s', (code, field, place) =>
    expect(faultIn(refused({ code, field }))).toEqual({ code, ...place }),
  )

  test('E96 who has no external messaging is named', () => {
    const one = {
      ...refused({ code: 'mixed', field: 'to' }),
      error: { code: 'mixed', field: 'to', message: 'Inès' },
    }
    expect(faultIn(one)).toEqual({ code: 'mixed', field: 'to', names: 'Inès' })
  })

  test('the refused letter of a draft', () => {
    const one = refused({ code: 'frozen' })
    expect(cameBack([one], 'd')).toBe(one)
    expect(cameBack([one], 'x')).toBeUndefined()
    expect(cameBack([{ ...one, name: 'mail.draft@1' }], 'd')).toBeUndefined()
    expect(draftIn({ ...one, args: { id: 'n' } })).toBe('n')
  })
})
