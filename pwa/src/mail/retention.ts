/** When a discussion goes, as the server works it out: by whole days of UTC. Pure. */
import type { MailPolicy } from '../sync/index.ts'
import type { Discussion } from './discussions.ts'

export type Keeping = Pick<MailPolicy, 'keepInbox' | 'keepIdle' | 'keepBin'>

export interface Going {
  /** Into the bin, or for ever. */
  to: 'bin' | 'nowhere'
  /** Noon of the day before whose morning it is gone. */
  at: Date
  /** Days until then. */
  days: number
}

const day = 24 * 60 * 60 * 1000

/** From how many days before on a discussion of the inbox says so. */
export const soon = 14

/** Undefined for what stays. The archive and one's own folders do. */
export function goingOf(one: Discussion, keep: Keeping, now: number): Going | undefined {
  const { thread, got, last } = one
  const today = Math.floor(now / day)
  const going = (to: Going['to'], since: number, kept: number[]): Going | undefined => {
    const lengths = kept.filter((days) => days > 0)
    if (lengths.length === 0) return undefined
    // What is overdue goes in the coming night.
    const gone = Math.max(Math.floor(since / day) + Math.min(...lengths), today + 1)
    return { to, at: new Date((gone + 0.5) * day), days: gone - today }
  }
  if (thread.folder === 'bin') return going('nowhere', since(thread.binned, now), [keep.keepBin])
  if (thread.folder) return undefined
  const touched = Math.max(since(last.value.at, now), since(thread.moved, 0))
  return going('bin', touched, [...(got ? [keep.keepInbox] : []), keep.keepIdle])
}

function since(when: string | undefined, otherwise: number): number {
  return when === undefined ? otherwise : Date.parse(when)
}

/** What the screens say: always of what is in the bin, of the rest shortly before. */
export function shownGoing(one: Discussion, keep: Keeping, now: number): Going | undefined {
  const going = goingOf(one, keep, now)
  return going && (going.to === 'nowhere' || going.days < soon) ? going : undefined
}
