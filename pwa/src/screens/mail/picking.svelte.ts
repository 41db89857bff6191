/** Discussions that are ticked, to do something with all of them. */
import { among, type Discussion } from '../../mail/discussions.ts'

export class Picking {
  on = $state(false)
  #ids = $state.raw<readonly string[]>([])
  /** The one that was ticked last: where a range begins. */
  #from: string | undefined

  constructor(private readonly talks: () => readonly Discussion[]) {}

  get chosen(): Discussion[] {
    return among(this.talks(), this.#ids)
  }

  has({ id }: Discussion): boolean {
    return this.#ids.includes(id)
  }

  /** Ticks one, or all up to it, or takes that back. */
  pick(talk: Discussion, range = false): void {
    this.on = true
    const some = (range ? this.#reach(talk) : [talk]).map((one) => one.id)
    const others = this.#ids.filter((id) => !some.includes(id))
    this.#ids = this.has(talk) ? others : [...others, ...some]
    this.#from = talk.id
  }

  /** All, or none where all are. */
  pickAll(): void {
    const all = this.talks()
    this.#ids = this.chosen.length === all.length ? [] : all.map((one) => one.id)
  }

  stop(): void {
    this.on = false
    this.#ids = []
    this.#from = undefined
  }

  #reach(talk: Discussion): readonly Discussion[] {
    const all = this.talks()
    const [a, b] = [all.findIndex((one) => one.id === this.#from), all.indexOf(talk)]
    return a < 0 ? [talk] : all.slice(Math.min(a, b), Math.max(a, b) + 1)
  }
}
