/**
 * A copy in the making: pages photographed, turned, reordered, not yet handed
 * in. Every change is on the device's disk before it is on the screen, so a
 * killed app finds it again.
 */
import { PhotoError, preparePage, type Page } from '../../photos/page.ts'
import type { Device, FileRef } from '../../sync/index.ts'
import { newId } from '../../sync/index.ts'

/** What the class needs of a device. */
export type DraftDevice = Pick<Device, 'act' | 'files' | 'local'>

export interface DraftPage {
  sha: string
  type: string
  width: number
  height: number
}

interface Kept {
  pages: DraftPage[]
  text: string
}

export type PageFault = PhotoError['code'] | 'full' | 'too_many'

/** As many pages as the server takes. */
export const mostPages = 30

export class CopyDraft {
  pages = $state.raw<DraftPage[]>([])
  text = $state('')
  /** Photos being made into pages right now. */
  busy = $state(0)
  fault = $state<PageFault | undefined>(undefined)
  ready = $state(false)
  readonly empty = $derived(this.pages.length === 0 && this.text.trim() === '')

  readonly #device: DraftDevice
  readonly #homework: string
  readonly #student: string
  readonly #prepare: typeof preparePage
  #queue: Promise<unknown> = Promise.resolve()

  constructor(device: DraftDevice, student: string, homework: string, prepare = preparePage) {
    this.#device = device
    this.#homework = homework
    this.#student = student
    this.#prepare = prepare
  }

  get #key(): string {
    return `copy:${this.#student}:${this.#homework}`
  }

  /** Finds what was kept from an earlier visit. */
  async load(): Promise<void> {
    const kept = await this.#device.local.get<Kept>(this.#key)
    this.pages = kept?.pages ?? []
    this.text = kept?.text ?? ''
    this.ready = true
  }

  /** Adds photos at the end, in the order in which they were chosen. */
  add(photos: readonly Blob[]): Promise<void> {
    return this.#work(photos.length, async () => {
      for (const photo of photos) {
        if (this.pages.length >= mostPages) {
          this.fault = 'too_many'
          return
        }
        const page = await this.#page(photo, 0)
        if (page) await this.#set([...this.pages, page])
        this.busy--
      }
    })
  }

  /** Adds files that are at the school already. */
  async enclose(files: readonly FileRef[]): Promise<void> {
    const room = mostPages - this.pages.length
    this.fault = files.length > room ? 'too_many' : undefined
    const pages = files
      .slice(0, Math.max(0, room))
      .map(({ sha, type }) => ({ sha, type, width: 0, height: 0 }))
    await this.#set([...this.pages, ...pages])
  }

  /** Puts another photo in the place of a page. */
  retake(index: number, photo: Blob): Promise<void> {
    return this.#replace(index, async () => this.#page(photo, 0))
  }

  /** Turns a page a quarter clockwise. */
  turn(index: number): Promise<void> {
    return this.#replace(index, async (old) => {
      const blob = await this.#device.files.get(old.sha)
      return blob && this.#page(blob, 1)
    })
  }

  /** Takes a page away; what it returns puts it back. */
  async remove(index: number): Promise<() => Promise<void>> {
    const page = this.pages[index]
    await this.#set(this.pages.toSpliced(index, 1))
    return async () => {
      if (page) await this.#set(this.pages.toSpliced(Math.min(index, this.pages.length), 0, page))
    }
  }

  async move(from: number, to: number): Promise<void> {
    const page = this.pages[from]
    if (!page || to < 0 || to >= this.pages.length) return
    await this.#set(this.pages.toSpliced(from, 1).toSpliced(to, 0, page))
  }

  async write(text: string): Promise<void> {
    this.text = text
    await this.#keep()
  }

  /** Hands the copy in: from here on the outbox answers for it. */
  async handIn(): Promise<void> {
    await this.#queue
    await this.#device.act(`student:${this.#student}`, 'homework.submit@1', {
      id: newId(),
      homework: this.#homework,
      pages: this.pages.map((page) => page.sha),
      text: this.text.trim(),
    })
    this.pages = []
    this.text = ''
    await this.#device.local.delete(this.#key)
  }

  /** Starts again from a copy already handed in. */
  async begin(pages: DraftPage[], text: string): Promise<void> {
    this.text = text
    await this.#set(pages)
  }

  async #page(photo: Blob, quarters: number): Promise<DraftPage | undefined> {
    try {
      return await this.#store(await this.#prepare(photo, quarters))
    } catch (fault) {
      this.fault = fault instanceof PhotoError ? fault.code : 'full'
      return undefined
    }
  }

  async #store(page: Page): Promise<DraftPage> {
    const extension = page.type === 'image/heic' ? 'heic' : 'jpg'
    const name = `page.${extension}`
    const { sha } = await this.#device.files.put(page.bytes, { name, type: page.type, use: 'submission' })
    return { sha, type: page.type, width: page.width, height: page.height }
  }

  async #replace(index: number, make: (old: DraftPage) => Promise<DraftPage | undefined>): Promise<void> {
    const old = this.pages[index]
    if (!old) return
    await this.#work(1, async () => {
      const page = await make(old)
      this.busy--
      if (page) await this.#set(this.pages.map((p, i) => (i === index ? page : p)))
    })
  }

  /** One photo at a time: a phone has little memory. */
  #work(photos: number, job: () => Promise<void>): Promise<void> {
    this.fault = undefined
    this.busy += photos
    const run = this.#queue.then(job).finally(() => {
      if (this.fault) this.busy = 0
    })
    this.#queue = run.catch(() => undefined)
    return run
  }

  async #set(pages: DraftPage[]): Promise<void> {
    this.pages = pages
    await this.#keep()
  }

  async #keep(): Promise<void> {
    await this.#device.local.set(this.#key, { pages: $state.snapshot(this.pages), text: this.text })
  }
}
