/** What a sealed transfer holds, as only who has its whole link reads it. */
import type { NamedFile } from './records.ts'

export interface Manifest {
  title: string
  files: NamedFile[]
}

/** Its length tells little of the names: spaces fill it up. */
const step = 4096

export function manifestFile(manifest: Manifest): Blob {
  const text = new TextEncoder().encode(JSON.stringify(manifest))
  return new Blob([text, ' '.repeat(step - (text.length % step))])
}

/** Reads a manifest that somebody else wrote, its names made fit for a disk; undefined if it is none. */
export function readManifest(bytes: Uint8Array): Manifest | undefined {
  try {
    const read = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown
    return isManifest(read) ? { title: oneLine(read.title), files: distinct(read.files) } : undefined
  } catch {
    return undefined
  }
}

function isManifest(read: unknown): read is Manifest {
  const { title, files } = (read ?? {}) as Partial<Manifest>
  return typeof title === 'string' && Array.isArray(files) && files.every(isFile)
}

function isFile(read: unknown): read is NamedFile {
  const { name, type, size } = (read ?? {}) as Partial<NamedFile>
  return (
    typeof name === 'string' && typeof type === 'string' && Number.isSafeInteger(size) && Number(size) >= 0
  )
}

const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '')

/**
 * A name fit for a disk, folders and all: none leads upwards, no control or sign that turns the reading direction,
 * nothing that systems keep for themselves. The same as the school's own for files that are not sealed.
 */
export function cleanPath(name: string): string {
  const kept = name
    .replaceAll('\\', '/')
    .split('/')
    .map((folder) =>
      oneLine(folder)
        .replace(/[<>:"|?*]/g, '-')
        .replace(/^[. ]+|[. ]+$/g, ''),
    )
    .filter((folder) => folder !== '')
  return kept.join('/') || 'fichier'
}

/** Names that are taken, by files before or by a folder, are numbered; case does not tell names apart. */
function distinct(files: readonly NamedFile[]): NamedFile[] {
  const named = files.map((file) => ({ ...file, name: cleanPath(file.name) }))
  const taken = new Set(named.flatMap(({ name }) => foldersOf(name)))
  return named.map((file) => {
    const name = numbered(file.name, taken)
    taken.add(name.toLowerCase())
    return { ...file, name }
  })
}

function foldersOf(name: string): string[] {
  const folders = name.toLowerCase().split('/').slice(0, -1)
  return folders.map((_, i) => folders.slice(0, i + 1).join('/'))
}

/** A name that is not taken yet: its number is added. */
export function numbered(name: string, taken: ReadonlySet<string>): string {
  const dot = name.lastIndexOf('.') > name.lastIndexOf('/') + 1 ? name.lastIndexOf('.') : name.length
  let free = name
  for (let n = 2; taken.has(free.toLowerCase()); n++) free = `${name.slice(0, dot)} (${n})${name.slice(dot)}`
  return free
}
