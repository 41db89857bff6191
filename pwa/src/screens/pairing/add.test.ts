import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Add } from './add.svelte'

type Answer = [status: number, body?: unknown]

/** A server of one pairing: each path answers what the test says now. */
const says = new Map<string, Answer>()
const asked: string[] = []

beforeEach(() => {
  vi.useFakeTimers()
  says.clear()
  asked.length = 0
  says.set('POST /api/pairings', [
    201,
    { id: 'p1', url: 'https://ecole.example/lier#1.p1.s', code: 'ABCD-EFGH', expires: soon() },
  ])
  says.set('GET /api/pairings/p1', [200, { state: 'open', tries: 3 }])
  vi.stubGlobal('fetch', (path: string, init?: RequestInit) => {
    const key = `${init?.method ?? 'GET'} ${path}`
    asked.push(key)
    const [status, body] = says.get(key) ?? [404, { error: { code: 'not_found' } }]
    return Promise.resolve(new Response(body === undefined ? null : JSON.stringify(body), { status }))
  })
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function soon(): string {
  return new Date(Date.now() + 120_000).toISOString()
}

async function started(): Promise<Add> {
  const add = new Add()
  await add.start()
  return add
}

describe('adding a phone, on the device that shows the code', () => {
  test('waits, sees the claim, takes the digits', async () => {
    const add = await started()
    expect(add.stage).toBe('open')
    says.set('GET /api/pairings/p1', [200, { state: 'claimed', label: 'iPhone', tries: 3 }])
    await vi.advanceTimersByTimeAsync(2000)
    expect([add.stage, add.label]).toEqual(['claimed', 'iPhone'])
    says.set('POST /api/pairings/p1/confirm', [200, { state: 'confirmed' }])
    await add.confirm('123456')
    expect(add.stage).toBe('confirmed')
  })

  test('wrong digits are counted, the third ends it', async () => {
    const add = await started()
    says.set('GET /api/pairings/p1', [200, { state: 'claimed', tries: 2 }])
    says.set('POST /api/pairings/p1/confirm', [422, { error: { code: 'wrong_code' } }])
    await add.confirm('000000')
    expect([add.stage, add.wrong, add.tries, add.digits]).toEqual(['claimed', true, 2, ''])
    says.set('GET /api/pairings/p1', [200, { state: 'failed', tries: 0 }])
    await add.confirm('000001')
    expect(add.stage).toBe('failed')
  })

  test('a second scanner ends it', async () => {
    const add = await started()
    says.set('GET /api/pairings/p1', [200, { state: 'conflict' }])
    await vi.advanceTimersByTimeAsync(2000)
    expect(add.stage).toBe('conflict')
    asked.length = 0
    await vi.advanceTimersByTimeAsync(10_000)
    expect(asked).toEqual([])
  })

  test('leaving cancels the code; a lost network does not end it', async () => {
    const add = await started()
    says.set('GET /api/pairings/p1', [503, { error: { code: 'unavailable' } }])
    await vi.advanceTimersByTimeAsync(4000)
    expect(add.stage).toBe('open')
    add.stop()
    expect(asked).toContain('DELETE /api/pairings/p1')
  })

  test('five an hour', async () => {
    says.set('POST /api/pairings', [429, { error: { code: 'throttled' } }])
    expect((await started()).stage).toBe('limited')
  })

  test('a device in quarantine adds none', async () => {
    says.set('POST /api/pairings', [403, { error: { code: 'quarantine' } }])
    expect((await started()).stage).toBe('doubted')
  })
})
