/**
 * The keys of sealed transfers that this device has made, and what only it can say of them. They are told to nobody: not
 * to the school, and not to its person's other devices. They lie in a database of their own, which goes with the rest.
 */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb'
import { linkOf } from './link.ts'
import type { Transfer } from './records.ts'
import { keyText, type Bytes } from './seal.ts'

export interface Sealed {
  /** Of the transfer. */
  id: string
  key: Bytes
  title: string
  files: number
  /** Bytes before they were sealed. */
  size: number
}

interface Schema extends DBSchema {
  key: { key: string; value: Sealed }
}

export class Keys {
  constructor(private readonly name: string) {}

  keep(one: Sealed): Promise<unknown> {
    return this.#with((db) => db.put('key', one))
  }

  drop(id: string): Promise<void> {
    return this.#with((db) => db.delete('key', id))
  }

  async all(): Promise<Map<string, Sealed>> {
    return new Map((await this.#with((db) => db.getAll('key'))).map((one) => [one.id, one]))
  }

  /** It is asked seldom, and stays in nobody's way when the account leaves the device. */
  async #with<T>(work: (db: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
    const db = await openDB<Schema>(`${this.name}:keys`, 1, {
      upgrade: (made) => void made.createObjectStore('key', { keyPath: 'id' }),
    })
    try {
      return await work(db)
    } finally {
      db.close()
    }
  }
}

/** The whole link; undefined where this device does not have its key. */
export function wholeLink(transfer: Transfer, sealed: Sealed | undefined): string | undefined {
  const link = linkOf(transfer.secret)
  if (!transfer.sealed) return link
  return sealed && `${link}#${keyText(sealed.key)}`
}

/** A transfer as people see it: files as they were chosen, with the title that the school does not know. */
export function shownOf(
  transfer: Transfer,
  sealed: Sealed | undefined,
): Pick<Transfer, 'title' | 'files' | 'size'> {
  if (!transfer.sealed) return transfer
  return sealed ?? { title: '', files: transfer.files - 1, size: transfer.size }
}
