// @vitest-environment node
import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Courier } from './sending.ts'

/** Locks as browsers have them: one after the other, and whoever is told to stop waits no longer. */
function locks() {
  const last = new Map<string, Promise<unknown>>()
  return {
    request(name: string, { signal }: { signal: AbortSignal }, work: () => Promise<void>): Promise<void> {
      const stopped = new Promise<never>((_, stop) => {
        signal.addEventListener('abort', () => stop(new Error('stopped')))
      })
      let isIn = false
      const before = last.get(name) ?? Promise.resolve()
      const turn = before.then(() => {
        if (signal.aborted) return undefined
        isIn = true
        return work()
      })
      last.set(
        name,
        turn.catch(() => undefined),
      )
      return Promise.race([
        turn,
        stopped.catch((fault: unknown) => (isIn ? turn : Promise.reject(fault as Error))),
      ])
    },
  }
}

const open: Courier[] = []
beforeEach(() => vi.stubGlobal('navigator', { locks: locks() }))
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
  vi.unstubAllGlobals()
})

/** A school that takes pieces as they come, slowly. */
function school(): { sent: string[]; ask: typeof fetch } {
  const sent: string[] = []
  let offset = 0
  const ask: typeof fetch = async (_, init) => {
    await new Promise((done) => setTimeout(done, 20))
    sent.push(init?.method ?? '')
    if (init?.method === 'POST') return new Response(null, { status: 201, headers: { Location: '/u/1' } })
    offset = Number(new Headers(init?.headers).get('Upload-Offset')) + (init?.body as ArrayBuffer).byteLength
    return new Response(null, { status: 204, headers: { 'Upload-Offset': String(offset) } })
  }
  return { sent, ask }
}

function tab(name: string, { ask, shown = () => undefined }: { ask: typeof fetch; shown?: () => void }) {
  const made = new Courier(name, shown, ask)
  open.push(made)
  return made
}

const film = { file: new Blob([new Uint8Array(700_000)]), name: 'film', type: '' }

describe('two tabs', () => {
  test('one sends, and the other shows how far it is', async () => {
    const { sent, ask } = school()
    const shown = vi.fn()
    const [here, there] = [tab('two', { ask }), tab('two', { ask, shown })]
    await here.keep('a', 0, [film])
    await Promise.all([here.run(), there.run()])
    expect(sent.filter((one) => one === 'POST')).toHaveLength(1)
    expect(shown.mock.calls.length).toBeGreaterThan(1)
    expect(await there.ways()).toEqual(new Map())
  })

  test('what pauses one pauses the other, and it goes on in either', async () => {
    const { sent, ask } = school()
    const [here, there] = [tab('pause', { ask }), tab('pause', { ask })]
    await here.keep('a', 0, [film])
    const running = here.run()
    there.pause(true)
    await running
    await vi.waitFor(() => expect(here.paused).toBe(true))
    const before = sent.length
    await there.run()
    expect(sent).toHaveLength(before)
    there.pause(false)
    await vi.waitFor(async () => expect(await there.ways()).toEqual(new Map()))
  })

  test('the one that waits takes over when the other is closed', async () => {
    const { ask } = school()
    const [here, there] = [tab('over', { ask }), tab('over', { ask })]
    await here.keep('a', 0, [film, film])
    void here.run()
    const waiting = there.run()
    await here.close()
    await waiting
    expect(await there.ways()).toEqual(new Map())
  })
})

test('what belongs to a letter is not sent before it is let go', async () => {
  const { sent, ask } = school()
  const here = tab('held', { ask })
  const named = (name: string): File => new File(['x'], name)
  await here.hold('draft', 'a', 0, named('a'))
  await here.hold('draft', 'a', 2, named('c'))
  await here.run()
  expect([sent, await here.ways()]).toEqual([[], new Map()])
  expect((await here.held()).map(({ part }) => part)).toEqual([0, 2])
  await here.free('a')
  await here.free('a') // twice is once
  expect((await here.ways()).get('a')).toMatchObject({ bytes: 2, sent: 0 })
  await here.run()
  expect(sent.filter((one) => one === 'POST')).toHaveLength(2)
})

test('with the network back it does not wait as long as without it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  const net = new EventTarget()
  const heard = vi.fn(net.addEventListener.bind(net))
  vi.stubGlobal('addEventListener', heard)
  vi.stubGlobal('removeEventListener', net.removeEventListener.bind(net))
  const answers = [
    ...Array.from({ length: 4 }, () => () => Promise.reject(new TypeError('offline'))),
    () => Promise.resolve(new Response(null, { status: 503 })), // the act that names it is on its way
  ]
  let asked = 0
  const { ask } = school()
  const here = tab('back', { ask: (...args) => answers[asked++]?.() ?? ask(...args) })
  await here.keep('a', 0, [film])
  const done = here.run()
  await until(() => heard.mock.calls.length === 4)
  net.dispatchEvent(new Event('online'))
  const since = Date.now()
  await until(() => asked === 6)
  expect(Date.now() - since).toBeLessThan(4000)
  let isDone = false
  void done.then(() => (isDone = true))
  await until(() => isDone)
  vi.useRealTimers()
  expect(await here.ways()).toEqual(new Map())
})

/** Lets the clock run, and the database work. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await vi.advanceTimersByTimeAsync(100)
    await new Promise((done) => setImmediate(done))
  }
}
