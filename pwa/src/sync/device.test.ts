import 'fake-indexeddb/auto'
import { afterEach, describe, expect, test } from 'vitest'
import { openDevice, newId, type Device } from './index.ts'
import type { RequestWire } from './wire.ts'

/** A server with one script: each request is answered by the next handler. */
type Handler = (request: RequestWire) => Response | Promise<Response>

const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status })
const nothing = (): Response => new Response(null, { status: 204 })

let people = 0
const opened: Device[] = []
afterEach(() => {
  for (const device of opened.splice(0)) device.close()
})

/** Pushes and pulls are answered each by the next handler of its kind; nothing new otherwise. */
async function open(
  { pulls = [], pushes = [] }: { pulls?: Handler[]; pushes?: Handler[] },
  user = `u${String(people++)}`,
  fresh = 'd_fresh',
): Promise<{ device: Device; user: string; seen: RequestWire[] }> {
  const seen: RequestWire[] = []
  const device = await openDevice({
    user,
    device: 'd_one',
    fresh: () => Promise.resolve(fresh),
    fetch: async (path, init) => {
      if (path !== '/api/sync') return new Response(null, { status: 404 })
      const request = JSON.parse(init.body as string) as RequestWire
      seen.push(request)
      return ((request.mutations ? pushes : pulls).shift() ?? nothing)(request)
    },
    random: () => 1,
  })
  opened.push(device)
  return { device, user, seen }
}

const submit = (id: string) => ({ id, homework: 'h1', pages: [], text: 'Voici ma copie.' })
const titles = (device: Device) =>
  device.read(async (view) => (await view.list('class:5b', 'homework')).map((row) => row.value.title).sort())
const page =
  (records: unknown[], cursor = [1, 5, 0], rest = {}) =>
  () =>
    json({ scopes: { 'class:5b': { cursor, records, ...rest } }, now: '2026-11-23T18:00:00Z' })

describe('what the server says', () => {
  test('records and cursor arrive, a deletion takes away, the higher seq wins', async () => {
    const { device, seen } = await open({
      pulls: [
        page([
          [5, 'homework', 'h1', { title: 'Fables' }],
          [4, 'homework', 'h2', { title: 'Fractions' }],
        ]),
        page([[6, 'homework', 'h2', 0]], [1, 6, 0]),
        page([[3, 'homework', 'h1', { title: 'vieux' }]], [1, 6, 0]),
      ],
    })
    await device.sync()
    expect(await titles(device)).toEqual(['Fables', 'Fractions'])
    await device.sync()
    expect(seen[1]?.cursors).toEqual({ 'class:5b': [1, 5, 0] })
    expect(await titles(device)).toEqual(['Fables'])
    await device.sync()
    expect(await titles(device)).toEqual(['Fables'])
  })

  test('a scope that starts over stays on the screen until it is complete', async () => {
    const { device } = await open({
      pulls: [
        page([[5, 'homework', 'h1', { title: 'ancien' }]]),
        page([[9, 'homework', 'h2', { title: 'nouveau' }]], [2, 9, 4], { reset: 'epoch' }),
        page([[3, 'homework', 'h3', { title: 'dernier' }]], [2, 9, 0]),
      ],
    })
    await device.sync()
    await device.sync()
    expect(await titles(device)).toEqual(['ancien', 'nouveau'])
    await device.sync()
    expect(await titles(device)).toEqual(['dernier', 'nouveau'])
  })

  test('a scope lost leaves nothing, and what waited for it comes back with its text', async () => {
    const { device } = await open({
      pulls: [page([[5, 'homework', 'h1', { title: 'Fables' }]])],
      pushes: [
        () => new Response(null, { status: 503 }),
        () => json({ scopes: { 'class:5b': { gone: 'revoked' } }, results: [] }),
      ],
    })
    await device.sync()
    await device.act('class:5b', 'homework.submit@1', submit('c1'))
    await device.sync()
    await device.sync()
    expect(await titles(device)).toEqual([])
    const [out] = await device.read((view) => view.outbox())
    expect(out).toMatchObject({
      state: 'refused',
      error: { code: 'gone' },
      args: { text: 'Voici ma copie.' },
    })
  })

  test('an answer that is not the protocol changes nothing', async () => {
    const { device } = await open({
      pulls: [() => json({ scopes: { 'class:5b': { cursor: [1, 'x', 0], records: [] } } })],
    })
    await device.sync()
    expect(device.status.current.problem).toBe('server')
    expect(await device.read((view) => view.scopes())).toEqual([])
  })
})

