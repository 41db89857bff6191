/** A homework being written: what is typed is kept on the device until it is given. */
import type { Actions, Device, FileRef, Homework } from '../../sync/index.ts'
import { newId } from '../../sync/index.ts'
import { addDays } from '../../school/work.ts'

type Gives = Actions['homework.give@1']

export interface Typed {
  course: string
  title: string
  text: string
  /** "2026-11-24" and "08:00", as the inputs give them. */
  date: string
  time: string
  return: Homework['return']
  late: Homework['late']
  minutes: string
  attachments: FileRef[]
  /** Everyone when undefined. */
  students: string[] | undefined
  /** In which it is given: the page of the cahier de textes that leads here. */
  lesson?: string
}

export type Fault = 'course' | 'empty' | 'date' | 'past' | 'students'

const key = 'give'

/** The next morning on which there is school. */
export function nextMorning(now: Date): { date: string; time: string } {
  let day = addDays(now, 1)
  while (day.getDay() === 0 || day.getDay() === 6) day = addDays(day, 1)
  return { date: localDate(day), time: '08:00' }
}

export function localDate(day: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${String(day.getFullYear())}-${two(day.getMonth() + 1)}-${two(day.getDate())}`
}

function localTime(date: Date): string {
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`
}

export class GiveForm {
  typed = $state<Typed>({
    course: '',
    title: '',
    text: '',
    date: '',
    time: '',
    return: 'file',
    late: 'accept',
    minutes: '',
    attachments: [],
    students: undefined,
  })
  ready = $state(false)
  readonly #device: Device
  readonly #edited: { course: string; id: string; seq: number } | undefined
  readonly #before: Homework | undefined

  constructor(device: Device, edited?: { course: string; id: string; seq: number; homework: Homework }) {
    this.#device = device
    this.#edited = edited
    this.#before = edited?.homework
  }

  /** Of the work that is being changed. */
  get id(): string | undefined {
    return this.#edited?.id
  }

  async load(now: Date, from: Pick<Typed, 'lesson'> & { course?: string } = {}): Promise<void> {
    if (this.#before && this.#edited) this.typed = fromHomework(this.#before, this.#edited.course)
    else {
      // A draft is no longer of the lesson that it was begun in.
      const { lesson: _, ...kept } = (await this.#device.local.get<Partial<Typed>>(key)) ?? {}
      this.typed = { ...this.typed, ...nextMorning(now), ...kept, ...from }
    }
    this.ready = true
  }

  /** After each change. */
  keep(): void {
    if (!this.#edited) void this.#device.local.set(key, $state.snapshot(this.typed))
  }

  faults(now: Date): Fault[] {
    const { course, title, text, date, time, students } = this.typed
    const due = Date.parse(`${date}T${time || '08:00'}`)
    const faults: Fault[] = []
    if (!course) faults.push('course')
    if (!title.trim() && !text.trim()) faults.push('empty')
    if (Number.isNaN(due)) faults.push('date')
    else if (due < now.getTime() && !this.#edited) faults.push('past')
    if (students?.length === 0) faults.push('students')
    return faults
  }

  /** Gives it, or changes what was given; what it returns takes it back. */
  async give(): Promise<() => Promise<unknown>> {
    const scope = `course:${this.typed.course}`
    if (this.#edited) {
      const { id, seq } = this.#edited
      await this.#device.act(scope, 'homework.edit@1', { id, ...this.#fields() }, { base: seq })
      const before = this.#before
      return async () =>
        before &&
        this.#device.act(scope, 'homework.edit@1', {
          id,
          ...fieldsOf(fromHomework(before, this.typed.course)),
        })
    }
    const id = newId()
    await this.#device.act(scope, 'homework.give@1', { id, ...this.#fields() })
    await this.#device.local.delete(key)
    return () => this.#device.act(scope, 'homework.withdraw@1', { id })
  }

  #fields(): Omit<Gives, 'id'> {
    return fieldsOf($state.snapshot(this.typed))
  }
}

function fieldsOf(typed: Typed): Omit<Gives, 'id'> {
  const minutes = Number.parseInt(typed.minutes, 10)
  return {
    title: typed.title.trim(),
    text: typed.text.trim(),
    due: new Date(`${typed.date}T${typed.time || '08:00'}`).toISOString().replace('.000Z', 'Z'),
    return: typed.return,
    late: typed.late,
    ...(minutes > 0 && { minutes }),
    attachments: typed.attachments,
    ...(typed.students && { students: typed.students }),
    ...(typed.lesson && { lesson: typed.lesson }),
  }
}

function fromHomework(homework: Homework, course: string): Typed {
  const due = new Date(homework.due)
  return {
    course,
    title: homework.title,
    text: homework.text,
    date: localDate(due),
    time: localTime(due),
    return: homework.return,
    late: homework.late,
    minutes: homework.minutes ? String(homework.minutes) : '',
    attachments: homework.attachments,
    students: Array.isArray(homework.students) ? homework.students : undefined,
  }
}
