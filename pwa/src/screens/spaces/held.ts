/** Spaces as a member's device holds them. Pure: records in, spaces out. */
import type { Member as Held, Row, Space as HeldSpace, View } from '../../sync/index.ts'

export interface Member {
  id: string
  name: string
  /** Id of the membership. */
  link: string
  lead: boolean
  /** In the school, and may lead. */
  works: boolean
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

/** By name, those of a person. */
export async function spacesIn(view: View, me: string, directs: boolean): Promise<Space[]> {
  const rows = await view.all('space')
  const all = await Promise.all(
    rows.map(async (row) => assemble(row, await view.list(row.scope, 'member'), me, directs)),
  )
  return all.sort((a, b) => a.name.localeCompare(b.name))
}

function assemble({ id, value }: Row<HeldSpace>, rows: Row<Held>[], me: string, directs: boolean): Space {
  const members = rows
    .map((row): Member => ({ lead: false, works: false, ...row.value, id: row.id }))
    .sort((a, b) => a.name.localeCompare(b.name))
  const own = members.find((one) => one.id === me)
  return { ...value, id, members, leads: directs || own?.lead === true, ...(own && { link: own.link }) }
}
