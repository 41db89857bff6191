/** What a person does with several discussions at once, and how it is undone. Pure: it says which acts to send. */
import type { Actions, MailActions } from '../sync/index.ts'
import type { Discussion } from './discussions.ts'

type Name = keyof MailActions
export type Act = { [N in Name]: { name: N; args: Actions[N] } }[Name]

export interface Deed {
  acts: Act[]
  undo: Act[]
}

/** One act may be about this many. */
const most = 400

function batches<T>(all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / most) }, (_, i) => all.slice(i * most, (i + 1) * most))
}

function reads(moments: readonly (readonly [string, number])[]): Act[] {
  return batches(moments).map((some) => ({ name: 'mail.read@1', args: { upTo: Object.fromEntries(some) } }))
}

function files(ids: readonly string[], folder: string): Act[] {
  return batches(ids).map((some) => ({ name: 'mail.file@1', args: { ids: some, folder } }))
}

function momentsOf(all: readonly Discussion[]): [string, number][] {
  return all.map(({ id, thread }) => [id, thread.read ?? 0])
}

/** Up to the last message that is here. */
export function read(all: readonly Discussion[]): Deed {
  const some = all.filter((one) => one.unread > 0)
  const upTo = some.map(({ id, letters }) => [id, Math.max(...moments(letters))] as const)
  return { acts: reads(upTo), undo: reads(momentsOf(some)) }
}

/** The last message of somebody else becomes new again. */
export function unread(all: readonly Discussion[], me: string): Deed {
  const some = all.filter((one) => one.unread === 0 && one.got)
  const upTo = some.map(({ id, letters }) => {
    const others = letters.filter(({ value }) => value.from.id !== me)
    return [id, Math.max(...moments(others)) - 1] as const
  })
  return { acts: reads(upTo), undo: reads(momentsOf(some)) }
}

function moments(letters: Discussion['letters']): number[] {
  return letters.filter(({ seq }) => seq > 0).map(({ value }) => Date.parse(value.at))
}

/** Into a folder; back to where each was. */
export function file(all: readonly Discussion[], folder: string): Deed {
  const some = all.filter((one) => one.folder !== folder)
  const ids = some.map(({ id }) => id)
  if (folder === 'bin')
    return {
      acts: files(ids, folder),
      undo: batches(ids).map((few) => ({ name: 'mail.restore@1', args: { ids: few } })),
    }
  const undo = [...new Set(some.map((one) => one.folder))].flatMap((was) =>
    files(
      some.filter((one) => one.folder === was).map(({ id }) => id),
      was,
    ),
  )
  return { acts: files(ids, folder), undo }
}

export function restore(all: readonly Discussion[]): Deed {
  const ids = all.filter((one) => one.folder === 'bin').map(({ id }) => id)
  return {
    acts: batches(ids).map((some) => ({ name: 'mail.restore@1', args: { ids: some } })),
    undo: files(ids, 'bin'),
  }
}

/** No badge and no alert for them, or again. */
export function mute(all: readonly Discussion[], muted: boolean): Deed {
  const ids = all.filter((one) => (one.thread.muted ?? false) !== muted).map(({ id }) => id)
  const acts = (on: boolean): Act[] =>
    batches(ids).map((some) => ({ name: 'mail.mute@1', args: { ids: some, muted: on } }))
  return { acts: acts(muted), undo: acts(!muted) }
}

/** The same, for a person. */
export function hush(person: string, muted: boolean): Deed {
  const act = (on: boolean): Act => ({ name: 'mail.hush@1', args: { people: [person], muted: on } })
  return { acts: [act(muted)], undo: [act(!muted)] }
}

/** For ever: there is no undo. */
export function purge(all: readonly Discussion[]): Deed {
  const ids = all.filter((one) => one.folder === 'bin').map(({ id }) => id)
  return { acts: batches(ids).map((some) => ({ name: 'mail.purge@1', args: { ids: some } })), undo: [] }
}

/** Gives a category to all, or takes it from all. */
export function categorize(all: readonly Discussion[], category: string, give: boolean): Deed {
  const ids = all
    .filter((one) => (one.thread.categories ?? []).includes(category) !== give)
    .map(({ id }) => id)
  const acts = (add: boolean): Act[] =>
    batches(ids).map((some) => ({
      name: 'mail.categorize@1',
      args: { ids: some, ...(add ? { add: [category] } : { remove: [category] }) },
    }))
  return { acts: acts(give), undo: acts(!give) }
}
