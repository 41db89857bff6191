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
import type { School } from './school.ts'

const troubles: Trouble[] = ['down', 'lost', 'lost', 'cut', 'doubled', 'slow']
const steps = 40

export class History {
  readonly phones: Phone[] = []
  readonly #office: Office
  readonly #admin: Network
  #down = 0
  /** What was done, for whoever has to understand a failure. */
  readonly trace: string[] = []

  private constructor(
    private readonly school: School,
    private readonly chance: Chance,
    phones: Phone[],
    admin: Network,
  ) {
    this.phones = phones
    this.#admin = admin
    const user = (account: string): string => phones.find((phone) => phone.account === account)?.user ?? ''
    this.#office = new Office(admin, user('student'), user('guardian'))
  }

  static async begin(school: School, chance: Chance): Promise<History> {
    const accounts = {
      phone: 'student',
      tablet: 'student',
      family: 'guardian',
      desk: 'teacher',
      hall: 'direction',
      office: 'admin',
    }
    const phones = Object.entries(accounts).map(
      ([label, account]) => new Phone(label, account, school, chance),
    )
    const admin = new Network(school)
    await admin.json('/api/session', { demo: 'admin' })
    for (const phone of phones) await phone.signIn()
    const history = new History(school, chance, phones, admin)
    await history.#office.open()
    return history
  }

  async run(): Promise<void> {
    for (const phone of this.phones) if (this.chance.is(0.8)) await (await phone.tab()).sync()
    for (let i = 0; i < steps; i++) await this.#step()
    await this.#rest()
  }

  async end(): Promise<void> {
    for (const phone of this.phones) await phone.signOut()
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
    const phone = this.chance.pick(this.phones)
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
        if (this.#down === 0) await this.#office.decide(this.chance)
        return
      case 'die':
        phone.kill()
        return
      case 'forget':
        return phone.forget()
      case 'kill':
        if (this.#down > 0) return
        await this.school.kill()
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
    for (const phone of this.phones) {
      phone.kill()
      phone.network.online = true
      phone.network.troubles.length = 0
    }
    const until = Date.now() + 15_000
    for (;;) {
      await Promise.all(this.phones.map(async (phone) => (await phone.tab()).sync()))
      if ((await this.#agrees()) && (await this.#agrees())) break
      if (Date.now() > until) break
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    for (const phone of this.phones)
      this.trace.push(`${phone.label}: ${JSON.stringify((await phone.tab()).status.current)}`)
    await judge(this.phones, this.school.dump())
  }

  async #agrees(): Promise<boolean> {
    const dump = this.school.dump()
    for (const phone of this.phones) if (!matches(await phone.held(), dump)) return false
    return true
  }
}
