/** Contacts on their way out: gone from the screen, and from the address book when nobody took it back. */
import type { Device } from '../sync/index.ts'

export class Forgetting {
  ids = $state.raw<readonly string[]>([])
  readonly lasts = 6000
  readonly #device: Pick<Device, 'act' | 'user'>
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(device: Pick<Device, 'act' | 'user'>) {
    this.#device = device
  }

  /** What it returns takes these back. */
  begin(ids: readonly string[]): () => void {
    this.ids = [...this.ids, ...ids]
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.now(), this.lasts)
    return () => {
      this.ids = this.ids.filter((id) => !ids.includes(id))
    }
  }

  /** The time to take it back is over. */
  async now(): Promise<void> {
    clearTimeout(this.#timer)
    const ids = [...this.ids]
    if (ids.length === 0) return
    this.ids = []
    await this.#device.act(`user:${this.#device.user}`, 'mail.forget@1', { ids })
  }
}
