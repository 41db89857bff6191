/** What the tabs count: things that wait for this person. A screen that knows better may set its own. */
import type { Tab } from './routes'
import { session } from './session.svelte'

class Badges {
  #set = $state<Partial<Record<Tab, number>>>({})

  set(tab: Tab, count: number): void {
    this.#set[tab] = count
  }

  of(tab: Tab): number {
    return tab === 'more' ? session.status.refused : (this.#set[tab] ?? 0)
  }

  get total(): number {
    return (['home', 'work', 'copies', 'more'] as const).reduce((sum, tab) => sum + this.of(tab), 0)
  }
}

export const badges = new Badges()
