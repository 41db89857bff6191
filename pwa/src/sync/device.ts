/** A person's device: everything the screens may ask of it. */
import { Changes, blobTopic, outTopic } from '../db/changes.ts'
import { Database, nameOf, stores, type Out, type Store, type Tx } from '../db/database.ts'
import { live, readOnce, type Live, type View } from '../db/view.ts'
import { Courier } from './courier.ts'
import { DeviceFiles, type Files } from './files.ts'
import { Live as LiveChannel, tabName, type Stream } from './live.ts'
import { talk } from './late.ts'
import { localOf, type Local } from './local.ts'
import { alone } from './lock.ts'
import { Loop } from './loop.ts'
import type { Mutators } from './mutators.ts'
import { deviceOf, enqueue, pulledIn, shasIn, type Act, type Enqueued, type Outgoing } from './outbox.ts'
import { rebase } from './overlay.ts'
import { dropFile, ownShas } from './pieces.ts'
import type { ActionName, Actions } from './records.ts'
import { parting } from './request.ts'
import { StatusStore, type Problem, type Status } from './status.ts'
import { deflating, type Fetch } from './transport.ts'
import { listen } from './triggers.ts'

export interface DeviceOptions {
  user: string
  /** The session's device id. A database that has one of its own keeps that until the server objects. */
  device: string
  /** Asks the server for another device id: POST /api/session/device. */
  fresh: () => Promise<string>
  fetch?: Fetch
  now?: () => number
  random?: () => number
  mutators?: Mutators
  indexedDB?: IDBFactory
  locks?: LockManager
  /** Opens the live channel. */
  connect?: (path: string) => Stream
  /** Name of the database and of the channel between tabs. */
  name?: string
}

export interface Device {
  readonly user: string
  readonly status: Live<Status> & { readonly current: Status }
  readonly files: Files
  readonly local: Local
  /** Does something: on the screen at once, sent when it can be. Resolves when it is on disk. */
  act<N extends ActionName>(
    scope: string,
    name: N,
    args: Actions[N],
    options?: { base?: number },
  ): Promise<number>
  /** Follows a scope from now on that is had only for the asking. */
  follow(scope: string): Promise<void>
  live<T>(query: (view: View) => T | Promise<T>): Live<T>
  /** One answer, now. */
  read<T>(query: (view: View) => T | Promise<T>): Promise<T>
  outbox(): Live<Outgoing[]>
  /** Forgets an action that was refused, and the files that only it named. */
  dismiss(n: number): Promise<void>
  /** Does a refused action again, with other arguments. */
  resend(n: number, args: Record<string, unknown>): Promise<number | undefined>
  sync(): Promise<void>
  /** In a window: triggers, timers, the live channel. */
  start(): void
  close(): void
  wipe(): Promise<void>
}

/** Files that no record shows are with the server for a week. */
const forgotten = 6 * 86_400_000

/** Notes an action within a transaction. */
type Note = (tx: Tx<'readwrite'>, act: Act) => Promise<Enqueued>

/** What an action changes. */
const acting: Store[] = ['out', 'kv', 'rec', 'cur', 'ovl', 'blob']

