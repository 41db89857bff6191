/**
 * When rounds run: one at a time per browser, again while there is something
 * to do, later and later while there is no answer, and never in a circle.
 */
import { round, type Outcome, type RoundContext } from './round.ts'
import type { Problem, StatusStore } from './status.ts'

export interface LoopOptions {
  context: RoundContext
  status: StatusStore
  /** Sends files; false when the network gave up. */
  flush: () => Promise<boolean>
  random: () => number
  /** Runs work alone among all tabs of this person. */
  alone: <T>(work: () => Promise<T>) => Promise<T>
  wiped: () => Promise<void>
}

const shortest = 1000
const longest = 5 * 60_000
/** Rounds in a row that may change nothing before the loop says that it is stuck. */
const idleRounds = 6

export class Loop {
  #running: Promise<void> | undefined
  #again = false
  #failures = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #stopped = false

  constructor(private readonly options: LoopOptions) {}

  /** Runs rounds until there is nothing left to do now. Never rejects. */
  sync(): Promise<void> {
    if (this.#stopped) return Promise.resolve()
    if (this.#running) {
      this.#again = true
      return this.#running
    }
    clearTimeout(this.#timer)
    this.#running = this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** The network is said to be back: do not wait any longer. */
  retry(): Promise<void> {
    this.#failures = 0
    return this.sync()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  async #run(): Promise<void> {
    const { status } = this.options
    status.set({ syncing: true })
    try {
      do {
        this.#again = false
        await this.options.alone(() => this.#rounds())
      } while (this.#again && !this.#stopped && this.#failures === 0)
    } catch {
      this.#fail('storage')
    } finally {
      status.set({ syncing: false })
    }
  }

  /** Records first, then files, then once more: a file may complete what a record waits for. */
  async #rounds(): Promise<void> {
    let idle = 0
    while (!this.#stopped) {
      const outcome = await round(this.options.context)
      if (outcome.kind !== 'again') {
        await this.#end(outcome)
        return
      }
      this.options.status.set({ online: true, updating: outcome.updating })
      idle = outcome.progress ? 0 : idle + 1
      if (idle >= idleRounds) {
        this.#fail('stuck')
        return
      }
    }
  }

  async #end(outcome: Exclude<Outcome, { kind: 'again' }>): Promise<void> {
    const { status, context, flush, wiped } = this.options
    switch (outcome.kind) {
      case 'done':
        this.#failures = 0
        status.set({
          online: true,
          updating: false,
          lastSync: context.now(),
          problem: context.pushOnly ? 'upgrade' : undefined,
        })
        if (await flush()) this.#rest()
        else this.#fail('offline')
        return
      case 'later':
        this.#fail(outcome.problem, outcome.after)
        return
      case 'signed_out':
        status.set({ problem: 'signed_out', updating: false })
        return
      case 'wipe':
        await wiped()
    }
  }

  /** Lanes that wait are tried when their time has come. */
  #rest(): void {
    const { context } = this.options
    const next = Math.min(...[...context.paused.values()].filter((until) => until > context.now()))
    if (Number.isFinite(next)) this.#later(next - context.now())
  }

  #fail(problem: Problem, after = 0): void {
    if (this.#stopped) return
    this.#failures++
    this.options.status.set({ online: problem !== 'offline', updating: false, problem })
    const limit = Math.min(longest, shortest * 2 ** Math.min(this.#failures, 10))
    this.#later(Math.max(after, shortest / 2 + this.options.random() * limit))
  }

  #later(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#stopped) return
    this.#timer = setTimeout(() => void this.sync(), ms)
    ;(this.#timer as { unref?: () => void }).unref?.()
  }
}