describe('what the person does', () => {
  test('is on the screen at once, sent once, and confirmed by the answer', async () => {
    const { device, seen } = await open({
      pushes: [
        (request) => {
          const [mutation] = request.mutations ?? []
          return json({
            results: [{ scope: mutation?.scope, k: mutation?.k, ok: true, seq: 1 }],
            scopes: {
              'student:s1': {
                cursor: [1, 1, 0],
                records: [[1, 'submission', 'c1', { homework: 'h1', state: 'received', version: 1 }]],
              },
            },
          })
        },
      ],
    })
    await device.act('student:s1', 'homework.submit@1', submit('c1'))
    const now = () =>
      device.read(async (view) =>
        (await view.list('student:s1', 'submission')).map((row) => [row.value.state, row.pending]),
      )
    expect(await now()).toEqual([['queued', true]])
    await device.sync()
    expect(await now()).toEqual([['received', false]])
    expect(seen.flatMap((request) => request.mutations ?? [])).toHaveLength(1)
    expect(device.status.current.pending).toBe(0)
  })

  test('a new database takes a new name before it sends, and numbers from 1', async () => {
    const { device, seen } = await open({})
    await device.act('student:s1', 'homework.submit@1', submit('c1'))
    await device.sync()
    expect(seen.at(-1)).toMatchObject({ device: 'd_fresh', mutations: [{ k: 1 }] })
  })

  test('is kept when the network fails, and sent again with the same number', async () => {
    const { device, seen } = await open({
      pushes: [
        () => Promise.reject(new TypeError('network')),
        () => json({ results: [{ scope: 'student:s1', k: 1, ok: true, duplicate: true, seq: 4 }] }),
      ],
    })
    await device.act('student:s1', 'homework.submit@1', submit('c1'))
    await device.sync()
    await device.sync()
    expect(seen.slice(0, 2).map((request) => request.mutations?.[0]?.k)).toEqual([1, 1])
    expect(device.status.current).toMatchObject({ pending: 0, online: true })
  })

  test('is given back with the reason when refused, and may be sent again changed', async () => {
    const { device, seen } = await open({
      pushes: [
        () =>
          json({
            results: [{ scope: 'student:s1', k: 1, error: { code: 'too_late', message: 'trop tard' } }],
          }),
        () => json({ results: [{ scope: 'student:s1', k: 2, ok: true, seq: 1 }] }),
      ],
    })
    const n = await device.act('student:s1', 'homework.submit@1', submit('c1'))
    await device.sync()
    expect(await device.read((view) => view.list('student:s1', 'submission'))).toEqual([])
    expect(device.status.current).toMatchObject({ refused: 1, pending: 0 })
    await device.resend(n, { ...submit('c1'), text: 'Autre texte' })
    await device.sync()
    expect(seen.at(-1)?.mutations ?? seen.at(-2)?.mutations).toMatchObject([
      { k: 2, args: { text: 'Autre texte' } },
    ])
    expect(await device.read((view) => view.outbox())).toEqual([])
  })

  test('is numbered anew when the server lost count', async () => {
    const { device, seen } = await open({
      pushes: [
        () => json({ results: [{ scope: 'student:s1', k: 1, ok: true, seq: 1 }] }),
        () => json({ results: [{ scope: 'student:s1', k: 2, gap: 1 }] }),
        () => json({ results: [{ scope: 'student:s1', k: 1, ok: true, seq: 1 }] }),
      ],
    })
    await device.act('student:s1', 'homework.submit@1', submit('c1'))
    await device.sync()
    await device.act('student:s1', 'homework.submit@1', submit('c2'))
    await device.sync()
    expect(seen.filter((request) => request.mutations).map((request) => request.mutations?.[0]?.k)).toEqual([
      1, 2, 1,
    ])
    expect(device.status.current.pending).toBe(0)
  })

  test('an unknown device takes a new id and sends the same records', async () => {
    const { device, seen } = await open({
      pushes: [
        () => json({ error: { code: 'unknown_device', message: '' } }, 409),
        () => json({ results: [{ scope: 'student:s1', k: 1, ok: true, seq: 1 }] }),
      ],
    })
    await device.act('student:s1', 'homework.submit@1', submit('c1'))
    await device.sync()
    expect(seen.map((request) => request.mutations?.[0]?.args['id'])).toEqual(expect.arrayContaining(['c1']))
    expect(device.status.current.pending).toBe(0)
  })

  test('survives the app: another opening finds it', async () => {
    const first = await open({ pushes: [() => Promise.reject(new TypeError('network'))] })
    await first.device.act('student:s1', 'homework.submit@1', submit('c1'))
    await first.device.sync()
    first.device.close()
    const again = await open(
      { pushes: [() => json({ results: [{ scope: 'student:s1', k: 1, ok: true, seq: 1 }] })] },
      first.user,
    )
    expect(again.device.status.current.pending).toBe(1)
    await again.device.sync()
    expect(again.device.status.current.pending).toBe(0)
  })

  test('a revoked device deletes everything', async () => {
    const { device, user } = await open({
      pulls: [
        page([[5, 'homework', 'h1', { title: 'Fables' }]]),
        () => json({ error: { code: 'signed_out', message: '', wipe: true } }, 401),
      ],
    })
    await device.sync()
    await device.sync()
    expect(device.status.current.problem).toBe('wiped')
    expect((await indexedDB.databases()).map((db) => db.name)).not.toContain(`preau:${user}`)
  })

  test('a scope that nobody renews for 35 days is deleted without asking', async () => {
    let now = Date.now()
    const user = `u${String(people++)}`
    const fetch = async (): Promise<Response> =>
      now > Date.now() + 1
        ? Promise.reject(new TypeError('network'))
        : page([[5, 'homework', 'h1', { title: 'Fables' }]])()
    const device = await openDevice({
      user,
      device: 'd_one',
      fresh: () => Promise.resolve('d_two'),
      fetch,
      now: () => now,
    })
    opened.push(device)
    await device.sync()
    expect(await titles(device)).toEqual(['Fables'])
    now += 36 * 86_400_000
    await device.sync()
    expect(await titles(device)).toEqual([])
  })
})

test('ids sort by the time they were made', () => {
  expect(newId(1) < newId(2)).toBe(true)
  const made = [0, 1, 63, 64, 1_795_000_000_000, 1_795_000_000_001, 2 ** 42 - 1].map((at) => newId(at))
  expect(made.toSorted()).toEqual(made)
  expect(newId()).toMatch(/^[0-9A-Z][\w-]{19}$/)
  expect(new Set(Array.from({ length: 1000 }, () => newId(1))).size).toBe(1000)
})
