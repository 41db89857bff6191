/** People and groups as they are named on the screen. */
import { known, t } from '../i18n/index.svelte'
import type { Addressee } from '../sync/index.ts'
import { addressIn, isOutside } from '../sync/authors.ts'

/** "Mme Garnier"; "26 parents de 5e B" for a group. */
export function nameOf({ key, name, count }: Addressee): string {
  if (key.startsWith('user:')) return name || t('mail.somebody')
  if (isOutside({ key })) return name || addressIn({ key })
  const kind = key.slice(key.lastIndexOf('/') + 1)
  const whole = key.startsWith('school:') ? 'mail.school' : 'mail.class'
  const counted = count === undefined ? '' : '.counted'
  return (
    known(`${whole}.${kind}${counted}`, { name, ...(count !== undefined && { count }) }) ??
    (name || t('mail.group'))
  )
}
