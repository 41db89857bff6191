/**
 * The server in a hundred lines, for tests: scopes, lanes, pages, and every
 * way in which an answer can go wrong. Its state is the truth that a device
 * is compared with.
 */
import type { CursorWire, MutationWire, RecordWire, RequestWire } from './wire.ts'

interface Scope {
  epoch: number
  head: number
  records: Map<string, RecordWire>
  lanes: Map<string, Map<number, object>>
}

/** What happens to the next request. */
export type Weather =
  | 'fine'
  | 'never-arrives'
  | 'answer-lost'
  | 'answer-cut'
  | 'doubled'
  | 'busy'
  | 'too-large'
  | 'malformed'
  | 'upgrade'
  | 'wait'

export class ModelServer {
  readonly scopes = new Map<string, Scope>()
  readonly granted = new Set<string>()
  /** Applied actions by their id, each once. */
  readonly applied: string[] = []
  device = 'd_1'
  weather: Weather[] = []
  page = 4

  grant(scope: string): void {
    this.granted.add(scope)
    if (!this.scopes.has(scope))
      this.scopes.set(scope, { epoch: 1, head: 0, records: new Map(), lanes: new Map() })
  }

  /** Somebody else's commit. */
  commit(scope: string, id: string, value: unknown): void {
    const s = this.#scope(scope)
    s.head++
    s.records.set(`homework ${id}`, [s.head, 'homework', id, value])
  }

  /** A restored backup: the last commit of each scope is lost, cursors start over. */
  restore(): void {
    for (const s of this.scopes.values()) s.epoch++
  }

  live(scope: string): RecordWire[] {
    return [...this.#scope(scope).records.values()].filter((record) => record[3] !== 0).sort(byId)
  }

  async answer(path: string, init: RequestInit): Promise<Response> {
    if (path !== '/api/sync') return new Response(null, { status: 404 })
    const request = JSON.parse(init.body as string) as RequestWire
    const weather = this.weather.shift() ?? 'fine'
    if (weather === 'never-arrives') throw new TypeError('network')
    if (weather === 'busy') return new Response(null, { status: 503, headers: { 'Retry-After': '0' } })
    if (weather === 'too-large' && (request.mutations?.length ?? 0) > 1) return error(413, 'too_large')
    if (weather === 'malformed') return new Response('{"scopes":{"user:u":{"cursor":[1]}}}')
    if (weather === 'upgrade' && request.cursors) return error(426, 'upgrade_required')
    if (request.device !== this.device) return error(409, 'unknown_device')
    if (weather === 'doubled') this.#handle(request, false)
    const response = this.#handle(request, weather === 'wait')
    if (weather === 'answer-lost') throw new TypeError('network')
    if (weather === 'answer-cut')
      return new Response((await response.text()).slice(0, -7) || '{', { status: 200 })
    return response
  }

  #handle(request: RequestWire, wait: boolean): Response {
    const results = (request.mutations ?? []).map((mutation) => this.#push(mutation, wait))
    const scopes: Record<string, unknown> = {}
    const more: string[] = []
    if (request.cursors) this.#pull(request.cursors, scopes, more)
    if (results.length === 0 && Object.keys(scopes).length === 0) return new Response(null, { status: 204 })
    return new Response(
      JSON.stringify({ ...(results.length && { results }), scopes, more, now: '2026-11-23T18:41:08Z' }),
    )
  }

  #push(mutation: MutationWire, wait: boolean): object {
    const head = { scope: mutation.scope, k: mutation.k }
    if (!this.granted.has(mutation.scope)) return { ...head, error: { code: 'forbidden', message: '' } }
    const s = this.#scope(mutation.scope)
    const lane = s.lanes.get(this.device) ?? new Map<number, object>()
    s.lanes.set(this.device, lane)
    const known = lane.get(mutation.k)
    if (known) return { ...head, ...known, ...('ok' in known && { duplicate: true }) }
    if (mutation.k !== lane.size + 1) return { ...head, gap: lane.size + 1 }
    if (wait) return { ...head, wait: 0 }
    const result = this.#rule(s, mutation)
    lane.set(mutation.k, result)
    return { ...head, ...result }
  }

  #rule(s: Scope, { args }: MutationWire): object {
    const id = String(args['id'])
    if (id.startsWith('bad')) return { error: { code: 'invalid', message: 'not this one' } }
    // Create if absent: the same record under another device's number is the same action.
    if (this.applied.includes(id)) return { ok: true, seq: s.head }
    this.applied.push(id)
    s.head++
    s.records.set(`homework ${id}`, [s.head, 'homework', id, args])
    return { ok: true, seq: s.head }
  }

  #pull(cursors: Record<string, CursorWire>, scopes: Record<string, unknown>, more: string[]): void {
    for (const scope of Object.keys(cursors))
      if (!this.granted.has(scope)) scopes[scope] = { gone: 'revoked' }
    for (const scope of this.granted) {
      const part = this.#part(scope, cursors[scope], more)
      if (part) scopes[scope] = part
    }
  }

  /** Deltas upward first, then back-fill downward, a few records at a time. */
  #part(scope: string, cursor: CursorWire | undefined, more: string[]): object | undefined {
    const s = this.#scope(scope)
    const all = [...s.records.values()].sort((a, b) => a[0] - b[0])
    if (!cursor || cursor[0] !== s.epoch) {
      const records = all.slice(-this.page).reverse()
      const lo = all.length > this.page ? (records.at(-1)?.[0] ?? 1) - 1 : 0
      if (lo > 0) more.push(scope)
      return { cursor: [s.epoch, s.head, lo], title: scope, records, ...(cursor && { reset: 'epoch' }) }
    }
    const [, hi, lo] = cursor
    const newer = all.filter(([seq]) => seq > hi)
    const up = newer.slice(0, this.page)
    if (newer.length > up.length) {
      more.push(scope)
      return { cursor: [s.epoch, up.at(-1)?.[0], lo], records: up }
    }
    const older = all.filter(([seq]) => seq <= lo).reverse()
    const down = older.slice(0, this.page)
    const left = older.length > down.length ? (down.at(-1)?.[0] ?? 1) - 1 : 0
    if (left > 0) more.push(scope)
    if (up.length + down.length === 0 && lo === left && hi === s.head) return undefined
    return { cursor: [s.epoch, s.head, left], records: [...up, ...down] }
  }

  #scope(scope: string): Scope {
    const found = this.scopes.get(scope)
    if (!found) throw new Error(`no scope ${scope}`)
    return found
  }
}

function byId(a: RecordWire, b: RecordWire): number {
  return a[2] < b[2] ? -1 : 1
}

function error(status: number, code: string): Response {
  return new Response(JSON.stringify({ error: { code, message: '' } }), { status })
}
