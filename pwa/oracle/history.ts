/**
 * One random history: five people on six phones, an office that takes and
 * gives rights, networks that fail, phones that die, a server that is killed.
 * Then everything is allowed to come to rest, and must agree.
 */
import type { Chance } from './chance.ts'
import { judge, matches } from './judge.ts'
import { Network, type Trouble } from './network.ts'
import { Office } from './office.ts'
import { live } from './people.ts'
import { Phone } from './phone.ts'
import type { Line, School } from './school.ts'

const troubles: Trouble[] = ['down', 'lost', 'lost', 'cut', 'doubled', 'slow']
const steps = 40
/** A busy machine may need a while. */
const patience = 60_000

const people = {
  phone: 'student',
  tablet: 'student',
  family: 'guardian',
  desk: 'teacher',
  hall: 'direction',
  office: 'admin',
}

export class History {
  readonly #phones: Phone[]
  readonly #admin: Network
  #office: Office | undefined
  #down = 0
  /** What was done, for whoever has to understand a failure. */
  readonly trace: string[] = []
  /** How often the server or a browser was killed. */
  kills = 0

  constructor(
    private readonly school: School,
    private readonly chance: Chance,
  ) {
    this.#phones = Object.entries(people).map(([label, account]) => new Phone(label, account, school, chance))
    this.#admin = new Network(school)
  }

  /** From everybody's sign-in to their sign-out. */
  async live(): Promise<void> {
    try {
      await this.#begin()
      for (const phone of this.#phones) if (this.chance.is(0.8)) await (await phone.tab()).sync()
      for (let i = 0; i < steps; i++) await this.#step()
      await this.#rest()
      await this.#end()
    } finally {
      for (const phone of this.#phones) phone.kill()
    }
  }

  async #begin(): Promise<void> {
    await this.#admin.json('/api/session', { demo: 'admin' })
    for (const phone of this.#phones) await phone.signIn()
    this.#office = new Office(this.#admin, this.#user('student'), this.#user('guardian'))
    await this.#office.open()
  }

  #user(account: string): string {
    return this.#phones.find((phone) => phone.account === account)?.user ?? ''
  }

  /** What people did on their devices. */
  get actions(): number {
    return this.#phones.reduce((sum, { acted }) => [...acted.values()].reduce((all, n) => all + n, sum), 0)
  }

  async #end(): Promise<void> {
    for (const phone of this.#phones) await phone.signOut()
    await this.#admin.fetch('/api/session', { method: 'DELETE' })
  }

  async #step(): Promise<void> {
    if (this.#down > 0 && --this.#down === 0) await this.school.start()
    const kind = this.chance.weighted({
      act: 20,
      sync: 8,
      trouble: 8,
      offline: 3,
      office: 1,
      die: 1,
      forget: 0.3,
      kill: 0.15,
    })
    const phone = this.chance.pick(this.#phones)
    if (!phone) return
    this.trace.push(`${kind} ${phone.label}`)
    switch (kind) {
      case 'act':
        return live(phone, this.#tab(phone), this.chance)
      case 'sync': {
        const round = (await phone.tab(this.#tab(phone))).sync()
        return this.chance.is(0.5) ? round : undefined
      }
      case 'trouble':
        phone.network.troubles.push(...[0, 1].map(() => this.chance.pick(troubles) ?? 'down'))
        return
      case 'offline':
        phone.network.online = !phone.network.online
        return
      case 'office':
        if (this.#down === 0) await this.#office?.decide(this.chance)
        return
      case 'die':
        phone.kill()
        this.kills++
        return
      case 'forget':
        return phone.forget()
      case 'kill':
        if (this.#down > 0) return
        await this.school.kill()
        this.kills++
        this.#down = 1 + this.chance.below(4)
    }
  }

  /** The pupil's phone has two tabs. */
  #tab(phone: Phone): number {
    return phone.label === 'phone' ? this.chance.below(2) : 0
  }

  /** Everything works from now on: all must agree after a bounded time. */
  async #rest(): Promise<void> {
    if (this.#down > 0) await this.school.start()
    for (const phone of this.#phones) {
      phone.kill()
      phone.network.online = true
      phone.network.troubles.length = 0
    }
    const until = Date.now() + patience
    let dump = await this.#meet()
    while (!(await this.#agrees(dump)) && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 25))
      dump = await this.#meet()
    }
    for (const phone of this.#phones)
      this.trace.push(`${phone.label}: ${JSON.stringify((await phone.tab()).status.current)}`)
    await judge(this.#phones, dump)
  }

  /** Everybody asks the server; then this is what it holds. */
  async #meet(): Promise<Line[]> {
    await Promise.all(this.#phones.map(async (phone) => (await phone.tab()).sync()))
    return this.school.dump()
  }

  async #agrees(dump: Line[]): Promise<boolean> {
    for (const phone of this.#phones) if (!matches(await phone.held(), dump)) return false
    return true
  }
}
