/** Why somebody misses lessons: what a school that decided nothing starts with, and what it decided. Pure. */
import { fold } from '../mail/fold.ts'
import type { Reason } from '../sync/index.ts'

/** As the server has them (api/attendance/reasons.json). */
export const usualReasons: Readonly<Record<string, Reason>> = {
  illness: { label: 'Maladie', health: true, counts: true, published: true, families: true, order: 1 },
  appointment: {
    ...{
      label: 'Rendez-vous médical',
      health: true,
      counts: true,
      published: true,
      families: true,
      order: 2,
    },
  },
  family: { label: 'Raison familiale', counts: true, published: true, families: true, order: 3 },
  transport: { label: 'Problème de transport', counts: true, published: true, families: true, order: 4 },
  religious: { label: 'Fête religieuse', counts: true, published: true, families: true, order: 5 },
  personal: { label: 'Raison confidentielle', counts: true, published: false, families: true, order: 6 },
  outing: {
    ...{ label: 'Sortie ou activité du collège', counts: false, published: true, families: false, order: 7 },
  },
  exclusion: { label: 'Exclusion temporaire', counts: false, published: true, families: false, order: 8 },
  social: { label: 'Suivi social', counts: true, published: false, families: false, order: 9 },
  unknown: { label: 'Sans motif valable', counts: true, published: true, families: false, order: 10 },
}

export interface Choice extends Reason {
  code: string
}

type Decided = readonly { id: string; value: Reason }[]

/** All of them, retired ones too, in order. */
export function allReasons(decided: Decided): Choice[] {
  const all = { ...usualReasons, ...Object.fromEntries(decided.map((row) => [row.id, row.value])) }
  return Object.entries(all)
    .map(([code, reason]) => ({ ...reason, code }))
    .sort((a, b) => a.order - b.order || a.label.localeCompare(b.label))
}

/** Those that may be chosen for an absence or a lateness, in order. */
export function reasonsOf(decided: Decided, kind?: 'absence' | 'lateness'): Choice[] {
  return allReasons(decided).filter(
    (one) => !one.gone && (!kind || !one.kinds?.length || one.kinds.includes(kind)),
  )
}

/** A code for a new reason, made of its name, that none of the others has. */
export function codeFor(label: string, taken: readonly string[]): string {
  const plain = fold(label)
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 24)
  const stem = plain.length < 2 ? 'motif' : plain
  if (!taken.includes(stem)) return stem
  for (let n = 2; ; n++) if (!taken.includes(`${stem}-${String(n)}`)) return `${stem}-${String(n)}`
}
