/** What waits on this device, in words: each action names itself, its homework and the text that was written. */
import { known, t } from '../../i18n/index.svelte'
import type { Outgoing } from '../../sync/index.ts'

const written = ['text', 'comment', 'title'] as const
export type Written = (typeof written)[number]

/** "Copie : Rédaction", "Commentaire pour Lina". */
export function titleOf(one: Outgoing, titles: ReadonlyMap<string, string>): string {
  const action = known(`out.${one.name.split('@')[0] ?? ''}`) ?? t('out.other')
  const id = one.args.homework ?? one.args.id
  const homework =
    (typeof id === 'string' && titles.get(id)) || (typeof one.args.title === 'string' ? one.args.title : '')
  return homework ? `${action} : ${homework}` : action
}

/** The field that holds what the person wrote, and its text. */
export function wordsOf(one: Outgoing): { field: Written; text: string } | undefined {
  for (const field of written) {
    const text = one.args[field]
    if (typeof text === 'string' && text.trim()) return { field, text }
  }
  return undefined
}

export function reasonOf(one: Outgoing): string {
  return known(`refused.${one.error?.code ?? ''}`) ?? t('refused.other')
}
