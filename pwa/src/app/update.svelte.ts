/** The service worker, and the new version that waits for the person's consent. */

import { router } from './router.svelte'
import { scriptUrl } from './trusted'

/** Which build this is, for whoever helps. */
export const build = String(import.meta.env.VITE_BUILD ?? 'dev')

class Updates {
  waiting = $state.raw<ServiceWorker | undefined>(undefined)
  /** It takes over once the old one has ended what it does: a moment, or a round of sync. */
  applying = $state(false)

  /** Lets the new version take over; the page reloads when it has. The outbox is in the database: nothing is lost. */
  apply(): void {
    this.applying = true
    const worker = this.waiting
    worker?.addEventListener('statechange', () => {
      if (worker.state === 'activated') reload()
    })
    const ask = (): void => worker?.postMessage('apply')
    ask()
    setInterval(ask, 2000) // a worker that was busy starting or ending may not have heard
  }

  /** The server, or a file that is gone, says that this version is old. */
  async look(): Promise<void> {
    if (!('serviceWorker' in navigator)) return
    const registration = await navigator.serviceWorker.getRegistration()
    await registration?.update().catch(() => undefined)
  }

  later(): void {
    this.waiting = undefined
  }
}

export const updates = new Updates()

/** An app stays open for days: it looks whenever the network is back, and now and then. */
const hourly = 3_600_000

/** A chunk of an old version is gone: the new one is one reload away. */
export function heedLostFiles(): void {
  addEventListener('vite:preloadError', () => void updates.look())
}

export function watchForUpdates(): void {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return
  void register()
}

let reloading = false

/** Once, whoever noticed first. */
function reload(): void {
  if (reloading) return
  reloading = true
  location.reload()
}

async function register(): Promise<void> {
  const had = navigator.serviceWorker.controller !== null
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (had) reload()
  })
  navigator.serviceWorker.addEventListener('message', ({ data }: MessageEvent<{ go?: string } | string>) => {
    if (typeof data === 'object' && data.go) void router.go(data.go)
  })
  const registration = await navigator.serviceWorker.register(scriptUrl('/sw.js')).catch(() => undefined)
  if (!registration) return
  offer(registration)
  registration.addEventListener('updatefound', () => follow(registration))
  const look = (): void => void updates.look()
  addEventListener('online', look)
  setInterval(look, hourly)
}

function follow(registration: ServiceWorkerRegistration): void {
  const worker = registration.installing
  worker?.addEventListener('statechange', () => offer(registration))
}

/** Only a second version is news: the first one installs without a word. */
function offer(registration: ServiceWorkerRegistration): void {
  if (registration.waiting && registration.active) updates.waiting = registration.waiting
}
