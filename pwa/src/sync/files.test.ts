// Files against a tus server in memory that loses answers, forgets uploads and refuses.
import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { openDevice, type Device, type Outgoing, type Upload } from './index.ts'
import type { RequestWire } from './wire.ts'

type Fault = 'down' | 'lost' | 'forget' | 'busy' | 'refuse' | 'moved' | undefined

class TusServer {
  readonly files = new Map<string, Uint8Array>()
  readonly log: string[] = []
  readonly faults: Fault[] = []
  isDown = false
  /** Whatever anybody does. */
  refuses = false
  meta: Record<string, string> = {}
  #uploads = new Map<string, { size: number; bytes: Uint8Array; sha: string }>()
  #next = 1

  answer = async (path: string, init: RequestInit): Promise<Response> => {
    if (this.isDown) throw new TypeError('network')
    if (path === '/api/sync') return accept(JSON.parse(init.body as string) as RequestWire, this.refuses)
    if (path.startsWith('/api/files/')) return this.#file(path.slice('/api/files/'.length))
    const fault = this.faults.shift()
    if (fault === 'down') throw new TypeError('network')
    if (fault === 'forget') this.#uploads.clear()
    if (fault === 'busy') return new Response(null, { status: 503, headers: { 'Retry-After': '0' } })
    if (fault === 'refuse')
      return new Response('{"error":{"code":"type_not_allowed","message":""}}', { status: 422 })
    const headers = new Headers(init.headers)
    expect(headers.get('Tus-Resumable')).toBe('1.0.0')
    this.log.push(`${init.method ?? ''} ${headers.get('Upload-Offset') ?? ''}`.trim())
    const response = await this.#tus(path, init, headers, fault)
    if (fault === 'lost') throw new TypeError('connection reset')
    return response
  }

  #file(sha: string): Response {
    const bytes = this.files.get(sha)
    if (!bytes) return new Response(null, { status: 404 })
    return new Response(new Blob([bytes.slice()]), { headers: { 'Content-Type': 'image/jpeg' } })
  }

  async #tus(path: string, init: RequestInit, headers: Headers, fault: Fault): Promise<Response> {
    if (init.method === 'POST') return this.#create(headers)
    const upload = this.#uploads.get(path)
    if (!upload) return new Response(null, { status: 404 })
    if (init.method === 'HEAD') return at(upload.bytes.length, 200)
    if (fault === 'moved') return new Response(null, { status: 423 })
    if (Number(headers.get('Upload-Offset')) !== upload.bytes.length)
      return new Response(null, { status: 409 })
    const body = new Uint8Array(init.body as ArrayBuffer)
    expect(headers.get('Upload-Checksum')).toBe(`sha256 ${await sum(body, 'base64')}`)
    upload.bytes = Uint8Array.from([...upload.bytes, ...body])
    if (upload.bytes.length === upload.size) this.files.set(upload.sha, upload.bytes)
    return at(upload.bytes.length, 204)
  }

  #create(headers: Headers): Response {
    const pairs = (headers.get('Upload-Metadata') ?? '').split(',').map((pair) => pair.split(' '))
    this.meta = Object.fromEntries(
      pairs.map(([key = '', value = '']) => [key, Buffer.from(value, 'base64').toString()]),
    )
    const path = `/api/uploads/${String(this.#next++)}`
    const size = Number(headers.get('Upload-Length'))
    this.#uploads.set(path, { size, bytes: new Uint8Array(), sha: this.meta['sha'] ?? '' })
    return new Response(null, { status: 201, headers: { Location: path } })
  }
}

/** Every action is done, or none; nothing is new. */
function accept({ mutations = [] }: RequestWire, refuses: boolean): Response {
  const error = { code: 'quota', message: '' }
  const results = mutations.map(({ scope, k }) => ({
    scope,
    k,
    ...(refuses ? { error } : { ok: true, seq: k }),
  }))
  return results.length > 0 ? Response.json({ results }) : new Response(null, { status: 204 })
}

