/** What is said of events and of the people of a day. */
import { firstName } from '../../app/child.ts'
import { session } from '../../app/session.svelte'
import { date, fullDay, hourOfClock } from '../../i18n/dates'
import { speech, t } from '../../i18n/index.svelte'
import { clockOf, dayOf, type Occurrence } from '../../agenda/occurrences.ts'
import type { Audience, Circle, Known } from '../../agenda/events.ts'
import { noon } from '../timetable/words'

export const hues: Readonly<Record<Circle, number>> = { school: 265, class: 205, team: 60, own: 150 }

/** "5e B", "Équipe 5e B", "Tout le collège", "Pour moi". */
export function circleName(one: Pick<Known, 'circle' | 'audience'>): string {
  if (one.circle === 'class') return one.audience
  return t(`agenda.circle.${one.circle}`, { name: one.audience })
}

export function audienceName(one: Audience): string {
  return circleName({ circle: one.circle, audience: one.name })
}

/** "jeudi 26 novembre, 18 h – 19 h 30"; "du 4 décembre au 5 décembre". */
export function whenOf({ start, end }: Occurrence): string {
  const [first, last, from, until] = [dayOf(start), dayOf(end), clockOf(start), clockOf(end)]
  if (first !== last) {
    const moment = (day: string, clock: string) =>
      clock ? t('when.due', { day: date(noon(day)), hour: hourOfClock(clock) }) : date(noon(day))
    return t('agenda.span', { from: moment(first, from), until: moment(last, until) })
  }
  if (!from) return fullDay(noon(first))
  return t('when.due', { day: fullDay(noon(first)), hour: `${hourOfClock(from)} – ${hourOfClock(until)}` })
}

/** "novembre 2026". */
export function monthName(month: string): string {
  const language = speech.language === 'fr' ? 'fr-FR' : 'en-GB'
  const format = new Intl.DateTimeFormat(language, { month: 'long', year: 'numeric', timeZone: 'UTC' })
  return format.format(new Date(`${month}-15T00:00Z`))
}

/** "L", "M" …, from Monday on. */
export function weekdayNames(): string[] {
  const language = speech.language === 'fr' ? 'fr-FR' : 'en-GB'
  const format = new Intl.DateTimeFormat(language, { weekday: 'narrow', timeZone: 'UTC' })
  return [23, 24, 25, 26, 27, 28, 29].map((day) => format.format(new Date(Date.UTC(2026, 10, day))))
}

const colours = [250, 25, 145, 320]

/** A pupil by first name and colour, where there are several. */
export function childTag(student: string): { name: string; hue: number } | undefined {
  if (session.children.length < 2) return undefined
  const at = session.children.findIndex((child) => child.id === student)
  return at < 0 ? undefined : { name: firstName(student), hue: colours[at % colours.length] ?? 250 }
}

/** All pupils of this person, whichever is chosen. */
export function family(): string[] {
  return session.children.length > 0 ? session.children.map((child) => child.id) : session.pupils
}
