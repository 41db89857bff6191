/**
 * The live channel: one per browser, held by one tab that somebody looks at.
 * It only ever says when to pull.
 *
 *   hidden ◀──▶ following (another tab leads) ◀──▶ leading ──▶ connected
 *                                                     ▲            │ cut three times at once:
 *                                                     └─ polling ◀─┘ something holds streams back
 */
import type { Database } from '../db/database.ts'

/** The part of EventSource that is used. */
export interface Stream {
  addEventListener(name: string, listener: (event: MessageEvent<string>) => void): void
  onerror: ((event: Event) => void) | null
  readonly readyState: number
  close(): void
}

export interface LiveOptions {
  db: Database
  connect: (path: string) => Stream
  now: () => number
  /** The tab's name, the same after its page was loaded anew. */
  tab: string
  /** Pull now. */
  pull: () => void
}

interface Lease {
  tab: string
  until: number
}

const lease = 8_000
const beat = 3_000
const poll = 60_000
const quick = 5000
const closed = 2

export class Live {
  readonly #tab: string
  #visible = false
  #stream: Stream | undefined
  #openedAt = 0
  #cuts = 0
  #reopenAt = 0
  #polledAt = 0
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(private readonly options: LiveOptions) {
    this.#tab = options.tab
    this.#polledAt = options.now()
  }

  /** Somebody looks at this tab, or no longer does. */
  show(visible: boolean): void {
    this.#visible = visible
    clearInterval(this.#timer)
    if (!visible) return this.#rest()
    this.#cuts = 0
    this.#reopenAt = 0
    this.#timer = setInterval(() => void this.#tick(), beat)
    void this.#tick()
  }

  stop(): void {
    this.show(false)
  }

  #rest(): void {
    this.#disconnect()
    void this.#release()
  }

  async #tick(): Promise<void> {
    const leads = await this.#lead().catch(() => false)
    if (!this.#visible) return
    if (!leads) {
      this.#disconnect()
      return
    }
    const now = this.options.now()
    if (!this.#stream && now >= this.#reopenAt) this.#connect(now)
    if (now - this.#polledAt < (this.#isWell(now) ? 15 * poll : poll)) return
    this.#polledAt = now
    this.options.pull()
  }

  #isWell(now: number): boolean {
    return this.#stream !== undefined && now - this.#openedAt > quick && this.#cuts === 0
  }

  /** Takes or renews the lease; false when another tab has it. */
  async #lead(): Promise<boolean> {
    const { db, now } = this.options
    const held = (await db.read(['kv'], (tx) => tx.objectStore('kv').get('live'))) as Lease | undefined
    const at = now()
    if (held?.tab === this.#tab && held.until - at > lease / 2) return true
    return db.note(async (tx) => {
      const leader = (await tx.objectStore('kv').get('live')) as Lease | undefined
      const isFree = !leader || leader.tab === this.#tab || leader.until < at || leader.until > at + 2 * lease
      if (isFree) await tx.objectStore('kv').put({ tab: this.#tab, until: at + lease }, 'live')
      return isFree
    })
  }

  async #release(): Promise<void> {
    const { db } = this.options
    if (db.closed) return
    const mine = async (): Promise<void> =>
      db.note(async (tx) => {
        const leader = (await tx.objectStore('kv').get('live')) as Lease | undefined
        if (leader?.tab === this.#tab) await tx.objectStore('kv').delete('live')
      })
    await mine().catch(() => undefined)
  }

  #connect(now: number): void {
    const stream = this.options.connect('/api/live')
    this.#stream = stream
    this.#openedAt = now
    stream.addEventListener('hello', () => this.options.pull())
    stream.addEventListener('poke', (event) => void this.#poked(event.data))
    stream.addEventListener('bye', (event) => this.#bye(event.data))
    stream.onerror = () => this.#cut(stream)
  }

  #disconnect(): void {
    this.#stream?.close()
    this.#stream = undefined
  }

  /**
   * The browser reconnects by itself, unless it gave up or it happens at once again and again. It gives up when
   * the server refuses, without a word of why: a pull is told, a device that was taken off among others.
   */
  #cut(stream: Stream): void {
    if (stream !== this.#stream) return
    const now = this.options.now()
    this.#cuts = now - this.#openedAt < quick ? this.#cuts + 1 : 0
    this.#openedAt = now
    const refused = stream.readyState === closed
    if (this.#cuts < 3 && !refused) return
    this.#disconnect()
    this.#reopenAt = now + (this.#cuts < 3 ? beat : 10 * poll)
    if (refused) this.options.pull()
  }

  #bye(data: string): void {
    this.#disconnect()
    this.#reopenAt = this.options.now() + delayIn(data)
    setTimeout(() => this.#visible && void this.#tick(), delayIn(data) + 1)
  }

  async #poked(data: string): Promise<void> {
    if (await this.#isBehind(data).catch(() => true)) this.options.pull()
  }

  /** Does this device lack what the poke speaks of? 0 is a scope that came or went. */
  async #isBehind(data: string): Promise<boolean> {
    const heads = Object.entries(JSON.parse(data) as Record<string, number>)
    const held = await this.options.db.read(['cur'], (tx) => tx.objectStore('cur').getAll())
    const his = new Map(held.map((cur) => [cur.s, cur.hi]))
    return heads.some(([scope, head]) => head === 0 || head > (his.get(scope) ?? -1))
  }
}

/**
 * The name of this tab. A page that is left cannot give its lease back in time; the next page in the same tab
 * goes on with it.
 */
export function tabName(random: () => number): string {
  const fresh = String(random())
  if (!('document' in globalThis)) return fresh
  try {
    const name = sessionStorage.getItem('preau:tab') ?? fresh
    sessionStorage.setItem('preau:tab', name)
    return name
  } catch {
    return fresh // nothing may be kept here
  }
}

function delayIn(data: string): number {
  try {
    const { delay } = JSON.parse(data) as { delay?: number }
    return Math.min(60_000, Math.max(100, delay ?? 2000))
  } catch {
    return 2000
  }
}
