/**
 * When rounds run: one at a time per browser, again while there is something
 * to do, later and later while there is no answer, and never in a circle.
 */
import { isFull } from '../db/database.ts'
import { Backoff } from './backoff.ts'
import type { Outcome, Rounds } from './round.ts'
import type { Problem, StatusStore } from './status.ts'

export interface LoopOptions {
  /** Had with the first run; undefined where it cannot be. */
  rounds: () => Promise<Rounds | undefined>
  status: StatusStore
  now: () => number
  random: () => number
  /** Runs work alone among all tabs of this person. */
  alone: <T>(work: () => Promise<T>) => Promise<T>
  /** The server was reached. */
  reached: () => void
  wiped: () => Promise<void>
}

/** Requests in a row that may change nothing before the loop says that it is stuck. */
const idleMost = 6
/** Requests of one run, whatever they change: even the longest first sync has fewer. */
const requestsMost = 2000

export class Loop {
  #running: Promise<void> | undefined
  #again = false
  #idle = 0
  #over = false
  #rounds: Rounds | undefined
  readonly #backoff: Backoff

  constructor(private readonly options: LoopOptions) {
    this.#backoff = new Backoff(() => void this.sync(), options.random, options.now)
  }

  /** Runs rounds until there is nothing left to do now, unless told not to. Never rejects. */
  sync(): Promise<void> {
    if (this.#over || this.#backoff.held) return this.#running ?? Promise.resolve()
    if (this.#running) {
      this.#again = true
      return this.#running
    }
    this.#running = this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Somebody is looking, or the network is said to be back: what is wrong may be over. */
  retry(): Promise<void> {
    this.#idle = 0
    this.#rounds?.nudge()
    return this.sync()
  }

  /** Waits for the run under way. */
  async idle(): Promise<void> {
    await this.#running
  }

  stop(): void {
    this.#over = true
    this.#backoff.stop()
  }

  async #run(): Promise<void> {
    const { status, alone, now } = this.options
    const asked = now()
    status.set({ syncing: true })
    try {
      const rounds = (this.#rounds ??= await this.options.rounds())
      if (!rounds) {
        this.#fail('offline')
        return
      }
      await alone(() => this.#turn(rounds, asked))
      while (this.#askedAgain()) await alone(() => this.#turn(rounds))
    } catch (fault) {
      this.#broke(fault)
    } finally {
      status.set({ syncing: false })
    }
  }

  #askedAgain(): boolean {
    const again = this.#again && !this.#over && !this.#backoff.held
    this.#again = false
    return again
  }

  /** Another tab may have asked while this one waited for its turn. */
  async #turn(rounds: Rounds, asked?: number): Promise<void> {
    if (asked !== undefined && ((await rounds.pulledAt()) ?? 0) > asked && !(await rounds.hasMore())) return
    for (let i = 0; i < requestsMost; i++) {
      if (this.#over) return
      const outcome = await rounds.run()
      if (!this.#goesOn(outcome)) return this.#end(rounds, outcome)
    }
    this.#fail('stuck')
  }

  #goesOn(outcome: Outcome): boolean {
    if (outcome.kind !== 'again') return false
    this.options.status.set({ online: true, updating: outcome.updating })
    this.#idle = outcome.progress ? 0 : this.#idle + 1
    return outcome.progress
  }

  async #end(rounds: Rounds, outcome: Outcome): Promise<void> {
    const { status, reached, wiped } = this.options
    if (this.#over) return
    switch (outcome.kind) {
      case 'done':
        this.#idle = 0
        this.#backoff.reset()
        status.set({ online: true, updating: false, problem: rounds.pushOnly ? 'upgrade' : undefined })
        reached()
        this.#rest(rounds)
        return
      case 'again': {
        this.#fail(this.#idle < idleMost ? 'server' : 'stuck')
        return
      }
      case 'later': {
        this.#fail(outcome.problem, outcome.after)
        return
      }
      case 'signed_out': {
        status.set({ online: true, problem: 'signed_out', updating: false })
        return
      }
      case 'wipe':
        return wiped()
    }
  }

  /** Lanes that wait are tried when their time has come. */
  #rest(rounds: Rounds): void {
    const { now } = this.options
    const next = Math.min(...[...rounds.paused.values()].filter((until) => until > now()))
    if (Number.isFinite(next)) this.#backoff.after(next - now() + 1)
  }

  #fail(problem: Problem, after = 0): void {
    if (this.#over) return
    this.options.status.set({ online: problem !== 'offline', updating: false, problem })
    if (problem !== 'stuck') this.#backoff.failed(after)
  }

  #broke(fault: unknown): void {
    if (this.#over) return
    if (!isFull(fault)) console.error('sync', fault)
    this.#fail('storage')
  }
}
