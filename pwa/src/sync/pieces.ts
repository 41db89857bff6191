/** Files as they lie on this device. */
import type { Database, Stored } from '../db/database.ts'

/** IndexedDB on phones dislikes big values. Bytes are stored in pieces of this size. */
export const pieceBytes = 512 * 1024

/** Changes what is known of a file, if it is still here. */
export async function markFile(db: Database, sha: string, change: Partial<Stored>): Promise<void> {
  await db.write(['blob'], async (tx) => {
    const file = await tx.objectStore('blob').get(sha)
    if (file) await tx.objectStore('blob').put({ ...file, ...change })
  })
}
