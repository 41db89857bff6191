/** The wire `sync/1`, checked where it enters. Unknown fields are let through. */
import type { Refusal } from './outbox.ts'

export const protocolVersion = 1
/** Version of the records that this app can read. */
export const schemaVersion = 7

export type CursorWire = [epoch: number, hi: number, lo: number]
export type RecordWire = [seq: number, type: string, id: string, value: unknown]

export interface MutationWire {
  scope: string
  k: number
  name: string
  at: number
  base?: number
  args: Record<string, unknown>
}

export interface RequestWire {
  v: number
  schema: number
  device: string
  mutations?: MutationWire[]
  cursors?: Record<string, CursorWire>
  digest?: Record<string, string>
  budget?: number
}

type Outcome = { ok: true; seq: number } | { error: Refusal } | { wait: number } | { gap: number }
export type ResultWire = { scope: string; k: number } & Outcome

/** Records of a scope, and how far it is known with them. */
export interface PageWire {
  cursor: CursorWire
  records: RecordWire[]
  title?: string
  reset?: string
}

export type ScopeWire = { gone: string } | PageWire

export interface ResponseWire {
  results: ResultWire[]
  scopes: Record<string, ScopeWire>
  more: string[]
}

/** What came is not what the protocol says. Nothing of it is used. */
export class MalformedAnswer extends Error {}

export function parseResponse(body: unknown): ResponseWire {
  const answer = object(body)
  return {
    results: list(answer['results']).map(parseResult),
    scopes: Object.fromEntries(
      Object.entries(object(answer['scopes'] ?? {})).map(([scope, value]) => [scope, parseScope(value)]),
    ),
    more: list(answer['more']).map(text),
  }
}

function parseResult(value: unknown): ResultWire {
  const result = object(value)
  const head = { scope: text(result['scope']), k: whole(result['k']) }
  if (result['ok'] === true) return { ...head, ok: true, seq: whole(result['seq']) }
  if ('wait' in result) return { ...head, wait: whole(result['wait']) }
  if ('gap' in result) return { ...head, gap: whole(result['gap']) }
  return { ...head, error: parseRefusal(result['error']) }
}

export function parseRefusal(value: unknown): Refusal {
  const error = object(value)
  return {
    code: text(error['code']),
    message: typeof error['message'] === 'string' ? error['message'] : '',
    ...(typeof error['field'] === 'string' && { field: error['field'] }),
    ...('current' in error && { current: error['current'] }),
  }
}

function parseScope(value: unknown): ScopeWire {
  const scope = object(value)
  if ('gone' in scope) return { gone: text(scope['gone']) }
  return {
    cursor: parseCursor(scope['cursor']),
    records: list(scope['records']).map(parseRecord),
    ...(typeof scope['title'] === 'string' && { title: scope['title'] }),
    ...(typeof scope['reset'] === 'string' && { reset: scope['reset'] }),
  }
}

function parseCursor(value: unknown): CursorWire {
  const [epoch, hi, lo] = list(value)
  const cursor: CursorWire = [whole(epoch), whole(hi), whole(lo)]
  if (cursor[2] > cursor[1]) throw new MalformedAnswer('a cursor with lo above hi')
  return cursor
}

function parseRecord(value: unknown): RecordWire {
  const [seq, type, id, content] = list(value)
  if (content === undefined || content === null) throw new MalformedAnswer('a record without a value')
  return [whole(seq), text(type), text(id), content]
}

function object(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MalformedAnswer('an object was expected')
  return value as Record<string, unknown>
}

function list(value: unknown): unknown[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw new MalformedAnswer('a list was expected')
  return value
}

function text(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw new MalformedAnswer('a text was expected')
  return value
}

function whole(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new MalformedAnswer('a whole number was expected')
  return value
}
