/**
 * The service worker: the whole shell kept for offline, alerts shown, the right screen opened.
 * It never keeps anything personal; records and files live in the app's own database.
 */

/// <reference lib="webworker" />
declare const self: ServiceWorkerGlobalScope
declare const __SHELL__: [url: string, revision: string][]
declare const __VERSION__: string

interface Message {
  notification?: { title?: string; body?: string; lang?: string; tag?: string; navigate?: string }
  app_badge?: number
}

const prefix = 'preau-shell-'
const shell = prefix + __VERSION__
const meta = 'preau-meta'

/** The engine's round, for browsers that wake a worker when the network is back. */
if ('sync' in self.registration) importScripts(trusted('/sw-round.js'))

self.addEventListener('install', (event) => event.waitUntil(keepShell()))
self.addEventListener('activate', (event) => event.waitUntil(dropOldShells()))
self.addEventListener('message', (event) => {
  if (event.data === 'apply') void self.skipWaiting()
})
self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return
  if (url.pathname.startsWith('/api/') || url.pathname.endsWith('.webmanifest')) return
  event.respondWith(answer(request, request.mode === 'navigate' ? '/' : url.pathname))
})
self.addEventListener('push', (event) => event.waitUntil(show(event.data)))
self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(open(String(event.notification.data ?? '/')))
})
self.addEventListener('pushsubscriptionchange', (event) => {
  ;(event as ExtendableEvent).waitUntil(renew(event as SubscriptionChange))
})

/** Files whose name says what they hold are taken from the old shell; the rest from the network, never from its cache. */
async function keepShell(): Promise<void> {
  const cache = await caches.open(shell)
  await Promise.all(
    __SHELL__.map(async ([url, revision]) => {
      const held = revision ? undefined : await caches.match(url)
      await (held
        ? cache.put(url, held)
        : cache.add(new Request(url, { cache: revision ? 'no-cache' : 'default' })))
    }),
  )
}

async function dropOldShells(): Promise<void> {
  const names = await caches.keys()
  await Promise.all(
    names.filter((name) => name.startsWith(prefix) && name !== shell).map((name) => caches.delete(name)),
  )
}

async function answer(request: Request, path: string): Promise<Response> {
  const cache = await caches.open(shell)
  return (await cache.match(path)) ?? fetch(request)
}

/** Something is always shown, first of all: browsers end the subscription of those who stay silent. */
async function show(data: PushMessageData | null): Promise<void> {
  const { notification = {}, app_badge: badge } = read(data)
  const { title = 'Préau', body = '', lang = 'fr', tag, navigate = '/' } = notification
  await self.registration.showNotification(title, {
    body,
    lang,
    icon: '/icon-192.png',
    badge: '/badge-96.png',
    data: navigate,
    ...(tag && { tag }),
  })
  await (await caches.open(meta)).put('/last-alert', new Response(String(Date.now())))
  if (badge !== undefined) await setBadge(badge)
  for (const client of await windows()) client.postMessage('sync')
}

function read(data: PushMessageData | null): Message {
  try {
    return (data?.json() ?? {}) as Message
  } catch {
    return {}
  }
}

async function setBadge(count: number): Promise<void> {
  const { setAppBadge } = self.navigator as { setAppBadge?: (count: number) => Promise<void> }
  await setAppBadge?.call(self.navigator, count).catch(() => undefined)
}

function windows() {
  return self.clients.matchAll({ type: 'window', includeUncontrolled: true })
}

/** Brings an open window to the screen, or opens one. */
async function open(address: string): Promise<void> {
  const url = new URL(address, self.location.origin)
  if (url.origin !== self.location.origin) return
  const [client] = await windows()
  if (!client) return void (await self.clients.openWindow(url.href))
  client.postMessage({ go: url.pathname + url.search })
  await client.focus().catch(() => self.clients.openWindow(url.href))
}

interface SubscriptionChange extends ExtendableEvent {
  oldSubscription?: PushSubscription | null
  newSubscription?: PushSubscription | null
}

/** The browser changed the address of the alerts: the server must know it. */
async function renew({ oldSubscription, newSubscription }: SubscriptionChange): Promise<void> {
  const key = oldSubscription?.options.applicationServerKey
  const fresh =
    newSubscription ??
    (key &&
      (await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })))
  if (!fresh) return
  const { endpoint, keys } = fresh.toJSON()
  const body = JSON.stringify({ endpoint, keys })
  await fetch('/api/push', { method: 'PUT', body, headers: { 'Content-Type': 'application/json' } })
}

function trusted(path: string): string {
  const types = (
    self as { trustedTypes?: { createPolicy(n: string, r: object): { createScriptURL(u: string): string } } }
  ).trustedTypes
  return types
    ? types.createPolicy('sw-url', { createScriptURL: (url: string) => url }).createScriptURL(path)
    : path
}
