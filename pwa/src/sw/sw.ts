/**
 * The service worker: the whole shell kept for offline, alerts shown, the right screen opened.
 * It never keeps anything personal; records and files live in the app's own database.
 */

import { scope, type EventOf, type Policy } from './scope'

declare const __SHELL__: [url: string, revision: string][]
declare const __VERSION__: string
declare const __PDF_BASE__: string
declare const __PDF_KEPT__: string[]

interface Message {
  notification?: { title?: string; body?: string; lang?: string; tag?: string; navigate?: string }
  app_badge?: number
}

const prefix = 'preau-shell-'
const shell = prefix + __VERSION__
const meta = 'preau-meta'
const reader = 'preau-reader'

/** The engine's round, for browsers that wake a worker when the network is back. */
if ('sync' in scope.registration) scope.importScripts(trusted('/sw-round.js'))

scope.addEventListener('install', (event) => event.waitUntil(Promise.all([keepShell(), renewReader()])))
scope.addEventListener('activate', (event) =>
  event.waitUntil(Promise.all([dropOldShells(), dropOldReader()])),
)
scope.addEventListener('message', (event) => {
  if (event.data === 'apply') void scope.skipWaiting()
})
scope.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== scope.location.origin) return
  if (/^\/(api|t|c)\/|\.webmanifest$/.test(url.pathname)) return
  event.respondWith(answer(request, request.mode === 'navigate' ? '/' : url.pathname))
})
scope.addEventListener('push', (event) => event.waitUntil(show(event.data)))
scope.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(open(String(event.notification.data ?? '/')))
})
scope.addEventListener('pushsubscriptionchange', (event) => {
  event.waitUntil(renew(event))
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
  return (await cache.match(path)) ?? (await caches.match(path, { cacheName: reader })) ?? fetch(request)
}

/** Who has what reads PDF files has the new one as well, before the old one goes. */
async function renewReader(): Promise<void> {
  if (!(await caches.has(reader))) return
  const cache = await caches.open(reader)
  for (const url of __PDF_KEPT__) if (!(await cache.match(url))) await cache.add(url).catch(() => undefined)
}

async function dropOldReader(): Promise<void> {
  if (!(await caches.has(reader))) return
  const cache = await caches.open(reader)
  for (const { url } of await cache.keys())
    if (!new URL(url).pathname.startsWith(__PDF_BASE__)) await cache.delete(url)
}

/** Something is always shown, first of all: browsers end the subscription of those who stay silent. */
async function show(data: EventOf<'push'>['data']): Promise<void> {
  const { notification = {}, app_badge: badge } = read(data)
  const { title = 'Préau', body = '', lang = 'fr', tag, navigate = '/' } = notification
  await scope.registration.showNotification(title, {
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

function read(data: EventOf<'push'>['data']): Message {
  try {
    return (data?.json() as Message | null | undefined) ?? {}
  } catch {
    return {}
  }
}

async function setBadge(count: number): Promise<void> {
  const { setAppBadge } = scope.navigator as { setAppBadge?: (count: number) => Promise<void> }
  await setAppBadge?.call(scope.navigator, count).catch(() => undefined)
}

function windows() {
  return scope.clients.matchAll({ type: 'window', includeUncontrolled: true })
}

/** Brings an open window to the screen, or opens one. */
async function open(address: string): Promise<void> {
  const url = new URL(address, scope.location.origin)
  if (url.origin !== scope.location.origin) return
  const [client] = await windows()
  if (!client) {
    await scope.clients.openWindow(url.href)
    return
  }
  client.postMessage({ go: url.pathname + url.search })
  await client.focus().catch(() => scope.clients.openWindow(url.href))
}

/** The browser changed the address of the alerts: the server must know it. */
async function renew({ oldSubscription, newSubscription }: EventOf<'pushsubscriptionchange'>): Promise<void> {
  const key = oldSubscription?.options.applicationServerKey
  const fresh =
    newSubscription ??
    (key &&
      (await scope.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })))
  if (!fresh) return
  const { endpoint, keys } = fresh.toJSON()
  const body = JSON.stringify({ endpoint, keys })
  await fetch('/api/push', { method: 'PUT', body, headers: { 'Content-Type': 'application/json' } })
}

function trusted(path: string): string {
  const rules: Policy = { createScriptURL: (url) => url }
  return (scope.trustedTypes?.createPolicy('preau', rules) ?? rules).createScriptURL(path)
}