function at(offset: number, status: number): Response {
  return new Response(null, { status, headers: { 'Upload-Offset': String(offset) } })
}

async function sum(bytes: Uint8Array, as: 'hex' | 'base64'): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes.slice())).toString(as)
}

const opened: Device[] = []
afterEach(() => {
  for (const device of opened.splice(0)) device.close()
})

let people = 0
let clock = Date.now()

async function open(server: TusServer, indexedDB = new IDBFactory()): Promise<Device> {
  const device = await openDevice({
    user: `files-${String(people++)}`,
    name: 'preau:files',
    device: 'd_1',
    fresh: () => Promise.resolve('d_2'),
    fetch: server.answer,
    random: () => 0,
    now: () => clock,
    indexedDB,
  })
  opened.push(device)
  return device
}

function photo(size: number): ArrayBuffer {
  return Uint8Array.from({ length: size }, (_, i) => (i * 31) % 251).buffer
}

const page = { name: 'page-1.jpg', type: 'image/jpeg', use: 'submission' }
const copy = (pages: string[]) => ({ id: 'copy-0001', homework: 'h1', pages, text: '' })

async function sent(server: TusServer, sha: string): Promise<void> {
  await vi.waitFor(() => expect(server.files.has(sha)).toBe(true), { timeout: 10_000, interval: 5 })
}

const outbox = (device: Device): Promise<Outgoing[]> => device.read((view) => view.outbox())

function uploads(device: Device): Promise<Upload[]> {
  return new Promise((resolve) => {
    const stop = device.files.uploads().subscribe((list) => {
      queueMicrotask(() => stop())
      resolve(list)
    })
  })
}

