/** What of report cards concerns somebody: as a pupil, a guardian, a teacher, or for a class. */
import type { Card, Subject, View } from '../sync/index.ts'
import { closedBy } from './appraising.ts'
import { periodNow, periodsOf } from './council.ts'

/** A period of a pupil. */
export interface CardTerm {
  id: string
  name: string
  card: Card | undefined
  /** This person has taken note of the last version. */
  seen: boolean
  /** When the council meets. */
  date: string | undefined
  marks: number
}

/** The periods that have begun, newest first. */
export async function cardsOf(view: View, student: string, user: string, today: string): Promise<CardTerm[]> {
  const scope = `student:${student}`
  const me = (await view.get(scope, 'student', student))?.value
  const periods = await periodsOf(view, `class:${me?.class?.id ?? ''}`)
  const [cards, seen, shared, own] = await Promise.all([
    view.list(scope, 'card'),
    view.list(scope, 'cardseen'),
    view.list(scope, 'grade'),
    view.list(`user:${student}`, 'grade'),
  ])
  return periods
    .filter((row) => row.value.start <= today || cards.some((card) => card.id === row.id))
    .map((row) => {
      const card = cards.find((one) => one.id === row.id)?.value
      const note = seen.find((one) => one.value.period === row.id && one.value.by.id === user)?.value
      return {
        ...{ id: row.id, name: row.value.name, card },
        date: row.value.councils?.[`class:${me?.class?.id ?? ''}`]?.date,
        seen: note !== undefined && note.version >= (card?.version ?? 0),
        marks: [...shared, ...own].filter(({ value }) => value.period === row.id).length,
      }
    })
    .reverse()
}

export interface CourseCards {
  id: string
  title: string
  subject: Subject
  pupils: number
  /** Who has an appraisal. */
  done: number
  until: string | undefined
  closed: boolean
}

/** The courses of a teacher, for the period whose cards are being made. */
export async function coursesOf(view: View, today: string): Promise<CourseCards[]> {
  const [courses, subjects, rosters, said, councils] = await Promise.all([
    view.all('course'),
    view.all('subject'),
    view.all('roster'),
    view.all('appraisal'),
    view.all('council'),
  ])
  const own = courses.filter((row) => row.scope === `course:${row.id}`)
  const all = await Promise.all(
    own.map(async ({ id, scope, value }) => {
      const periods = await periodsOf(view, value.audience)
      const period = periodNow(periods, today)
      const now = periods.find((row) => row.id === period)?.value
      const state = councils
        .map((row) => row.value)
        .find((one) => one.period === period && `class:${one.class}` === value.audience)
      const pupils = rosters.filter((row) => row.scope === scope)
      const texts = said.filter(
        (row) => row.scope === scope && row.value.period === period && row.value.text.trim(),
      )
      return {
        ...{ id, title: value.title ?? '', pupils: pupils.length },
        until: state?.until ?? now?.seals?.appraisals,
        subject: subjects.find((row) => row.id === value.subject)?.value ?? { name: '?', hue: 265 },
        done: texts.filter(({ value: one }) => pupils.some((row) => row.id === one.student)).length,
        closed: closedBy(now, state, today) !== undefined,
      }
    }),
  )
  return all.sort((a, b) => a.title.localeCompare(b.title))
}

export interface ClassCards {
  id: string
  name: string
  date: string | undefined
  published: boolean
}

/** The classes whose council somebody opens: those of a main teacher, and all for the office. */
export async function classesOf(
  view: View,
  user: string,
  office: boolean,
  today: string,
): Promise<ClassCards[]> {
  const [classes, councils] = await Promise.all([view.all('class'), view.all('council')])
  const teams = classes.filter(
    (row) => row.scope === `class:${row.id}/staff` && (office || row.value.main?.includes(user) === true),
  )
  const all = await Promise.all(
    teams.map(async ({ id, value }) => {
      const periods = await periodsOf(view, `class:${id}`)
      const period = periodNow(periods, today)
      const state = councils.find((row) => row.id === `${period}.${id}`)?.value
      const now = periods.find((row) => row.id === period)?.value
      const date = now?.councils?.[`class:${id}`]?.date
      return { id, name: value.name, date, published: state?.publishedAt !== undefined }
    }),
  )
  return all.sort((a, b) => a.name.localeCompare(b.name, 'fr', { numeric: true }))
}
