/** All histories of a run: a few schools live them at the same time, and it is counted what happened. */
import { Chance } from './chance.ts'
import { History } from './history.ts'
import { School } from './school.ts'

/** Schools at a time: while one computes, the servers of the others have their turn. */
const schools = 3
/** Histories of one school; then a new one, for what is there makes each dump longer. */
const perSchool = 25
/** After so many failures it is known that something is wrong. */
const enough = 5
const saidEvery = 60_000

export class Ledger {
  /** Seeds of the histories that did not agree. */
  readonly failed: number[] = []
  #begun = 0
  #histories = 0
  #actions = 0
  #kills = 0
  #said = Date.now()

  constructor(
    private readonly first: number,
    private readonly total: number,
  ) {}

  async fill(): Promise<void> {
    await Promise.all(Array.from({ length: Math.min(schools, this.total) }, () => this.#attend()))
    this.#say()
  }

  /** One school after the other, while histories are left. */
  async #attend(): Promise<void> {
    while (this.#isLeft()) {
      const school = new School()
      try {
        await school.start()
        await this.#year(school)
      } finally {
        await school.end()
      }
    }
  }

  #isLeft(): boolean {
    return this.#begun < this.total && this.failed.length < enough
  }

  /** A failure ends it, for what it left behind is no longer as it should be. */
  async #year(school: School): Promise<void> {
    for (let i = 0; i < perSchool && this.#isLeft(); i++) {
      const seed = (this.first + this.#begun++ * 7919) % 2 ** 31
      const history = new History(school, new Chance(seed))
      try {
        await history.live()
      } catch (fault) {
        this.failed.push(seed)
        console.error(
          `PREAU_SEED=${String(seed)}\n${history.trace.join('\n')}\n${school.log.slice(-4000)}`,
          fault,
        )
        return
      } finally {
        this.#count(history)
      }
    }
  }

  #count({ actions, kills }: History): void {
    this.#histories++
    this.#actions += actions
    this.#kills += kills
    if (Date.now() - this.#said > saidEvery) this.#say()
  }

  #say(): void {
    this.#said = Date.now()
    const { failed } = this
    const counts = {
      histories: this.#histories,
      actions: this.#actions,
      kills: this.#kills,
      failures: failed.length,
    }
    console.info(
      Object.entries(counts)
        .map(([what, n]) => `${String(n)} ${what}`)
        .join(', '),
    )
  }
}
