// What a device does about each thing that a server may say, and when.
import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openDevice, type Device, type DeviceOptions } from './index.ts'
import type { MutationWire, RequestWire } from './wire.ts'

type Handler = (request: RequestWire) => Response

const json = (body: unknown, status = 200, headers = {}): Response =>
  new Response(JSON.stringify(body), { status, headers })
const fault = (status: number, code: string, rest = {}, headers = {}): Response =>
  json({ error: { code, message: '', ...rest } }, status, headers)

/** Every mutation is done; nothing is new. */
const fine: Handler = ({ mutations = [] }) =>
  mutations.length > 0 ? json({ results: mutations.map(done) }) : new Response(null, { status: 204 })
const done = ({ scope, k }: MutationWire) => ({ scope, k, ok: true, seq: k })

class Script {
  readonly seen: RequestWire[] = []
  readonly sent: RequestInit[] = []
  readonly next: Handler[] = []
  now = Date.parse('2026-11-24T08:00:00Z')
  names = 0

  answer = (path: string, init: RequestInit): Promise<Response> => {
    if (path !== '/api/sync') return Promise.resolve(new Response(null, { status: 404 }))
    const request = JSON.parse(init.body as string) as RequestWire
    this.seen.push(request)
    this.sent.push(init)
    return Promise.resolve((this.next.shift() ?? fine)(request))
  }

  get mutations(): MutationWire[] {
    return this.seen.flatMap((request) => request.mutations ?? [])
  }
}

let people = 0
const opened: Device[] = []

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
})

afterEach(() => {
  for (const device of opened.splice(0)) device.close()
  vi.useRealTimers()
})

async function open(script: Script, options: Partial<DeviceOptions> = {}): Promise<Device> {
  const device = await openDevice({
    user: `round-${String(people++)}`,
    device: 'd_0',
    fresh: () => Promise.resolve(`d_${String(++script.names)}`),
    fetch: script.answer,
    now: () => script.now,
    random: () => 0.5,
    indexedDB: new IDBFactory(),
    ...options,
  })
  opened.push(device)
  return device
}

const tick = (homework: string) => ({ homework, student: 's1', done: true, shared: false })
const act = (device: Device, homework = 'h1') => device.act('user:u', 'homework.tick@1', tick(homework))
const outbox = (device: Device) => device.read((view) => view.outbox())

/** Lets promises and the database do their work. */
async function settle(): Promise<void> {
  for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve))
}

async function pass(script: Script, ms: number): Promise<void> {
  await settle()
  for (let left = ms; left > 0; left -= 1000) {
    script.now += Math.min(left, 1000)
    await vi.advanceTimersByTimeAsync(Math.min(left, 1000))
    await settle()
  }
}

describe('too much at once', () => {
  test('is sent in smaller parts, and what is too much alone goes back to its author', async () => {
    const script = new Script()
    const device = await open(script)
    const limit: Handler = (request) => {
      const bad = request.mutations?.some((one) => one.args['homework'] === 'h2')
      return bad ? fault(413, 'too_large') : fine(request)
    }
    script.next.push(...Array<Handler>(20).fill(limit))
    await Promise.all(['h1', 'h2', 'h3'].map((homework) => act(device, homework)))
    await settle()
    await device.sync()
    expect(await outbox(device)).toMatchObject([
      { state: 'refused', error: { code: 'too_large' }, args: tick('h2') },
    ])
    // The lane has no hole: what came after took the number.
    const last = script.mutations.filter((one) => one.args['homework'] === 'h3').at(-1)
    expect(last?.k).toBe(2)
    // Whether one alone is to blame is asked without a pull.
    const alone = script.seen.filter((one) => one.mutations?.length === 1 && !one.cursors)
    expect(alone.map((one) => one.mutations?.[0]?.args['homework'])).toContain('h2')
  })

  test('a pull that the server finds malformed costs nobody their work', async () => {
    const script = new Script()
    const device = await open(script)
    const picky: Handler = (request) => (request.cursors ? fault(400, 'malformed') : fine(request))
    script.next.push(...Array<Handler>(20).fill(picky))
    await act(device)
    await settle()
    expect(await outbox(device)).toEqual([])
    expect(device.status.current.problem).toBe('server')
  })
})

