/** Where a pairing under way survives a closed tab: the key itself, which only this browser can use. */
import { deleteDB, openDB } from 'idb'

export interface Pending {
  id: string
  key: CryptoKey
  code: string
  name: string
  place: string
  until: number
}

const name = 'preau-pairing'

async function vault() {
  return openDB<{ pending: { key: string; value: Pending } }>(name, 1, {
    upgrade: (db) => void db.createObjectStore('pending'),
  })
}

export async function keepPending(pending: Pending): Promise<void> {
  const db = await vault()
  await db.put('pending', pending, 'now')
  db.close()
}

/** The pairing that was under way here, if its time is not over. */
export async function pendingHere(now: number): Promise<Pending | undefined> {
  const db = await vault()
  const found = await db.get('pending', 'now')
  db.close()
  return found && found.until > now ? found : undefined
}

export async function forgetPending(): Promise<void> {
  await deleteDB(name)
}
