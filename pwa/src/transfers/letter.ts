/** A transfer in a message: one paragraph that is a link and nothing else, which readers see as a card. */
import { date, size } from '../i18n/dates'
import { t } from '../i18n/index.svelte'
import type { Block, Body, Run } from '../sync/index.ts'
import { linkOf } from './link.ts'
import type { Transfer } from './records.ts'

export type Sent = Pick<Transfer, 'title' | 'secret' | 'files' | 'size' | 'until'>

/** The secret in a link to a transfer of this school; undefined for any other link. */
export function secretIn(link: string | undefined): string | undefined {
  const url = link && URL.canParse(link) ? new URL(link) : undefined
  if (url?.origin !== location.origin || url.search) return undefined
  return /^\/t\/([\w-]{22})$/.exec(url.pathname)?.[1]
}

/** What it is called where it has no title. */
export function titleOf({ title, files, size: bytes }: Pick<Sent, 'title' | 'files' | 'size'>): string {
  return title || t('transfers.chosen', { count: files, size: size(bytes) })
}

/** The paragraph: whoever reads it elsewhere, as a mail, has all that they need too. */
export function paragraphOf(sent: Sent): Block {
  const text = t('transfers.letter', { title: titleOf(sent), when: date(sent.until) })
  return { runs: [{ text, link: linkOf(sent.secret) }] }
}

/** A text that begins above it. */
export function bodyWith(sent: Sent): Body {
  return [{ runs: [] }, paragraphOf(sent), { runs: [] }]
}

/** The link and its words, if a paragraph is one to a transfer. */
export function cardIn(runs: readonly Run[]): { link: string; secret: string; text: string } | undefined {
  const said = runs.filter((run) => run.text.trim())
  const link = said[0]?.link
  const secret = secretIn(link)
  if (!link || !secret || said.some((run) => run.link !== link || run.formula)) return undefined
  const text = said.map((run) => run.text).join('')
  return { link, secret, text: text.trim() === link ? '' : text }
}
