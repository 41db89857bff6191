// Random lives of a device against a server that is lost, doubled, cut, busy
// and restored, and that gives and takes scopes. Whatever happens: nothing
// the person did is lost or done twice, and in the end both sides are equal.
import 'fake-indexeddb/auto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openDevice, type Device } from './index.ts'
import { ModelServer, type Weather } from './modelserver.ts'
import type { Mutators } from './mutators.ts'

const scopes = ['user:u', 'class:5b', 'student:s1'] as const
type ScopeName = (typeof scopes)[number]

type Step =
  | { do: 'act'; scope: ScopeName; bad: boolean; tab: 0 | 1 }
  | { do: 'sync'; tab: 0 | 1; weather: Weather[] }
  | { do: 'commit'; scope: ScopeName; id: number; deleted: boolean }
  | { do: 'revoke' | 'grant'; scope: ScopeName }
  | { do: 'restore' | 'rename' | 'restart' }

const weather = fc.constantFrom<Weather>(
  'fine',
  'fine',
  'never-arrives',
  'answer-lost',
  'answer-cut',
  'doubled',
  'busy',
  'too-large',
  'malformed',
  'wait',
)
const scope = fc.constantFrom(...scopes)
const tab = fc.constantFrom<0 | 1>(0, 0, 1)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('act' as const), scope, bad: fc.boolean(), tab }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('sync' as const),
      tab,
      weather: fc.array(weather, { maxLength: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('commit' as const),
      scope,
      id: fc.integer({ min: 0, max: 9 }),
      deleted: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('revoke' as const, 'grant' as const), scope }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('restore' as const, 'rename' as const, 'restart' as const) }),
  },
)

/** One action of the model: it puts a record under its own id. */
const mutators: Mutators = {
  'homework.give@1': async (tx, args, { scope }) => tx.put(scope, 'homework', String(args['id']), args),
}

let lives = 0

class Life {
  readonly server = new ModelServer()
  readonly user = `life-${String(lives++)}`
  readonly done: { id: string; scope: ScopeName; n: number }[] = []
  readonly #tabs: (Device | undefined)[] = [undefined, undefined]
  #names = 1

  constructor() {
    for (const name of scopes) this.server.grant(name)
  }

  async tab(i: 0 | 1): Promise<Device> {
    return (this.#tabs[i] ??= await openDevice({
      user: this.user,
      device: this.server.device,
      fresh: () => Promise.resolve((this.server.device = `d_${String(++this.#names)}`)),
      fetch: (path, init) => this.server.answer(path, init),
      random: () => 1,
      mutators,
    }))
  }

  close(): void {
    for (const device of this.#tabs.splice(0, 2, undefined, undefined)) device?.close()
  }

  async run(one: Step): Promise<void> {
    switch (one.do) {
      case 'act': {
        const id = `${one.bad ? 'bad' : 'act'}-${String(this.done.length)}`
        const device = await this.tab(one.tab)
        this.done.push({
          id,
          scope: one.scope,
          n: await device.act(one.scope, 'homework.give@1', { id } as never),
        })
        return
      }
      case 'sync':
        this.server.weather = [...one.weather]
        return (await this.tab(one.tab)).sync()
      case 'commit':
        return this.server.commit(
          one.scope,
          `h${String(one.id)}`,
          one.deleted ? 0 : { title: `titre ${String(Math.random())}` },
        )
      case 'revoke':
        this.server.granted.delete(one.scope)
        return
      case 'grant':
        return this.server.grant(one.scope)
      case 'restore':
        return this.server.restore()
      case 'rename':
        this.server.device = `d_${String(++this.#names)}`
        return
      case 'restart':
        return this.close()
    }
  }

  /** The network is fine from now on: everything settles in a bounded number of rounds. */
  async settle(): Promise<Device> {
    this.server.weather = []
    const device = await this.tab(0)
    for (let i = 0; i < 12; i++) await device.sync()
    return device
  }
}

async function held(device: Device, name: string): Promise<unknown[]> {
  const rows = await device.read((view) => view.list(name, 'homework'))
  return rows
    .map((row) => [row.seq, row.type, row.id, row.value])
    .sort((a, b) => (String(a[2]) < String(b[2]) ? -1 : 1))
}

test(
  'C1–C5: nothing lost, nothing doubled, both sides equal, whatever happens',
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
        const life = new Life()
        try {
          for (const one of steps) await life.run(one)
          const device = await life.settle()
          expect(device.status.current).toMatchObject({ pending: 0, problem: undefined })

          for (const name of scopes) {
            const wanted = life.server.granted.has(name) ? life.server.live(name) : []
            expect([name, await held(device, name)]).toEqual([name, wanted])
          }

          expect(new Set(life.server.applied).size).toBe(life.server.applied.length)
          const refused = new Map(
            (await device.read((view) => view.outbox())).map((out) => [String(out.args['id']), out]),
          )
          for (const { id } of life.done) {
            const fates = [life.server.applied.includes(id), refused.has(id)].filter(Boolean)
            if (id.startsWith('bad')) expect([id, refused.get(id)?.state]).toEqual([id, 'refused'])
            else expect([id, fates.length >= 1]).toEqual([id, true])
          }
        } finally {
          life.close()
        }
      }),
      { numRuns: Number(process.env['PREAU_LIVES'] ?? 150) },
    )
  },
)
