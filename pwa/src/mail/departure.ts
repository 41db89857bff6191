/** Letters that have not left: when they go, and how they are taken back. */
import { daysAway, day, hour } from '../i18n/dates'
import { t } from '../i18n/index.svelte'
import { newId, type Draft, type Message } from '../sync/index.ts'
import type { Act } from './deeds.ts'
import type { Letter } from './discussions.ts'

/** "Part à 7 h", "Part demain à 7 h", "Part dans 9 min", "Part dans 40 s". */
export function dueWords(due: string, now: number): string {
  const left = Math.ceil((Date.parse(due) - now) / 1000)
  if (left <= 0) return t('mail.due.now')
  if (left < 60) return t('mail.due.in', { time: t('when.seconds', { s: left }) })
  if (left < 3600) return t('mail.due.in', { time: `${String(Math.ceil(left / 60))}\u00a0min` })
  if (daysAway(due, now) === 0) return t('mail.due.today', { hour: hour(due) })
  return t('mail.due.at', { day: day(due, now), hour: hour(due) })
}

/** A letter of one's own as a draft again, with what it passed on as far as that is still here. */
export function draftFrom(message: Message, letters: readonly Letter[]): Omit<Draft, 'at'> {
  const { subject, mode, to, cc = [], bcc = [], body, files = [], re, quotes = [] } = message
  const passed = quotes.map((quote) => ({ quote, id: quotedIn(quote, letters) })).filter(({ id }) => id)
  return {
    ...{ subject, mode, to, cc, bcc, body, files },
    ...(re && { re, all: to.length > 1 }),
    ...(passed.length > 0 && {
      forward: passed.map(({ id }) => id),
      quotes: passed.map(({ quote }) => quote),
    }),
  }
}

function quotedIn({ at, from }: { at: string; from: string }, letters: readonly Letter[]): string {
  return letters.find(({ value }) => value.at === at && value.from.name === from)?.id ?? ''
}

/** Takes a letter back from everybody. Its text goes among the drafts first: nothing is lost on the way. */
export function recall(
  { id, value }: Letter,
  letters: readonly Letter[],
  keep: boolean,
): { acts: Act[]; draft: string } {
  const draft = newId()
  const text = { ...draftFrom(value, letters), at: new Date().toISOString() }
  const kept: Act[] = keep ? [{ name: 'mail.draft@1', args: { id: draft, draft: text } }] : []
  return { acts: [...kept, { name: 'mail.recall@1', args: { message: id } }], draft }
}
