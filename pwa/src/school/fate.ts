import type { FileRef, Submission } from '../sync/index.ts'

/** What became of a file that a record names. */
export type Fate = 'here' | 'coming' | 'checking' | 'infected' | 'unscannable' | 'broken'

export function fateOf({
  waiting,
  checking,
  problem,
}: Pick<FileRef, 'waiting' | 'checking' | 'problem'>): Fate {
  if (problem === 'infected' || problem === 'unscannable') return problem
  if (problem) return 'broken'
  if (checking) return 'checking'
  return waiting ? 'coming' : 'here'
}

/** Nobody will ever get it. */
export function isLost(file: Pick<FileRef, 'problem'>): boolean {
  return file.problem !== undefined
}

/** How far a copy has come that the school has, but not all pages of it. */
export function unreadyState({ pages }: Pick<Submission, 'pages'>): 'broken' | 'checking' | 'coming' {
  const fates = pages.map(fateOf).filter((fate) => fate !== 'here')
  if (pages.some(isLost)) return 'broken'
  return fates.length > 0 && fates.every((fate) => fate === 'checking') ? 'checking' : 'coming'
}
