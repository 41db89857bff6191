/** The tabs of a person: one of them sends, the others show how far it is. */

export interface Said {
  /** Bytes a second. */
  speed?: number
  paused?: boolean
}

export class Tabs {
  readonly #channel: BroadcastChannel | undefined
  readonly #leaving = new AbortController()

  constructor(
    private readonly name: string,
    hear: (said: Said) => void,
  ) {
    if (typeof BroadcastChannel === 'undefined') return
    this.#channel = new BroadcastChannel(name)
    this.#channel.onmessage = ({ data }: MessageEvent<Said>) => hear(data)
    ;(this.#channel as { unref?: () => void }).unref?.()
  }

  /** To the others. */
  say(said: Said): void {
    if (!this.#leaving.signal.aborted) this.#channel?.postMessage(said)
  }

  /**
   * Does work while no other tab does: once that one has done or is gone, however long it takes. Browsers freeze no
   * tab that holds a lock. Not done at all where this tab is left first.
   */
  async alone(work: () => Promise<void>): Promise<void> {
    const { locks } = globalThis.navigator as Partial<Navigator>
    if (!locks) return work()
    const { signal } = this.#leaving
    let isIn = false
    const turn = (): Promise<void> => {
      isIn = true
      return work()
    }
    await locks.request(this.name, { signal }, turn).catch((fault: unknown) => {
      if (isIn || !signal.aborted) throw fault
    })
  }

  close(): void {
    this.#leaving.abort()
    this.#channel?.close()
  }
}
