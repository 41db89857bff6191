/** What the service worker needs to send without a window, where the browser lets it (Background Sync). */

/** Kept in a cache: a worker reads no localStorage. Deleted with the alerts, at sign-out. */
const meta = 'preau-meta'

export async function remember({ user, device }: { user: string; device: string }): Promise<void> {
  if (!('caches' in globalThis)) return
  const cache = await caches.open(meta)
  await cache.put('/me', Response.json({ user, device }))
}

/** Asks to be woken when the network is back. */
export async function sendLater(): Promise<void> {
  if (!('serviceWorker' in navigator)) return
  const registration = await navigator.serviceWorker.getRegistration()
  const { sync } = (registration ?? {}) as { sync?: { register(tag: string): Promise<void> } }
  await sync?.register('out').catch(() => undefined)
}
