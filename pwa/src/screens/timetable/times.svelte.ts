/** The school's clock, and days as they are said. */
import { clock, dayKey } from '../../i18n/dates'

class Clock {
  now = $state(Date.now())

  /** Moves on while a screen looks at it. */
  follow(): () => void {
    this.now = Date.now()
    const timer = setInterval(() => (this.now = Date.now()), 20_000)
    return () => clearInterval(timer)
  }

  get today(): string {
    return dayKey(this.now)
  }

  get time(): string {
    return clock(this.now)
  }
}

export const schoolClock = new Clock()

export function isDay(text: string | undefined): text is string {
  return /^\d{4}-\d\d-\d\d$/.test(text ?? '') && !Number.isNaN(Date.parse(`${text ?? ''}T12:00Z`))
}
