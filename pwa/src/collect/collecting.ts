/** Asking for files, and dropping them: without a network as well. */
import { session } from '../app/session.svelte'
import { newId } from '../sync/index.ts'
import { namesOf, newSecret, type Chosen } from '../transfers/link.ts'
import { sendings } from '../transfers/sendings.svelte.ts'
import type { CollectActions } from './records.ts'

const home = (): string => `user:${session.id}`

export function linkTo(secret: string): string {
  return `${location.origin}/c/${secret}`
}

type Opening = Omit<CollectActions['collect.open@1'], 'id' | 'secret'>

/** The link is good at once. */
export async function openCollect(asks: Opening): Promise<string> {
  const id = newId()
  await session.device.act(home(), 'collect.open@1', { id, secret: newSecret(), ...asks })
  return id
}

/** Keeps the files on this device until they are at the school. */
export async function dropFiles(
  collect: string,
  files: readonly Chosen[],
  child: string | undefined,
): Promise<void> {
  const id = newId()
  await sendings.carry(id, files, { use: 'collect', collect, drop: id }, () =>
    session.device.act(home(), 'collect.drop@1', {
      id,
      collect,
      ...(child && { child }),
      files: namesOf(files),
    }),
  )
}

/** Takes back what was dropped, and what is still to leave of it. */
export async function takeBack(id: string): Promise<void> {
  await sendings.forget(id)
  await session.device.act(home(), 'collect.withdraw@1', { id })
}

export const extendCollect = (id: string, days: number): Promise<unknown> =>
  session.device.act(home(), 'collect.extend@1', { id, days })

export const closeCollect = (id: string): Promise<unknown> =>
  session.device.act(home(), 'collect.close@1', { id })

export const eraseCollect = (id: string): Promise<unknown> =>
  session.device.act(home(), 'collect.erase@1', { id })
