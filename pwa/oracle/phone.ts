/** A person's browser: one or two tabs on one database, and what was done in them. */
import { IDBFactory } from 'fake-indexeddb'
import { Database, stores, type Cur, type Out, type Rec, type Stored } from '../src/db/database.ts'
import { deflating } from '../src/sync/transport.ts'
import { openDevice, type ActionName, type Actions, type Device } from '../src/sync/index.ts'
import type { Chance } from './chance.ts'
import { Network } from './network.ts'

export interface Identity {
  user: string
  device: string
  roles: string[]
  school: string
}

/** Something a person did, as the test remembers it. */
export interface Deed {
  n: number
  scope: string
  name: ActionName
  args: Record<string, unknown>
}

export interface Held {
  rec: Rec[]
  cur: Cur[]
  out: Out[]
  blob: Stored[]
  overlay: number
}

export class Phone {
  readonly network: Network
  /** What must still be accounted for. */
  readonly deeds: Deed[] = []
  /** How often something was done in a scope, ever. */
  readonly acted = new Map<string, number>()
  identity: Identity = { user: '', device: '', roles: [], school: '' }
  #factory = new IDBFactory()
  readonly #tabs: (Device | undefined)[] = []

  constructor(
    readonly label: string,
    readonly account: string,
    server: { readonly url: string },
    private readonly chance: Chance,
  ) {
    this.network = new Network(server)
  }

  async signIn(): Promise<void> {
    this.identity = await this.network.json<Identity>('/api/session', { demo: this.account })
  }

  /** Leaves the account as it was: it may have only so many devices. */
  async signOut(): Promise<void> {
    this.kill()
    const { device } = await this.network.json<{ device: string }>('/api/session')
    for (const name of [...this.network.devices].filter((name) => name !== device))
      await this.network.fetch(`/api/devices/${name}`, { method: 'DELETE' })
    await this.network.fetch('/api/session', { method: 'DELETE' })
  }

  get user(): string {
    return this.identity.user
  }

  async tab(i = 0): Promise<Device> {
    const open = (this.#tabs[i] ??= await openDevice({
      user: this.user,
      device: this.identity.device,
      fresh: () => this.#fresh(),
      fetch: deflating(this.network.fetch),
      indexedDB: this.#factory,
      random: this.chance.next,
      name: this.#name,
    }))
    return open
  }

  async act<N extends ActionName>(
    tab: number,
    scope: string,
    name: N,
    args: Actions[N],
    base?: number,
  ): Promise<void> {
    const device = await this.tab(tab)
    const n = await device.act(scope, name, args, base === undefined ? {} : { base })
    this.acted.set(scope, (this.acted.get(scope) ?? 0) + 1)
    this.deeds.push({ n, scope, name, args: args as Record<string, unknown> })
  }

  /** The browser is killed: nothing is said to anyone. */
  kill(): void {
    for (const device of this.#tabs.splice(0)) device?.close()
  }

  /** The browser loses all that it kept: what was not sent, and what came back. */
  async forget(): Promise<void> {
    this.kill()
    const { out } = await this.held()
    this.#factory = new IDBFactory()
    const lost = new Set(out.filter((one) => one.state !== 'sent').map((one) => one.n))
    const kept = this.deeds.filter((deed) => !lost.has(deed.n))
    // Numbers of actions begin again with the database.
    this.deeds.splice(0, Infinity, ...kept.map((deed) => ({ ...deed, n: -1 })))
  }

  /** All that the database holds. */
  async held(): Promise<Held> {
    const db = new Database(this.#name, this.#factory)
    try {
      return await db.read(stores, async (tx) => ({
        rec: await tx.objectStore('rec').getAll(),
        cur: await tx.objectStore('cur').getAll(),
        out: await tx.objectStore('out').getAll(),
        blob: await tx.objectStore('blob').getAll(),
        overlay: await tx.objectStore('ovl').count(),
      }))
    } finally {
      db.close()
    }
  }

  get #name(): string {
    return `preau:${this.user}:${this.label}:${String(this.chance.seed)}`
  }

  async #fresh(): Promise<string> {
    const response = await this.network.fetch('/api/session/device', { method: 'POST' })
    if (!response.ok) throw new Error(`no fresh device: ${String(response.status)}`)
    const { device } = (await response.json()) as { device: string }
    return device
  }
}
