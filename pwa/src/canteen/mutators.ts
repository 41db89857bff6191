/** What the acts of the canteen do to the screen before the server has its say. */
import type { Mutator } from '../sync/mutators.ts'
import type { CanteenActions, Dish, Menu } from './records.ts'

export const canteenMutators: { [N in keyof CanteenActions]: Mutator<CanteenActions[N]> } = {
  async 'canteen.menu@1'(tx, { menus }, { scope, at }) {
    for (const { date, meal, note, dishes } of menus) {
      const id = `${date}.${meal}`
      const said = tidy(note)
      const menu: Menu = { date, meal, ...(said && { note: said }), dishes: dishes.map(tidied), at }
      if (said || dishes.length > 0) await tx.put(scope, 'menu', id, menu)
      else await tx.hide(scope, 'menu', id)
    }
  },

  async 'canteen.file@1'(tx, { week, files }, { scope, user, at }) {
    if (files.length === 0) return tx.hide(scope, 'menuFile', week)
    await tx.put(scope, 'menuFile', week, { files, by: { id: user, name: '' }, at })
  },

  async 'canteen.watch@1'(tx, { person, allergens }, { scope }) {
    if (allergens.length === 0) return tx.hide(scope, 'watched', person)
    await tx.put(scope, 'watched', person, { allergens })
  },
}

/** A text on one line. */
export function tidy(text: string | undefined): string {
  return (text ?? '').trim().split(/\s+/).join(' ')
}

/** As the server keeps it: what is empty is not there. */
function tidied({ kind, name, labels, contains, traces, none }: Dish): Dish {
  return {
    kind,
    name: tidy(name),
    ...(labels?.length && { labels }),
    ...(contains?.length && { contains }),
    ...(traces?.length && { traces }),
    ...(none && { none }),
  }
}
