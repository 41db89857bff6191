// The live channel: one tab of a browser holds it, and only while somebody looks.
import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Database } from '../db/database.ts'
import { Live, type Stream } from './live.ts'

class FakeStream implements Stream {
  readyState = 1
  onerror: ((event: Event) => void) | null = null
  readonly #listeners = new Map<string, (event: MessageEvent<string>) => void>()

  addEventListener(name: string, listener: (event: MessageEvent<string>) => void): void {
    this.#listeners.set(name, listener)
  }

  say(name: string, data: unknown = {}): void {
    this.#listeners.get(name)?.({ data: JSON.stringify(data) } as MessageEvent<string>)
  }

  close(): void {
    this.readyState = 2
  }
}

let now = 0
const disk = new IDBFactory()
let tabs: Tab[] = []

class Tab {
  readonly db = new Database('preau:live', disk)
  readonly streams: FakeStream[] = []
  pulls = 0
  readonly live: Live

  constructor(tab = String(Math.random())) {
    const connect = (): FakeStream => {
      const stream = new FakeStream()
      this.streams.push(stream)
      return stream
    }
    this.live = new Live({
      db: this.db,
      connect,
      now: () => now,
      tab,
      pull: () => this.pulls++,
    })
    tabs.push(this)
  }

  get open(): FakeStream[] {
    return this.streams.filter((stream) => stream.readyState !== 2)
  }

  get stream(): FakeStream {
    return this.open[0] ?? new FakeStream()
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
})

afterEach(async () => {
  for (const tab of tabs) tab.live.stop()
  await settle()
  for (const tab of tabs) tab.db.close()
  tabs = []
  vi.useRealTimers()
})

async function settle(): Promise<void> {
  for (let i = 0; i < 40; i++) await new Promise((resolve) => setImmediate(resolve))
}

async function pass(seconds: number): Promise<void> {
  await settle()
  for (let i = 0; i < seconds; i++) {
    now += 1000
    await vi.advanceTimersByTimeAsync(1000)
    await settle()
  }
}

test('one tab holds it; another takes over when that one is hidden or gone', async () => {
  const [one, two] = [new Tab(), new Tab()]
  one.live.show(true)
  await pass(1)
  two.live.show(true)
  await pass(15)
  expect([one.open.length, two.open.length]).toEqual([1, 0])
  one.live.show(false)
  await pass(13)
  expect([one.open.length, two.open.length]).toEqual([0, 1])
  two.db.close() // killed: it cannot say that it leaves
  one.live.show(true)
  await pass(45)
  expect(one.open.length).toBe(1)
})

test('a page that is loaded anew goes on in place of the last one in its tab', async () => {
  const left = new Tab('tab')
  left.live.show(true)
  await pass(1)
  left.db.close() // it is gone before it could give anything back
  const page = new Tab('tab')
  page.live.show(true)
  await settle()
  expect(page.open.length).toBe(1)
})

test('hello asks, a poke asks only for what is not here', async () => {
  const tab = new Tab()
  await tab.db.write(['cur'], async (tx) => {
    await tx.objectStore('cur').put({ s: 'class:5b', e: 1, hi: 12, lo: 0, g: 0, title: '' })
  })
  tab.live.show(true)
  await pass(1)
  tab.stream.say('hello')
  expect(tab.pulls).toBe(1)
  tab.stream.say('poke', { 'class:5b': 12 })
  await settle()
  expect(tab.pulls).toBe(1)
  for (const poke of [{ 'class:5b': 13 }, { 'class:6a': 1 }, { 'class:5b': 0 }]) tab.stream.say('poke', poke)
  await settle()
  expect(tab.pulls).toBe(4)
})

test('after bye it comes back when it was told to', async () => {
  const tab = new Tab()
  tab.live.show(true)
  await pass(1)
  tab.stream.say('bye', { delay: 3000, code: 'unavailable' })
  expect(tab.open).toHaveLength(0)
  await pass(2)
  expect(tab.open).toHaveLength(0)
  await pass(2)
  expect(tab.open).toHaveLength(1)
})

test('a stream that is cut at once three times is replaced by asking every minute', async () => {
  const tab = new Tab()
  tab.live.show(true)
  await pass(1)
  for (let i = 0; i < 3; i++) tab.stream.onerror?.(new Event('error'))
  expect(tab.open).toHaveLength(0)
  const before = tab.pulls
  await pass(185)
  expect(tab.pulls - before).toBeGreaterThanOrEqual(2)
  expect(tab.pulls - before).toBeLessThanOrEqual(4)
  await pass(500)
  expect(tab.open).toHaveLength(1)
})

test('a stream that the server refuses is asked about at once: the answer says why', async () => {
  const tab = new Tab()
  tab.live.show(true)
  await vi.waitFor(() => expect(tab.streams).toHaveLength(1))
  const { stream } = tab
  stream.close()
  stream.onerror?.(new Event('error'))
  expect(tab.pulls).toBe(1)
})

test('a hidden tab neither listens nor asks', async () => {
  const tab = new Tab()
  tab.live.show(true)
  await pass(1)
  tab.live.show(false)
  await pass(600)
  expect(tab.open).toHaveLength(0)
  expect(tab.pulls).toBe(0)
})