describe('a file', () => {
  test('is named by its content and read again, whatever its size', async () => {
    const device = await open(new TusServer())
    for (const size of [0, 1, 512 * 1024, 1_300_000]) {
      const bytes = photo(size)
      const { sha } = await device.files.put(bytes, page)
      expect(sha).toBe(`sha256-${await sum(new Uint8Array(bytes), 'hex')}`)
      const back = await device.files.get(sha)
      expect(back?.type).toBe('image/jpeg')
      expect(Buffer.from((await back?.arrayBuffer()) ?? new ArrayBuffer()).equals(Buffer.from(bytes))).toBe(
        true,
      )
    }
  })

  test('is sent in pieces once an action names it, and not before', async () => {
    const server = new TusServer()
    const device = await open(server)
    const { sha } = await device.files.put(photo(1_300_000), page)
    await device.sync()
    expect(server.log).toEqual([])
    await device.act('student:s1', 'homework.submit@1', copy([sha]))
    await sent(server, sha)
    expect(server.meta).toEqual({ sha, name: 'page-1.jpg', type: 'image/jpeg', use: 'submission' })
    expect(await sum(server.files.get(sha) ?? new Uint8Array(), 'hex')).toBe(sha.slice(7))
    expect(server.log[0]).toBe('POST')
    expect(server.log.length).toBeGreaterThan(3)
    await vi.waitFor(async () => expect(await uploads(device)).toEqual([]))
  })

  const cuts: [string, Fault[]][] = [
    ['the network fails', [undefined, 'down', 'down']],
    ['an answer is lost', ['lost', undefined, 'lost', undefined, 'lost']],
    ['the server forgets the upload', [undefined, undefined, 'forget']],
    ['the server is busy', ['busy', undefined, 'busy']],
    ['another tab is sending', [undefined, 'moved']],
  ]
  test.each(cuts)('arrives whole although %s', async (_, faults) => {
    const server = new TusServer()
    server.faults.push(...faults)
    const device = await open(server)
    const { sha } = await device.files.put(photo(900_000), page)
    await device.files.upload(sha)
    await sent(server, sha)
    expect(await sum(server.files.get(sha) ?? new Uint8Array(), 'hex')).toBe(sha.slice(7))
  })

  test('goes on where it stood after the app was killed', async () => {
    const server = new TusServer()
    const disk = new IDBFactory()
    const first = await open(server, disk)
    const { sha } = await first.files.put(photo(1_300_000), page)
    server.faults.push(undefined, undefined, 'down')
    await first.files.upload(sha)
    await vi.waitFor(() => expect(server.faults).toEqual([]), { interval: 1 })
    first.close()
    const before = server.log.length
    const again = await open(server, disk)
    await again.sync()
    await sent(server, sha)
    expect(server.log.slice(before)[0]).toBe('HEAD')
    expect(server.log.slice(before)).not.toContain('POST')
  })

  test('that the server will not take is shown with the reason', async () => {
    const server = new TusServer()
    server.faults.push('refuse')
    const device = await open(server)
    const { sha } = await device.files.put(photo(10), page)
    await device.files.upload(sha)
    await vi.waitFor(async () => {
      expect(await uploads(device)).toMatchObject([{ sha, state: 'refused', error: 'type_not_allowed' }])
    })
    await device.files.upload(sha)
    await sent(server, sha)
  })

  test('is sent again with an action that was refused a week ago and is done again', async () => {
    const server = new TusServer()
    const device = await open(server)
    const { sha } = await device.files.put(photo(10), page)
    server.refuses = true
    const n = await device.act('student:s1', 'homework.submit@1', copy([sha]))
    await sent(server, sha)
    await vi.waitFor(async () => expect((await outbox(device))[0]?.state).toBe('refused'))
    await vi.waitFor(async () => expect(await uploads(device)).toEqual([]))
    server.refuses = false
    server.files.clear()
    const again = await device.resend(n, copy([sha]))
    await vi.waitFor(async () => expect(await outbox(device)).toEqual([]))
    expect(server.files.size).toBe(0)
    server.refuses = true
    const last = await device.act('student:s1', 'homework.submit@1', copy([sha]))
    expect(again).not.toBe(last)
    await vi.waitFor(async () => expect((await outbox(device))[0]?.state).toBe('refused'))
    server.refuses = false
    clock += 7 * 86_400_000
    await device.resend(last, copy([sha]))
    await sent(server, sha)
  })

  test('is forgotten when told to, unless an action still needs it', async () => {
    const server = new TusServer()
    const device = await open(server)
    const [idle, named] = [await device.files.put(photo(10), page), await device.files.put(photo(11), page)]
    server.isDown = true
    await device.act('student:s1', 'homework.submit@1', copy([named.sha]))
    for (const { sha } of [idle, named]) await device.files.drop(sha)
    expect([await device.files.has(idle.sha), await device.files.has(named.sha)]).toEqual([false, true])
  })
})

describe('a file of the server', () => {
  const there = async (server: TusServer): Promise<string> => {
    const sha = `sha256-${await sum(new Uint8Array(photo(40)), 'hex')}`
    server.files.set(sha, new Uint8Array(photo(40)))
    return sha
  }

  test('is fetched once and then read from the device', async () => {
    const server = new TusServer()
    const device = await open(server)
    const sha = await there(server)
    expect((await device.files.get(sha))?.size).toBe(40)
    server.files.clear()
    expect((await device.files.get(sha))?.size).toBe(40)
    expect(await device.files.total()).toBe(40)
  })

  test('that is to be kept comes when it can', async () => {
    const server = new TusServer()
    const device = await open(server)
    const sha = await there(server)
    const fetch = vi.spyOn(server.files, 'get').mockImplementationOnce(() => {
      throw new TypeError('network')
    })
    await device.files.keep([sha])
    expect(await device.files.has(sha)).toBe(false)
    fetch.mockRestore()
    await device.sync()
    await vi.waitFor(async () => expect(await device.files.has(sha)).toBe(true))
  })

  test('that may not be read is not asked for again', async () => {
    const server = new TusServer()
    const device = await open(server)
    await device.files.keep([`sha256-${'0'.repeat(64)}`])
    expect(await device.files.get(`sha256-${'0'.repeat(64)}`)).toBeUndefined()
    expect(await device.files.total()).toBe(0)
  })
})
