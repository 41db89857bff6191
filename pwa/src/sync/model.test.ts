// Random lives of a device of two tabs against a server that is lost, doubled,
// cut, busy and restored, that gives and takes scopes, in a browser that drops
// connections, runs out of space and throws databases away. At every moment
// nothing the person did is lost; in the end both sides are equal.
import 'fake-indexeddb/auto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nameOf } from '../db/database.ts'
import { Browser, type Fault } from './browser.ts'
import { openDevice, type Device } from './index.ts'
import { ModelServer, type Weather } from './modelserver.ts'
import type { Mutators } from './mutators.ts'

const scopes = ['user:u', 'class:5b', 'student:s1'] as const
type ScopeName = (typeof scopes)[number]
type Tab = 0 | 1

type Step =
  | { do: 'act'; scope: ScopeName; bad: boolean; tab: Tab }
  | { do: 'sync' | 'leave'; tab: Tab; weather: Weather[] }
  | { do: 'race'; weather: Weather[]; between: Step[] }
  | { do: 'commit'; scope: ScopeName; id: number; deleted: boolean }
  | { do: 'revoke' | 'grant'; scope: ScopeName }
  | { do: 'fault'; faults: Fault[] }
  | { do: 'backup' | 'restore' | 'rename' | 'restart' | 'sleep' | 'evict' | 'lose' }

const weathers: Weather[] = [
  'fine',
  'never-arrives',
  'answer-lost',
  'answer-cut',
  'doubled',
  'slow',
  'busy',
  'too-many',
  'behind',
  'too-large',
  'malformed',
  'nonsense',
  'wait',
]
const weather = fc.array(fc.constantFrom('fine' as const, 'slow' as const, ...weathers), { maxLength: 4 })
const scope = fc.constantFrom(...scopes)
const tab = fc.constantFrom<Tab>(0, 0, 1)
const faults = fc.array(fc.constantFrom<Fault>('closed', 'abort', 'full'), { minLength: 1, maxLength: 2 })
const is = <S extends string>(...names: S[]): fc.Arbitrary<S> => fc.constantFrom(...names)
/** What others do, at any moment. */
const event: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: is('commit'), scope, id: fc.nat(9), deleted: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: is('revoke', 'grant'), scope }) },
  { weight: 1, arbitrary: fc.record({ do: is('backup', 'restore', 'rename') }) },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: is('act'), scope, bad: fc.boolean(), tab }) },
  { weight: 5, arbitrary: fc.record({ do: is('sync', 'leave'), tab, weather }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: is('race'), weather, between: fc.array(event, { maxLength: 3 }) }),
  },
  { weight: 6, arbitrary: event },
  { weight: 2, arbitrary: fc.record({ do: is('fault'), faults }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: is('restart', 'sleep', 'evict', 'lose') }),
  },
)

/** One action of the model: it puts a record under its own id. */
const mutators: Mutators = {
  'homework.give@1': async (tx, args, { scope }) => tx.put(scope, 'homework', String(args['id']), args),
}

let lives = 0

class Life {
  readonly server = new ModelServer()
  readonly browser = new Browser()
  readonly user = `life-${String(lives++)}`
  readonly done: { id: string; scope: ScopeName }[] = []
  readonly #tabs: (Device | undefined)[] = [undefined, undefined]
  /** Nothing was taken away so far: what the person has seen stays on the screen. */
  steady = true
  #names = 1
  #acts = 0
  #seed = 1

  constructor() {
    for (const name of scopes) this.server.grant(name)
  }

  async tab(i: Tab): Promise<Device> {
    return (this.#tabs[i] ??= await openDevice({
      user: this.user,
      device: this.server.device,
      fresh: () => Promise.resolve(this.#rename()),
      fetch: (path, init) => this.server.answer(path, init),
      random: () => (this.#seed = (this.#seed * 16807) % 2147483647) / 2147483647 / 10,
      mutators,
      indexedDB: this.browser.indexedDB,
    }))
  }

