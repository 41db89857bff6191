/** Reports of messages: in what order they are looked at, and what became of them in words. Pure. */
import { t, type Key } from '../i18n/index.svelte'
import type { Mailing, Report, ReportReason, Row } from '../sync/index.ts'

export const reasons: readonly ReportReason[] = [
  'insult',
  'threat',
  'harassment',
  'intimate',
  'hate',
  'other',
]

export type Case = Row<Report>

/** What waits, the longest first; then what was decided, the latest first. */
export function queued(cases: readonly Case[]): { open: Case[]; decided: Case[] } {
  const open = cases.filter(isOpen).sort((a, b) => since(a.value.at) - since(b.value.at))
  const decided = cases.filter((one) => !isOpen(one)).sort((a, b) => lastOf(b) - lastOf(a))
  return { open, decided }
}

export function isOpen({ value }: Case): boolean {
  return value.state === 'open'
}

function lastOf({ value }: Case): number {
  return since(value.decided ?? value.at)
}

function since(when: string): number {
  return Date.parse(when)
}

/** Mailings that have not left, the first to leave first; then those that were stopped, the latest first. */
export function standing(mailings: readonly Row<Mailing>[]): Row<Mailing>[] {
  const by = (state: Mailing['state']) => mailings.filter(({ value }) => value.state === state)
  const due = ({ value }: Row<Mailing>) => since(value.due)
  return [...by('waiting').sort((a, b) => due(a) - due(b)), ...by('stopped').sort((a, b) => due(b) - due(a))]
}

/** "Le message a été retiré." */
export function outcomeOf({ state, withdrawn, closed }: Report): string {
  if (state === 'dismissed') return t('moderation.did.dismissed')
  const key: Key = withdrawn && closed ? 'moderation.did.both' : 'moderation.did.withdrawn'
  return t(closed && !withdrawn ? 'moderation.did.closed' : key)
}

/** What a discussion is called: vie scolaire leaves no subject of a message that it took away. */
export function titleOf({ subject }: { subject: string }): string {
  return subject || t('mail.moderated.title')
}

/** Enough of a fingerprint to compare two by eye. */
export function shortPrint(sha256: string): string {
  return sha256.slice(0, 12).replace(/(.{4})(?=.)/g, '$1 ')
}
