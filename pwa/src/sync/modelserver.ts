/**
 * The server in a hundred lines, for tests: scopes, lanes, pages, and every
 * way in which an answer can go wrong. Its state is the truth that a device
 * is compared with.
 */
import { digest } from './digest.ts'
import type { CursorWire, MutationWire, RecordWire, RequestWire } from './wire.ts'

interface Scope {
  head: number
  records: Map<string, RecordWire>
  lanes: Map<string, object[]>
}

/** What happens to the next request. */
export type Weather =
  | 'fine'
  | 'never-arrives'
  | 'answer-lost'
  | 'answer-cut'
  | 'doubled'
  | 'slow' // answered now, heard later
  | 'busy'
  | 'too-many'
  | 'behind'
  | 'too-large'
  | 'malformed'
  | 'nonsense'
  | 'upgrade'
  | 'wait'

interface State {
  scopes: Map<string, Scope>
  applied: string[]
}

export class ModelServer {
  readonly granted = new Set<string>()
  /** Ids of the actions carried out, each once. */
  get applied(): readonly string[] {
    return this.#state.applied
  }
  /** Ids of actions that a restored backup has forgotten. */
  readonly forgotten = new Set<string>()
  device = 'd_1'
  weather: Weather[] = []
  page = 4
  delay = 6
  mismatches = 0
  #state: State = { scopes: new Map(), applied: [] }
  #backup: State = structuredClone(this.#state)
  #epoch = 1

  grant(scope: string): void {
    this.granted.add(scope)
  }

  /** Somebody else's commit. */
  commit(scope: string, id: string, value: unknown): void {
    this.#put(this.#scope(scope), 'homework', id, value)
  }

  backup(): void {
    this.#backup = structuredClone(this.#state)
  }

  /** A restored backup: what came after it is lost, cursors start over. */
  restore(): void {
    for (const id of this.#state.applied) if (!this.#backup.applied.includes(id)) this.forgotten.add(id)
    this.#state = structuredClone(this.#backup)
    this.#epoch++
  }

  live(scope: string): RecordWire[] {
    return this.#live(this.#scope(scope)).sort(byId)
  }

  async answer(path: string, init: RequestInit): Promise<Response> {
    if (path !== '/api/sync') return new Response(null, { status: 404 })
    const request = JSON.parse(init.body as string) as RequestWire
    const weather = this.weather.shift() ?? 'fine'
    if (weather === 'never-arrives') throw new TypeError('network')
    const refused = this.#refused(request, weather)
    if (refused) return refused
    if (weather === 'doubled') this.#handle(request, false)
    const response = this.#handle(request, weather === 'wait')
    if (weather === 'answer-lost') throw new TypeError('network')
    if (weather === 'answer-cut') return new Response((await response.text()).slice(0, -7) || '{')
    if (weather === 'slow') await new Promise((resolve) => setTimeout(resolve, this.delay))
    return response
  }

  #refused(request: RequestWire, weather: Weather): Response | undefined {
    if (weather === 'busy') return error(503, 'unavailable')
    if (weather === 'behind') return error(503, 'behind')
    if (weather === 'too-many') return error(429, 'too_many_requests')
    if (weather === 'too-large' && (request.mutations?.length ?? 0) > 1) return error(413, 'too_large')
    if (weather === 'malformed') return new Response('{"scopes":{"user:u":{"cursor":[1]}}}')
    if (weather === 'nonsense') return new Response('<html>Sign in to the Wi-Fi</html>')
    if (weather === 'upgrade' && request.cursors) return error(426, 'upgrade_required')
    if (request.device !== this.device) return error(409, 'unknown_device')
    return undefined
  }

  #handle(request: RequestWire, wait: boolean): Response {
    const results = (request.mutations ?? []).map((mutation) => this.#push(mutation, wait))
    const scopes: Record<string, unknown> = {}
    const more: string[] = []
    if (request.cursors) this.#pull(request, request.cursors, scopes, more)
    if (results.length === 0 && Object.keys(scopes).length === 0) return new Response(null, { status: 204 })
    const body = { ...(results.length && { results }), scopes, more, now: '2026-11-23T18:41:08Z' }
    return new Response(JSON.stringify(body))
  }

