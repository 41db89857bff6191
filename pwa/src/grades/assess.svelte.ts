/** An assessment being written, or changed. */
import { newId, type Actions, type Assessment, type Device, type FileRef, type Row } from '../sync/index.ts'
import type { Book } from './book.ts'
import { canonical, parse } from './typing.ts'

export const types = ['test', 'quiz', 'oral', 'practical', 'homework', 'exercise', 'project'] as const

type Made = Omit<Actions['grades.assess@1'], 'id'>

interface Typed {
  title: string
  date: string
  type: Assessment['type']
  outOf: string
  coefficient: string
  period: string
  part: string
  kind: '' | 'optional' | 'bonus'
  rescale: boolean
  aside: boolean
  quiet: boolean
  about: string
  papers: FileRef[]
  corrections: FileRef[]
}

export type Fault = 'title' | 'date' | 'outOf' | 'coefficient'

export class AssessForm {
  typed = $state<Typed>({} as Typed)
  readonly #device: Device
  readonly #scope: string
  readonly #edited: Row<Assessment> | undefined

  constructor(device: Device, book: Book, edited: Row<Assessment> | undefined, day: string) {
    this.#device = device
    this.#scope = `course:${book.course}`
    this.#edited = edited
    this.typed = edited ? of(edited.value) : fresh(book.period, day)
  }

  /** The fields that are wrong. */
  faults(): Fault[] {
    const { title, date, outOf, coefficient } = this.typed
    const read = (text: string): number => {
      const found = parse(text, '99', false)
      return 'value' in found && /^\d/.test(found.value) ? Number(found.value) : NaN
    }
    return [
      ...(title.trim() === '' ? (['title'] as const) : []),
      ...(Number.isNaN(Date.parse(date)) ? (['date'] as const) : []),
      ...(read(outOf) >= 1 ? [] : (['outOf'] as const)),
      ...(read(coefficient) >= 0 ? [] : (['coefficient'] as const)),
    ]
  }

  async save(): Promise<{ id: string; undo: () => Promise<unknown> }> {
    const made = this.#made()
    if (!this.#edited) {
      const id = newId()
      await this.#device.act(this.#scope, 'grades.assess@1', { id, ...made })
      return { id, undo: () => this.#device.act(this.#scope, 'grades.cancel@1', { id }) }
    }
    const { id, seq, value } = this.#edited
    const before = written(of(value))
    await this.#device.act(this.#scope, 'grades.amend@1', { id, ...made }, { base: seq })
    return { id, undo: () => this.#device.act(this.#scope, 'grades.amend@1', { id, ...before }) }
  }

  #made(): Made {
    return written($state.snapshot(this.typed))
  }
}

function written({ outOf, coefficient, title, about, ...rest }: Typed): Made {
  return {
    ...rest,
    title: title.trim(),
    about: about.trim(),
    outOf: canonical(outOf),
    coefficient: canonical(coefficient),
  }
}

function fresh(period: string, date: string): Typed {
  return {
    ...{ title: '', date, type: 'test', outOf: '20', coefficient: '1', period, part: '', kind: '' },
    ...{ rescale: false, aside: false, quiet: false, about: '', papers: [], corrections: [] },
  }
}

function of(a: Assessment): Typed {
  return {
    ...fresh(a.period ?? '', a.date),
    ...{ title: a.title, type: a.type, outOf: a.outOf, coefficient: a.coefficient },
    ...{ part: a.part ?? '', kind: a.kind ?? '', about: a.about ?? '' },
    ...{ rescale: a.rescale ?? false, aside: a.aside ?? false, quiet: a.quiet ?? false },
    ...{ papers: a.papers, corrections: a.corrections },
  }
}
