/** Entering levels: where the cursor is, and what can be undone. Each is sent at once. */
import type { LevelCell, SkillSettings } from '../sync/index.ts'
import type { Pupil } from '../grades/book.ts'
import { ofKey, ofWord } from './typing.ts'

/** What is filled in. */
export interface Sheet {
  pupils: Pupil[]
  /** The competences, in the order of the columns. */
  skills: string[]
  settings: SkillSettings
  value: (student: string, skill: string) => string
}

export class Entering {
  row = $state(0)
  column = $state(0)
  /** Each step is what one key, tap or paste did. */
  done = $state.raw<LevelCell[][]>([])
  /** How many words of what was pasted are no level. */
  strange = $state(0)
  readonly #sheet: () => Sheet
  readonly #send: (cells: LevelCell[]) => void

  constructor(sheet: () => Sheet, send: (cells: LevelCell[]) => void) {
    this.#sheet = sheet
    this.#send = send
  }

  get student(): string {
    return this.#sheet().pupils[this.row]?.id ?? ''
  }

  get skill(): string {
    return this.#sheet().skills[this.column] ?? ''
  }

  go(row: number, column: number): void {
    this.row = bound(row, this.#sheet().pupils.length)
    this.column = bound(column, this.#sheet().skills.length)
  }

  /** Writes in the cell, and goes on to the next one: down, then to the top of the next column. */
  enter(value: string): void {
    this.strange = 0
    this.put([this.#cell(this.student, this.skill, value)])
    if (value === '') return
    const { pupils, skills } = this.#sheet()
    if (this.row + 1 < pupils.length) this.go(this.row + 1, this.column)
    else if (this.column + 1 < skills.length) this.go(0, this.column + 1)
  }

  put(cells: LevelCell[]): void {
    const changed = cells.filter(({ student, skill, value, was }) => student && skill && value !== was)
    if (changed.length === 0) return
    this.done = [...this.done, changed]
    this.#send(changed)
  }

  /** Of several values that teachers wrote, keeps one. */
  choose(student: string, skill: string, value: string): void {
    this.#send([this.#cell(student, skill, value)])
  }

  /** A key in a cell; true when it was one of ours. */
  key(key: string, { shift = false, command = false } = {}): boolean {
    const { pupils, skills, settings } = this.#sheet()
    if (command) return key.toLowerCase() === 'z' && !shift ? (this.undo(), true) : false
    const step = key === 'Enter' ? ([shift ? -1 : 1, 0] as const) : steps[key]
    const value = ofKey(key, settings)
    if (step) this.go(this.row + step[0], this.column + step[1])
    else if (key === 'Home') this.go(this.row, 0)
    else if (key === 'End') this.go(this.row, skills.length - 1)
    else if (key === 'PageUp') this.go(0, this.column)
    else if (key === 'PageDown') this.go(pupils.length - 1, this.column)
    else if (value !== undefined) this.enter(value)
    else return false
    return true
  }

  /** A piece of a table, from the cell on. */
  paste(text: string): void {
    const { pupils, skills, settings } = this.#sheet()
    const cells: LevelCell[] = []
    this.strange = 0
    for (const [down, line] of text
      .replace(/\r?\n$/, '')
      .split(/\r?\n/)
      .entries()) {
      for (const [right, word] of line.split('\t').entries()) {
        const [student, skill] = [pupils[this.row + down]?.id, skills[this.column + right]]
        const value = ofWord(word, settings)
        if (value === undefined) this.strange += 1
        else if (student && skill) cells.push(this.#cell(student, skill, value))
      }
    }
    this.put(cells)
  }

  /** Takes the last step back, and shows where. */
  undo(): void {
    const last = this.done.at(-1)
    const [first] = last ?? []
    if (!last || !first) return
    this.done = this.done.slice(0, -1)
    this.#send(last.map(({ value, was, ...cell }) => ({ ...cell, value: was, was: value })))
    const { pupils, skills } = this.#sheet()
    this.go(
      pupils.findIndex(({ id }) => id === first.student),
      skills.indexOf(first.skill),
    )
  }

  #cell(student: string, skill: string, value: string): LevelCell {
    return { student, skill, value, was: this.#sheet().value(student, skill) }
  }
}

const steps: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
}

function bound(n: number, length: number): number {
  return Math.max(0, Math.min(n, length - 1))
}
