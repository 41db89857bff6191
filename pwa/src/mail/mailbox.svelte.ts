/**
 * The mailbox of who is signed in, as every screen of messages sees it. It is read in parts, so that opening or
 * filing one discussion does not read all messages again.
 */
import { watch } from '../app/live.svelte'
import { session } from '../app/session.svelte'
import type { Category, Folder, Report, Row, View } from '../sync/index.ts'
import {
  arrange,
  draftsOf,
  everything,
  gather,
  kinds,
  refusedIn,
  tree,
  type Filter,
  type Kind,
  type Place,
} from './discussions.ts'
import type { Act, Deed } from './deeds.ts'
import { isHidden, rulesOf } from './rules.ts'

class Mailbox {
  #letters = this.#live((view, scope) => view.list(scope, 'message'))
  #threads = this.#live((view, scope) => view.list(scope, 'thread'))
  #drafts = this.#live((view, scope) => view.list(scope, 'draft'))
  #order = this.#live(async (view, scope) => ({
    folders: await view.list(scope, 'folder'),
    categories: await view.list(scope, 'category'),
  }))
  #reports = this.#live((view, scope) => view.list(scope, 'report'))
  #hushed = this.#live((view, scope) => view.list(scope, 'muted'))
  #decided = this.#live(async (view) => ({ rules: (await view.all('mail'))[0]?.value }))
  #outbox = this.#live((view) => view.outbox())
  #scopes = this.#live((view) => view.scopes())

  readonly #talks = $derived(this.#letters.current && gather(this.#letters.current, session.id))
  readonly #done = $derived(new Map((this.#threads.current ?? []).map((row) => [row.id, row.value])))
  readonly #marked = $derived({
    reported: new Set((this.#reports.current ?? []).map((row) => row.value.discussion)),
    hushed: new Set((this.#hushed.current ?? []).map((row) => row.id)),
  })
  readonly #own = $derived(new Set((this.#order.current?.folders ?? []).map((row) => row.id)))

  /** Undefined until they are read; the newest first. */
  readonly discussions = $derived(
    this.#talks && this.#threads.current && this.#order.current
      ? arrange(this.#talks, this.#done, this.#own, session.id, this.#marked)
      : undefined,
  )
  readonly drafts = $derived(this.#drafts.current && draftsOf(this.#drafts.current))
  readonly folders = $derived(tree(this.#order.current?.folders ?? []))
  /** The rules of the school. */
  readonly rules = $derived(rulesOf(this.#decided.current?.rules))
  /** Whether home is without the latest messages: until the rules are read, too. */
  readonly hidesLatest = $derived(!this.#decided.current || isHidden(this.rules, session.roles))
  /** What this person reported, the latest first. */
  readonly reports = $derived(
    (this.#reports.current ?? []).toSorted((a, b) => Date.parse(b.value.at) - Date.parse(a.value.at)),
  )
  readonly categories = $derived(byName(this.#order.current?.categories ?? []))
  readonly refused = $derived(refusedIn(this.#outbox.current ?? []))
  /** Older messages are still on their way. */
  readonly filling = $derived(
    this.#scopes.current?.some((one) => one.scope === `user:${session.id}` && !one.complete) ?? false,
  )

  get letters() {
    return this.#letters.current ?? []
  }

  folder(id: string): Row<Folder> | undefined {
    return this.#order.current?.folders.find((row) => row.id === id)
  }

  category(id: string): Row<Category> | undefined {
    return this.categories.find((row) => row.id === id)
  }

  /** People of whom nothing is heard. */
  get hushed(): Row<{ name: string }>[] {
    return byName(this.#hushed.current ?? [])
  }

  isHushed(person: string): boolean {
    return this.#marked.hushed.has(person)
  }

  /** The last one of a message. */
  reportOf(message: string): Row<Report> | undefined {
    return this.reports.find((row) => row.value.message === message)
  }

  async do(acts: readonly Act[]): Promise<void> {
    for (const { name, args } of acts) await session.device.act(`user:${session.id}`, name, args)
  }

  #live<T>(query: (view: View, scope: string) => Promise<T>): { readonly current: T | undefined } {
    return watch(() => {
      const scope = `user:${session.id}`
      return session.open ? session.device.live((view) => query(view, scope)) : undefined
    })
  }
}

function byName<V extends { name: string }>(rows: readonly Row<V>[]): Row<V>[] {
  return rows.toSorted((a, b) => a.value.name.localeCompare(b.value.name))
}

export const mailbox = new Mailbox()

/** Does it, and gives what takes it back. */
export function undoOf(deed: Deed): { undo: () => void } | undefined {
  return deed.undo.length > 0 ? { undo: () => void mailbox.do(deed.undo) } : undefined
}

/** What of a place is shown. A new place begins with everything. */
export class Shown {
  hideRead = $state(false)
  kinds = $state.raw(everything.kinds)
  #place: Place | undefined

  get filter(): Filter {
    return { hideRead: this.hideRead, kinds: this.kinds }
  }

  get all(): boolean {
    return !this.hideRead && this.kinds.length === kinds.length
  }

  show(kind: Kind, on: boolean): void {
    this.kinds = kinds.filter((one) => (one === kind ? on : this.kinds.includes(one)))
  }

  enter(place: Place): void {
    if (place === this.#place) return
    this.#place = place
    this.reset()
  }

  reset(): void {
    this.hideRead = false
    this.kinds = everything.kinds
  }
}
