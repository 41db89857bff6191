// @vitest-environment node
import { describe, expect, test } from 'vitest'
import type { Justification, Missed, Note, Roll, Row, Ruling } from '../sync/index.ts'
import { usualHours } from './count.ts'
import { compose, countOf, isToAcknowledge, isUnexplained, monthOf, movedMonth } from './life.ts'
import { argsOf, faultOf, newDraft } from './noting.ts'
import {
  isSchoolTime,
  missingNow,
  officeEvents,
  pupilsIn,
  rollsOfDay,
  search,
  sessionsAhead,
  toSettle,
  withoutRoll,
} from './office.ts'

const by = { id: 'nadia', name: 'Mme Benali' }
const row = <V>(type: string, id: string, value: V, pending = false): Row<V> => ({
  ...{ scope: 'x', type, id, seq: 1, value, pending },
})
const absence = (from: string, to: string, more: Partial<Missed> = {}): Missed => ({
  from,
  to,
  counts: true,
  ...more,
})
const excuse = (more: Partial<Justification> = {}): Justification => ({
  ...{ kind: 'absence', from: '2026-11-24T08:00', to: '2026-11-24T10:00', given: true, files: [] },
  ...{ state: 'sent', by, at: 1 },
  ...more,
})
const none = { absences: [], latenesses: [], excuses: [], known: [], notes: [] }
const morning = row('absence', 'at20261124-0800', absence('2026-11-24T08:00', '2026-11-24T10:00'))

describe('P6: what happened to a pupil', () => {
  test('an absence waits to be explained, until somebody does', () => {
    const [open] = compose('ines', { ...none, absences: [morning] })
    expect(open && isUnexplained(open)).toBe(true)
    const said = compose('ines', {
      ...none,
      absences: [morning],
      excuses: [row('justification', 'j', excuse(), true)],
    })
    expect(said).toHaveLength(1)
    expect(said[0]).toMatchObject({ type: 'absence', pending: true, excuse: { state: 'sent' } })
    expect(said[0] && isUnexplained(said[0])).toBe(false)
  })

  test('an announcement stands alone until the day', () => {
    const ahead = excuse({ from: '2026-12-01T08:00', to: '2026-12-01T12:00', before: true })
    const all = compose('ines', { ...none, absences: [morning], excuses: [row('justification', 'j', ahead)] })
    expect(all.map((one) => one.type)).toEqual(['justification', 'absence'])
  })

  test('a guardian takes note once; what was taken back is gone', () => {
    const note: Note = {
      from: '2026-11-24T08:00',
      kind: 'encouragement',
      text: 'Bravo',
      acknowledge: true,
      by,
      at: 1,
    }
    const [one] = compose('ines', { ...none, notes: [row('observation', 'n', note)] })
    expect(one && isToAcknowledge(one, 'nadia')).toBe(true)
    const known = [row('acknowledgement', 'n.nadia', { type: 'observation', of: 'n', by, at: 2 })]
    const [done] = compose('ines', { ...none, known, notes: [row('observation', 'n', note)] })
    expect(done && isToAcknowledge(done, 'nadia')).toBe(false)
    expect(done && isToAcknowledge(done, 'karim')).toBe(true)
    expect(compose('ines', { ...none, notes: [row('observation', 'n', { ...note, struck: true })] })).toEqual(
      [],
    )
  })

  test('counts begin where the period does', () => {
    const events = compose('ines', {
      ...none,
      absences: [row('absence', 'r', { ...morning.value, recorded: true })],
    })
    const days = { hours: usualHours, holidays: [] }
    expect(countOf(events, '2026-09-01', days).halfDays).toBe(1)
    expect(countOf(events, '2026-11-25', days).halfDays).toBe(0)
  })

  test('a month is whole weeks from Monday, and knows its days', () => {
    const weeks = monthOf('2026-11', compose('ines', { ...none, absences: [morning] }))
    expect(weeks.every((week) => week.length === 7)).toBe(true)
    expect(weeks[0]?.[0]?.date).toBe('2026-10-26')
    expect(weeks.flat().filter((day) => day.types.length > 0)).toEqual([
      { date: '2026-11-24', inMonth: true, types: ['absence'] },
    ])
    expect([movedMonth('2026-12', 1), movedMonth('2026-01', -1)]).toEqual(['2027-01', '2025-12'])
  })
})

const who = { student: { id: 'ines', name: 'Inès Benali' }, class: '5e B' }

/** A view on these records. */
function viewOf(records: Record<string, Row[]>) {
  return { list: (_: string, type: string) => Promise.resolve(records[type] ?? []) } as unknown as Parameters<
    typeof officeEvents
  >[0]
}

