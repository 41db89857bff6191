/** The service worker, and the new version that waits for the person's consent. */

import { scriptUrl } from './trusted'

declare const __BUILD__: string

export const build = __BUILD__

class Updates {
  waiting = $state.raw<ServiceWorker | undefined>(undefined)

  /** Lets the new version take over; the page reloads when it has. The outbox is in the database: nothing is lost. */
  apply(): void {
    this.waiting?.postMessage('apply')
  }

  later(): void {
    this.waiting = undefined
  }
}

export const updates = new Updates()

const hourly = 3_600_000

export function watchForUpdates(): void {
  // A chunk of an old version is gone: the shell of the new one is one reload away.
  addEventListener('vite:preloadError', () => void navigator.serviceWorker.getRegistration().then((r) => r?.update()))
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return
  void register()
}

async function register(): Promise<void> {
  const had = navigator.serviceWorker.controller !== null
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (had) location.reload()
  })
  const registration = await navigator.serviceWorker.register(scriptUrl('/sw.js')).catch(() => undefined)
  if (!registration) return
  offer(registration)
  registration.addEventListener('updatefound', () => follow(registration))
  setInterval(() => void registration.update().catch(() => undefined), hourly)
}

function follow(registration: ServiceWorkerRegistration): void {
  const worker = registration.installing
  worker?.addEventListener('statechange', () => offer(registration))
}

/** Only a second version is news: the first one installs without a word. */
function offer(registration: ServiceWorkerRegistration): void {
  if (registration.waiting && registration.active) updates.waiting = registration.waiting
}
