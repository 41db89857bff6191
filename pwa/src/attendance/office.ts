/** What vie scolaire has to see to. Pure: records in, lists out. */
import { fold } from '../mail/fold.ts'
import type { Class, Justification, List, Missed, Note, Roll, Row, Ruling, View } from '../sync/index.ts'
import { compose, noteTypes, type LifeEvent } from './life.ts'
import { said, tally, type Tally } from './roll.ts'

/** A line of the office: who, what, and what the family said. */
export interface OfficeEvent extends LifeEvent {
  name: string
  class: string
}

export interface OfficeRoll extends Tally {
  id: string
  pending: boolean
  roll: Roll
  /** Pupils called, by name, with what stands. */
  called: {
    student: string
    name: string
    state: Roll['calls'][string][number]['state']
    disagree: boolean
  }[]
}

const bare = (id: string): string => id.slice(id.indexOf('~') + 1)
const owner = (id: string): string => id.slice(0, id.indexOf('~'))

/** Everything of the office about pupils, newest first. */
export async function officeEvents(view: View, scope: string): Promise<OfficeEvent[]> {
  const [rulings, absences, latenesses, excuses, known, ...notes] = await Promise.all([
    view.list(scope, 'ruling'),
    view.list(scope, 'absence'),
    view.list(scope, 'lateness'),
    view.list(scope, 'justification'),
    view.list(scope, 'acknowledgement'),
    ...noteTypes.map((type) => view.list(scope, type)),
  ])
  const people = new Map<string, { name: string; class: string }>()
  for (const { id, value } of [...absences, ...latenesses])
    people.set(owner(id), { name: value.student?.name ?? '', class: value.class ?? '' })
  for (const { id, value } of excuses)
    people.set(owner(id), { name: value.name ?? '', class: value.class ?? '' })
  for (const row of notes.flat())
    for (const one of aboutWhom(row.value))
      if (!people.has(one.id)) people.set(one.id, { name: one.name, class: '' })
  const waiting = rulings.filter((row) => row.pending)
  return [...people]
    .flatMap(([student, who]) =>
      compose(student, {
        absences: of<Missed>(student, absences),
        latenesses: of<Missed>(student, latenesses),
        excuses: of<Justification>(student, excuses),
        known: of(student, known),
        notes: notes.flat().filter((row) => aboutWhom(row.value).some((one) => one.id === student)),
      }).flatMap((event) => decided(event, waiting).map((one) => ({ ...one, ...who }))),
    )
    .sort((a, b) => b.from.localeCompare(a.from) || a.name.localeCompare(b.name))
}

/** What this device decided and the server has not confirmed, laid over what it is about. */
function decided(event: LifeEvent, waiting: readonly Row<Ruling>[]): LifeEvent[] {
  const ruling = rulingOf(waiting, event)?.value
  if (!ruling) return [event]
  if (ruling.void) return []
  const { missed, excuse } = event
  const state = ruling.refused ? 'refused' : 'accepted'
  return [
    {
      ...event,
      pending: true,
      ...(missed && { missed: { ...missed, settled: true, justified: ruling.justified === true } }),
      ...(excuse && { excuse: { ...excuse, state } }),
    },
  ]
}

function aboutWhom(note: Note): { id: string; name: string }[] {
  if (note.student) return [{ id: note.student, name: note.name ?? '' }]
  return (note.involved ?? []).map((one) => ({ id: one.student, name: one.name }))
}

/** Those of a pupil, under the ids that they have in the pupil's own scope. */
function of<V>(student: string, rows: Row<V>[]): Row<V>[] {
  return rows.filter((row) => owner(row.id) === student).map((row) => ({ ...row, id: bare(row.id) }))
}

/** What waits for a decision: what a family explained first, then the oldest. */
export function toSettle(events: readonly OfficeEvent[]): OfficeEvent[] {
  const open = events.filter(
    ({ missed, excuse, type }) =>
      (missed && !missed.settled) || (type === 'justification' && excuse?.state === 'sent'),
  )
  const explained = (one: OfficeEvent) => (one.excuse?.state === 'sent' ? 0 : 1)
  return open.sort((a, b) => explained(a) - explained(b) || a.from.localeCompare(b.from))
}

/** Who was missing in the last roll of today, and has not been seen since. */
export function missingNow(events: readonly OfficeEvent[], now: string): OfficeEvent[] {
  return events
    .filter((one) => one.type === 'absence' && isOpen(one, now))
    .sort((a, b) => a.class.localeCompare(b.class) || a.name.localeCompare(b.name))
}

/** It lasts, or it ended with a lesson of less than an hour ago. A roll may be taken some minutes early. */
function isOpen({ from, to, missed }: OfficeEvent, now: string): boolean {
  if (now < to) return from <= now || !missed?.recorded
  return !missed?.recorded && from.slice(0, 10) === now.slice(0, 10) && now.slice(0, 13) <= nextHour(to)
}

