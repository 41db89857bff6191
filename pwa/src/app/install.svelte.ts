/** Putting Préau on the home screen: a button where the browser lends one, steps where it does not. */
interface InstallEvent extends Event {
  prompt(): Promise<void>
  userChoice: Promise<{ outcome: 'accepted' | 'dismissed' }>
}

class Install {
  #event = $state.raw<InstallEvent | undefined>(undefined)
  installed = $state(standalone())

  get offered(): boolean {
    return this.#event !== undefined
  }

  listen(): void {
    addEventListener('beforeinstallprompt', (event) => {
      event.preventDefault()
      this.#event = event as InstallEvent
    })
    addEventListener('appinstalled', () => {
      this.installed = true
      this.#event = undefined
    })
  }

  async ask(): Promise<void> {
    const event = this.#event
    this.#event = undefined
    await event?.prompt()
    if ((await event?.userChoice)?.outcome === 'accepted') this.installed = true
  }
}

export const install = new Install()

/** Opened from the home screen. */
export function standalone(): boolean {
  return (
    matchMedia('(display-mode: standalone)').matches ||
    (navigator as { standalone?: boolean }).standalone === true
  )
}