describe('P6: the office', () => {
  const filed = row('absence', 'ines~at20261124-0800', { ...morning.value, ...who })
  const told = row('justification', 'ines~j', excuse({ student: 'ines', name: 'Inès Benali', class: '5e B' }))

  test('what a family explained comes first; what is settled does not wait', async () => {
    const other = row('absence', 'malo~at20261123-0800', {
      ...absence('2026-11-23T08:00', '2026-11-23T09:00'),
      ...{ student: { id: 'malo', name: 'Malo Le Goff' }, class: '5e B' },
    })
    const events = await officeEvents(viewOf({ absence: [filed, other], justification: [told] }), 'office:x')
    expect(toSettle(events).map((one) => one.student)).toEqual(['ines', 'malo'])
    const ruling: Ruling = {
      ...{ student: 'ines', kind: 'absence', from: '2026-11-24T08:00', to: '2026-11-24T10:00' },
      ...{ justified: true, excuse: 'j', counts: true, by, at: 5 },
    }
    const decided = { absence: [filed], justification: [told], ruling: [row('ruling', 'r', ruling, true)] }
    const after = await officeEvents(viewOf(decided), 'office:x')
    expect(toSettle(after)).toEqual([])
    expect(after[0]).toMatchObject({ pending: true, missed: { settled: true, justified: true } })
    const mistake = { ...decided, ruling: [row('ruling', 'r', { ...ruling, void: true }, true)] }
    expect(await officeEvents(viewOf(mistake), 'office:x')).toEqual([])
  })

  test('who is missing now: until an hour after the last missed lesson', async () => {
    const events = await officeEvents(viewOf({ absence: [filed] }), 'office:x')
    expect(missingNow(events, '2026-11-24T09:30')).toHaveLength(1)
    expect(missingNow(events, '2026-11-24T10:40')).toHaveLength(1)
    expect(missingNow(events, '2026-11-24T12:10')).toHaveLength(0)
    expect(missingNow(events, '2026-11-24T07:58')).toHaveLength(1) // the teacher was early
    const ahead = row('absence', 'ines~r', { ...filed.value, recorded: true })
    expect(
      missingNow(await officeEvents(viewOf({ absence: [ahead] }), 'office:x'), '2026-11-24T07:58'),
    ).toEqual([])
  })

  test('rolls count those they do not name, and tell who disagrees', () => {
    const call = (at: number, state: 'absent' | 'present') => ({
      state,
      by: { id: `t${String(at)}`, name: '' },
      at,
    })
    const roll: Roll = {
      ...{
        course: 'k',
        subject: 'fr',
        audience: 'class:5b',
        date: '2026-11-24',
        start: '08:00',
        end: '09:00',
      },
      ...{ by, at: 1, title: 'Français · 5e B', size: 28, names: { ines: 'Inès Benali' } },
      calls: { ines: [call(1, 'absent'), call(2, 'present')] },
    }
    const [one] = rollsOfDay([row('roll', 'k~20261124-0800', roll)], '2026-11-24')
    expect(one).toMatchObject({ present: 28, absent: 0, called: [{ name: 'Inès Benali', disagree: true }] })
    const classes = ['5b', '5a'].map((id) => ({
      ...row('class', id, { name: id, kind: 'class' as const }),
      scope: `class:${id}`,
    }))
    expect(withoutRoll(classes, one ? [one] : [], '08:30')).toEqual(['5a'])
    expect(withoutRoll(classes, one ? [one] : [], '09:30')).toEqual(['5a', '5b'])
  })

  test('nobody misses a roll on a Sunday, in the evening or in the holidays', () => {
    const holidays = [{ start: '2026-12-19', end: '2027-01-03' }]
    const open = ['2026-11-24T08:00', '2026-11-24T17:59'].map((now) => isSchoolTime(now, holidays))
    const shut = ['2026-11-29T10:00', '2026-11-24T18:00', '2026-12-21T10:00'].map((now) =>
      isSchoolTime(now, holidays),
    )
    expect([open, shut]).toEqual([
      [true, true],
      [false, false, false],
    ])
  })

  test('pupils are found by any of their names, accents or not', () => {
    const list = {
      kind: 'pedagogical' as const,
      title: '5e B',
      people: [{ id: 'ines', name: 'Inès Benali' }],
    }
    const pupils = pupilsIn([row('list', 'class:5b/students', list), row('list', 'class:5b/guardians', list)])
    expect(pupils).toEqual([{ id: 'ines', name: 'Inès Benali', class: '5e B' }])
    expect(search(pupils, 'ben ines')).toHaveLength(1)
    expect(search(pupils, '5e b')).toHaveLength(1)
    expect(search(pupils, 'malo')).toEqual([])
    expect(search(pupils, ' ')).toEqual([])
  })
})

describe('notes', () => {
  test('say what is missing before they are sent', () => {
    const draft = newDraft('observation', '2026-11-24T08:00')
    expect(faultOf('observation', draft)).toBe('text')
    expect(faultOf('observation', { ...draft, text: 'Bravo' })).toBeUndefined()
    expect(faultOf('exemption', { ...newDraft('exemption', '2026-11-24T08:00'), to: '' })).toBe('to')
    expect(faultOf('exit', newDraft('exit', '2026-11-24T08:00'))).toBeUndefined()
    const session = { from: '', minutes: 60 }
    expect(faultOf('punishment', { ...draft, sessions: [session] })).toBe('sessions')
  })

  test('send only what their kind asks for', () => {
    const draft = { ...newDraft('exit', '2026-11-24T08:00'), text: ' Parti ', work: 'x', sessions: [] }
    expect(argsOf('exit', 'n', 'ines', draft)).toEqual({
      ...{
        type: 'exit',
        id: 'n',
        student: 'ines',
        from: '2026-11-24T08:00',
        text: 'Parti',
        acknowledge: false,
      },
    })
  })
})

describe('P6: detentions', () => {
  test('dates of the next days, soonest first, without those of days before', () => {
    const at = (from: string) => ({ from, minutes: 55 })
    const note: Note = {
      ...{ from: '2026-11-20T10:00', kind: 'detention', by, at: 1 },
      sessions: [
        at('2026-11-27T13:00'),
        at('2026-11-23T13:00'),
        at('2026-11-24T08:00'),
        at('2026-12-20T13:00'),
      ],
    }
    const [event] = compose('ines', { ...none, notes: [row('punishment', 'p', note)] })
    const all = event ? [{ ...event, name: 'Inès', class: '5e B' }] : []
    const ahead = sessionsAhead(all, '2026-11-24', '2026-12-01')
    expect(ahead.map((one) => one.from)).toEqual(['2026-11-24T08:00', '2026-11-27T13:00'])
  })
})
