/**
 * Who is here, and their device. A person known from last time sees their school at once, without asking
 * the network; the server has its say with the first sync round.
 */
import { address, speak, speech, type Language } from '../i18n/index.svelte'
import type { Device, Live, Status, Upload, User, View } from '../sync/index.ts'
import { quiet } from '../sync/status.ts'
import { api, ApiError, codeOf } from './api'
import { frame } from './frame.svelte'
import { renewManifest } from './handover'
import { forgetAll, keep, kept } from './keep'
import { watch } from './live.svelte'
import { router } from './router.svelte'
import { remember, sendLater } from './worker'
import { dress } from './theme'
import { updates } from './update.svelte'

export type Role = User['roles'][number]

/** What the server says on signing in. */
export interface Identity {
  user: string
  device: string
  name: string
  roles: Role[]
  school: string
  /** The password is one that others would try: choose another first. */
  mustChange?: boolean
}

/**
 * starting    nothing is known yet
 * opening     somebody is known from last time, and their device is being opened
 * out         nobody is signed in
 * unreachable nobody is known here and the server does not answer, or a part of the app could not be had
 * in          somebody is, and their device is open
 * expired     somebody is, but the server wants to know who again; their data and outbox stay
 */
export type Stage = 'starting' | 'opening' | 'out' | 'unreachable' | 'in' | 'expired'

class Session {
  stage = $state<Stage>('starting')
  identity = $state.raw<Identity | undefined>(undefined)
  child = $state<string | undefined>(kept('child'))
  /** The account was taken off this device, from elsewhere or by another tab. */
  removed = $state(false)
  #device = $state.raw<Device | undefined>(undefined)
  #status = watch<Status>(() => this.#device?.status)
  #user = watch(() => this.#device?.live((view) => view.get(`user:${this.id}`, 'user', this.id)))
  #settings = watch(() => this.#device?.live((view) => view.get(`user:${this.id}`, 'settings', 'settings')))
  #school = watch(() => this.#device?.live((view) => view.all('school')))

