/**
 * Entering marks: where the cursor is, what is being typed, and what can be undone. The grid of a laptop
 * and the keypad of a phone share it. A value is sent when the cursor leaves its cell.
 */
import type { Cell } from '../sync/index.ts'
import { speech } from '../i18n/index.svelte'
import type { Value } from './average.ts'
import type { Column, Pupil } from './book.ts'
import { parse, typed, type Problem } from './typing.ts'

interface Change {
  assessment: string
  student: string
  from: Value
  to: Value
}

/** What is filled in. */
export interface Sheet {
  pupils: Pupil[]
  columns: Column[]
  /** Marks may be above their scale. */
  above: boolean
}

type Send = (assessment: string, cells: Cell[]) => void

export class Entering {
  row = $state(0)
  column = $state(0)
  text = $state('')
  problem = $state<Problem | undefined>(undefined)
  done = $state.raw<Change[]>([])
  #typing = $state(false)
  readonly #book: () => Sheet
  readonly #send: Send

  constructor(book: () => Sheet, send: Send) {
    this.#book = book
    this.#send = send
  }

  get at(): Column | undefined {
    return this.#book().columns[this.column]
  }

  get student(): string {
    return this.#book().pupils[this.row]?.id ?? ''
  }

  get value(): Value {
    return this.at?.marks.get(this.student)?.value ?? ''
  }

  /** What stands in the cell: what is typed, or what is there. */
  get shown(): string {
    return this.#typing ? this.text : typed(this.value, speech.language === 'fr')
  }

  get typing(): boolean {
    return this.#typing
  }

  type(text: string): void {
    this.#typing = true
    this.text = text
    this.problem = undefined
  }

  /** Gives up what is typed. */
  revert(): void {
    this.#typing = false
    this.problem = undefined
  }

  /** Sends what is typed; false, and it stays, where it is no mark. */
  commit(): boolean {
    const column = this.at
    if (!this.#typing || !column) return true
    const read = parse(this.text, column.assessment.outOf, this.#book().above)
    if ('problem' in read) {
      this.problem = read.problem
      return false
    }
    this.#typing = false
    this.put(column.id, this.student, this.value, read.value)
    return true
  }

  /** Puts a value in the current cell at once. */
  enter(value: Value): void {
    const column = this.at
    this.revert()
    if (column) this.put(column.id, this.student, this.value, value)
  }

  put(assessment: string, student: string, from: Value, to: Value): void {
    if (from === to || student === '') return
    this.done = [...this.done, { assessment, student, from, to }]
    this.#send(assessment, [{ student, value: to, was: from }])
  }

  /** Of several values that teachers wrote, keeps one. */
  choose(assessment: string, student: string, from: Value, to: Value): void {
    if (from !== to) this.put(assessment, student, from, to)
    else this.#send(assessment, [{ student, value: to, was: from }])
  }

  /** Goes to a cell, if what is typed may be left. */
  go(row: number, column: number): boolean {
    if (!this.commit()) return false
    this.row = bound(row, this.#book().pupils.length)
    this.column = bound(column, this.#book().columns.length)
    return true
  }

  move(down: number, right: number): boolean {
    return this.go(this.row + down, this.column + right)
  }

  /** Takes the last entry back, and shows where. */
  undo(): void {
    const last = this.done.at(-1)
    if (!last) return
    this.revert()
    this.done = this.done.slice(0, -1)
    this.#send(last.assessment, [{ student: last.student, value: last.from, was: last.to }])
    this.row = Math.max(
      0,
      this.#book().pupils.findIndex(({ id }) => id === last.student),
    )
    this.column = Math.max(
      0,
      this.#book().columns.findIndex(({ id }) => id === last.assessment),
    )
  }

  /** A key in a cell; true when it was one of ours. */
  key(key: string, { shift = false, command = false, caretEnd = true, caretStart = true } = {}): boolean {
    if (command) return key.toLowerCase() === 'z' && !shift ? (this.undo(), true) : false
    const step = steps[key]
    if (key === 'Escape') this.revert()
    else if (key === 'Delete' && !this.#typing) this.enter('')
    else if (key === 'Enter') this.move(shift ? -1 : 1, 0)
    else if (key === 'Tab') return this.#tab(shift)
    else if (step) {
      // Left and right move within what is typed, until its ends.
      if (this.#typing && step[1] !== 0 && !(step[1] > 0 ? caretEnd : caretStart)) return false
      this.move(...step)
    } else return false
    return true
  }

  /** Tab leaves the grid at its ends. */
  #tab(back: boolean): boolean {
    const next = this.column + (back ? -1 : 1)
    if (next >= 0 && next < this.#book().columns.length) return (this.move(0, back ? -1 : 1), true)
    this.commit()
    return false
  }
}

const steps: Readonly<Record<string, [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
}

function bound(n: number, length: number): number {
  return Math.max(0, Math.min(n, length - 1))
}
