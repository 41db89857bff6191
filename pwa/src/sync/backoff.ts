const shortest = 1000
const longest = 5 * 60_000

/** Later and later while it fails, spread so that devices do not come back together. */
export class Backoff {
  #failures = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #stopped = false
  /** Not before this time, whoever asks: the server said so. */
  #notBefore = 0

  constructor(
    private readonly work: () => void,
    private readonly random: () => number,
    private readonly now: () => number,
  ) {}

  get held(): boolean {
    return this.#stopped || this.now() < this.#notBefore
  }

  /** It failed: work runs again after 1 s to 5 min, and not before `least` milliseconds. */
  failed(least = 0): void {
    const limit = Math.min(longest, shortest * 2 ** Math.min(this.#failures++, 20))
    if (least > 0) this.#notBefore = this.now() + least
    this.after(Math.max(least * (1 + this.random() / 4), this.random() * limit, shortest / 2))
  }

  /** It went well. */
  reset(): void {
    this.#failures = 0
    this.#notBefore = 0
    clearTimeout(this.#timer)
  }

  after(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#stopped) return
    this.#timer = setTimeout(this.work, ms)
    ;(this.#timer as { unref?: () => void }).unref?.()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }
}
