/** One sync round without a window, when the browser says that the network is back (Background Sync). */

import { openDevice } from '../sync/index.ts'
import { scope } from './scope'

interface Me {
  user: string
  device: string
}

scope.addEventListener('sync', (event) => {
  if (event.tag === 'out') event.waitUntil(round())
})

/** Rejects while something still waits: the browser then calls again later. */
async function round(): Promise<void> {
  const note = await (await caches.open('preau-meta')).match('/me')
  if (!note) return
  const { user, device: id } = (await note.json()) as Me
  const device = await openDevice({ user, device: id, fresh })
  await device.sync()
  const { pending, problem } = device.status.current
  device.close()
  if (pending > 0 && (problem === 'offline' || problem === 'server')) throw new Error(problem)
}

async function fresh(): Promise<string> {
  const response = await fetch('/api/session/device', { method: 'POST' })
  if (!response.ok) throw new Error('offline')
  return ((await response.json()) as { device: string }).device
}
