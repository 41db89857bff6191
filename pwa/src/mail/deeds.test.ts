// @vitest-environment node
import 'fake-indexeddb/auto'
import { afterEach, expect, test } from 'vitest'
import type { Device } from '../sync/index.ts'
import { categorize, file, hush, mute, purge, read, restore, unread, type Act, type Deed } from './deeds.ts'
import { arrange, gather, unreadPer, type Discussion } from './discussions.ts'
import { holding } from './holding.ts'
import { unreadIn } from './unread.ts'

const scope = 'user:me'
let device: Device

const letter = (id: string, from: string, at: string) => [
  1,
  'message',
  id,
  { discussion: 'a', subject: 'A', mode: 'all', from: { id: from, name: from }, to: [], body: [], at },
]

/** A device with one discussion of three messages, and what was done with it. */
async function withThread(thread?: object): Promise<void> {
  const records = [
    letter('a', 'ana', '2026-11-20T08:00:00Z'),
    letter('b', 'bob', '2026-11-20T09:00:00Z'),
    letter('c', 'me', '2026-11-20T10:00:00Z'),
    [2, 'folder', 'f', { name: 'F', order: 1 }],
    [2, 'category', 'red', { name: 'Red', hue: 25 }],
    ...(thread ? [[3, 'thread', 'a', thread]] : []),
  ]
  device = await holding({ [scope]: records })
}

afterEach(() => device.wipe())

async function now(): Promise<Discussion[]> {
  const [letters, threads, hushed] = await device.read(async (view) => [
    await view.list(scope, 'message'),
    await view.list(scope, 'thread'),
    await view.list(scope, 'muted'),
  ])
  return arrange(
    gather(letters, 'me'),
    new Map(threads.map((row) => [row.id, row.value])),
    new Set(['f']),
    'me',
    { hushed: new Set(hushed.map((row) => row.id)) },
  )
}

async function act(acts: readonly Act[]): Promise<void> {
  for (const { name, args } of acts) await device.act(scope, name, args)
}

/** Does it, looks, undoes it, and expects all to be as before. */
async function tried(deed: (all: Discussion[]) => Deed): Promise<Discussion | undefined> {
  const before = await now()
  const { acts, undo } = deed(before)
  await act(acts)
  const [after] = await now()
  await act(undo)
  const [again] = await now()
  expect([again?.folder, again?.unread, again?.thread.categories ?? []]).toEqual([
    before[0]?.folder,
    before[0]?.unread,
    before[0]?.thread.categories ?? [],
  ])
  return after
}

test('E30: read, up to the last message', async () => {
  await withThread()
  expect(await device.read((view) => unreadIn(view, 'me'))).toBe(1)
  expect((await tried(read))?.unread).toBe(0)
  await act(read(await now()).acts)
  expect(await device.read((view) => unreadIn(view, 'me'))).toBe(0)
})

test('E31: unread, the last message of somebody else alone', async () => {
  await withThread({ read: Date.parse('2026-11-20T10:00:00Z') })
  expect((await tried((all) => unread(all, 'me')))?.unread).toBe(1)
})

test('E32: into a folder and back', async () => {
  await withThread({ folder: 'archive' })
  expect((await tried((all) => file(all, 'f')))?.folder).toBe('f')
})

test('E33, E108: to the bin, and back to the folder it came from', async () => {
  await withThread({ folder: 'f' })
  const after = await tried((all) => file(all, 'bin'))
  expect(after).toMatchObject({ folder: 'bin', thread: { was: 'f' } })
})

test('E111: restored out of the bin', async () => {
  await withThread({ folder: 'bin', was: 'f' })
  expect((await tried(restore))?.folder).toBe('f')
})

test('E105: deleted for ever, and only out of the bin', async () => {
  await withThread()
  expect(purge(await now()).acts).toEqual([])
  await act(file(await now(), 'bin').acts)
  await act(purge(await now()).acts)
  expect(await now()).toEqual([])
})

test('E35: a category is given and taken', async () => {
  await withThread()
  expect((await tried((all) => categorize(all, 'red', true)))?.thread.categories).toEqual(['red'])
  expect(categorize(await now(), 'red', false).acts).toEqual([])
})

const counted = async () => ({
  tab: await device.read((view) => unreadIn(view, 'me')),
  places: unreadPer(await now()).get('') ?? 0,
})

test('a muted discussion is unread, and counts nowhere', async () => {
  await withThread()
  expect(await counted()).toEqual({ tab: 1, places: 1 })
  const { acts, undo } = mute(await now(), true)
  await act(acts)
  expect(await counted()).toEqual({ tab: 0, places: 0 })
  expect((await now())[0]).toMatchObject({ unread: 2, counted: false, thread: { muted: true } })
  expect(mute(await now(), true).acts[0]).toBeUndefined()
  await act(undo)
  expect(await counted()).toEqual({ tab: 1, places: 1 })
})

test('somebody muted counts nowhere; somebody else in the same discussion does', async () => {
  await withThread()
  await act(hush('ana', true).acts)
  expect(await counted()).toEqual({ tab: 1, places: 1 })
  const { acts, undo } = hush('bob', true)
  await act(acts)
  expect(await counted()).toEqual({ tab: 0, places: 0 })
  const names = (await device.read((view) => view.list(scope, 'muted'))).map(({ value }) => value.name)
  expect(names).toEqual(['ana', 'bob'])
  await act(undo)
  expect(await counted()).toEqual({ tab: 1, places: 1 })
})

test('E103: however many, in acts that the server takes', async () => {
  await withThread()
  const [one] = await now()
  if (!one) throw new Error('no discussion')
  const many = Array.from({ length: 1001 }, (_, i) => ({ ...one, id: `d${String(i)}` }))
  const sizes = (acts: Act[]) => acts.map(({ args }) => ('ids' in args ? args.ids.length : 0))
  expect(sizes(file(many, 'bin').acts)).toEqual([400, 400, 201])
})
