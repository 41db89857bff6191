/** What the tabs count: things that wait for this person, wherever the app was opened. */
import { waitingFor, type Waiting } from '../school/waiting'
import type { Tab } from './routes'
import { session } from './session.svelte'

class Badges {
  #counted = $state.raw<(Waiting & { for: string }) | undefined>(undefined)

  /** Counts, and again whenever the device's records change, until told to stop. */
  follow(): () => void {
    const id = session.id
    const person = { id, pupil: session.is('student'), teaches: session.is('teacher') }
    const counts = session.device.live((view) => waitingFor(view, person, new Date()))
    return counts.subscribe((waiting) => (this.#counted = { ...waiting, for: id }))
  }

  of(tab: Tab): number {
    if (tab === 'more') return session.status.refused
    const counted = this.#counted?.for === session.id ? this.#counted : undefined
    if (!counted || tab === 'classes') return 0
    return counted[tab === 'home' ? 'news' : tab]
  }
}

export const badges = new Badges()
