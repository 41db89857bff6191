/** What waits for a person, as numbers for the tabs. Pure: records in, counts out. */
import type { View } from '../sync/index.ts'
import { givenBy } from './copies.ts'
import { addDays, midnight, open, workOf, type Work } from './work.ts'

export interface Person {
  id: string
  pupil: boolean
  teaches: boolean
}

export interface Waiting {
  /** Notices not read yet. */
  news: number
  /** Work that the pupil still owes. */
  work: number
  /** Copies that the teacher has not read. */
  copies: number
}

export async function waitingFor(view: View, { id, pupil, teaches }: Person, now: Date): Promise<Waiting> {
  const [notices, works, given] = await Promise.all([
    view.list(`user:${id}`, 'notice'),
    pupil ? workOf(view, id, now) : [],
    teaches ? givenBy(view) : [],
  ])
  return {
    news: notices.filter((row) => !row.value.read).length,
    work: works.filter((work) => isOwed(work, now)).length,
    copies: given.reduce((sum, one) => sum + one.unread, 0),
  }
}

/** To be thought of now: due within a week, or up to two weeks ago. */
export function isOwed(work: Work, now: Date): boolean {
  const today = midnight(now)
  return open(work) && work.due >= addDays(today, -14) && work.due < addDays(today, 8)
}
