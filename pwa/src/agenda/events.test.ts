import { expect, test } from 'vitest'
import type { Work } from '../school/work.ts'
import type { Timetable } from '../timetable/lessons.ts'
import { dayFor, type Own } from './day.ts'
import { byDay, concerning, dated, mayChange, movedMonth, on, weeksOf, type Known } from './events.ts'
import type { Device, Outgoing } from '../sync/index.ts'
import { EventForm, freshEvent, refusedOf, typedOf, written } from './form.svelte.ts'
import type { AgendaEvent } from './records.ts'

function known(
  id: string,
  start: string,
  end: string,
  more: Omit<Partial<Known>, 'event'> & { event?: Partial<AgendaEvent> } = {},
): Known {
  const { event, ...rest } = more
  return {
    ...{ id, scope: 'class:5b', seq: 1, pending: false, circle: 'class', audience: '5e B', pupils: [] },
    ...rest,
    event: { title: id, start, end, by: { id: 'garnier', name: 'Mme Garnier' }, made: '', at: '', ...event },
  }
}

const fair = known('fair', '2026-12-04', '2026-12-06', { circle: 'school', scope: 'school:x' })
const choir = known('choir', '2026-11-24T12:30', '2026-11-24T13:20', {
  pupils: ['ines'],
  event: { until: '2026-12-15', off: ['2026-12-01'] },
})

// P9: what lasts several days stands on the first of those that are shown.
test('days are in order, and whole days come first', () => {
  const days = byDay(dated([choir, fair], '2026-12-05', '2026-12-31', '2026-11-30'), '2026-12-05')
  expect(days.map(({ day, events }) => [day, events.map((one) => one.id)])).toEqual([
    ['2026-12-05', ['fair']],
    ['2026-12-08', ['choir']],
    ['2026-12-15', ['choir']],
  ])
  expect(on(dated([fair], '2026-12-01', '2026-12-31', '2026-11-30'), '2026-12-06').length).toBe(1)
})

// P13: what is the whole school's is every child's.
test('events of one child', () => {
  expect(concerning([choir, fair], 'ines').length).toBe(2)
  expect(concerning([choir, fair], 'sami').map((one) => one.id)).toEqual(['fair'])
  expect(concerning([choir, fair], undefined).length).toBe(2)
})

test('months', () => {
  expect(weeksOf('2026-11').length).toBe(6)
  expect(weeksOf('2027-02').flat()[0]).toBe('2027-02-01')
  expect(movedMonth('2026-12', 1)).toBe('2027-01')
  expect(movedMonth('2027-01', -1)).toBe('2026-12')
})

test.each([
  ['garnier', ['teacher'], true, false],
  ['petit', ['teacher'], false, false],
  ['viard', ['staff'], true, true],
  ['legoff', ['admin'], false, true],
])('%s may change the choir: %j, the fair', (user, roles, theChoir, theFair) => {
  expect(mayChange(choir, user, roles)).toBe(theChoir)
  expect(mayChange({ ...fair, event: { ...fair.event, by: { id: 'x', name: '' } } }, user, roles)).toBe(
    theFair,
  )
})

test('an event is typed as it was written', () => {
  for (const event of [
    { id: 'e', title: 'T', start: '2026-12-04', end: '2026-12-06' },
    { id: 'e', title: 'T', start: '2026-12-04T08:00', end: '2026-12-04T09:00', place: 'CDI', text: 'Venez' },
    { id: 'e', title: 'T', start: '2026-12-04T22:00', end: '2026-12-05T01:00', link: 'https://a.example/' },
    {
      id: 'e',
      title: 'T',
      start: '2026-12-04',
      end: '2026-12-04',
      until: '2026-12-25',
      except: ['2026-12-18'],
    },
  ]) {
    expect({ id: 'e', ...written(typedOf(event, 'class:5b')) }).toEqual(event)
  }
  const typed = {
    ...freshEvent('class:5b', '2026-12-04'),
    start: '08:00',
    end: '09:00',
    except: ['2026-12-11'],
  }
  expect(written(typed).except).toBeUndefined()
})

