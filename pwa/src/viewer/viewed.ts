/** A file as somebody looks at it, wherever it lies. */
import { fateOf, isLost, type Fate } from '../documents/fate.ts'
import type { DocumentOrigin, FileRef, Files } from '../sync/index.ts'

export interface Viewed {
  name: string
  type: string
  size: number
  /** What stands in its way, unless it is on this device. */
  fate: Fate
  /** Nobody will ever get it. */
  lost: boolean
  /** Its bytes; undefined: they cannot be had now. */
  load: () => Promise<Blob | undefined>
  /** Where the school has it, for what is not in the store of this device. */
  address?: string
  sha?: string
  /** What it belongs to, if the reader may keep it. */
  origin?: DocumentOrigin | undefined
  /** Whoever looks at it decides whether it stays on this device. */
  pins?: boolean
}

/** A file that a record names: from this device, else from the school. */
export function named(
  files: Files,
  ref: FileRef,
  more: Pick<Viewed, 'origin' | 'pins'> & { keep?: boolean } = {},
): Viewed {
  const { sha, name, type, size } = ref
  const { keep = false, ...rest } = more
  return {
    sha,
    name,
    type,
    size,
    fate: fateOf(ref),
    lost: isLost(ref),
    load: () => files.get(sha, { keep }),
    ...rest,
  }
}

/** More than this is not taken into memory; it is kept as a file or played. */
const mostInMemory = 64 * 1024 * 1024

/** A file that is at the school and in no store of this device. */
export function atSchool(address: string, file: Pick<Viewed, 'name' | 'type' | 'size'>): Viewed {
  return { ...file, fate: 'here', lost: false, address, load: () => fetched(address) }
}

async function fetched(address: string): Promise<Blob | undefined> {
  const response = await fetch(address, { credentials: 'same-origin' }).catch(() => undefined)
  return response?.ok ? await response.blob() : undefined
}

/** May its bytes be held at once? */
export function isLight({ size }: Pick<Viewed, 'size'>): boolean {
  return size <= mostInMemory
}
