/** What the office sees of the directory and of the activation sheets. */
import { api } from '../../app/api'

export interface SchoolClass {
  id: string
  scope: string
  name: string
  level?: string
  kind: 'class' | 'group'
  size: number
}

export interface Person {
  id: string
  first: string
  last: string
  civility?: string
}

export interface Pupil extends Person {
  class: string
  guardians: (Person & { link: string; relation?: string; reads: boolean })[]
}

export interface Roster {
  class: SchoolClass
  pupils: Pupil[]
  teachers: Person[]
}

export type SheetState = 'none' | 'unused' | 'used' | 'expired' | 'blocked' | 'opened'

export interface Sheet {
  person: string
  name: string
  for?: string
  login?: string
  state: SheetState
  expires?: string
  usedAt?: string
}

export async function classes(): Promise<SchoolClass[]> {
  return (await api<{ classes: SchoolClass[] }>('directory/classes')).classes
}

export function roster(id: string): Promise<Roster> {
  return api<Roster>(`directory/classes/${encodeURIComponent(id)}`)
}

/** Whose sheets: a class's pupils and guardians, or some people's. */
export type Whose = { class: string } | { people: string[] }

export async function sheets(whose: Whose): Promise<Sheet[]> {
  return (await api<{ sheets: Sheet[] }>(`activations?${query(whose)}`)).sheets
}

function query(whose: Whose): string {
  return new URLSearchParams('class' in whose ? whose : { people: whose.people.join(',') }).toString()
}

interface SheetRequest {
  class?: string
  people?: string[]
  renew?: boolean
  reset?: boolean
}

export function makeSheets(request: SheetRequest): Promise<unknown> {
  return api('activations', { method: 'POST', body: request, timeout: 60_000 })
}

/** A device of a pupil that came in with a password and that nobody vouched for yet. */
export interface Doubted {
  id: string
  label: string
  createdAt: string
}

/** What waits to be recognised; nothing for who may not. */
export async function doubted(student: string): Promise<Doubted[]> {
  const path = `students/${encodeURIComponent(student)}/devices`
  return (await api<{ devices: Doubted[] | null }>(path)).devices ?? []
}

export function trust(student: string, device: string): Promise<unknown> {
  return api(`devices/${encodeURIComponent(device)}/trust`, { method: 'POST', body: { student } })
}

export function printable(whose: Whose): string {
  return `/api/activations/sheet?${query(whose)}`
}

export function movePupil(student: string, audience: string): Promise<unknown> {
  return api('directory/enrollments', { method: 'POST', body: { student, audience } })
}