// P9: of two people who change one event, the second finds what they typed, over what is there now.
test('a refused change is taken up again', async () => {
  const done: unknown[] = []
  const device = {
    act: (...act: unknown[]) => Promise.resolve(done.push(act)),
    dismiss: (n: number) => Promise.resolve(done.push(n)),
    local: {
      get: () => Promise.resolve(undefined),
      set: () => Promise.resolve(),
      delete: () => Promise.resolve(),
    },
  } as unknown as Device
  const args = { id: 'fair', title: 'Ma fête', start: '2026-12-04', end: '2026-12-05', text: 'Mon texte' }
  const refused = {
    ...{ n: 7, scope: 'school:x', name: 'agenda.put@1', args, at: 0, state: 'refused' },
    error: { code: 'conflict' },
  } as unknown as Outgoing
  expect(refusedOf([refused], 'fair')).toBe(refused)
  expect(refusedOf([refused], 'choir')).toBeUndefined()
  const form = await new EventForm(device, freshEvent('', ''), { ...fair, seq: 9 }, refused).load()
  expect(form.typed.text).toBe('Mon texte')
  expect(form.faults()).toEqual([])
  await form.save()
  expect(done).toEqual([['school:x', 'agenda.put@1', args, { base: 9 }], 7])
})

test.each([
  [{ title: ' ' }, ['title']],
  [{ start: '10:00', end: '09:00' }, ['hours']],
  [{ whole: true, last: '2026-12-01' }, ['last']],
  [{ weekly: true, until: '2026-12-01' }, ['until']],
  [{ weekly: true, until: '2029-12-01' }, ['many']],
  [{ link: 'http://visio.example' }, ['link']],
])('%j is wrong', (typed, wrong) => {
  const right = { title: 'T', start: '08:00', end: '09:00' }
  const form = new EventForm({} as Device, freshEvent('class:5b', '2026-12-04', { ...right, ...typed }))
  expect(form.faults()).toEqual(wrong)
})

// P13: lessons, work, events and absences of several children are one day.
test('the day of a family', () => {
  const table: Timetable = {
    slots: {
      'slot-1': {
        kind: 'lesson',
        weekday: 2,
        start: '08:00',
        end: '09:00',
        subject: 'fr',
        audiences: ['class:5b'],
      },
    },
    changes: {},
    calendar: { holidays: [{ name: 'Noël', start: '2026-12-19', end: '2027-01-03' }] },
    ...{ subjects: new Map(), courses: new Map(), audiences: new Map(), mine: () => true },
  }
  const own = (student: string, more: Partial<Own> = {}): Own => ({
    ...{ student, table, works: [], life: [], tests: new Set<string>(), rolls: [] },
    ...more,
  })
  const excuse = {
    id: 'x',
    student: 'sami',
    from: '2026-12-07T08:00',
    to: '2026-12-08T12:00',
    pending: false,
    known: [],
  }
  const people = [
    own('ines', {
      works: [{ due: new Date('2026-12-08T07:00Z') } as Work],
      tests: new Set(['slot-1.2026-12-08']),
    }),
    own('sami', { life: [{ type: 'justification', ...excuse }] }),
    own(''),
  ]
  const at = (date: string, clock: string) =>
    dayFor({ people, events: [choir, fair] }, date, {
      ...{ today: '2026-12-08', clock },
      dayKey: (moment) => moment.toISOString().slice(0, 10),
    })
  const day = at('2026-12-08', '07:59')
  expect(day.lines.map((one) => [one.student, one.start, one.test, one.roll])).toEqual([
    ['ines', '08:00', true, false],
    ['sami', '08:00', false, false],
    ['', '08:00', false, false],
    ['', '12:30', undefined, undefined],
  ])
  expect([day.works.length, day.away.length, day.whole.length]).toEqual([1, 1, 0])
  expect(day.hours.map((one) => one.student)).toEqual(['ines', 'sami'])
  expect(at('2026-12-05', '07:59').whole.map((one) => one.id)).toEqual(['fair'])
  expect(at('2026-12-22', '07:59').holiday).toBe('Noël')
})
