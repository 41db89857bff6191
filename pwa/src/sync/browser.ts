/** A browser's IndexedDB, for tests, that fails as real ones do. */
import { IDBFactory, forceCloseDatabase } from 'fake-indexeddb'

export type Fault =
  | 'closed' // the connection is found dead
  | 'abort' // the browser aborts a transaction
  | 'full'

export class Browser {
  readonly indexedDB: IDBFactory
  readonly #real = new IDBFactory()
  readonly #open = new Set<IDBDatabase>()
  readonly #faults: Fault[] = []

  constructor() {
    const real = this.#real
    this.indexedDB = new Proxy(real, {
      get: (target, name) => {
        if (name === 'open')
          return (database: string, version: number) => this.#watch(target.open(database, version))
        const value = Reflect.get(target, name) as unknown
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  }

  /** The next writing transactions fail, each in its way. */
  fail(...faults: Fault[]): void {
    this.#faults.push(...faults)
  }

  heal(): void {
    this.#faults.length = 0
  }

  /** Every connection dies, as after a phone's sleep. */
  sleep(): void {
    for (const db of this.#open) forceCloseDatabase(db as never)
    this.#open.clear()
  }

  /** The browser throws a database away. */
  async evict(name: string): Promise<void> {
    this.sleep()
    await new Promise((resolve, reject) => {
      const request = this.#real.deleteDatabase(name)
      request.onsuccess = resolve
      request.onerror = reject
    })
  }

  #watch(request: IDBOpenDBRequest): IDBOpenDBRequest {
    request.addEventListener('success', () => {
      const db = request.result
      this.#open.add(db)
      const begin = db.transaction.bind(db)
      db.transaction = (names, mode, options) => {
        const fault = mode === 'readwrite' ? this.#faults.shift() : undefined
        if (fault === 'closed')
          throw new DOMException('The database connection is closing.', 'InvalidStateError')
        const tx = begin(names, mode, options)
        if (fault === 'abort') setImmediate(() => quietly(() => tx.abort()))
        if (fault === 'full') refuse(tx)
        return tx
      }
    })
    return request
  }
}

/** Every put of a transaction finds the disk full. */
function refuse(tx: IDBTransaction): void {
  const store = tx.objectStore.bind(tx)
  tx.objectStore = (name) => {
    const real = store(name)
    real.put = real.add = () => {
      throw new DOMException('no space left', 'QuotaExceededError')
    }
    return real
  }
}

function quietly(work: () => void): void {
  try {
    work()
  } catch {
    // over already
  }
}
