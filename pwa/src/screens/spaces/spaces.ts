/**
 * Collaborative spaces: who is in them, and what their leads do. A member's device holds them and shows them without
 * a network; those of which one is no member, direction asks for. A change decides at once who may read what: it is
 * made with the school, or not at all.
 */
import { api, codeOf } from '../../app/api'
import { watch } from '../../app/live.svelte'
import { session } from '../../app/session.svelte'
import { known, t } from '../../i18n/index.svelte'
import { spacesIn, type Space } from './held.ts'

export type { Member, Space } from './held.ts'

/** What this device holds, kept true; undefined until it was read. */
export function heldSpaces(): { readonly current: Space[] | undefined } {
  return watch(() => {
    const [me, directs] = [session.id, session.is('direction')]
    return session.device.live((view) => spacesIn(view, me, directs))
  })
}

/** As the school has them now. */
export async function spaces(): Promise<Space[]> {
  return (await api<{ spaces: Space[] }>('directory/spaces')).spaces
}

export async function makeSpace(name: string, description: string): Promise<string> {
  return (await post<{ id: string }>('spaces', { name, description })).id
}

export function renameSpace(id: string, name: string, description: string): Promise<unknown> {
  return post(`spaces/${id}/rename`, { name, description })
}

export function endSpace(id: string): Promise<unknown> {
  return post(`spaces/${id}/end`, {})
}

export function addMembers(id: string, people: string[]): Promise<unknown> {
  return post(`spaces/${id}/members`, { people })
}

export function setLead(link: string, lead: boolean): Promise<unknown> {
  return post(`memberships/${link}/lead`, { lead })
}

export function endMembership(link: string): Promise<unknown> {
  return post(`memberships/${link}/end`, {})
}

export interface Found {
  id: string
  name: string
  detail?: string | undefined
}

/** Adults of the school, for administrators. */
export async function findAdults(query: string): Promise<Found[]> {
  const { people } = await api<{ people: { id: string; first: string; last: string }[] }>(
    `directory/adults?${new URLSearchParams({ q: query }).toString()}`,
  )
  return people.map(({ id, first, last }) => ({ id, name: `${first} ${last}` }))
}

function post<T>(path: string, body: object): Promise<T> {
  return api<T>(`directory/${path}`, { method: 'POST', body })
}

/** What went wrong, in a sentence. */
export function saidOf(thrown: unknown): string {
  const { code } = codeOf(thrown)
  return known(`spaces.error.${code}`) ?? known(`error.${code}`) ?? t('error.server')
}
