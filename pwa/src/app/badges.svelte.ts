/** What the tabs count: things that wait for this person, wherever the app was opened. */
import { waitingFor, type Waiting } from '../school/waiting'
import type { Tab } from './routes'
import { session } from './session.svelte'

class Badges {
  #counted = $state.raw<(Waiting & { for: string }) | undefined>(undefined)
  #mail = $state.raw({ count: 0, for: '' })

  /** Counts, and again whenever the device's records change, until told to stop. */
  follow(): () => void {
    const id = session.id
    const person = { id, pupil: session.is('student'), teaches: session.is('teacher') }
    const counts = session.device.live((view) => waitingFor(view, person, new Date()))
    return counts.subscribe((waiting) => (this.#counted = { ...waiting, for: id }))
  }

  /** Counts messages: apart, as there may be thousands, and it has nothing to do with the screen or the hour. */
  followMail(): () => void {
    const { id, device } = session
    const told = (count: number) => (this.#mail = { count, for: id })
    const following = import('../mail/unread').then(({ follow }) => follow(device, id, told))
    return () => void following.then((stop) => stop())
  }

  of(tab: Tab): number {
    if (tab === 'more') return session.status.refused
    if (tab === 'mail') return this.#mail.for === session.id ? this.#mail.count : 0
    const counted = this.#counted?.for === session.id ? this.#counted : undefined
    if (!counted || tab === 'classes' || tab === 'timetable' || tab === 'notebook') return 0
    if (tab === 'grades' || tab === 'life' || tab === 'agenda' || tab === 'information') return 0
    return counted[tab === 'home' ? 'news' : tab]
  }
}

export const badges = new Badges()
