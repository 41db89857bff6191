import 'fake-indexeddb/auto'
import { File as Bytes } from 'node:buffer'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, expect, test } from 'vitest'
import { openDevice, type Device } from '../sync/index.ts'
import { addFiles, keepFiles } from './adding.ts'

const opened: Device[] = []
afterEach(() => {
  for (const device of opened.splice(0)) device.close()
})

/** A device in a tunnel. */
async function tunnel(): Promise<Device> {
  const device = await openDevice({
    user: 'u',
    name: 'preau:adding',
    device: 'd_1',
    fresh: () => Promise.resolve('d_2'),
    fetch: () => Promise.reject(new TypeError('network')),
    indexedDB: new IDBFactory(),
  })
  opened.push(device)
  return device
}

const file = (name: string, text: string): File =>
  new Bytes([text], name, { type: 'text/plain' }) as unknown as File
const names = (device: Device): Promise<string[]> =>
  device.read(async (view) => (await view.list('user:u', 'document')).map((row) => row.value.name))

test('files are documents at once, and lie on this device', async () => {
  const device = await tunnel()
  const added = await addFiles(device, [file('b.txt', 'deux'), file('a.txt', 'un')], {
    folder: 'f1',
    room: 100,
  })
  expect(added.left).toEqual([])
  const rows = await device.read((view) => view.list('user:u', 'document'))
  expect(rows.map((row) => [row.value.folder, row.value.file.size, row.pending]).sort()).toEqual([
    ['f1', 2, true],
    ['f1', 4, true],
  ])
  for (const row of rows) expect(await device.files.has(row.value.file.sha)).toBe(true)
})

test('what cannot be kept is left out, with why; the others are not', async () => {
  const device = await tunnel()
  const huge = Object.defineProperty(file('film.mp4', 'x'), 'size', { value: 26 * 1024 * 1024 + 1 })
  const files = [file('vide.txt', ''), huge, file('a.txt', 'abcd'), file('b.txt', 'efgh'), file('c.txt', 'i')]
  const added = await addFiles(device, files, { folder: '', room: 5 })
  expect(added.left).toEqual([
    { code: 'empty', names: ['vide.txt'] },
    { code: 'too_large', names: ['film.mp4'] },
    { code: 'quota', names: ['b.txt'] },
  ])
  expect((await names(device)).sort()).toEqual(['a.txt', 'c.txt'])
})

test('a file that went away, and a full disk, are said as such', async () => {
  const device = await tunnel()
  const moved = Object.assign(file('a.txt', 'x'), { arrayBuffer: () => Promise.reject(new Error('moved')) })
  const full = Object.assign(file('b.txt', 'x'), {
    arrayBuffer: () => Promise.reject(Object.assign(new Error('full'), { name: 'QuotaExceededError' })),
  })
  const { left } = await addFiles(device, [moved, full], { folder: '', room: 5 })
  expect(left).toEqual([
    { code: 'unread', names: ['a.txt'] },
    { code: 'full', names: ['b.txt'] },
  ])
})

test('what is at the school already is kept without its bytes, and let go again', async () => {
  const device = await tunnel()
  const sha = `sha256-${'0'.repeat(64)}`
  const sheet = { sha, name: 'fiche.pdf', type: 'application/pdf', size: 10 }
  const undo = await keepFiles(device, [sheet], { kind: 'message', id: 'letter-0001' })
  const [row] = await device.read((view) => view.list('user:u', 'document'))
  expect(row?.value).toMatchObject({
    name: 'fiche.pdf',
    file: sheet,
    origin: { kind: 'message', id: 'letter-0001' },
  })
  expect(await device.files.has(sha)).toBe(false)
  await undo()
  const [gone] = await device.read((view) => view.list('user:u', 'document'))
  expect(gone?.value.binned).toBeTruthy()
})