  /** The engine. Only screens inside the shell may ask: there it is always open. */
  get device(): Device {
    if (!this.#device) throw new Error('no device is open')
    return this.#device
  }

  get open(): boolean {
    return this.#device !== undefined
  }

  get id(): string {
    return this.identity?.user ?? ''
  }

  get status(): Status {
    return this.#status.current ?? quiet
  }

  /** A query that re-runs when what it read changes; `current` is undefined until the first answer. */
  live<T>(query: (view: View) => Promise<T>): { readonly current: T | undefined } {
    return watch(() => this.device.live(query))
  }

  uploads(): { readonly current: Upload[] | undefined } {
    return watch((): Live<Upload[]> => this.device.files.uploads())
  }

  get me(): User | undefined {
    return this.#user.current?.value
  }

  get name(): string {
    return this.me?.name ?? this.identity?.name ?? ''
  }

  get first(): string {
    return this.me?.first ?? this.name.split(' ')[0] ?? ''
  }

  get settings() {
    return this.#settings.current?.value ?? {}
  }

  get school() {
    return this.#school.current?.[0]?.value
  }

  get roles(): readonly Role[] {
    return this.me?.roles ?? this.identity?.roles ?? []
  }

  is(...roles: Role[]): boolean {
    return roles.some((role) => this.roles.includes(role))
  }

  get children(): NonNullable<User['children']> {
    return this.me?.children ?? []
  }

  /** Whose work is shown: the pupil, the chosen child, or every child. */
  get pupils(): string[] {
    if (this.is('student')) return [this.id]
    const ids = this.children.map((child) => child.id)
    return this.child && ids.includes(this.child) ? [this.child] : ids
  }

  /** The one pupil whose work is shown, when it is one. */
  get student(): string | undefined {
    const [only, ...others] = this.pupils
    return others.length === 0 ? only : undefined
  }

  get teaches(): boolean {
    return this.is('teacher')
  }

  childName(student: string): string {
    return this.children.find((child) => child.id === student)?.first ?? ''
  }

  choose(child: string | undefined): void {
    this.child = child
    keep('child', child)
  }

  /** Opens what is known here; asks the server only when nothing is. */
  async start(): Promise<void> {
    const known = kept('me')
    if (!known) return this.ask()
    this.identity = known
    this.stage = 'opening'
    await this.enter(known).catch((fault: unknown) => {
      this.stage = 'unreachable'
      console.error('opening the device', fault)
    })
  }

  /** Loads what is needed inside: the engine and the frame. A device that is new has nothing to show until it talks. */
  async prepare({ toTalk = false } = {}): Promise<void> {
    const [{ talk }] = await Promise.all([engine(), frame.load()])
    if (toTalk) await talk()
  }

  /** Is there a session that this browser does not remember (a cookie handed over at installation)? */
  async ask(): Promise<void> {
    this.stage = 'starting'
    try {
      if (kept('left')) await this.#end()
      await this.enter(await api<Identity>('session'))
    } catch (error) {
      this.stage = error instanceof ApiError && error.code !== 'offline' ? 'out' : 'unreachable'
    }
  }

  /** Somebody has just signed in, was paired, was activated, or is known from last time. */
  async enter(identity: Identity): Promise<void> {
    if (this.#device && this.identity?.user !== identity.user) this.#device.close()
    this.identity = identity
    router.admit()
    this.removed = false
    keep('left', undefined)
    keep('me', identity)
    void remember(identity)
    address(identity.roles.includes('student'))
    const [{ openDevice }] = await Promise.all([engine(), frame.load()])
    this.#device = await openDevice({ user: identity.user, device: identity.device, fresh: freshDevice })
    this.#device.start()
    this.stage = 'in'
    renewManifest()
  }

  /** Leaves nothing of this person behind. The server is told when it can be; the wipe does not wait for it. */
  async leave(): Promise<void> {
    keep('left', true)
    const told = this.#end().catch(() => undefined)
    await this.wiped()
    await told
  }

  /** Ends the session at the server: the cookie is out of reach here, and would let the next one in. */
  async #end(): Promise<void> {
    await api('session', { method: 'DELETE', timeout: 4000 }).catch((error: unknown) => {
      if (codeOf(error).status !== 401) throw error
    })
    keep('left', undefined)
  }

  /** Deletes this person's data here. */
  async wiped(): Promise<void> {
    const device = this.#device
    this.#device = undefined
    this.identity = undefined
    this.child = undefined
    forgetAll()
    this.stage = 'out'
    // Each does its best: one that fails must not keep the other from it.
    await Promise.allSettled([device?.wipe(), forgetAlerts()])
  }
}

/** The device engine, a file of its own: who is not signed in does without. */
function engine() {
  return import('../sync/index.ts')
}

/** Loaded with the app where alerts are on, and kept on the device with the rest. */
async function forgetAlerts(): Promise<void> {
  await (await import('./push.svelte')).forgetAlerts()
}

/** This browser lost its database: the server gives it a new name. */
async function freshDevice(): Promise<string> {
  const { device } = await api<{ device: string }>('session/device', { method: 'POST' })
  const me = kept('me')
  if (me) keep('me', { ...me, device })
  return device
}

export const session = new Session()

/** Follows what the person and the server decide: language, theme, time zone, a session that ended. */
export function follow(): void {
  $effect(() => {
    const { lang, theme } = session.settings
    if (lang) setLanguage(lang)
    if (theme) dress(theme)
  })
  $effect(() => {
    if (session.me) address(session.is('student'))
  })
  $effect(() => {
    speech.timeZone = session.school?.timezone
  })
  $effect(() => {
    const problem = session.status.problem
    if (problem === 'wiped') {
      session.removed = true
      void session.wiped()
    } else if (problem === 'signed_out' && session.stage === 'in') session.stage = 'expired'
    else if (problem === 'upgrade') void updates.look()
  })
  $effect(() => {
    if (session.status.pending > 0) void sendLater()
  })
}

export function setLanguage(language: Language): void {
  keep('language', language)
  void speak(language)
}
