/**
 * Lessons, made of slots, holidays and changes. Pure, and the same as expand.go: both are held to
 * api/timetable/testdata/expand.json. Days are "2026-11-24" and times "08:00", on the school's clock.
 */
import type { Named } from '../sync/records.ts'
import type { Calendar, Change, Place, Slot, SlotKind } from './records.ts'

export interface Was {
  place?: Place
  rooms?: string[]
  teachers?: Named[]
  subject?: string
}

export interface Lesson {
  id: string
  slot?: string
  date: string
  start: string
  end: string
  kind: SlotKind
  course?: string
  subject?: string
  title?: string
  audiences?: string[]
  teachers?: Named[]
  rooms?: string[]
  cancelled?: boolean
  absent?: boolean
  extra?: boolean
  /** Moved away from here, to `to`. */
  gone?: boolean
  to?: Place
  was?: Was
  /** The lesson that this one is held in place of. */
  instead?: string
  note?: string
}

export type Slots = Readonly<Record<string, Slot>>
export type Changes = Readonly<Record<string, Change>>

export const held = (lesson: Lesson): boolean => !lesson.cancelled && !lesson.gone

/** The lessons from one day until another, both included, by day and hour. */
export function expand(
  slots: Slots,
  changes: Changes,
  calendar: Calendar,
  from: string,
  until: string,
): Lesson[] {
  const lessons = regular(slots, changes, calendar, from, until)
  for (const [id, change] of Object.entries(changes)) {
    const slot = slots[change.slot ?? '']
    if (change.extra) {
      if (within(change.date, from, until)) lessons.push(extra(id, change.extra, change))
    } else if (slot && change.to && within(change.to.date, from, until) && holds(slot, change.date, calendar))
      lessons.push(changed(on(change.slot ?? '', slot, change.date), change))
  }
  lessons.sort(
    (a, b) =>
      compare(a.date, b.date) ||
      compare(a.start, b.start) ||
      compare(a.end, b.end) ||
      compare(a.id, b.id) ||
      Number(a.gone ?? false) - Number(b.gone ?? false),
  )
  return superimpose(lessons)
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const within = (day: string, from: string, until: string): boolean => from <= day && day <= until

/** The lessons that stay on their day. */
function regular(slots: Slots, changes: Changes, calendar: Calendar, from: string, until: string): Lesson[] {
  const all: Lesson[] = []
  for (let day = from; day <= until; day = plusDays(day, 1)) {
    for (const [id, slot] of Object.entries(slots)) {
      if (holds(slot, day, calendar)) all.push(stays(on(id, slot, day), changes[`${id}.${day}`]))
    }
  }
  return all
}

export function plusDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}

/** 1 is Monday. */
export function weekday(day: string): number {
  return ((new Date(`${day}T00:00Z`).getUTCDay() + 6) % 7) + 1
}

export function monday(day: string): string {
  return plusDays(day, 1 - weekday(day))
}

/** "A" or "B", or nothing where all weeks are alike. */
export function letter(calendar: Calendar, day: string): 'A' | 'B' | undefined {
  if (!calendar.weeksA?.length) return undefined
  return calendar.weeksA.includes(monday(day)) ? 'A' : 'B'
}

export function holidayOn(calendar: Calendar, day: string) {
  return calendar.holidays.find((holiday) => within(day, holiday.start, holiday.end))
}

export function holds(slot: Slot, day: string, calendar: Calendar): boolean {
  const name = letter(calendar, day)
  if (weekday(day) !== slot.weekday) return false
  if ((slot.from && day < slot.from) || (slot.until && day > slot.until)) return false
  if (slot.weeks && name && slot.weeks !== name) return false
  return !holidayOn(calendar, day)
}

/** The lesson of a slot on a day, before any change. */
function on(id: string, slot: Slot, date: string): Lesson {
  const { weekday: _, weeks: __, from: ___, until: ____, ...rest } = slot
  return { ...rest, id: `${id}.${date}`, ...(id && { slot: id }), date }
}

/** What a change makes of a lesson on its own day: one that was moved is gone from there. */
function stays(lesson: Lesson, change: Change | undefined): Lesson {
  if (!change) return lesson
  if (!change.to) return changed(lesson, change)
  return { ...lesson, gone: true, to: change.to, ...(change.note && { note: change.note }) }
}

/** A lesson with all that a change makes of it. */
function changed(lesson: Lesson, change: Change): Lesson {
  const made = { ...lesson }
  const was: Was = {}
  if (change.to) {
    was.place = { date: lesson.date, start: lesson.start, end: lesson.end }
    Object.assign(made, { date: change.to.date, start: change.to.start, end: change.to.end })
  }
  if (change.rooms?.length) {
    if (lesson.rooms?.length) was.rooms = lesson.rooms
    made.rooms = change.rooms
  }
  if (change.teachers?.length) {
    if (lesson.teachers?.length) was.teachers = lesson.teachers
    made.teachers = change.teachers
  }
  if (change.subject) {
    if (lesson.subject) was.subject = lesson.subject
    made.subject = change.subject
    delete made.title
  }
  if (change.cancelled) made.cancelled = true
  if (change.absent) made.absent = true
  if (change.note) made.note = change.note
  if (Object.keys(was).length > 0) made.was = was
  return made
}

/** The lesson that a change adds. */
function extra(id: string, slot: Slot, change: Change): Lesson {
  return changed({ ...on('', slot, change.date), id, extra: true }, change)
}

/**
 * Leaves out what is not held where something else is held for the same people at that time, by a change: one
 * lesson is shown, which says in place of which it is.
 */
function superimpose(lessons: Lesson[]): Lesson[] {
  const hidden = new Set<Lesson>()
  for (const lesson of lessons) {
    if (!held(lesson) || !(lesson.extra || lesson.was?.place)) continue
    for (const other of lessons) {
      if (held(other) || hidden.has(other) || !meets(lesson, other) || !sharesAudience(lesson, other))
        continue
      hidden.add(other)
      if (other.id !== lesson.id) lesson.instead ??= other.id
    }
  }
  return lessons.filter((lesson) => !hidden.has(lesson))
}

export function meets(a: Lesson, b: Lesson): boolean {
  return a.date === b.date && a.start < b.end && b.start < a.end
}

function sharesAudience(a: Lesson, b: Lesson): boolean {
  return a.audiences?.some((audience) => b.audiences?.includes(audience)) ?? false
}

/** The first and the last moment at which somebody has to be there; permanences and what is not held do not count. */
export function hoursOf(lessons: readonly Lesson[]): { start: string; end: string } | undefined {
  const real = lessons.filter((lesson) => held(lesson) && lesson.kind !== 'permanence')
  if (real.length === 0) return undefined
  return {
    start: real.map((lesson) => lesson.start).sort()[0] ?? '',
    end:
      real
        .map((lesson) => lesson.end)
        .sort()
        .at(-1) ?? '',
  }
}
