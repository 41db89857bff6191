/** The events that this device holds, for the screens. Pure: records in, days out. */
import { audiences } from '../school/work.ts'
import type { AgendaEvent, Row, View } from '../sync/index.ts'
import { monday, plusDays } from '../timetable/expand.ts'
import { clockOf, dayOf, occurrences, type Occurrence } from './occurrences.ts'

/** Whom an event is for. */
export type Circle = 'school' | 'class' | 'team' | 'own'

/** An event with its words. */
export interface Known {
  id: string
  scope: string
  seq: number
  pending: boolean
  event: AgendaEvent
  circle: Circle
  /** The name of the class or group. */
  audience: string
  /** Pupils of this person whose class or group it is. */
  pupils: string[]
}

/** One time of an event. */
export interface Dated extends Known {
  when: Occurrence
}

/** All events that somebody reads; `pupils` are those whom they look after, or themselves. */
export async function eventsOf(view: View, pupils: readonly string[]): Promise<Known[]> {
  const [events, classes, theirs] = await Promise.all([
    view.all('event'),
    view.all('class'),
    Promise.all(
      pupils.map(async (id) => {
        const me = await view.get(`student:${id}`, 'student', id)
        return { id, scopes: audiences(id, me?.value) }
      }),
    ),
  ])
  const names = new Map(classes.map((row) => [`${row.value.kind}:${row.id}`, row.value.name]))
  const of = (scope: string) => theirs.filter((one) => one.scopes.includes(scope)).map((one) => one.id)
  return events.map((row) => known(row, names, of(row.scope)))
}

function known(row: Row<AgendaEvent>, names: ReadonlyMap<string, string>, pupils: string[]): Known {
  const { id, scope, seq, pending, value: event } = row
  const audience = names.get(scope.replace(/\/staff$/, '')) ?? ''
  return { id, scope, seq, pending, event, circle: circleOf(scope), audience, pupils }
}

export function circleOf(scope: string): Circle {
  if (scope.startsWith('school:')) return 'school'
  if (scope.startsWith('user:')) return 'own'
  return scope.endsWith('/staff') ? 'team' : 'class'
}

/** Those of one child: what is the whole family's is everybody's. */
export function concerning(all: readonly Known[], child: string | undefined): Known[] {
  return all.filter((one) => !child || one.pupils.length === 0 || one.pupils.includes(child))
}

/** Their times from one day until another, in order: whole days first. */
export function dated(all: readonly Known[], from: string, until: string, today: string): Dated[] {
  return all
    .flatMap((one) => occurrences(one.event, from, until, today).map((when) => ({ ...one, when })))
    .sort(
      (a, b) => compare(a.when.start, b.when.start) || compare(a.when.end, b.when.end) || compare(a.id, b.id),
    )
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** By the day on which they begin; what has begun before stands on the first. */
export function byDay(all: readonly Dated[], from: string): { day: string; events: Dated[] }[] {
  const days = new Map<string, Dated[]>()
  for (const one of all) {
    const day = dayOf(one.when.start) < from ? from : dayOf(one.when.start)
    days.set(day, [...(days.get(day) ?? []), one])
  }
  return [...days].sort(([a], [b]) => compare(a, b)).map(([day, events]) => ({ day, events }))
}

/** What is on during a day. */
export function on(all: readonly Dated[], day: string): Dated[] {
  return all.filter(({ when }) => dayOf(when.start) <= day && day <= dayOf(when.end))
}

/** The weeks of a month, "2026-11", from Monday on. */
export function weeksOf(month: string): string[][] {
  const all: string[][] = []
  for (let day = monday(`${month}-01`); day.slice(0, 7) <= month; day = plusDays(day, 7))
    all.push([0, 1, 2, 3, 4, 5, 6].map((i) => plusDays(day, i)))
  return all
}

/** "2026-12" after "2026-11". */
export function movedMonth(month: string, by: number): string {
  return new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)) - 1 + by, 1))
    .toISOString()
    .slice(0, 7)
}

/** The hours of a time on a day: of what lasts several days, as much as is of that one. */
export function hoursOn(when: Occurrence, day: string): { start: string; end: string } {
  return {
    start: dayOf(when.start) === day ? clockOf(when.start) : '',
    end: dayOf(when.end) === day ? clockOf(when.end) : '',
  }
}

/** Whom a person may put events before: scopes with the names of classes and groups. */
export interface Audience {
  scope: string
  circle: Circle
  name: string
}

export async function audiencesFor(
  view: View,
  { id, school, roles }: { id: string; school: string; roles: readonly string[] },
): Promise<Audience[]> {
  const [classes, courses] = await Promise.all([view.all('class'), view.all('course')])
  const office = roles.includes('staff') || roles.includes('direction')
  const taught = new Set(
    courses.filter((row) => row.scope === `course:${row.id}`).map((row) => row.value.audience),
  )
  const reached = classes
    .map((row) => ({ scope: `${row.value.kind}:${row.id}`, kind: row.value.kind, name: row.value.name }))
    .filter((one, i, all) => all.findIndex((other) => other.scope === one.scope) === i)
    .filter((one) => office || taught.has(one.scope))
    .sort((a, b) => compare(a.kind, b.kind) || a.name.localeCompare(b.name, 'fr', { numeric: true }))
  return [
    ...(office || roles.includes('admin')
      ? [{ scope: `school:${school}`, circle: 'school' as const, name: '' }]
      : []),
    ...reached.map(({ scope, name }) => ({ scope, circle: 'class' as const, name })),
    ...reached
      .filter((one) => one.kind === 'class')
      .map(({ scope, name }) => ({ scope: `${scope}/staff`, circle: 'team' as const, name })),
    { scope: `user:${id}`, circle: 'own', name: '' },
  ]
}

/** May this person change it? The server decides; this is for the buttons. */
export function mayChange(one: Known, user: string, roles: readonly string[]): boolean {
  if (one.circle === 'own' || one.event.by.id === user) return true
  if (roles.includes('staff') || roles.includes('direction')) return true
  return one.circle === 'school' && roles.includes('admin')
}
