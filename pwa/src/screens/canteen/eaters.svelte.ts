/** Who is warned of what, and how it is said. */
import { watch } from '../../app/live.svelte'
import { session } from '../../app/session.svelte'
import { t } from '../../i18n/index.svelte'
import type { Allergen, Dish } from '../../sync/index.ts'
import { watchersOf, type Warning, type Watcher } from '../../canteen/week.ts'

/** Those for whom this person may mark allergens: guardians for their children, everybody else for themselves. */
export function eaters(): { id: string; name: string }[] {
  const children = session.children.map(({ id, first }) => ({ id, name: first }))
  const alone = session.is('guardian') && session.roles.length === 1 && children.length > 0
  return alone ? children : [{ id: session.id, name: t('canteen.me') }, ...children]
}

/** Call while a component starts. */
export function watchers(): { readonly current: readonly Watcher[] } {
  const held = watch(() => {
    const [user, people] = [session.id, eaters()]
    return session.device.live((view) => watchersOf(view, user, people))
  })
  return {
    get current() {
      return held.current ?? []
    },
  }
}

export function listed(allergens: readonly Allergen[]): string {
  return allergens.map((one) => t(`canteen.allergen.${one}`)).join(', ')
}

/** "Contient : lait (Inès)"; whom it concerns is said where there are several. */
export function warned({ kind, allergens, names }: Warning, several: boolean): string {
  const list = listed(allergens)
  if (kind === 'unknown') return t('canteen.warn.unknown')
  return several
    ? t(`canteen.warn.${kind}.for`, { list, names: names.join(', ') })
    : t(`canteen.warn.${kind}`, { list })
}

/** What the kitchen says of a dish. */
export function declared({ contains, traces, none }: Dish): string {
  if (none) return t('canteen.declared')
  const parts = [
    contains?.length && t('canteen.contains', { list: listed(contains) }),
    traces?.length && t('canteen.traces', { list: listed(traces) }),
  ]
  return parts.filter(Boolean).join(' ') || t('canteen.undeclared')
}