test('what brings no news is not waited for until it is on disk', async () => {
  const script = new Script()
  const device = await open(script)
  const begin = vi.spyOn(IDBDatabase.prototype, 'transaction')
  const strict = () =>
    begin.mock.calls.filter(([, mode, how]) => mode === 'readwrite' && how?.durability === 'strict')
  await device.sync()
  expect(script.seen).toHaveLength(1)
  expect(strict()).toEqual([])
  await act(device)
  await settle()
  expect(strict().length).toBeGreaterThan(1)
  begin.mockRestore()
})

test('a version too old to receive still sends, and says so', async () => {
  const script = new Script()
  const device = await open(script)
  script.next.push(
    ...Array<Handler>(9).fill((request) =>
      request.cursors ? fault(426, 'upgrade_required') : fine(request),
    ),
  )
  await act(device)
  await settle()
  await device.sync()
  expect(await outbox(device)).toEqual([])
  expect(device.status.current.problem).toBe('upgrade')
})

test('a busy server is not asked before it said, even when the person insists', async () => {
  const script = new Script()
  const device = await open(script)
  script.next.push(() => fault(503, 'unavailable', {}, { 'Retry-After': '20' }))
  await device.sync()
  await device.sync()
  await act(device)
  await pass(script, 19_000)
  expect(script.seen).toHaveLength(1)
  await pass(script, 12_000)
  expect(script.mutations).toHaveLength(1)
  expect(await outbox(device)).toEqual([])
})

test('a dead network is tried again, later and later', async () => {
  const script = new Script()
  const device = await open(script)
  script.next.push(
    ...Array<Handler>(40).fill(() => {
      throw new TypeError('network')
    }),
  )
  await act(device)
  await settle()
  expect(device.status.current).toMatchObject({ online: false, problem: 'offline', pending: 1 })
  await pass(script, 60_000)
  const first = script.seen.length
  expect(first).toBeGreaterThan(3)
  await pass(script, 600_000)
  expect(script.seen.length - first).toBeLessThan(8)
  script.next.length = 0
  await device.sync()
  expect(device.status.current).toMatchObject({ online: true, problem: undefined, pending: 0 })
})

test('an answer that never comes is given up', async () => {
  const script = new Script()
  const device = await open(script, {
    fetch: (_, init) =>
      new Promise((_resolve, reject) => {
        init.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')))
      }),
  })
  const round = device.sync()
  await pass(script, 31_000)
  await round
  expect(device.status.current.problem).toBe('offline')
})

test('a server that answers nothing sensible again and again is left alone, and the person told', async () => {
  const script = new Script()
  const device = await open(script)
  script.next.push(...Array<Handler>(100).fill(() => json({ scopes: {}, more: ['class:5b'] })))
  await device.sync()
  await pass(script, 120_000)
  expect(device.status.current.problem).toBe('stuck')
  expect(script.seen.length).toBeLessThan(10)
})

test('a scope that starts over for ever is left alone too', async () => {
  const script = new Script()
  const device = await open(script)
  const again: Handler = () =>
    json({ scopes: { 'class:5b': { reset: 'floor', cursor: [1, 9, 4], records: [] } }, more: ['class:5b'] })
  script.next.push(...Array<Handler>(100).fill(again))
  await device.sync()
  await pass(script, 120_000)
  expect(device.status.current.problem).toBe('stuck')
  expect(script.seen.length).toBeLessThan(12)
})

