/** What somebody wants to be told of, and how: as the server reads the same settings. */
import type { AlertChoices, AlertKind, AlertRules, Settings, User } from '../sync/index.ts'

type Role = User['roles'][number]

export type Mailed = 'each' | 'digest' | 'never'

/** Every kind, and who is told of it. */
const kinds: Record<AlertKind, readonly Role[]> = {
  newMessage: ['student', 'guardian', 'teacher', 'staff', 'direction', 'admin'],
  newHomework: ['student', 'guardian'],
  returned: ['student', 'guardian', 'teacher'],
  dueSoon: ['student', 'guardian'],
  timetable: ['student', 'guardian', 'teacher'],
  newGrade: ['student', 'guardian'],
  lateness: ['student', 'guardian'],
  schoolLife: ['student', 'guardian'],
  agenda: ['student', 'guardian', 'teacher', 'staff', 'direction', 'admin'],
  information: ['student', 'guardian', 'teacher', 'staff', 'direction', 'admin'],
  transfers: ['student', 'guardian', 'teacher', 'staff', 'direction', 'admin'],
  collects: ['student', 'guardian', 'teacher', 'staff', 'direction'],
}

export const allKinds = Object.keys(kinds) as AlertKind[]

/** Of no child. */
const personal: readonly AlertKind[] = ['newMessage', 'information', 'transfers', 'collects']

/** The kinds that concern a person; of a child, messages and informations do not. */
export function kindsFor(roles: readonly Role[], child: string | undefined): AlertKind[] {
  const mine = allKinds.filter((kind) => kinds[kind].some((role) => roles.includes(role)))
  return child ? mine.filter((kind) => !personal.includes(kind) && kinds[kind].includes('guardian')) : mine
}

/** Whether a kind rings: as was chosen for the child, else for all, else as the school says. */
export function rings(set: Settings, rules: AlertRules, kind: AlertKind, child?: string): boolean {
  const own = child === undefined ? undefined : set.children?.[child]?.alerts?.[kind]
  return own ?? set.alerts?.[kind] ?? !(rules.silent ?? []).includes(kind)
}

/** How mails tell of a kind. Of messages they say how often. */
export function mailed(set: Settings, kind: AlertKind, child?: string): Mailed {
  const own = child === undefined ? undefined : set.children?.[child]?.mails?.[kind]
  return own || set.mails?.[kind] || 'digest'
}

/** A change of one choice, for a child or for all. */
export function choose(choice: AlertChoices, child: string | undefined): Settings {
  return child === undefined ? choice : { children: { [child]: choice } }
}

/** Lays a change over settings as the server does: choices one by one, the rest whole. */
export function laid(old: Settings, change: Settings): Settings {
  const next: Settings = { ...old, ...change, ...over(old, change) }
  if (change.children)
    next.children = {
      ...old.children,
      ...Object.fromEntries(
        Object.entries(change.children).map(([child, choice]) => [
          child,
          over(old.children?.[child] ?? {}, choice),
        ]),
      ),
    }
  return next
}

function over(old: AlertChoices, change: AlertChoices): AlertChoices {
  return {
    ...((old.alerts ?? change.alerts) && { alerts: { ...old.alerts, ...change.alerts } }),
    ...((old.mails ?? change.mails) && { mails: { ...old.mails, ...change.mails } }),
  }
}

/** When marks ring, as chosen here or by the school; empty: at once. */
export function gradesAt(set: Settings, rules: AlertRules): string {
  return set.gradesAt ?? rules.gradesAt ?? ''
}

export const usualQuiet = { from: '21:00', to: '07:00' }

export function quietOf(set: Settings, rules: AlertRules): { from: string; to: string } {
  return set.quiet ?? rules.quiet ?? usualQuiet
}
