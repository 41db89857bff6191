// The exchanges that the Go tests write down, read by the device.
import 'fake-indexeddb/auto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { digest } from './digest.ts'
import { openDevice } from './index.ts'
import { parseResponse, type RequestWire, type ResponseWire } from './wire.ts'

interface Exchange {
  name: string
  about: string
  request: RequestWire
  status: number
  response?: unknown
}

const folder = join(import.meta.dirname, '../../../sync/testdata/wire')
const exchanges = readdirSync(folder)
  .filter((file) => file.endsWith('.json') && file !== 'digest.json')
  .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Exchange)

const answered = exchanges.filter((one) => one.status === 200)

test('every kind of answer is there', () => {
  expect(exchanges.length).toBeGreaterThan(30)
  expect(new Set(exchanges.map((one) => one.status))).toEqual(
    new Set([200, 204, 400, 401, 409, 413, 422, 426, 429, 503]),
  )
})

describe.each(answered)('$name', ({ about, request, response }) => {
  test(`is understood whole: ${about}`, () => {
    const parsed = parseResponse(response)
    const raw = response as Partial<ResponseWire>
    expect(parsed.results).toHaveLength(raw.results?.length ?? 0)
    expect(Object.keys(parsed.scopes)).toEqual(Object.keys(raw.scopes ?? {}))
    expect(parsed.more).toEqual(raw.more ?? [])
    for (const result of parsed.results) expect(request.mutations?.map((one) => one.k)).toContain(result.k)
  })

  test('leaves the device with what it says', async () => {
    const device = await openDevice({
      user: `golden-${String(Math.random())}`,
      device: 'd_s1',
      fresh: () => Promise.resolve('d_s1'),
      fetch: scripted([new Response(JSON.stringify({ ...(response as object), more: [] }))]),
    })
    await device.sync()
    const { scopes } = parseResponse(response)
    for (const [scope, part] of Object.entries(scopes)) {
      if ('gone' in part) continue
      const homework = part.records.filter(([, type]) => type === 'homework')
      const live = newest(homework).filter(([, , , value]) => value !== 0)
      const held = await device.read((view) => view.list(scope, 'homework'))
      expect(held.map((row) => [row.seq, row.type, row.id, row.value]).sort()).toEqual(live.sort())
    }
    device.close()
  })
})

/** One answer for the first request, nothing new after it. */
function scripted(answers: Response[]): () => Promise<Response> {
  return () => Promise.resolve(answers.shift() ?? new Response(null, { status: 204 }))
}

type Wire = [number, string, string, unknown]

function newest(records: Wire[]): Wire[] {
  const best = new Map<string, Wire>()
  for (const record of records) if ((best.get(record[2])?.[0] ?? 0) < record[0]) best.set(record[2], record)
  return [...best.values()]
}

interface Digests {
  digest: string
  records: [seq: number, type: string, id: string, hash: string][]
}

test('digests are the same in both languages', () => {
  const said = JSON.parse(readFileSync(join(folder, 'digest.json'), 'utf8')) as Digests
  const records = said.records.map(([seq, type, id]) => ({ seq, type, id }))
  expect(said.records.length).toBeGreaterThan(1)
  expect(records.map((record) => digest([record]))).toEqual(said.records.map(([, , , hash]) => hash))
  expect(digest(records)).toBe(said.digest)
})