test('a lane that must wait lets others go on, and is tried again in time', async () => {
  const script = new Script()
  const device = await open(script)
  script.next.push(({ mutations = [] }) =>
    json({
      results: mutations.map((one) =>
        one.scope === 'user:u' ? { scope: one.scope, k: one.k, wait: 5000 } : done(one),
      ),
    }),
  )
  await Promise.all([act(device), device.act('course:k', 'homework.withdraw@1', { id: 'homework-1' })])
  await settle()
  expect((await outbox(device)).map((out) => out.scope)).toEqual(['user:u'])
  await pass(script, 4000)
  expect(script.mutations.filter((one) => one.scope === 'user:u')).toHaveLength(1)
  await pass(script, 1500)
  expect(await outbox(device)).toEqual([])
})

test('a change on top of a change is based on what the first one made', async () => {
  const script = new Script()
  const device = await open(script)
  script.next.push(({ mutations = [] }) =>
    json({ results: mutations.map((one) => ({ ...done(one), seq: 40 + one.k })) }),
  )
  const edit = (title: string) =>
    device.act('course:k', 'homework.edit@1', { id: 'homework-1', title }, { base: 12 })
  await Promise.all([edit('un'), edit('deux')])
  await settle()
  await device.sync()
  expect(script.mutations.map((one) => [one.args['title'], one.base])).toEqual([
    ['un', 12],
    ['deux', 41],
  ])
})

test('what was done stays on the screen until its page has come', async () => {
  const script = new Script()
  const device = await open(script)
  const page = (hi: number, records: unknown[], more: string[]) =>
    json({
      results: hi === 5 ? [{ scope: 'user:u', k: 1, ok: true, seq: 7 }] : [],
      scopes: { 'user:u': { cursor: [1, hi, 0], records } },
      more,
    })
  const shown: unknown[] = []
  script.next.push(
    () => page(5, [], ['user:u']),
    () => {
      void device
        .read((view) => view.list('user:u', 'tick'))
        .then((rows) => shown.push(rows.map((row) => row.pending)))
      return page(7, [[7, 'tick', 'h1', tick('h1')]], [])
    },
  )
  await act(device)
  await settle()
  expect(shown).toEqual([[true]])
  expect(await device.read((view) => view.list('user:u', 'tick'))).toMatchObject([{ seq: 7, pending: false }])
})

describe('two tabs', () => {
  test('show each other what was done', async () => {
    const script = new Script()
    const indexedDB = new IDBFactory()
    const user = 'two-tabs'
    const [one, two] = [await open(script, { user, indexedDB }), await open(script, { user, indexedDB })]
    const seen: unknown[] = []
    const stop = two.live((view) => view.list('user:u', 'tick')).subscribe((rows) => seen.push(rows.length))
    await settle()
    script.next.push(() => {
      throw new TypeError('network')
    })
    await act(one)
    await vi.waitFor(() => expect(seen.at(-1)).toBe(1))
    await vi.waitFor(() => expect(two.status.current.pending).toBe(1))
    stop()
  })

  test('are both emptied when the person signs out', async () => {
    const script = new Script()
    const indexedDB = new IDBFactory()
    const user = 'sign-out'
    const [one, two] = [await open(script, { user, indexedDB }), await open(script, { user, indexedDB })]
    await act(two)
    await one.wipe()
    await vi.waitFor(() => expect(two.status.current.problem).toBe('wiped'))
    expect(await indexedDB.databases()).toEqual([])
    await expect(act(two)).rejects.toThrow()
    expect(await indexedDB.databases()).toEqual([])
  })

  test('ask one after the other where the browser has locks, and a frozen one holds nobody up', async () => {
    const script = new Script()
    let held = true
    const locks = {
      request: async (_: string, { signal }: { signal: AbortSignal }, work: () => Promise<unknown>) => {
        if (!held) return work()
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new Error('aborted'))),
        )
      },
    } as unknown as LockManager
    const device = await open(script, { locks })
    const round = device.sync()
    await settle()
    expect(script.seen).toHaveLength(0)
    await pass(script, 41_000)
    await round
    expect(script.seen).toHaveLength(1)
    held = false
    await device.sync()
    expect(script.seen).toHaveLength(2)
  })
})
