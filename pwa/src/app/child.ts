import { session } from './session.svelte'

/** The first name of a pupil as this person knows them; empty for a stranger. */
export function firstName(student: string): string {
  if (student === session.id) return session.first
  return session.children.find((child) => child.id === student)?.first ?? ''
}
