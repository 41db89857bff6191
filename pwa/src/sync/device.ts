/** A person's device: everything the screens may ask of it. */
import { deleteDB } from 'idb'
import { Changes, blobTopic, outTopic } from '../db/changes.ts'
import { Database, nameOf, type Cur } from '../db/database.ts'
import { live, outgoing, readOnce, type Live, type View } from '../db/view.ts'
import { DeviceFiles, type Files } from './files.ts'
import { localOf, type Local } from './local.ts'
import { Loop } from './loop.ts'
import { mutators as known, type Mutators } from './mutators.ts'
import { enqueue, outStores, waiting, type Outgoing } from './outbox.ts'
import type { ActionName, Actions } from './records.ts'
import { toWire, type Fetch, type RoundContext } from './round.ts'
import { StatusStore, type Status } from './status.ts'
import { listen } from './triggers.ts'
import { protocolVersion, schemaVersion } from './wire.ts'

export interface DeviceOptions {
  user: string
  /** The session's device id. */
  device: string
  /** Asks the server for another: this browser's database is new. */
  fresh: () => Promise<string>
  fetch?: Fetch
  now?: () => number
  random?: () => number
  mutators?: Mutators
}

export interface Device {
  readonly user: string
  readonly status: Live<Status> & { readonly current: Status }
  readonly files: Files
  readonly local: Local
  act<N extends ActionName>(
    scope: string,
    name: N,
    args: Actions[N],
    options?: { base?: number },
  ): Promise<number>
  live<T>(query: (view: View) => T | Promise<T>): Live<T>
  /** One answer, now. */
  read<T>(query: (view: View) => T | Promise<T>): Promise<T>
  outbox(): Live<Outgoing[]>
  /** Forgets an action that was refused. */
  dismiss(n: number): Promise<void>
  /** Does a refused action again, with other arguments. */
  resend(n: number, args: Record<string, unknown>): Promise<number | undefined>
  sync(): Promise<void>
  /** In a window: triggers, timers, the live channel. */
  start(): void
  close(): void
  wipe(): Promise<void>
}

/** Opens a person's data on this device, making it on the first visit. */
export async function openDevice(options: DeviceOptions): Promise<Device> {
  const device = new Engine(options)
  await device.open()
  return device
}

class Engine implements Device {
  readonly user: string
  readonly status = new StatusStore()
  readonly files: DeviceFiles
  readonly local: Local
  readonly #db: Database
  readonly #changes: Changes
  readonly #context: RoundContext
  readonly #loop: Loop
  readonly #now: () => number
  #stop: (() => void) | undefined
  #over = false

