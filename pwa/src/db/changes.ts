/** Tells every tab of this person what a transaction touched. */

/** The name under which a record type of a scope is followed. */
export function topic(scope: string, type: string): string {
  return `${scope} ${type}`
}

export const outTopic = 'out'
export const blobTopic = 'blob'
export const scopesTopic = 'cur'

export type Word =
  | { kind: 'changed'; topics: string[] }
  /** A pull was answered, at this time of the device's clock. */
  | { kind: 'synced'; at: number }
  | { kind: 'wiped' }

export class Changes {
  readonly #listeners = new Set<(word: Word) => void>()
  readonly #channel: BroadcastChannel | undefined

  constructor(name: string) {
    if (typeof BroadcastChannel === 'undefined') return
    this.#channel = new BroadcastChannel(name)
    this.#channel.onmessage = (event: MessageEvent<Word>) => this.#hear(event.data)
    ;(this.#channel as { unref?: () => void }).unref?.()
  }

  /** After a transaction: here at once, in other tabs soon. */
  tell(word: Word): void {
    this.#channel?.postMessage(word)
    this.#hear(word)
  }

  touched(topics: Iterable<string>): void {
    const list = [...topics]
    if (list.length > 0) this.tell({ kind: 'changed', topics: list })
  }

  listen(listener: (word: Word) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    this.#listeners.clear()
    this.#channel?.close()
  }

  #hear(word: Word): void {
    for (const listener of [...this.#listeners]) listener(word)
  }
}