  close(): void {
    for (const device of this.#tabs.splice(0, 2, undefined, undefined)) device?.close()
  }

  async run(one: Step): Promise<void> {
    switch (one.do) {
      case 'act':
        return this.#act(one.scope, one.bad, one.tab)
      case 'sync':
        this.server.weather = [...one.weather]
        return (await this.tab(one.tab)).sync()
      case 'leave': {
        this.server.weather = [...one.weather]
        const round = (await this.tab(one.tab)).sync()
        this.close()
        return round
      }
      case 'race': {
        this.server.weather = ['slow', ...one.weather]
        const rounds = [(await this.tab(0)).sync()]
        await new Promise((resolve) => setTimeout(resolve, 2))
        for (const event of one.between) await this.run(event)
        rounds.push((await this.tab(1)).sync())
        await Promise.all(rounds)
        return
      }
      case 'commit':
        this.server.commit(
          one.scope,
          `h${String(one.id)}`,
          one.deleted ? 0 : { title: String(this.#names++) },
        )
        return
      case 'revoke':
        this.steady = false
        this.server.granted.delete(one.scope)
        return
      case 'grant':
        this.server.grant(one.scope)
        return
      case 'fault':
        this.browser.fail(...one.faults)
        return
      case 'backup':
        this.server.backup()
        return
      case 'restore':
        this.steady = false
        this.server.restore()
        return
      case 'rename':
        this.#rename()
        return
      case 'restart':
        this.close()
        return
      case 'sleep':
        this.browser.sleep()
        return
      case 'evict': {
        // One tab, so that it knows all; what waits comes back from its memory.
        this.#tabs.splice(1, 1, undefined)[0]?.close()
        const device = await this.tab(0)
        await device.sync()
        this.steady = false
        await this.browser.evict(nameOf(this.user))
        return device.sync()
      }
      case 'lose':
        // The app was closed: what had not been sent is lost, and nothing else.
        this.close()
        this.steady = false
        await this.browser.evict(nameOf(this.user))
        this.#forget()
    }
  }

  #rename(): string {
    return (this.server.device = `d_${String(++this.#names)}`)
  }

  async #act(name: ScopeName, bad: boolean, at: Tab): Promise<void> {
    const id = `${bad ? 'bad' : 'act'}-${String(this.#acts++)}`
    const device = await this.tab(at)
    try {
      await device.act(name, 'homework.give@1', { id } as never)
      this.done.push({ id, scope: name })
    } catch (fault) {
      // A device that cannot write says so, and has done nothing.
      expect((fault as Error).name).toMatch(/QuotaExceeded|InvalidState|Abort/)
    }
  }

  #forget(): void {
    const kept = this.done.filter(({ id }) => this.server.applied.includes(id))
    this.done.splice(0, Infinity, ...kept)
  }

  /** At every moment each action is done, waits, or was given back; what waits is on the screen. */
  async look(): Promise<void> {
    this.browser.heal()
    const device = await this.tab(0)
    const [out, ...shown] = await device.read((view) =>
      Promise.all([view.outbox(), ...scopes.map((name) => view.list(name, 'homework'))] as const),
    )
    const values = new Map(shown.flat().map((row) => [`${row.scope} ${row.id}`, row.value]))
    const states = new Map(out.map((one) => [String(one.args['id']), one.state]))
    for (const { id, scope: name } of this.done) {
      const safe = states.has(id) || this.server.applied.includes(id) || this.server.forgotten.has(id)
      expect([id, safe]).toEqual([id, true])
      const isShown = !id.startsWith('bad') && (states.get(id) === 'waiting' || this.steady)
      if (!isShown) continue
      expect([id, values.get(`${name} ${id}`)]).toEqual([id, { id }])
    }
  }

  /** The network is fine from now on: everything settles in a bounded number of rounds. */
  async settle(): Promise<Device> {
    this.server.weather = []
    this.browser.heal()
    const device = await this.tab(0)
    for (let i = 0; i < 4; i++) await device.sync()
    return device
  }
}

async function held(device: Device, name: string): Promise<unknown[]> {
  const types = ['homework', '_lane' as 'homework'] as const
  const rows = await device.read(async (view) =>
    (await Promise.all(types.map((type) => view.list(name, type)))).flat(),
  )
  return rows
    .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : a.type < b.type ? -1 : 1))
    .map((row) => [row.seq, row.type, row.id, row.value])
}

async function live(page: number, steps: Step[]): Promise<void> {
  const life = new Life()
  life.server.page = page
  try {
    for (const one of steps) {
      await life.run(one)
      await life.look()
    }
    const device = await life.settle()
    expect(device.status.current).toMatchObject({ pending: 0, problem: undefined, updating: false })
    expect(life.server.mismatches).toBe(0)
    for (const name of scopes) {
      const wanted = life.server.granted.has(name) ? life.server.live(name) : []
      expect([name, await held(device, name)]).toEqual([name, wanted])
    }
    expect(new Set(life.server.applied).size).toBe(life.server.applied.length)
    const refused = new Set((await device.read((view) => view.outbox())).map((out) => String(out.args['id'])))
    for (const { id } of life.done) {
      if (id.startsWith('bad'))
        expect([id, refused.has(id) || life.server.forgotten.size > 0]).toEqual([id, true])
    }
    await life.look()
  } finally {
    life.close()
  }
}

test('nothing lost, nothing doubled, both sides equal, whatever happens', { timeout: 900_000 }, async () => {
  const seed = Number(process.env['PREAU_SEED'] ?? Date.now() % 2 ** 31)
  const numRuns = Number(process.env['PREAU_LIVES'] ?? 300)
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(step, { minLength: 1, maxLength: 40 }), live),
    { numRuns, seed },
  )
})