  constructor(options: DeviceOptions) {
    const {
      user,
      device,
      fetch = (path, init) => globalThis.fetch(path, init),
      now = Date.now,
      random = Math.random,
    } = options
    this.user = user
    this.#now = now
    this.#db = new Database(user)
    this.#changes = new Changes(user)
    this.files = new DeviceFiles({
      db: this.#db,
      changes: this.#changes,
      fetch,
      now,
      wake: () => void this.#loop.sync(),
    })
    this.local = localOf(this.#db)
    this.#context = {
      db: this.#db,
      user,
      fetch,
      now,
      mutators: options.mutators ?? known,
      device,
      fresh: options.fresh,
      paused: new Map(),
      batch: 50,
      pushOnly: false,
      pulls: 0,
      topics: (names) => this.#changes.touched(names),
    }
    this.#loop = new Loop({
      context: this.#context,
      status: this.status,
      flush: () => this.files.flush(),
      random,
      alone: (work) => alone(`sync:${user}`, work),
      wiped: () => this.#wiped(),
    })
  }

  async open(): Promise<void> {
    await this.#db.write(['kv'], async (tx) => {
      const kv = tx.objectStore('kv')
      const [own, given] = (await Promise.all([kv.get('device'), kv.get('given')])) as (string | undefined)[]
      const session = this.#context.device
      if (own !== undefined && (session === own || session === given)) return
      // Another session: what waits takes a name of its own before it is sent.
      await kv.delete('device')
      await kv.put(session, 'given')
    })
    this.#changes.listen((word) => {
      if (word.kind === 'wiped') this.#end('wiped')
      else if (word.kind === 'changed' && word.topics.some((name) => name === outTopic || name === blobTopic))
        void this.#count()
    })
    await this.#count()
  }

  async act<N extends ActionName>(
    scope: string,
    name: N,
    args: Actions[N],
    { base }: { base?: number } = {},
  ): Promise<number> {
    const act = { scope, name, args: args as Record<string, unknown>, at: this.#now(), base }
    const { n, topics } = await this.#db.write([...outStores], (tx) =>
      enqueue(tx, act, this.#context.mutators, this.user),
    )
    this.#changes.touched([...topics, outTopic, blobTopic])
    void this.#loop.sync()
    return n
  }

  live<T>(query: (view: View) => T | Promise<T>): Live<T> {
    return live(this.#db, this.#changes, query)
  }

  async read<T>(query: (view: View) => T | Promise<T>): Promise<T> {
    return (await readOnce(this.#db, query)).value
  }

  outbox(): Live<Outgoing[]> {
    return this.live((view) => view.outbox())
  }

  async dismiss(n: number): Promise<void> {
    await this.#db.write(['out'], async (tx) => {
      const out = await tx.objectStore('out').get(n)
      if (out?.state === 'refused') await tx.objectStore('out').delete(n)
    })
    this.#changes.touched([outTopic])
  }

  async resend(n: number, args: Record<string, unknown>): Promise<number | undefined> {
    const refused = await this.#db.read(['out'], (tx) => tx.objectStore('out').get(n))
    if (refused?.state !== 'refused') return undefined
    const act = { scope: refused.s, name: refused.name as ActionName, args, at: this.#now() }
    const made = await this.#db.write([...outStores], async (tx) => {
      await tx.objectStore('out').delete(n)
      return enqueue(tx, act, this.#context.mutators, this.user)
    })
    this.#changes.touched([...made.topics, outTopic])
    void this.#loop.sync()
    return made.n
  }

  sync(): Promise<void> {
    return this.#loop.retry()
  }

  start(): void {
    this.#stop ??= listen({
      loop: this.#loop,
      behind: (poke) => this.#behind(poke),
      parting: () => this.#parting(),
    })
  }

  close(): void {
    this.#stop?.()
    this.#stop = undefined
    this.#loop.stop()
    this.#changes.close()
    this.#db.close()
  }

  async wipe(): Promise<void> {
    this.#changes.tell({ kind: 'wiped' })
    this.close()
    await deleteDB(nameOf(this.user))
  }

  /** The server says so: this device was revoked. */
  async #wiped(): Promise<void> {
    await this.wipe()
    this.#end('wiped')
  }

  #end(problem: 'wiped'): void {
    if (this.#over) return
    this.#over = true
    this.close()
    this.status.set({ problem, pending: 0, refused: 0, uploads: 0 })
  }

  async #count(): Promise<void> {
    const counts = await this.#db
      .read(['out', 'blob'], async (tx) => {
        const all = (await tx.objectStore('out').getAll()).map(outgoing)
        const states = await Promise.all(
          (['waiting', 'sending'] as const).map((state) =>
            tx.objectStore('blob').index('state').count(state),
          ),
        )
        const pending = all.filter((out) => out.state === 'waiting').length
        return { pending, refused: all.length - pending, uploads: states.reduce((sum, n) => sum + n, 0) }
      })
      .catch(() => undefined)
    if (counts) this.status.set(counts)
  }

  async #behind(poke: Record<string, number>): Promise<boolean> {
    const cursors = await this.#db.read(
      ['cur'],
      async (tx) => (await tx.objectStore('cur').getAll()) as Cur[],
    )
    const held = new Map(cursors.map((cur) => [cur.s, cur.hi]))
    const named = Object.entries(poke)
    return named.length === 0 || named.some(([scope, head]) => head > (held.get(scope) ?? -1))
  }

  /** The page is being left: the first of what waits goes in a request that outlives it. */
  async #parting(): Promise<void> {
    const { first, own } = await this.#db.read(['out', 'kv'], async (tx) => ({
      first: (await waiting(tx)).slice(0, 20),
      own: (await tx.objectStore('kv').get('device')) as string | undefined,
    }))
    if (first.length === 0 || own === undefined) return
    const mutations = first.map(toWire)
    const body = JSON.stringify({ v: protocolVersion, schema: schemaVersion, device: own, mutations })
    if (body.length > 60_000) return
    // Its answer is not read: the next round finds what was done.
    await this.#context
      .fetch('/api/sync', {
        method: 'POST',
        credentials: 'same-origin',
        keepalive: true,
        headers: { 'Content-Type': 'application/json' },
        body,
      })
      .catch(() => undefined)
  }
}

/** One sender at a time per browser. Without locks two may send: the server's lanes make that harmless. */
async function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
  const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks
  return locks ? ((await locks.request(name, work)) as T) : work()
}
