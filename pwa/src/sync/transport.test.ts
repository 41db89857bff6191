import { inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { deflating } from './transport.ts'

async function sent(init: RequestInit): Promise<RequestInit> {
  let seen: RequestInit = {}
  await deflating((_, given) => {
    seen = given
    return Promise.resolve(new Response(null, { status: 204 }))
  })('/api/sync', init)
  return seen
}

const long = JSON.stringify({
  cursors: Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`class:é${String(i)}`, [1, 2, 3]])),
})
const json = { 'Content-Type': 'application/json' }

test('long text goes deflated, and says so', async () => {
  const { body, headers, method } = await sent({ method: 'POST', body: long, headers: json })
  expect(method).toBe('POST')
  expect(inflateSync(Buffer.from(body as ArrayBuffer)).toString()).toBe(long)
  expect((body as ArrayBuffer).byteLength).toBeLessThan(long.length / 2)
  expect(Object.fromEntries(new Headers(headers))).toEqual({
    'content-type': 'application/json',
    'content-encoding': 'deflate',
  })
})

test.each([
  ['short text', { body: '{}', headers: json }],
  ['what outlives its page', { body: long, headers: json, keepalive: true }],
  ['bytes', { body: new Uint8Array(1000).buffer }],
  ['nothing', {}],
])('%s goes as it is', async (_, init: RequestInit) => {
  expect(await sent(init)).toBe(init)
})

test('a browser that cannot deflate sends plain text', async () => {
  const kept = globalThis.CompressionStream
  // @ts-expect-error older browsers have none
  delete globalThis.CompressionStream
  const init = { body: long, headers: json }
  expect(await sent(init)).toBe(init)
  globalThis.CompressionStream = kept
})
