// Another device of a person, without a screen: it signs in, acts and reads as any other does.
import { createHash } from 'node:crypto'
import type { Strip } from './people.ts'
import type { Server } from './server.ts'

interface Answer {
  results?: { ok: boolean; code?: string }[]
  scopes?: Record<string, { cursor?: number[]; records?: [number, string, string, unknown][] }>
  more?: string[]
}

export interface Found<T> {
  scope: string
  id: string
  value: T
}

export class Remote {
  #k = 0
  private constructor(
    private readonly url: string,
    private readonly cookie: string,
    private readonly device: string,
    readonly user: string,
    readonly school: string,
  ) {}

  static signIn(server: Server, login: string, password: string): Promise<Remote> {
    return Remote.#enter(server, '/api/session', { login, password })
  }

  /** The first device of somebody, who opens the account with a printed sheet. */
  static activate(server: Server, { address, code }: Strip, password: string): Promise<Remote> {
    const [, id = '', secret = ''] = new URL(address).hash.split('.')
    return Remote.#enter(server, `/api/activations/${id}/open`, { secret, code, password })
  }

  static async #enter(server: Server, path: string, proof: object): Promise<Remote> {
    const response = await fetch(server.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...proof, label: 'autre appareil' }),
    })
    if (!response.ok) throw new Error(`${path} lets nobody in: ${await response.text()}`)
    const { device, user, school } = (await response.json()) as Record<'device' | 'user' | 'school', string>
    const cookie = response.headers.getSetCookie().map((one) => one.split(';')[0])
    return new Remote(server.url, cookie.join('; '), device, user, school)
  }

  /** Does one thing; all in one scope. */
  async act(scope: string, name: string, args: unknown): Promise<void> {
    const mutations = [{ scope, k: ++this.#k, name, at: Date.now(), args }]
    const { results } = await this.#ask({ mutations })
    if (!results?.[0]?.ok) throw new Error(`${name}: ${JSON.stringify(results)}`)
  }

  /** Does one thing again and again; all in one scope. */
  async acts(scope: string, name: string, all: readonly unknown[]): Promise<void> {
    for (let i = 0; i < all.length; i += 50) {
      const some = all.slice(i, i + 50)
      const mutations = some.map((args) => ({ scope, k: ++this.#k, name, at: Date.now(), args }))
      const { results = [] } = await this.#ask({ mutations })
      const refused = results.find(({ ok }) => !ok)
      if (results.length < some.length || refused) throw new Error(`${name}: ${JSON.stringify(refused)}`)
    }
  }

  /** The values of all records of a type in this person's mailbox. */
  async mailbox<T>(type: string): Promise<T[]> {
    const all = await this.records<T>(type)
    return all.filter(({ scope }) => scope === `user:${this.user}`).map(({ value }) => value)
  }

  /** All records of a type that this person reads. */
  async records<T>(type: string): Promise<Found<T>[]> {
    const found = new Map<string, Found<T>>()
    let cursors: Record<string, number[]> = {}
    for (let more = true; more;) {
      const answer = await this.#ask({ cursors, budget: 1 << 20 })
      for (const [scope, { cursor, records = [] }] of Object.entries(answer.scopes ?? {})) {
        if (cursor) cursors = { ...cursors, [scope]: cursor }
        for (const [, of, id, value] of records)
          if (of === type && value !== 0) found.set(`${scope} ${id}`, { scope, id, value: value as T })
      }
      more = (answer.more ?? []).length > 0
    }
    return [...found.values()]
  }

  /** Sends a file whole; its name by content. */
  async upload(bytes: Buffer, use: string, name: string, type: string): Promise<string> {
    const meta = Object.entries({ use, name, type }).map(([key, value]) => `${key} ${btoa(value)}`)
    const response = await fetch(`${this.url}/api/uploads`, {
      method: 'POST',
      headers: {
        'Tus-Resumable': '1.0.0',
        'Upload-Length': String(bytes.length),
        'Upload-Metadata': meta.join(','),
        'Content-Type': 'application/offset+octet-stream',
        Cookie: this.cookie,
      },
      body: new Uint8Array(bytes),
    })
    if (!response.ok) throw new Error(`upload: ${String(response.status)} ${await response.text()}`)
    return `sha256-${createHash('sha256').update(bytes).digest('hex')}`
  }

  /** Asks a route beside the protocol; what it answers. */
  async call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(this.url + path, {
      method,
      headers: { Cookie: this.cookie, ...(body && { 'Content-Type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${path}: ${String(response.status)} ${await response.text()}`)
    return (await response.json().catch(() => ({}))) as T
  }

  async #ask(body: object): Promise<Answer> {
    const response = await fetch(`${this.url}/api/sync`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Cookie: this.cookie },
      body: JSON.stringify({ v: 1, schema: 7, device: this.device, ...body }),
    })
    if (!response.ok) throw new Error(`sync: ${String(response.status)} ${await response.text()}`)
    return response.status === 204 ? {} : ((await response.json()) as Answer)
  }
}
