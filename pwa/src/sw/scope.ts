/** As much of a service worker's world as is used here: TypeScript's own types of it clash with those of a window. */

export interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void
}

interface Events {
  install: Extendable
  activate: Extendable
  message: MessageEvent
  fetch: Extendable & { request: Request; respondWith(response: Promise<Response>): void }
  push: Extendable & { data: { json(): unknown } | null }
  notificationclick: Extendable & { notification: Notification }
  pushsubscriptionchange: Extendable & {
    oldSubscription?: PushSubscription | null
    newSubscription?: PushSubscription | null
  }
  sync: Extendable & { tag: string }
}

export interface WindowClient {
  url: string
  postMessage(message: unknown, transfer?: Transferable[]): void
  focus(): Promise<unknown>
}

interface Scope {
  location: Location
  navigator: Navigator
  registration: ServiceWorkerRegistration
  clients: {
    matchAll(options: { type: 'window'; includeUncontrolled: true }): Promise<WindowClient[]>
    openWindow(url: string): Promise<unknown>
    claim(): Promise<void>
  }
  skipWaiting(): Promise<void>
  importScripts(url: string): void
  addEventListener<T extends keyof Events>(type: T, listener: (event: Events[T]) => void): void
  trustedTypes?: { createPolicy(name: string, rules: Policy): Policy }
}

export interface Policy {
  createScriptURL(url: string): string
}

export type EventOf<T extends keyof Events> = Events[T]

export const scope = globalThis as unknown as Scope
