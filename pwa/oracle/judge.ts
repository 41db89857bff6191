/** What must hold when all has come to rest. */
import { expect } from 'vitest'
import type { Deed, Held, Phone } from './phone.ts'
import type { Line } from './school.ts'

/** Is there nothing to send, and are all records those of the server? */
export function matches(held: Held, dump: Line[]): boolean {
  if (held.out.some((out) => out.state !== 'refused') || held.overlay > 0) return false
  if (held.blob.some((file) => file.state === 'waiting' || file.state === 'sending')) return false
  const scopes = new Set(held.cur.map((cur) => cur.s))
  return text(recordsOf(held)) === text(dump.filter((line) => scopes.has(line.scope)))
}

export async function judge(phones: Phone[], dump: Line[]): Promise<void> {
  for (const phone of phones) {
    const held = await phone.held()
    const scopes = held.cur.map((cur) => cur.s).sort()
    expect([phone.label, scopes]).toEqual([phone.label, await readable(phone)])
    expect(held.out.filter((out) => out.state !== 'refused')).toEqual([])
    expect(held.overlay).toBe(0)
    const mine = new Set(scopes)
    expect(text(recordsOf(held))).toBe(text(dump.filter((line) => mine.has(line.scope))))
    accountFor(phone, held, dump)
  }
  for (const scope of new Set(dump.map((line) => line.scope))) countVersions(scope, dump)
}

/** The scopes that the server names to somebody who has nothing yet. */
async function readable(phone: Phone): Promise<string[]> {
  const { device } = await phone.network.json<{ device: string }>('/api/session')
  const request = { v: 1, schema: 7, device, cursors: {} }
  const answer = await phone.network.json<{ scopes: object }>('/api/sync', request)
  return Object.keys(answer.scopes).sort()
}

/** Every action was done, once, or is shown refused with what was written. */
function accountFor(phone: Phone, held: Held, dump: Line[]): void {
  for (const deed of phone.deeds) {
    const given = held.out.find((out) => out.n === deed.n)
    if (given) expect(given).toMatchObject({ state: 'refused', name: deed.name, args: deed.args })
    else expect([phone.label, deed, isDone(deed, dump)]).toEqual([phone.label, deed, true])
  }
  countLanes(phone, dump)
}

/** Can the work of an action be seen on the server? Later actions may have covered it: then its record is there. */
function isDone({ scope, name, args }: Deed, dump: Line[]): boolean {
  const has = (type: string, id: unknown): boolean =>
    dump.some((line) => line.scope === scope && line.type === type && line.id === id)
  switch (name) {
    case 'homework.submit@1':
      return has('submission', args['id'])
    case 'homework.give@1':
      return has('homework', args['id']) || has('withdrawn', args['id'])
    case 'homework.tick@1':
      return has('tick', args['homework'])
    case 'homework.comment@1':
    case 'homework.return@1':
    case 'homework.again@1':
      return has('feedback', `${String(args['homework'])}.${String(args['student'])}`)
    case 'settings.set@1':
      return has('settings', 'settings')
    default:
      return true
  }
}

/** A lane never goes further than its device has acted: nothing was done twice. */
function countLanes(phone: Phone, dump: Line[]): void {
  for (const [scope, acted] of phone.acted) {
    const lanes = dump.filter(
      (line) => line.scope === scope && line.type === '_lane' && phone.network.devices.has(line.id),
    )
    for (const { id, value } of lanes) expect([id, scope, Number(value) <= acted]).toEqual([id, scope, true])
  }
}

/** The versions of each copy are 1, 2, 3 … each once. */
function countVersions(scope: string, dump: Line[]): void {
  if (!scope.startsWith('student:')) return
  const copies = dump.filter((line) => line.scope === scope && line.type === 'submission')
  const homework = new Set(copies.map((line) => (line.value as Copy).homework))
  for (const id of homework) {
    const mine = copies.map((line) => line.value as Copy).filter((copy) => copy.homework === id)
    const numbers = mine.map((copy) => copy.version).sort((a, b) => a - b)
    expect([id, numbers]).toEqual([id, numbers.map((_, i) => i + 1)])
  }
}

interface Copy {
  homework: string
  version: number
}

function recordsOf(held: Held): Line[] {
  return held.rec
    .filter((rec) => rec.v !== null)
    .map(({ s, t, i, q, v }) => ({ id: i, scope: s, seq: q, type: t, value: v }))
    .sort(byKey)
}

/** What stays on the server. */
const hidden = new Set([
  'post',
  'evidence',
  'ballot',
  'sent',
  'ring',
  'mailed',
  'asked',
  'rest',
  'hold',
  'cited',
  'digest',
  'dropped',
  'yearend',
  'waiting',
  'sealed',
])

/** One line per record that devices get, as the server prints them. */
function text(lines: Line[]): string {
  return lines
    .filter(({ type }) => !hidden.has(type))
    .sort(byKey)
    .map((line) => {
      const { id, scope, seq, type } = line
      return JSON.stringify({ id, scope, seq, type, value: known(line) })
    })
    .join('\n')
}

/** What a record says on both sides: lists and messages are completed as they are sent. */
function known({ type, value }: Line): unknown {
  if (type === 'list' || type === 'information') return true
  if (type !== 'message') return value
  return Array.isArray(value) ? value[0] : (value as { from: { id: string } }).from.id
}

function byKey(a: Line, b: Line): number {
  return compare(a.scope, b.scope) || compare(a.type, b.type) || compare(a.id, b.id)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
