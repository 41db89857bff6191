import type { Database } from '../db/database.ts'

/** Small things of this device alone: drafts, what was typed. Deleted with the person's data. */
export interface Local {
  get<T>(key: string): Promise<T | undefined>
  set(key: string, value: unknown): Promise<void>
  delete(key: string): Promise<void>
}

export function localOf(db: Database): Local {
  const name = (key: string): string => `local:${key}`
  return {
    get: <T>(key: string) =>
      db.read(['kv'], async (tx) => (await tx.objectStore('kv').get(name(key))) as T | undefined),
    set: (key, value) =>
      db.write(['kv'], async (tx) => {
        await tx.objectStore('kv').put(value, name(key))
      }),
    delete: (key) => db.write(['kv'], (tx) => tx.objectStore('kv').delete(name(key))),
  }
}
