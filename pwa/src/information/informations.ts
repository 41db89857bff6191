/** The informations of a reader, in the order of the list. */
import type { Information, Response, View } from '../sync/index.ts'
import { owes } from './survey.ts'

export interface Received {
  id: string
  value: Information
  response: Response | undefined
  unread: boolean
  /** What it still asks for. */
  owes: 'answer' | 'acknowledge' | undefined
}

/** Those that are shown on a day ("2026-11-24"): what asks for something first, then what is unread, then the newest. */
export async function received(view: View, user: string, today: string): Promise<Received[]> {
  const scope = `user:${user}`
  const [all, responses] = await Promise.all([view.list(scope, 'information'), view.list(scope, 'response')])
  const done = new Map(responses.map((row) => [row.id, row.value]))
  return all
    .filter(({ value }) => value.until >= today)
    .map(({ id, value }) => receivedOf(id, value, done.get(id)))
    .sort(byNeed)
}

export function receivedOf(id: string, value: Information, response?: Response): Received {
  return { id, value, response, unread: !response?.read, owes: owes(value, response) }
}

function byNeed(a: Received, b: Received): number {
  return (
    Number(!a.owes) - Number(!b.owes) ||
    Number(b.unread) - Number(a.unread) ||
    b.value.at.localeCompare(a.value.at)
  )
}
