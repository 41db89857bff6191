/** What a device makes up for a transfer. */
import { numbered } from './manifest.ts'
import type { NamedFile } from './records.ts'

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** 132 bits at random: whoever does not have it finds nothing. */
export function newSecret(): string {
  return [...crypto.getRandomValues(new Uint8Array(22))].map((byte) => letters[byte % 64]).join('')
}

export function linkOf(secret: string): string {
  return `${location.origin}/t/${secret}`
}

export interface Chosen {
  file: File
  /** With its folders. */
  name: string
}

/** What a list of files, or a folder, holds. The school takes no name with control characters. */
export function chosen(files: Iterable<File>): Chosen[] {
  return [...files].map((file) => ({ file, name: plain(file.webkitRelativePath || file.name) || 'fichier' }))
}

const plain = (name: string): string => name.replace(/\p{Cc}/gu, '')

/** Files under names that differ: phones call every photo "image.jpg". Folders are left out. */
export function unlike(files: readonly Chosen[]): Chosen[] {
  const taken = new Set<string>()
  return files.map(({ file, name }) => {
    const free = numbered(name.slice(name.lastIndexOf('/') + 1), taken)
    taken.add(free.toLowerCase())
    return { file, name: free }
  })
}

/** As the school is told of them. */
export function namesOf(files: readonly Chosen[]): NamedFile[] {
  return files.map(({ file, name }) => ({ name, type: file.type, size: file.size }))
}

/** What was dropped, folders opened. */
export async function droppedFiles(items: DataTransferItemList): Promise<Chosen[]> {
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
  return (await Promise.all(entries.map((entry) => inside(entry, '')))).flat()
}

async function inside(entry: FileSystemEntry, folder: string): Promise<Chosen[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail))
    return [{ file, name: plain(folder + file.name) }]
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const found: FileSystemEntry[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail))
    if (some.length === 0) break
    found.push(...some)
  }
  return (await Promise.all(found.map((one) => inside(one, `${folder}${entry.name}/`)))).flat()
}
