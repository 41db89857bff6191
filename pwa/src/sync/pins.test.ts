// What a person keeps: no other use of a file takes it off the device.
import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, expect, test, vi } from 'vitest'
import { openDevice, type Device, type Held } from './index.ts'
import type { RequestWire } from './wire.ts'

type Records = [number, string, string, unknown][]

/** A school that answers what the test says next, and has one file. */
class School {
  next: Record<string, unknown> | undefined
  sha = ''

  answer = (path: string, init: RequestInit): Promise<Response> => {
    if (path === '/api/sync')
      return Promise.resolve(this.#sync(JSON.parse(init.body as string) as RequestWire))
    if (path === `/api/files/${this.sha}`) return Promise.resolve(new Response('fiche'))
    return Promise.reject(new TypeError('network'))
  }

  #sync({ mutations = [] }: RequestWire): Response {
    const results = mutations.map(({ scope, k }) => ({ scope, k, ok: true, seq: 100 + k }))
    const scopes = this.next ?? {}
    this.next = undefined
    return Response.json({ results, scopes, more: [] })
  }
}

let device: Device
afterEach(() => device.close())

const own = 'user:u'
const sheet = (sha: string) => ({
  name: 'fiche.txt',
  file: { sha, name: 'fiche.txt', type: 'text/plain', size: 5 },
  at: '',
})
const scope = (seq: number, records: Records) => ({ cursor: [1, seq, 0], title: '', records })

async function begin(): Promise<School> {
  const school = new School()
  device = await openDevice({
    user: 'u',
    name: 'preau:pins',
    device: 'd_1',
    fresh: () => Promise.resolve('d_2'),
    fetch: school.answer,
    random: () => 0.5,
    indexedDB: new IDBFactory(),
  })
  school.sha = `sha256-${'a'.repeat(64)}`
  return school
}

async function pull(school: School, scopes: Record<string, unknown>): Promise<void> {
  school.next = scopes
  await device.sync()
}

function held(): Promise<Map<string, Held>> {
  return new Promise((resolve) => {
    const stop = device.files.held().subscribe((map) => {
      queueMicrotask(() => stop())
      resolve(map)
    })
  })
}

test('a pinned file comes when it can, stays, and is let go when it is unpinned', async () => {
  const school = await begin()
  await pull(school, { [own]: scope(1, [[1, 'document', 'document-1', sheet(school.sha)]]) })
  await device.files.keep([school.sha])
  expect(await held()).toEqual(new Map([[school.sha, { size: 5, pinned: true }]]))
  await device.files.unpin([school.sha])
  expect(await held()).toEqual(new Map([[school.sha, { size: 5, pinned: false }]]))
})

test('a file that is still to be fetched is not, once it is unpinned', async () => {
  await begin()
  const far = `sha256-${'b'.repeat(64)}`
  await device.files.keep([far])
  expect((await held()).get(far)).toEqual({ size: 0, pinned: true })
  await device.files.unpin([far])
  expect((await held()).size).toBe(0)
})

test('taking a document out of a message, or losing the class it came from, leaves it here', async () => {
  const school = await begin()
  const homework = { course: 'c', title: '', attachments: [sheet(school.sha).file] }
  await pull(school, {
    [own]: scope(1, [[1, 'document', 'document-1', sheet(school.sha)]]),
    'class:5b': scope(1, [[1, 'homework', 'hw-1', homework]]),
  })
  await device.files.keep([school.sha])
  await device.files.drop(school.sha)
  expect(await device.files.has(school.sha)).toBe(true)
  await pull(school, { 'class:5b': { gone: 'revoked' } })
  expect((await device.read((view) => view.all('homework'))).length).toBe(0)
  expect(await device.files.has(school.sha)).toBe(true)
})

test('a document that is deleted elsewhere is pinned no more, unless another shows its file', async () => {
  const school = await begin()
  const both: Records = [1, 2].map((n) => [n, 'document', `document-${String(n)}`, sheet(school.sha)])
  await pull(school, { [own]: scope(2, both) })
  await device.files.keep([school.sha])
  await pull(school, { [own]: scope(3, [[3, 'document', 'document-1', 0]]) })
  expect((await held()).get(school.sha)?.pinned).toBe(true)
  await pull(school, { [own]: scope(4, [[4, 'document', 'document-2', 0]]) })
  await vi.waitFor(async () => expect((await held()).get(school.sha)?.pinned).toBe(false))
})

test('sign-out leaves no bytes', async () => {
  const school = await begin()
  await pull(school, { [own]: scope(1, [[1, 'document', 'document-1', sheet(school.sha)]]) })
  await device.files.keep([school.sha])
  await device.wipe()
  await expect(device.files.has(school.sha)).rejects.toThrow()
})
