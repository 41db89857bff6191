/** Why somebody misses lessons: what a school that decided nothing starts with, and what it decided. Pure. */
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

/** Those that may be chosen, in order. */
export function reasonsOf(decided: readonly { id: string; value: Reason }[]): Choice[] {
  const all = { ...usualReasons, ...Object.fromEntries(decided.map((row) => [row.id, row.value])) }
  return Object.entries(all)
    .map(([code, reason]) => ({ ...reason, code }))
    .filter((one) => !one.gone)
    .sort((a, b) => a.order - b.order || a.label.localeCompare(b.label))
}
