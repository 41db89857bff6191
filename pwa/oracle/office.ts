/** The school's administrator, who takes and gives rights while everybody works. */
import type { Chance } from './chance.ts'
import type { Network } from './network.ts'

interface Class {
  id: string
  scope: string
  kind: string
}

interface Pupil {
  id: string
  guardians: { id: string; link: string; to?: string }[]
}

export class Office {
  #classes: Class[] = []

  constructor(
    private readonly network: Network,
    private readonly student: string,
    private readonly guardian: string,
  ) {}

  async open(): Promise<void> {
    const { classes } = await this.network.json<{ classes: Class[] }>('/api/directory/classes')
    this.#classes = classes.filter((one) => one.kind === 'class')
  }

  async decide(chance: Chance): Promise<void> {
    if (chance.is(0.5)) return this.#move(chance)
    return this.#link()
  }

  /** The pupil changes class: one class is lost, another gained. */
  async #move(chance: Chance): Promise<void> {
    const audience = chance.pick(this.#classes)?.scope
    await this.network.json('/api/directory/enrollments', { student: this.student, audience })
  }

  /** The guardian loses the right to read, or gets it back. */
  async #link(): Promise<void> {
    const link = await this.#current()
    if (link) await this.network.json(`/api/directory/guardianships/${link}/end`, {})
    else {
      const form = {
        guardian: this.guardian,
        student: this.student,
        relation: 'mother',
        level: 1,
        reads: true,
      }
      await this.network.json('/api/directory/guardianships', form)
    }
  }

  async #current(): Promise<string | undefined> {
    for (const { id } of this.#classes) {
      const { pupils } = await this.network.json<{ pupils: Pupil[] }>(`/api/directory/classes/${id}`)
      const pupil = pupils.find((one) => one.id === this.student)
      const found = pupil?.guardians.find((one) => one.id === this.guardian && !one.to)
      if (found) return found.link
    }
    return undefined
  }
}