/** As much as a request that outlives its page may carry. */
const partingBytes = 60_000

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
  readonly #fetch: Fetch
  readonly #now: () => number
  /** None where they do not come: an action is kept all the same, and shows with the server's answer. */
  readonly #mutators: () => Promise<Mutators | undefined>
  #had: Mutators | undefined
  readonly #loop: Loop
  readonly #courier: Courier
  readonly #live: LiveChannel
  #stop: (() => void) | undefined
  /** The outbox as last read, in case the page is left or the browser throws the database away. */
  #mirror: { device: string | undefined; out: Out[] } = { device: undefined, out: [] }

  constructor(options: DeviceOptions) {
    const { user, name = nameOf(user), now = Date.now, random = Math.random } = options
    const fetch = options.fetch ?? deflating((path, init) => globalThis.fetch(path, init))
    const connect = options.connect ?? ((path: string) => new EventSource(path))
    const locks = options.locks ?? (globalThis.navigator as Partial<Navigator> | undefined)?.locks
    const db = new Database(name, options.indexedDB)
    const changes = new Changes(name)
    const shared = { db, changes, user, fetch, now, random }
    this.user = user
    this.#db = db
    this.#changes = changes
    this.#fetch = fetch
    this.#now = now
    this.#had = options.mutators
    this.#mutators = async () => (this.#had ??= (await Promise.race([talk(), patience()]))?.mutators)
    this.#courier = new Courier({ ...shared, alone: (work) => alone(locks, `${name}:files`, work) })
    this.files = new DeviceFiles({ ...shared, courier: this.#courier })
    this.local = localOf(db)
    const rounding = {
      ...shared,
      device: options.device,
      fresh: options.fresh,
      changed: (topics: Iterable<string>) => changes.touched(topics),
      pulled: (at: number) => changes.tell({ kind: 'synced', at }),
    }
    this.#loop = new Loop({
      rounds: async () => {
        const parts = await talk()
        return parts && new parts.Rounds({ ...rounding, mutators: options.mutators ?? parts.mutators })
      },
      status: this.status,
      now,
      random,
      alone: (work) => alone(locks, `${name}:sync`, work),
      reached: () => void this.#transfer(),
      wiped: () => this.wipe(),
    })
    this.#live = new LiveChannel({
      ...shared,
      connect,
      tab: tabName(random),
      pull: () => void this.#loop.sync(),
    })
  }

  async open(): Promise<void> {
    this.#db.events.deleted = () => this.#end('wiped')
    this.#db.events.full = () => this.files.evict(0)
    this.#db.events.evicted = () => this.#restore()
    this.#changes.listen((word) => {
      if (word.kind === 'wiped') this.#end('wiped')
      else if (word.kind === 'synced') this.status.set({ lastSync: word.at })
      else if (word.topics.some((name) => name === outTopic || name === blobTopic)) void this.#count()
    })
    await this.#count()
    this.status.set({ lastSync: await this.#db.read(['kv'], pulledIn) })
  }

  async act<N extends ActionName>(
    scope: string,
    name: N,
    args: Actions[N],
    { base }: { base?: number } = {},
  ): Promise<number> {
    const act = { scope, name, args: args as Record<string, unknown>, at: this.#now(), base }
    return this.#enqueue((tx, note) => note(tx, act))
  }

  async follow(scope: string): Promise<void> {
    const isNew = await this.#db.write(['cur'], async (tx) => {
      if (await tx.objectStore('cur').get(scope)) return false
      await tx.objectStore('cur').put({ s: scope, e: 0, hi: 0, lo: 0, g: 0, title: '' })
      return true
    })
    if (isNew) await this.#loop.sync()
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
    await this.#db.write(['out', 'blob', 'piece', 'rec'], async (tx) => {
      const out = await tx.objectStore('out').get(n)
      if (out?.state !== 'refused') return
      await tx.objectStore('out').delete(n)
      await dropUnneeded(tx, shasIn(out.args))
    })
    this.#changes.touched([outTopic, blobTopic])
  }

  async resend(n: number, args: Record<string, unknown>): Promise<number | undefined> {
    const refused = await this.#db.read(['out'], (tx) => tx.objectStore('out').get(n))
    if (refused?.state !== 'refused') return undefined
    return this.#enqueue(async (tx, note) => {
      await tx.objectStore('out').delete(n)
      if (this.#now() - refused.at > forgotten) await sendAnew(tx, shasIn(args))
      return note(tx, { scope: refused.s, name: refused.name, args, at: this.#now() })
    })
  }

  async sync(): Promise<void> {
    await this.#loop.retry()
    await this.#count()
  }

  start(): void {
    this.#stop ??= listen({
      loop: this.#loop,
      live: this.#live,
      parting: () => this.#parting(),
      offline: () => this.status.set({ online: false }),
    })
  }

  close(): void {
    this.#stop?.()
    this.#stop = undefined
    this.#loop.stop()
    this.#courier.stop()
    this.#changes.close()
    this.#db.close()
  }

  async wipe(): Promise<void> {
    this.#changes.tell({ kind: 'wiped' })
    this.#end('wiped')
    await this.#db.delete()
  }

  /** It is on disk first; where what shows it is not had yet, it shows a moment later. */
  async #enqueue(work: (tx: Tx<'readwrite'>, note: Note) => Promise<Enqueued>): Promise<number> {
    const mutators = this.#had
    const note: Note = (tx, act) => enqueue(tx, act, mutators, this.user)
    const { n, topics } = await this.#db.write(acting, (tx) => work(tx, note))
    this.#changes.touched([...topics, outTopic, blobTopic])
    if (!mutators) await this.#show()
    await this.#count()
    void this.#loop.sync()
    return n
  }

  /** Shows what was done before there was something to show it with. */
  async #show(): Promise<void> {
    const mutators = await this.#mutators()
    if (mutators) this.#changes.touched(await this.#db.write(acting, (tx) => rebase(tx, mutators, this.user)))
  }

  /** Files go after words: they may take long. */
  async #transfer(): Promise<void> {
    await this.#courier.run()
    if (!this.#db.closed) await this.files.fetchWanted().catch(() => undefined)
  }

  #end(problem: Problem): void {
    if (this.#db.closed && this.status.current.problem === problem) return
    this.close()
    this.status.set({ problem, pending: 0, refused: 0, uploads: 0 })
  }

  async #count(): Promise<void> {
    const read = this.#db.read(['out', 'blob', 'kv'], async (tx) => {
      const out = await tx.objectStore('out').getAll()
      const files = tx.objectStore('blob').index('state')
      const uploads = (await files.count('waiting')) + (await files.count('sending'))
      return { device: await deviceOf(tx), out, uploads }
    })
    const found = await read.catch(() => undefined)
    if (!found) return
    this.#mirror = found
    const count = (state: Out['state']): number => found.out.filter((out) => out.state === state).length
    this.status.set({ pending: count('waiting'), refused: count('refused'), uploads: found.uploads })
  }

  /** The browser threw the database away while it was in use: what the person did comes back from memory. */
  async #restore(): Promise<void> {
    const { out } = this.#mirror
    await this.#db.write(stores, async (tx) => {
      for (const one of out) if (one.state !== 'sent') await putBack(tx, one)
    })
    this.#changes.touched([outTopic])
    await this.#show()
    void this.#loop.sync()
  }

  /** The first of what waits goes in a request that outlives the page. Its answer is found by the next round. */
  #parting(): void {
    const { device, out } = this.#mirror
    const waits = out.filter((one) => one.state === 'waiting')
    const init = device === undefined ? undefined : parting(device, waits, partingBytes)
    if (init) this.#fetch('/api/sync', init).catch(() => undefined)
  }
}

