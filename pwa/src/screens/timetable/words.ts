/** What is said of a lesson that is not as every week. */
import { day, hourOfClock } from '../../i18n/dates'
import { t } from '../../i18n/index.svelte'
import type { Place } from '../../sync/index.ts'
import type { Shown } from '../../timetable/lessons.ts'
import type { IconName } from '../../ui/icons'

export interface LessonState {
  text: string
  tone: 'late' | 'wait' | 'pen' | 'plain'
  icon: IconName
  /** It says the room already. */
  room?: true
}

/** The one thing to know first. */
export function stateOf(lesson: Shown): LessonState | undefined {
  if (lesson.gone)
    return { text: t('lesson.gone', { when: placeOf(lesson.to, lesson.date) }), tone: 'wait', icon: 'clock' }
  if (lesson.cancelled && lesson.absent) return { text: t('lesson.absent'), tone: 'late', icon: 'person' }
  if (lesson.cancelled) return { text: t('lesson.cancelled'), tone: 'late', icon: 'close' }
  if (lesson.was?.place) return { text: t('lesson.moved'), tone: 'wait', icon: 'clock' }
  if (lesson.was?.teachers || (lesson.was && lesson.teachers))
    return { text: t('lesson.replaced'), tone: 'wait', icon: 'person' }
  if (lesson.absent) return { text: t('lesson.absent'), tone: 'late', icon: 'person' }
  if (lesson.extra) return { text: t('lesson.extra'), tone: 'pen', icon: 'plus' }
  if (lesson.was) return { text: roomOf(lesson.where), tone: 'wait', icon: 'redo', room: true }
  return lesson.note ? { text: t('lesson.noted'), tone: 'plain', icon: 'alert' } : undefined
}

/** "salle 112", "Gymnase". */
export function roomOf(room: string): string {
  return /^[A-Z]?\d/.test(room) ? t('lesson.room', { room }) : room
}

/** "jeudi, 10 h 05"; the hour alone on the same day. */
export function placeOf(place: Place | undefined, from: string): string {
  if (!place) return ''
  const at = hourOf(place.start)
  return place.date === from ? at : t('when.due', { day: day(noon(place.date)), hour: at })
}

/** "08:00" as it is said. */
export function hourOf(time: string): string {
  return hourOfClock(time)
}

/** "10 h 05 – 11 h". */
export function timesOf(lesson: { start: string; end: string }): string {
  return `${hourOf(lesson.start)} – ${hourOf(lesson.end)}`
}

/** A day as a date that all time zones agree on: noon. */
export function noon(day: string): Date {
  return new Date(`${day}T12:00Z`)
}