  #push(mutation: MutationWire, wait: boolean): object {
    const head = { scope: mutation.scope, k: mutation.k }
    const s = this.#scope(mutation.scope)
    const lane = s.lanes.get(this.device) ?? []
    s.lanes.set(this.device, lane)
    const known = lane[mutation.k - 1]
    if (known) return { ...head, ...known, duplicate: true }
    if (!this.granted.has(mutation.scope)) return { ...head, error: { code: 'forbidden', message: '' } }
    if (mutation.k !== lane.length + 1) return { ...head, gap: lane.length + 1 }
    if (wait) return { ...head, wait: 0 }
    const result = this.#rule(s, mutation)
    lane.push(result)
    const [, , , value] = this.#put(s, '_lane', this.device, lane.length)
    return { ...head, ...result, value }
  }

  #rule(s: Scope, { args }: MutationWire): object {
    const id = String(args['id'])
    if (id.startsWith('bad')) return { error: { code: 'invalid', message: 'not this one' } }
    // Create if absent: the same record under another device's number is the same action.
    if (this.applied.includes(id)) return { ok: true, seq: s.head + 1 }
    this.#state.applied.push(id)
    const seq = s.head + 1
    s.records.set(JSON.stringify(['homework', id]), [seq, 'homework', id, args])
    return { ok: true, seq }
  }

  #put(s: Scope, type: string, id: string, value: unknown): RecordWire {
    const record: RecordWire = [++s.head, type, id, value]
    s.records.set(JSON.stringify([type, id]), record)
    return record
  }

  #pull(
    request: RequestWire,
    cursors: Record<string, CursorWire>,
    scopes: Record<string, unknown>,
    more: string[],
  ): void {
    for (const scope of Object.keys(cursors))
      if (!this.granted.has(scope)) scopes[scope] = { gone: 'revoked' }
    for (const scope of this.granted) {
      const sum = request.digest?.[scope]
      const part = this.#part(scope, cursors[scope], sum, more)
      if (part) scopes[scope] = part
    }
  }

  /** Deltas upward first, then back-fill downward, a few records at a time. */
  #part(
    scope: string,
    cursor: CursorWire | undefined,
    sum: string | undefined,
    more: string[],
  ): object | undefined {
    const s = this.#scope(scope)
    const all = [...s.records.values()].sort((a, b) => a[0] - b[0])
    if (!cursor || cursor[0] !== this.#epoch) return this.#begin(scope, s, all, cursor && 'epoch', more)
    const [, hi, lo] = cursor
    if (sum !== undefined && hi === s.head && sum !== this.#digest(s)) {
      this.mismatches++
      return this.#begin(scope, s, all, 'digest', more)
    }
    const newer = all.filter(([seq]) => seq > hi)
    const up = commits(newer, this.page)
    if (newer.length > up.length) {
      more.push(scope)
      return { cursor: [this.#epoch, up.at(-1)?.[0], lo], records: up }
    }
    const older = all.filter(([seq, , , value]) => seq <= lo && value !== 0).reverse()
    const down = commits(older, this.page)
    const left = older.length > down.length ? (down.at(-1)?.[0] ?? 1) - 1 : 0
    if (left > 0) more.push(scope)
    if (up.length + down.length === 0 && lo === left && hi === s.head) return undefined
    return { cursor: [this.#epoch, s.head, left], records: [...up, ...down] }
  }

  #begin(scope: string, s: Scope, all: RecordWire[], reset: string | undefined, more: string[]): object {
    const live = all.filter((record) => record[3] !== 0).reverse()
    const records = commits(live, this.page)
    const lo = live.length > records.length ? (records.at(-1)?.[0] ?? 1) - 1 : 0
    if (lo > 0) more.push(scope)
    return { cursor: [this.#epoch, s.head, lo], title: scope, records, ...(reset && { reset }) }
  }

  #live(s: Scope): RecordWire[] {
    return [...s.records.values()].filter((record) => record[3] !== 0)
  }

  #digest(s: Scope): string {
    return digest(this.#live(s).map(([seq, type, id]) => ({ seq, type, id })))
  }

  #scope(scope: string): Scope {
    const { scopes } = this.#state
    const found = scopes.get(scope) ?? { head: 0, records: new Map(), lanes: new Map() }
    scopes.set(scope, found)
    return found
  }
}

/** The first records of a page: a commit is never split. */
function commits(records: RecordWire[], most: number): RecordWire[] {
  const last = records[most - 1]
  return last ? records.filter(([seq], i) => i < most || seq === last[0]) : records
}

function byId(a: RecordWire, b: RecordWire): number {
  return a[2] < b[2] ? -1 : a[2] > b[2] ? 1 : a[1] < b[1] ? -1 : 1
}

function error(status: number, code: string): Response {
  return new Response(JSON.stringify({ error: { code, message: '' } }), { status })
}
