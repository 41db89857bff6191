/** For tests: a device that was on the network once, and holds what it was told then. */
import { openDevice, type Device } from '../sync/index.ts'

export async function holding(scopes: Record<string, unknown[]>): Promise<Device> {
  const held = Object.entries(scopes).map(([name, records]) => [name, { cursor: [1, 9, 0], records }])
  const answer = { results: [], scopes: Object.fromEntries(held) as object, more: [] }
  let isFirst = true
  const device = await openDevice({
    user: 'me',
    device: 'd1',
    fresh: () => Promise.resolve('d2'),
    fetch: () => {
      if (!isFirst) return Promise.reject(new TypeError('no network'))
      isFirst = false
      return Promise.resolve(Response.json(answer))
    },
    random: () => 1,
  })
  await device.sync()
  return device
}
