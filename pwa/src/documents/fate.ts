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
export function unready({ pages }: Submission): 'broken' | 'checking' | 'waiting' {
  if (pages.some(isLost)) return 'broken'
  const left = pages.filter((page) => page.waiting)
  return left.length > 0 && left.every((page) => page.checking) ? 'checking' : 'waiting'
}
