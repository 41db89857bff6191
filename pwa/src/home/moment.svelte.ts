/** This moment, on the school's clock. */
import { clock, dayKey } from '../i18n/dates'
import type { Moment } from './daily.ts'

class Turning {
  #now = $state(new Date())

  /** Moves on while a screen looks at it. */
  follow(): () => void {
    this.#now = new Date()
    const timer = setInterval(() => (this.#now = new Date()), 60_000)
    return () => clearInterval(timer)
  }

  get current(): Moment {
    return { now: this.#now, today: dayKey(this.#now), clock: clock(this.#now) }
  }
}

export const moment = new Turning()
