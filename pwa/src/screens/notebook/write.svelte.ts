/** A page being written: what is typed is kept on the device until it is saved. */
import { addressed, isEmpty, trimmed } from '../../body/writing.ts'
import type { Actions, Body, PageCategory, Device, Entry, FileRef } from '../../sync/index.ts'
import type { Shown } from '../../timetable/lessons.ts'

export interface Typed {
  title: string
  category: PageCategory | ''
  plannedFiles: FileRef[]
  doneFiles: FileRef[]
  show: Entry['show']
  /** "2026-11-24T18:00", as the input gives it. */
  showAt: string
}

/** The two texts: before the lesson, and in it. */
interface Texts {
  planned: Body
  done: Body
}

/** The lesson that a page is of. */
export interface Of {
  course: string
  id: string
  date: string
  start: string
  end: string
}

type Write = Actions['notebook.write@1']

const empty: Typed = {
  title: '',
  category: '',
  plannedFiles: [],
  doneFiles: [],
  show: 'start',
  showAt: '',
}

export class PageForm {
  typed = $state<Typed>({ ...empty })
  planned = $state.raw<Body>([])
  done = $state.raw<Body>([])
  readonly #device: Device
  readonly #before: { entry: Entry; seq: number } | undefined

  constructor(
    device: Device,
    readonly of: Of,
    before?: { entry: Entry; seq: number },
  ) {
    this.#device = device
    this.#before = before
  }

  get #key(): string {
    return `page:${this.of.course}:${this.of.id}`
  }

  async load(): Promise<void> {
    const kept = await this.#device.local.get<Typed & Texts>(this.#key)
    const { planned, done, ...typed } = { ...fromEntry(this.#before?.entry), ...kept }
    this.typed = typed
    this.planned = planned
    this.done = done
  }

  /** After each change. */
  keep(): void {
    void this.#device.local.set(this.#key, this.#all)
  }

  get nothing(): boolean {
    const { title, plannedFiles, doneFiles } = this.typed
    const isBlank = !title.trim() && isEmpty([...this.planned, ...this.done])
    return isBlank && plannedFiles.length + doneFiles.length === 0
  }

  async attach(half: 'plannedFiles' | 'doneFiles', files: Iterable<File>): Promise<void> {
    for (const file of files) {
      const as = { name: file.name, type: file.type, use: 'notebook' }
      const { sha } = await this.#device.files.put(await file.arrayBuffer(), as)
      this.typed[half] = [
        ...this.typed[half].filter((one) => one.sha !== sha),
        { sha, name: file.name, type: file.type, size: file.size },
      ]
    }
    this.keep()
  }

  /** Writes the page; what it returns takes that back. */
  async save(): Promise<() => Promise<unknown>> {
    const scope = `course:${this.of.course}`
    const before = this.#before
    await this.#device.act(scope, 'notebook.write@1', this.#args(this.of), before ? { base: before.seq } : {})
    await this.#device.local.delete(this.#key)
    if (!before) return () => this.#device.act(scope, 'notebook.erase@1', { id: this.of.id })
    return () => this.#device.act(scope, 'notebook.write@1', argsOf(fromEntry(before.entry), this.of))
  }

  /** Writes the same for a lesson of another class. */
  async copy(lesson: Shown): Promise<() => Promise<unknown>> {
    const scope = `course:${lesson.course ?? ''}`
    await this.#device.act(scope, 'notebook.write@1', this.#args(lesson))
    return () => this.#device.act(scope, 'notebook.erase@1', { id: lesson.id })
  }

  async erase(): Promise<() => Promise<unknown>> {
    const scope = `course:${this.of.course}`
    await this.#device.act(scope, 'notebook.erase@1', { id: this.of.id })
    await this.#device.local.delete(this.#key)
    return () => this.#device.act(scope, 'notebook.restore@1', { id: this.of.id })
  }

  get written(): boolean {
    return this.#before !== undefined
  }

  get #all(): Typed & Texts {
    return { ...$state.snapshot(this.typed), planned: this.planned, done: this.done }
  }

  #args(of: Omit<Of, 'course'>): Write {
    return argsOf(this.#all, of)
  }
}

function argsOf(typed: Typed & Texts, { id, date, start, end }: Omit<Of, 'course'>): Write {
  const later = typed.show === 'at' && typed.showAt
  return {
    id,
    date,
    start,
    ...(end && { end }),
    title: typed.title.trim(),
    ...(typed.category && { category: typed.category }),
    planned: { text: addressed(trimmed(typed.planned)), files: typed.plannedFiles },
    done: { text: addressed(trimmed(typed.done)), files: typed.doneFiles },
    show: typed.show === 'at' && !typed.showAt ? 'start' : typed.show,
    ...(later && { showAt: new Date(typed.showAt).toISOString() }),
  }
}

function fromEntry(entry: Entry | undefined): Typed & Texts {
  if (!entry) return { ...empty, planned: [], done: [] }
  return {
    title: entry.title ?? '',
    category: entry.category ?? '',
    planned: entry.planned?.text ?? [],
    done: entry.done?.text ?? [],
    plannedFiles: entry.planned?.files ?? [],
    doneFiles: entry.done?.files ?? [],
    show: entry.show,
    showAt: entry.show === 'at' ? local(entry.showAt) : '',
  }
}

/** As the input wants it. */
function local(moment: string): string {
  const date = new Date(moment)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
