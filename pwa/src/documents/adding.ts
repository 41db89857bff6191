/** Files become documents: stored on this device first, and on the screen at once; they leave when they can. */
import { isFull } from '../db/database.ts'
import { newId, type Device, type DocumentOrigin, type FileRef } from '../sync/index.ts'
import { mostBytes, shortened } from './documents.ts'

export type AddingDevice = Pick<Device, 'act' | 'files' | 'user'>

/** Why some were left out, with their names. */
export interface Left {
  code: 'empty' | 'too_large' | 'quota' | 'full' | 'unread'
  names: string[]
}

export interface Added {
  ids: string[]
  left: Left[]
}

export interface Place {
  folder: string
  /** Bytes that still have room. */
  room: number
}

/** Adds files, one after the other: a phone has little memory. */
export async function addFiles(
  device: AddingDevice,
  files: readonly File[],
  { folder, room }: Place,
): Promise<Added> {
  const added: Added = { ids: [], left: [] }
  for (const file of files) {
    const fault = faultOf(file, room)
    const id = fault ?? (await addOne(device, file, folder).catch(why))
    if (typeof id === 'string') leave(added, id, file.name)
    else {
      added.ids.push(id.id)
      room -= file.size
    }
  }
  return added
}

function why(fault: unknown): 'full' | 'unread' {
  return isFull(fault) ? 'full' : 'unread'
}

function faultOf(file: File, room: number): Left['code'] | undefined {
  if (file.size === 0) return 'empty'
  if (file.size > mostBytes) return 'too_large'
  return file.size > room ? 'quota' : undefined
}

function leave({ left }: Added, code: Left['code'], name: string): void {
  const same = left.find((one) => one.code === code)
  if (same) same.names.push(name)
  else left.push({ code, names: [name] })
}

async function addOne(device: AddingDevice, file: File, folder: string): Promise<{ id: string }> {
  const name = shortened(file.name || 'fichier')
  const type = file.type || 'application/octet-stream'
  const { sha } = await device.files.put(await file.arrayBuffer(), { name, type, use: 'document' })
  const id = newId()
  const kept = { sha, name, type, size: file.size }
  await device.act(`user:${device.user}`, 'document.keep@1', { id, ...(folder && { folder }), file: kept })
  return { id }
}

/** Keeps files that are at the school already, without sending them again. What it returns lets them go. */
export async function keepFiles(
  device: AddingDevice,
  files: readonly FileRef[],
  origin: DocumentOrigin,
): Promise<() => Promise<unknown>> {
  const scope = `user:${device.user}`
  const ids: string[] = []
  for (const { sha, name, type, size } of files) {
    const id = newId()
    ids.push(id)
    const file = { sha, name: shortened(name), type, size }
    await device.act(scope, 'document.keep@1', { id, file, origin })
  }
  return () => device.act(scope, 'document.remove@1', { ids })
}
