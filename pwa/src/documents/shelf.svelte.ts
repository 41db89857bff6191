/** The documents of who is signed in, as every screen that shows some of them sees them. */
import { watch } from '../app/live.svelte'
import { session } from '../app/session.svelte'
import type { ActionName, Actions, DocumentActions, Outgoing, View } from '../sync/index.ts'
import { mostOf, quotasOf, usedBy } from './documents.ts'

class Shelf {
  #kept = this.#live(async (view, scope) => ({
    entries: await view.list(scope, 'document'),
    folders: await view.list(scope, 'documentFolder'),
    quotas: (await view.all('documents'))[0]?.value,
  }))
  #outbox = this.#live(async (view) => (await view.outbox()).filter(isRefused))
  #held = watch(() => (session.open ? session.device.files.held() : undefined))

  /** Undefined until they are read. */
  readonly entries = $derived(this.#kept.current?.entries)
  readonly folders = $derived(
    (this.#kept.current?.folders ?? []).toSorted((a, b) =>
      a.value.name.localeCompare(b.value.name, 'fr', { numeric: true, sensitivity: 'base' }),
    ),
  )
  readonly quotas = $derived(quotasOf(this.#kept.current?.quotas))
  readonly most = $derived(mostOf(this.quotas, session.roles))
  readonly used = $derived(usedBy(this.entries ?? []))
  readonly shas = $derived(
    new Set((this.entries ?? []).filter((one) => !one.value.binned).map((one) => one.value.file.sha)),
  )
  /** What the school did not take. */
  readonly refused = $derived(this.#outbox.current ?? [])

  /** Is the file here, for as long as its owner wants? */
  pinned(sha: string): boolean {
    const held = this.#held.current?.get(sha)
    return held !== undefined && held.pinned && held.size > 0
  }

  /** It is to be fetched, and is not here yet. */
  wanted(sha: string): boolean {
    const held = this.#held.current?.get(sha)
    return held !== undefined && held.pinned && held.size === 0
  }

  /** Bytes of documents on this device. */
  readonly here = $derived(
    [...this.shas].reduce((sum, sha) => sum + (this.#held.current?.get(sha)?.size ?? 0), 0),
  )

  do<N extends ActionName & keyof DocumentActions>(name: N, args: Actions[N]): Promise<number> {
    return session.device.act(`user:${session.id}`, name, args)
  }

  #live<T>(query: (view: View, scope: string) => T | Promise<T>): { readonly current: T | undefined } {
    return watch(() => {
      const scope = `user:${session.id}`
      return session.open ? session.device.live((view) => query(view, scope)) : undefined
    })
  }
}

function isRefused(one: Outgoing): boolean {
  return one.state === 'refused' && one.name === 'document.keep@1'
}

export const shelf = new Shelf()
