/** Who is warned of what, and how it is said. */
import { session } from '../../app/session.svelte'
import { t } from '../../i18n/index.svelte'
import type { Allergen } from '../../sync/index.ts'
import { watchersOf, type Watcher } from '../../canteen/week.ts'

/** Those for whom this person may mark allergens: guardians for their children, everybody else for themselves. */
export function eaters(): { id: string; name: string }[] {
  const children = session.children.map(({ id, first }) => ({ id, name: first }))
  const alone = session.is('guardian') && session.roles.length === 1 && children.length > 0
  return alone ? children : [{ id: session.id, name: t('canteen.me') }, ...children]
}

/** Call while a component starts. */
export function watchers(): { readonly current: readonly Watcher[] } {
  const held = session.live((view) => watchersOf(view, session.id, eaters()))
  return {
    get current() {
      return held.current ?? []
    },
  }
}

export function listed(allergens: readonly Allergen[]): string {
  return allergens.map((one) => t(`canteen.allergen.${one}`)).join(', ')
}
