/** Collaborative spaces: who is in them, and what their leads do. The school keeps them; nothing stays on a device. */
import { api, codeOf } from '../../app/api'
import { known, t } from '../../i18n/index.svelte'

export interface Member {
  id: string
  name: string
  /** Id of the membership. */
  link: string
  lead: boolean
}

export interface Space {
  id: string
  name: string
  description?: string
  /** Id of one's own membership; direction sees spaces without one. */
  link?: string
  /** May change it. */
  leads: boolean
  members: Member[]
}

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
