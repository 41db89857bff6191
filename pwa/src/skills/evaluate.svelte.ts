/** An evaluation of competences being written, or changed. */
import { decimal } from '../grades/exact.ts'
import { canonical } from '../grades/typing.ts'
import {
  newId,
  type Actions,
  type Device,
  type EvaluatedItem,
  type Evaluation,
  type Row,
} from '../sync/index.ts'
import type { SkillBook } from './course.ts'

type Made = Omit<Actions['skills.evaluate@1'], 'id'>

interface Typed {
  title: string
  date: string
  period: string
  about: string
  items: EvaluatedItem[]
  assessment: string
}

export type Fault = 'title' | 'date' | 'items'

export class EvaluateForm {
  typed = $state<Typed>({} as Typed)
  readonly #device: Device
  readonly #scope: string
  readonly #edited: Row<Evaluation> | undefined

  constructor(device: Device, book: SkillBook, edited: Row<Evaluation> | undefined, date: string) {
    this.#device = device
    this.#scope = `course:${book.course}`
    this.#edited = edited
    const fresh = { title: '', date, period: book.period, about: '', items: [], assessment: '' }
    this.typed = edited ? of(edited.value) : fresh
  }

  /** The fields that are wrong. */
  faults(): Fault[] {
    const { title, date, items } = this.typed
    const weighs = ({ coefficient }: EvaluatedItem): boolean => {
      const n = canonical(coefficient)
      return decimal(n) !== undefined && Number(n) > 0 && Number(n) <= 99
    }
    return [
      ...(title.trim() === '' ? (['title'] as const) : []),
      ...(Number.isNaN(Date.parse(date)) ? (['date'] as const) : []),
      ...(items.length > 0 && items.length <= 20 && items.every(weighs) ? [] : (['items'] as const)),
    ]
  }

  async save(): Promise<{ id: string; undo: () => Promise<unknown> }> {
    const made = written($state.snapshot(this.typed))
    if (!this.#edited) {
      const id = newId()
      await this.#device.act(this.#scope, 'skills.evaluate@1', { id, ...made })
      return { id, undo: () => this.#device.act(this.#scope, 'skills.cancel@1', { id }) }
    }
    const { id, seq, value } = this.#edited
    const before = written(of(value))
    await this.#device.act(this.#scope, 'skills.amend@1', { id, ...made }, { base: seq })
    return { id, undo: () => this.#device.act(this.#scope, 'skills.amend@1', { id, ...before }) }
  }
}

function written({ title, about, items, ...rest }: Typed): Made {
  return {
    ...rest,
    title: title.trim(),
    about: about.trim(),
    items: items.map(({ skill, coefficient }) => ({ skill, coefficient: canonical(coefficient) })),
  }
}

function of({ title, date, period = '', about = '', items, assessment = '' }: Evaluation): Typed {
  return { title, date, period, about, items: items.map((item) => ({ ...item })), assessment }
}
