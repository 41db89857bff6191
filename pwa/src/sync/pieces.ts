/** How the bytes of a file lie in the database. */
import type { Database, Stored, Tx } from '../db/database.ts'
import { shasIn } from './outbox.ts'

/** IndexedDB on phones dislikes big values. Bytes are stored in pieces of this size. */
export const pieceBytes = 512 * 1024

/** Changes what is known of a file, if it is still here. */
export async function markFile(db: Database, sha: string, change: Partial<Stored>): Promise<void> {
  await db.write(['blob'], async (tx) => {
    const file = await tx.objectStore('blob').get(sha)
    if (file) await tx.objectStore('blob').put({ ...file, ...change })
  })
}

/** Deletes a file of this device. */
export async function dropFile(tx: Tx<'readwrite'>, sha: string): Promise<void> {
  await tx.objectStore('piece').delete(piecesOf(sha))
  await tx.objectStore('blob').delete(sha)
}

/** The keys of a file's pieces, in order. */
export function piecesOf(sha: string): IDBKeyRange {
  return IDBKeyRange.bound([sha, 0], [sha, Number.MAX_SAFE_INTEGER])
}

/** The files of the person's documents, but for those of one scope. */
export async function ownShas(tx: Tx, but = ''): Promise<Set<string>> {
  const documents = await tx.objectStore('rec').index('type').getAll('document')
  return new Set(documents.filter((rec) => rec.s !== but).flatMap((rec) => shasIn(rec.v)))
}
