/** How it goes with the server. */

/**
 * offline       no answer: it is tried again by itself
 * server        the server is unwell: the same
 * signed_out    it wants to know who this is; nothing is lost
 * wiped         this device was revoked and has deleted everything
 * upgrade       this version is too old to receive; it still sends
 * stuck         rounds make no progress: somebody should look
 * storage       this device cannot write: it is full, or private
 */
export type Problem = 'offline' | 'server' | 'signed_out' | 'wiped' | 'upgrade' | 'stuck' | 'storage'

export interface Status {
  online: boolean
  syncing: boolean
  /** A long catch-up is under way: what is shown is not yet one moment. */
  updating: boolean
  pending: number
  refused: number
  /** Files on their way. */
  uploads: number
  /** Unix milliseconds. */
  lastSync: number | undefined
  problem: Problem | undefined
}

/** Before anything is known. */
export const quiet: Status = {
  online: true,
  syncing: false,
  updating: false,
  pending: 0,
  refused: 0,
  uploads: 0,
  lastSync: undefined,
  problem: undefined,
}

export class StatusStore {
  #now = quiet
  readonly #listeners = new Set<(status: Status) => void>()

  get current(): Status {
    return this.#now
  }

  set(change: Partial<Status>): void {
    const keys = Object.keys(change) as (keyof Status)[]
    if (keys.every((key) => this.#now[key] === change[key])) return
    this.#now = { ...this.#now, ...change }
    for (const listener of [...this.#listeners]) listener(this.#now)
  }

  subscribe(listener: (status: Status) => void): () => void {
    this.#listeners.add(listener)
    listener(this.#now)
    return () => this.#listeners.delete(listener)
  }
}
