/** What waits on this device, in words: each action names itself, its homework and the text that was written. */
import { href } from '../../app/routes'
import { known, t } from '../../i18n/index.svelte'
import { textOf } from '../../body/body.ts'
import type { Body, Outgoing } from '../../sync/index.ts'

const written = ['text', 'comment', 'title'] as const
export type Written = (typeof written)[number] | 'body'

/** "Copie : Rédaction", "Commentaire pour Lina". */
export function titleOf(one: Outgoing, titles: ReadonlyMap<string, string>): string {
  const action = known(`out.${one.name.split('@')[0] ?? ''}`) ?? t('out.other')
  const id = one.args.homework ?? one.args.assessment ?? one.args.evaluation ?? one.args.id
  const { file } = one.args as { file?: { name?: string } }
  const said = [one.args.title, one.args.subject, file?.name, one.args.name].find(
    (text) => typeof text === 'string' && text !== '',
  )
  const about = (typeof id === 'string' && titles.get(id)) || (said as string | undefined)
  return about ? `${action} : ${about}` : action
}

/** The field that holds what the person wrote, and its text. */
export function wordsOf(one: Outgoing): { field: Written; text: string } | undefined {
  for (const field of written) {
    const text = one.args[field]
    if (typeof text === 'string' && text.trim()) return { field, text }
  }
  const text = Array.isArray(one.args.body) ? textOf(one.args.body as Body) : ''
  return text.trim() ? { field: 'body', text } : undefined
}

/** Written in a form of several fields: it is taken up again there. */
export function isInformation({ name }: Outgoing): boolean {
  return /^information\.(publish|correct|answer)@/.test(name)
}

export function formOf({ n, name, args }: Outgoing): string {
  const { id } = args as { id: string }
  if (name.startsWith('information.answer')) return href('information', { id })
  return name.startsWith('information.correct') ? href('correct', { id }) : `${href('inform')}?envoi=${n}`
}

export function reasonOf(one: Outgoing): string {
  const code = one.error?.code ?? ''
  const [area = ''] = one.name.split('.')
  return known(`refused.${area}.${code}`) ?? known(`refused.${code}`) ?? t('refused.other')
}
