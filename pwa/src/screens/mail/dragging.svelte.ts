/** Folders that are being moved: by a pointer, or by the keyboard. Nothing is kept before they are dropped. */
import { tick } from 'svelte'
import { toast } from '../../app/announce.svelte'
import { t } from '../../i18n/index.svelte'
import {
  besides,
  deedOf,
  moved,
  spotOf,
  stepped,
  type Spot,
  type Step,
  type Tree,
} from '../../mail/arranging.ts'
import { mailbox, undoOf } from '../../mail/mailbox.svelte.ts'

/** How long a finger rests on a handle before it takes it. */
const rest = 250

const steps: Record<string, Step | undefined> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  ArrowRight: 'in',
  ArrowLeft: 'out',
}

/** A row that moves in the page loses the focus. */
function refocus(handle: string): void {
  void tick().then(() => document.getElementById(handle)?.focus())
}

export class Dragging {
  id = $state('')
  /** Read aloud. */
  said = $state('')
  /** The row under the pointer, and which part of it. */
  over = $state.raw<{ id: string; part: 'before' | 'inside' | 'after' } | undefined>(undefined)
  #preview = $state.raw<Tree | undefined>(undefined)
  #hold: ReturnType<typeof setTimeout> | undefined

  get tree(): Tree {
    return this.#preview ?? mailbox.folders
  }

  key(event: KeyboardEvent & { currentTarget: HTMLElement }, id: string): void {
    const isHeld = this.id === id && this.#preview !== undefined
    if (event.key === ' ' || (isHeld && event.key === 'Enter')) {
      if (isHeld) void this.#drop(this.tree, event.currentTarget.id)
      else this.#grab(id)
    } else if (isHeld && event.key === 'Escape') this.cancel()
    else if (isHeld && steps[event.key]) this.#step(steps[event.key] ?? 'up', event.currentTarget.id)
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  /** The focus went elsewhere, and does not come back at once. */
  left(id: string): void {
    if (!this.#preview) return
    setTimeout(() => {
      if (this.id === id && !document.activeElement?.id.endsWith(id)) this.cancel()
    }, 100)
  }

  cancel(): void {
    if (!this.id) return
    this.said = t('mail.folder.cancelled', { name: this.#name })
    this.#end()
  }

  /** A mouse takes it at once, a finger after a moment: before, it scrolls. */
  press(event: PointerEvent & { currentTarget: HTMLElement }, id: string): void {
    if (event.button !== 0) return
    const handle = event.currentTarget
    const take = () => {
      this.id = id
      handle.setPointerCapture(event.pointerId)
    }
    if (event.pointerType === 'mouse') take()
    else this.#hold = setTimeout(take, rest)
  }

  /** The row that it is over, by its place on the screen. */
  drag(event: PointerEvent): void {
    if (!this.id || this.#preview) return
    const handle = [...document.querySelectorAll<HTMLElement>('[data-folder]')].find((one) => {
      const box = one.closest('li')?.getBoundingClientRect()
      return box && event.clientY >= box.top && event.clientY < box.bottom
    })
    const row = handle?.closest('li')
    const id = handle?.dataset.folder
    if (!row || !id || id === this.id) {
      this.over = undefined
      return
    }
    const { top, height } = row.getBoundingClientRect()
    const at = (event.clientY - top) / height
    const isInside = at > 0.3 && at < 0.7 && this.#fits(id)
    this.over = { id, part: isInside ? 'inside' : at < 0.5 ? 'before' : 'after' }
  }

  release(): void {
    clearTimeout(this.#hold)
    if (!this.id || this.#preview) return
    const spot = this.#spot()
    if (spot) void this.#drop(moved(mailbox.folders, this.id, spot))
    else this.#end()
  }

  get #name(): string {
    return mailbox.folder(this.id)?.value.name ?? ''
  }

  #fits(parent: string): boolean {
    return moved(mailbox.folders, this.id, { parent, index: 0 }) !== mailbox.folders
  }

  /** Where it would come to lie, once it is taken from where it is. */
  #spot(): Spot | undefined {
    if (!this.over) return undefined
    const { id, part } = this.over
    if (part === 'inside')
      return { parent: id, index: mailbox.folders.find((one) => one.id === id)?.below.length ?? 0 }
    const [there, here] = [spotOf(mailbox.folders, id), spotOf(mailbox.folders, this.id)]
    if (!there) return undefined
    const isBelow = here?.parent === there.parent && here.index < there.index
    return { parent: there.parent, index: there.index + (part === 'after' ? 1 : 0) - (isBelow ? 1 : 0) }
  }

  #grab(id: string): void {
    this.id = id
    this.#preview = mailbox.folders
    this.#say('mail.folder.grabbed')
  }

  #step(step: Step, handle: string): void {
    this.#preview = stepped(this.tree, this.id, step)
    this.#say('mail.folder.at')
    refocus(handle)
  }

  #say(key: 'mail.folder.grabbed' | 'mail.folder.at'): void {
    const spot = spotOf(this.tree, this.id)
    if (!spot) return
    const where = { name: this.#name, at: spot.index + 1, of: besides(this.tree, spot) }
    const parent = mailbox.folder(spot.parent)?.value.name
    this.said = parent ? t('mail.folder.in', { ...where, parent }) : t(key, where)
  }

  async #drop(to: Tree, focus = ''): Promise<void> {
    const [name, id] = [this.#name, this.id]
    const [from, deed] = [spotOf(mailbox.folders, id), deedOf(to)]
    const spot = spotOf(to, id)
    this.#end()
    this.said = t('mail.folder.dropped', { name })
    if (spot?.parent === from?.parent && spot?.index === from?.index) return
    await mailbox.do(deed.acts)
    if (focus) refocus(focus)
    toast(t('mail.folder.moved'), undoOf(deed))
  }

  #end(): void {
    this.id = ''
    this.over = undefined
    this.#preview = undefined
  }
}
