/** The rules of a school's messaging: what holds where it decided nothing, and what they mean for a person. Pure. */
import type { Key, Params } from '../i18n/index.svelte'
import type { MailPolicy, User } from '../sync/index.ts'

type Role = User['roles'][number]

export const undecided: MailPolicy = {
  ...{ studentToTeacher: true, studentToStudent: true, studentToStaff: false },
  ...{ guardianToTeacher: true, guardianToStaff: true, teacherToStudent: true, teacherToGuardian: true },
  ...{ most: 200, quota: 100, alike: 40, pair: 20, large: 60, hold: 10 },
  ...{ keepInbox: 90, keepIdle: 0, keepBin: 30, keepCases: 365 },
}

export function rulesOf(decided: Partial<MailPolicy> | undefined): MailPolicy {
  return { ...undecided, ...decided }
}

/** What the server takes. */
export const limits = {
  most: [1, 200],
  quota: [1, 1000],
  alike: [1, 1000],
  pair: [1, 1000],
  large: [0, 10_000],
  hold: [1, 60],
  keepInbox: [0, 3650],
  keepIdle: [0, 3650],
  keepBin: [0, 3650],
  keepCases: [0, 3650],
} as const

export type Numbered = keyof typeof limits
export const numbered = Object.keys(limits) as Numbered[]

/** A number as it was typed; undefined where the server would not take it. */
export function typed(field: Numbered, text: string): number | undefined {
  const [min, max] = limits[field]
  const value = /^\d{1,5}$/.test(text.trim()) ? Number(text) : NaN
  return value >= min && value <= max ? value : undefined
}

/** A night has two times, and is not a whole day. */
export function isNight({ from, to }: { from: string; to: string }): boolean {
  const time = /^([01]\d|2[0-3]):[0-5]\d$/
  return time.test(from) && time.test(to) && from !== to
}

export type Way = keyof {
  [K in keyof MailPolicy as MailPolicy[K] extends boolean ? K : never]: true
}

export const ways = {
  student: ['studentToTeacher', 'studentToStudent', 'studentToStaff'],
  guardian: ['guardianToTeacher', 'guardianToStaff'],
  teacher: ['teacherToStudent', 'teacherToGuardian'],
} as const satisfies Partial<Record<Role, readonly Way[]>>

export interface Sentence {
  key: Key
  allowed: boolean
}

/** Whom somebody may write to, in sentences. */
export function reachOf(rules: MailPolicy, roles: readonly Role[]): Sentence[] {
  const is = (...some: Role[]) => some.some((role) => roles.includes(role))
  const yes = (key: Key): Sentence => ({ key, allowed: true })
  const both = (all: readonly Way[]) =>
    all.map((way) => ({ key: `reach.${way}` as const, allowed: rules[way] }))
  const outside: Sentence[] = rules.external?.length
    ? [{ key: 'reach.outside', allowed: mayWriteOutside(rules, roles) }]
    : []
  if (is('staff', 'direction')) return [yes('reach.everybody'), ...outside]
  return [
    ...(is('student') ? [yes('reach.family.student'), ...both(ways.student)] : []),
    ...(is('teacher') ? both(ways.teacher) : []),
    ...(is('teacher', 'admin') ? [yes('reach.colleagues')] : []),
    ...(is('guardian') ? [yes('reach.family.guardian'), ...both(ways.guardian)] : []),
    ...outside,
  ]
}

/** Whether somebody may write to people outside. */
export function mayWriteOutside(rules: Partial<MailPolicy> | undefined, roles: readonly Role[]): boolean {
  return rules?.external?.some((role) => roles.includes(role)) ?? false
}

/** Whether home leaves out the latest messages: for who has only roles for which it does. */
export function isHidden({ hideLatest = [] }: MailPolicy, roles: readonly Role[]): boolean {
  return roles.length > 0 && roles.every((role) => hideLatest.includes(role))
}

/** What else somebody should know before writing. */
export function goodToKnow(rules: MailPolicy, roles: readonly Role[]): { key: Key; params?: Params }[] {
  const is = (...some: Role[]) => some.some((role) => roles.includes(role))
  const { night, quota, alike, pair, large, hold } = rules
  const works = is('teacher', 'staff', 'direction', 'admin')
  return [
    ...(rules.frozen && !is('staff', 'direction') ? [{ key: 'reach.frozen' as const }] : []),
    { key: 'reach.answer' },
    ...(night && is('student') ? [{ key: 'reach.night' as const, params: night }] : []),
    ...(is('student') ? [{ key: 'reach.quota' as const, params: { quota, alike } }] : []),
    ...(is('student', 'guardian') && !works ? [{ key: 'reach.pair' as const, params: { pair } }] : []),
    ...(works && large > 0 ? [{ key: 'reach.large' as const, params: { large, hold } }] : []),
    ...(is('staff', 'direction') ? [] : [{ key: 'reach.report' as const }]),
  ]
}