/** On a line that says nothing, what talks with the server may be long in coming. */
const patience = () => new Promise<undefined>((tired) => setTimeout(tired, 2000))

/** Under its old number, unless another action has taken it since. */
async function putBack(tx: Tx<'readwrite'>, out: Out): Promise<void> {
  const { n, ...rest } = out
  const isTaken = (await tx.objectStore('out').getKey(n)) !== undefined
  await tx.objectStore('out').put(isTaken ? (rest as Out) : out)
}

/** The server may have given up what this device sent. */
async function sendAnew(tx: Tx<'readwrite'>, shas: string[]): Promise<void> {
  for (const sha of shas) {
    const file = await tx.objectStore('blob').get(sha)
    if (file?.use && file.state === 'sent')
      await tx.objectStore('blob').put({ ...file, state: 'waiting', sent: 0 })
  }
}

/** Deletes files that the server does not have and nothing names any more. */
async function dropUnneeded(tx: Tx<'readwrite'>, shas: string[]): Promise<void> {
  const left = (await tx.objectStore('out').getAll()).map((out) => out.args)
  const copies = (await tx.objectStore('rec').index('type').getAll('submission')).map((rec) => rec.v)
  const needed = new Set(shasIn([left, copies, [...(await ownShas(tx))]]))
  for (const sha of shas) {
    const file = await tx.objectStore('blob').get(sha)
    if (file && file.state !== 'sent' && !needed.has(sha)) await dropFile(tx, sha)
  }
}