function nextHour(moment: string): string {
  const hour = Number(moment.slice(11, 13)) + 1
  return `${moment.slice(0, 11)}${String(hour).padStart(2, '0')}`
}

/** What this device calls a roll and its pupils until the server has named them. */
export interface RollNames {
  title: (roll: Roll) => string
  pupil: (id: string) => string | undefined
}

const nameless: RollNames = { title: () => '', pupil: () => undefined }

export interface Ahead {
  event: OfficeEvent
  from: string
  minutes: number
}

/** The dates of detentions from today on, soonest first. */
export function sessionsAhead(events: readonly OfficeEvent[], today: string, until: string): Ahead[] {
  return events
    .flatMap((event) => (event.note?.sessions ?? []).map((one) => ({ event, ...one })))
    .filter((one) => one.from.slice(0, 10) >= today && one.from.slice(0, 10) <= until)
    .sort((a, b) => a.from.localeCompare(b.from) || a.event.name.localeCompare(b.event.name))
}

export function rollsOfDay(rows: readonly Row<Roll>[], date: string, names = nameless): OfficeRoll[] {
  return rows
    .filter((row) => row.value.date === date)
    .map(({ id, value, pending }) => {
      const called = Object.entries(value.calls).map(([student, calls]) => {
        const { state, others } = said(calls)
        return {
          student,
          name: value.names?.[student] ?? names.pupil(student) ?? student,
          state,
          disagree: others.length > 0,
        }
      })
      const counts = tally(called.map((one) => one.state))
      const present = Math.max(0, (value.size ?? called.length) - called.length) + counts.present
      called.sort((a, b) => a.name.localeCompare(b.name))
      const title = value.title ?? names.title(value)
      return { id, pending, roll: { ...value, title }, called, ...counts, present }
    })
    .sort((a, b) => b.roll.start.localeCompare(a.roll.start) || a.roll.title.localeCompare(b.roll.title))
}

/**
 * Classes of which nobody took a roll since the hour began. Without a timetable one cannot know whether they have a
 * lesson; where there is one it decides (this is the place).
 */
export function withoutRoll(
  classes: readonly Row<Class>[],
  rolls: readonly OfficeRoll[],
  clock: string,
): string[] {
  const covered = new Set(
    rolls.filter(({ roll }) => roll.start <= clock && clock < roll.end).map(({ roll }) => roll.audience),
  )
  return classes
    .filter((row) => row.value.kind === 'class' && row.scope === `class:${row.id}` && !covered.has(row.scope))
    .map((row) => row.value.name)
    .sort((a, b) => a.localeCompare(b, 'fr', { numeric: true }))
}

/** Lessons are held now: on a day of the week, outside of the holidays, from eight to six. */
export function isSchoolTime(now: string, holidays: readonly { start: string; end: string }[]): boolean {
  const [date = '', clock = ''] = now.split('T')
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay()
  const off = weekday === 0 || weekday === 6 || holidays.some((one) => one.start <= date && date <= one.end)
  return !off && clock >= '08:00' && clock < '18:00'
}

export interface PupilName {
  id: string
  name: string
  class: string
}

/** The pupils of the school, from the lists of the office's own address book. */
export function pupilsIn(lists: readonly Row<List>[]): PupilName[] {
  const all = new Map<string, PupilName>()
  for (const { id, value } of lists) {
    if (!/^class:[^/]+\/students$/.test(id)) continue
    for (const one of value.people) all.set(one.id, { id: one.id, name: one.name, class: value.title })
  }
  return [...all.values()].sort((a, b) => a.name.localeCompare(b.name, 'fr'))
}

/** The pupils of one class or group, from the same lists. */
export function pupilsOf(lists: readonly Row<List>[], audience: string): { id: string; name: string }[] {
  return lists.find((one) => one.id === `${audience}/students`)?.value.people ?? []
}

/** The classes and groups of a pupil, from the same lists. */
export function audiencesIn(lists: readonly Row<List>[], student: string): Set<string> {
  const mine = lists.filter(
    ({ id, value }) => id.endsWith('/students') && value.people.some((one) => one.id === student),
  )
  return new Set(mine.map(({ id }) => id.slice(0, id.indexOf('/'))))
}

export function search(pupils: readonly PupilName[], words: string): PupilName[] {
  const wanted = fold(words).split(/\s+/).filter(Boolean)
  if (wanted.length === 0) return []
  return pupils
    .filter((one) => wanted.every((word) => fold(`${one.name} ${one.class}`).includes(word)))
    .slice(0, 12)
}

/** What was decided last about a time, reason included. */
export function rulingOf(
  rulings: readonly Row<Ruling>[],
  { student, type, from, to }: LifeEvent,
): Row<Ruling> | undefined {
  return rulings
    .filter(
      ({ value }) =>
        value.student === student &&
        value.kind === type &&
        value.from < to &&
        from < value.to &&
        !(value.recorded && value.void),
    )
    .sort((a, b) => a.value.at - b.value.at)
    .at(-1)
}
