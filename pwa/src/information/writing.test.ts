// P14: what an author typed is kept, checked and told as the server wants it.
import { expect, test } from 'vitest'
import { argsOf, faultsOf, newQuestion, Writing, type Typed, type WritingDevice } from './writing.svelte.ts'

const today = '2026-11-24'

function device() {
  const kept = new Map<string, unknown>()
  const acts: unknown[] = []
  const made = {
    user: 'garnier',
    local: {
      get: (key: string) => Promise.resolve(kept.get(key)),
      set: (key: string, value: unknown) => Promise.resolve(void kept.set(key, value)),
      delete: (key: string) => Promise.resolve(void kept.delete(key)),
    },
    act: (...act: unknown[]) => Promise.resolve(void acts.push(act)),
    dismiss: (n: number) => Promise.resolve(void acts.push(['dismiss', n])),
  }
  return { made: made as unknown as WritingDevice, kept, acts }
}

const typed = (more: Partial<Typed> = {}): Typed => ({
  ...{ title: 'Réunion', category: 'meeting', body: [{ runs: [{ text: 'Mardi' }] }], files: [] },
  ...{ from: today, until: '2026-12-01', acknowledge: false, questions: [], anonymous: false },
  ...{ perChild: false, roles: ['guardians'], places: ['class:5b'], ...more },
})

const asked = (more: Partial<ReturnType<typeof newQuestion>> = {}) => ({
  ...newQuestion('many'),
  ...{ id: 'q', title: ' Quand ? ', choices: ['Lundi', ' ', 'Mardi '], ...more },
})

test.each<[string, Partial<Typed>, string[]]>([
  ['nothing', {}, []],
  ['a title', { title: ' ' }, ['title']],
  ['a text', { body: [] }, ['body']],
  ['somebody', { roles: [], places: [] }, ['roles', 'places']],
  ['a day after today', { from: '2026-11-01', until: '2026-11-20' }, ['days']],
  ['days in order', { until: '2026-11-23' }, ['days']],
  ['a question', { questions: [asked({ title: '' })] }, ['question:q']],
  ['two choices', { questions: [asked({ choices: ['Oui', ''] })] }, ['question:q']],
  ['different choices', { questions: [asked({ choices: ['Oui', 'Oui '] })] }, ['question:q']],
  ['more than text', { questions: [asked({ kind: 'info' })] }, ['questions']],
])('what is missing: %s', (_, more, want) => {
  expect(faultsOf(typed(more), today)).toEqual(want)
})

test('blanks and what is off are not told', () => {
  const survey = typed({ questions: [asked({ other: true, most: 9, required: true })], anonymous: true })
  expect(argsOf('i', survey)).toEqual({
    ...{ id: 'i', title: 'Réunion', category: 'meeting', body: [{ runs: [{ text: 'Mardi' }] }] },
    ...{ from: today, until: '2026-12-01', anonymous: true },
    questions: [
      { kind: 'many', title: 'Quand ?', choices: ['Lundi', 'Mardi'], other: true, most: 3, required: true },
    ],
    audience: [{ of: 'class:5b', roles: ['guardians'] }],
  })
  expect(argsOf('i', typed({ anonymous: true, perChild: true }))).not.toHaveProperty('anonymous')
})

test('a text outlives the app, until it is published', async () => {
  const { made, kept, acts } = device()
  const first = new Writing(made, '', today)
  await first.load({}, '2026-12-01')
  first.change(typed())
  const again = new Writing(made, '', today)
  await again.load({}, '2026-12-01')
  expect(again.typed.title).toBe('Réunion')
  const sent = await again.publish()
  expect(acts).toMatchObject([['user:garnier', 'information.publish@1', { title: 'Réunion' }]])
  expect(kept.size).toBe(0)
  await sent?.undo()
  expect(acts[1]).toMatchObject(['user:garnier', 'information.withdraw@1', { id: sent?.id }])
})

test('what came back refused is taken up again, with its days', async () => {
  const { made, acts } = device()
  const again = new Writing(made, '', today)
  const broadcast = argsOf('i', typed({ from: '2026-11-25', questions: [asked()] }))
  await again.load({ broadcast, refused: 7 }, '2026-12-08')
  expect(again.typed).toMatchObject({ from: '2026-11-25', until: '2026-12-01', places: ['class:5b'] })
  await again.publish()
  expect(acts[1]).toEqual(['dismiss', 7])
})

test('an earlier one is a start, with days of its own', async () => {
  const { made } = device()
  const again = new Writing(made, '', today)
  await again.load({ broadcast: argsOf('i', typed({ from: '2026-10-01' })) }, '2026-12-08')
  expect(again.typed).toMatchObject({ title: 'Réunion', from: today, until: '2026-12-08' })
})
