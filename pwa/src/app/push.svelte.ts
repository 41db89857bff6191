/**
 * Alerts on this device. Browsers drop subscriptions without a word, so every start compares what this browser
 * holds with what the server knows, and mends it.
 */
import { api } from './api'
import { standalone } from './install.svelte'
import { keep, kept } from './keep'

/**
 * install   an iPhone: only the installed app may
 * denied    refused in the browser's own settings
 * off, on   as it says
 */
export type Alerts = 'unknown' | 'unsupported' | 'install' | 'denied' | 'off' | 'on'

interface Known {
  key: string
  subscriptions: { endpoint: string }[]
}

interface Tried {
  endpoint: string
  ok: boolean
}

/** The service worker notes there when it last showed something. */
const meta = 'preau-meta'

class Push {
  state = $state<Alerts>('unknown')
  last = $state<Date | undefined>(undefined)

  /** Looks, and mends what was lost since the person switched alerts on. */
  async check(): Promise<void> {
    const can = possible()
    if (can !== 'unknown') {
      this.state = can
      return
    }
    const registration = await navigator.serviceWorker.getRegistration()
    const subscription = (await registration?.pushManager.getSubscription()) ?? null
    this.last = await lastShown()
    const wanted = kept('push') === true
    this.state = subscription && wanted ? 'on' : 'off'
    if (!wanted || Notification.permission !== 'granted') return
    const known = await api<Known>('push').catch(() => undefined)
    if (known && !(subscription && fits(subscription, known))) await this.#subscribe(known.key, subscription)
  }

  /** Asks for permission (only ever after a tap) and subscribes. Rejects when the server cannot be told. */
  async enable(): Promise<void> {
    const permission = await Notification.requestPermission()
    if (permission !== 'granted') {
      this.state = permission === 'denied' ? 'denied' : 'off'
      return
    }
    const { key } = await api<Known>('push')
    await this.#subscribe(key, await (await worker()).pushManager.getSubscription())
  }

  async disable(): Promise<void> {
    await forgetAlerts()
    this.state = 'off'
  }

  /** Sends one now; says whether the push service took it. */
  async test(): Promise<boolean> {
    const answer = await api<{ tried?: Tried[] }>('push/test', { method: 'POST', body: {} })
    return answer.tried?.some((one) => one.ok) ?? true
  }

  async refresh(): Promise<void> {
    this.last = await lastShown()
  }

  async #subscribe(key: string, old: PushSubscription | null): Promise<void> {
    if (old && !sameKey(old, key)) await old.unsubscribe()
    const { pushManager } = await worker()
    const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })
    const { endpoint, keys } = subscription.toJSON()
    await api('push', { method: 'PUT', body: { endpoint, keys: { p256dh: keys?.p256dh, auth: keys?.auth } } })
    keep('push', true)
    this.state = 'on'
  }
}

export const push = new Push()

/** Ends alerts on this device, here and at the server. */
export async function forgetAlerts(): Promise<void> {
  keep('push', undefined)
  if (!('serviceWorker' in navigator)) return
  const registration = await navigator.serviceWorker.getRegistration()
  const subscription = await registration?.pushManager.getSubscription()
  await caches.delete(meta)
  if (!subscription) return
  await api('push', { method: 'DELETE', body: { endpoint: subscription.endpoint }, timeout: 4000 }).catch(
    () => undefined,
  )
  await subscription.unsubscribe()
}

export function apple(): boolean {
  return (
    /iPhone|iPad/.test(navigator.userAgent) ||
    (/Mac/.test(navigator.userAgent) && navigator.maxTouchPoints > 1)
  )
}

function possible(): Alerts {
  if (apple() && !standalone()) return 'install'
  if (!('serviceWorker' in navigator) || !('PushManager' in window)) return 'unsupported'
  return Notification.permission === 'denied' ? 'denied' : 'unknown'
}

function worker(): Promise<ServiceWorkerRegistration> {
  return navigator.serviceWorker.ready
}

async function lastShown(): Promise<Date | undefined> {
  const note = await (await caches.open(meta)).match('/last-alert')
  const at = Number(await note?.text())
  return at ? new Date(at) : undefined
}

function fits(subscription: PushSubscription, known: Known): boolean {
  return (
    sameKey(subscription, known.key) &&
    known.subscriptions.some((one) => one.endpoint === subscription.endpoint)
  )
}

function sameKey(subscription: PushSubscription, key: string): boolean {
  const held = subscription.options.applicationServerKey
  if (!held) return true
  const text = btoa(String.fromCharCode(...new Uint8Array(held)))
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '') === key
}
