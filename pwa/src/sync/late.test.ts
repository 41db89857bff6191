// @vitest-environment node
// What talks with the server is a file of its own: without it a device still shows, and keeps what is done.
import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { expect, test, vi } from 'vitest'
import { openDevice, type Device } from './index.ts'
import type * as Talk from './talk.ts'

vi.mock('./late.ts', () => ({ talk: vi.fn() }))

async function device(indexedDB: IDBFactory): Promise<Device> {
  return openDevice({
    user: 'u1',
    device: 'd1',
    indexedDB,
    name: 'late',
    fresh: () => Promise.resolve('d1'),
    fetch: () => Promise.reject(new TypeError('network')),
  })
}

async function done(mine: Device): Promise<string[]> {
  return mine.read(async (view) => (await view.outbox()).map((out) => out.name))
}

test.each([
  ['cannot be had', () => Promise.resolve(undefined)],
  ['does not come', () => new Promise<undefined>(() => undefined)],
])('an action is kept where that file %s', async (_, absent) => {
  const { talk } = vi.mocked(await import('./late.ts'))
  const disk = new IDBFactory()
  talk.mockImplementation(absent)
  const before = await device(disk)
  await before.act('user:u1', 'settings.set@1', { theme: 'dark' })
  expect(await done(before)).toEqual(['settings.set@1'])
  expect(before.status.current.pending).toBe(1)
  before.close()

  talk.mockImplementation(async () => import('./talk.ts'))
  const after = await device(disk)
  await after.act('user:u1', 'settings.set@1', { lang: 'en' })
  const shown = await after.read((view) => view.get('user:u1', 'settings', 'settings'))
  expect(shown?.value).toMatchObject({ theme: 'dark', lang: 'en' })
  after.close()
})

test('an action is on disk before that file comes', async () => {
  const { talk } = vi.mocked(await import('./late.ts'))
  let come: (parts: typeof Talk) => void = () => undefined
  talk.mockImplementation(() => new Promise((had) => (come = had)))
  const mine = await device(new IDBFactory())
  const acted = mine.act('user:u1', 'settings.set@1', { theme: 'dark' })
  await vi.waitFor(async () => expect(await done(mine)).toEqual(['settings.set@1']), 500)
  come(await import('./talk.ts'))
  await acted
  expect((await mine.read((view) => view.get('user:u1', 'settings', 'settings')))?.value).toMatchObject({
    theme: 'dark',
  })
  mine.close()
})
