/**
 * A roll being taken. What was tapped is on the device's disk before anything is sent: a phone that dies in the
 * basement finds it again. Sending says only what changed since the teacher last saw the roll.
 */
import type { CallState, Device, Roll } from '../sync/index.ts'
import { said, type Lesson } from './roll.ts'

export interface Entry {
  state: CallState
  minutes?: number | undefined
}

type TakingDevice = Pick<Device, 'act' | 'local'>
type Kept = Record<string, Entry>

/** Whose roll it is: a course, or the class or group of a permanence. With `office` vie scolaire takes it there. */
export interface Sheet {
  course?: string
  audience?: string
  office?: string
}

export class Taking {
  /** What was tapped and not yet sent, by pupil. */
  changes = $state.raw<Kept>({})
  ready = $state(false)
  readonly #device: TakingDevice
  readonly #sheet: Sheet
  readonly lesson: Lesson

  constructor(device: TakingDevice, sheet: Sheet, lesson: Lesson) {
    this.#device = device
    this.#sheet = sheet
    this.lesson = lesson
  }

  get #key(): string {
    return `roll:${this.#sheet.course ?? this.#sheet.audience ?? ''}:${this.lesson.date}:${this.lesson.start}`
  }

  async load(): Promise<void> {
    this.changes = (await this.#device.local.get<Kept>(this.#key)) ?? {}
    this.ready = true
  }

  /** What stands for a pupil on the screen. */
  of(student: string, roll: Roll | undefined): Entry {
    const { state, minutes } = said(roll?.calls[student])
    return this.changes[student] ?? { state, minutes }
  }

  async set(student: string, entry: Entry, roll: Roll | undefined): Promise<void> {
    const { state, minutes } = said(roll?.calls[student])
    const { [student]: _, ...others } = this.changes
    const same = state === entry.state && minutes === entry.minutes
    this.changes = same ? others : { ...others, [student]: entry }
    await this.#device.local.set(this.#key, $state.snapshot(this.changes))
  }

  /** Sends the roll; what it returns takes it back. */
  async send(roll: Roll | undefined): Promise<Kept> {
    const changes = this.changes
    const before = Object.fromEntries(
      Object.keys(changes).map((student) => {
        const { state, minutes } = said(roll?.calls[student])
        return [student, { state, minutes }]
      }),
    )
    await this.#act(changes, roll)
    this.changes = {}
    await this.#device.local.delete(this.#key)
    return before
  }

  /** Says again what stood before; `roll` is as it is now. */
  async restore(before: Kept, roll: Roll | undefined): Promise<void> {
    if (Object.keys(before).length > 0) await this.#act(before, roll)
  }

  async #act(changes: Kept, roll: Roll | undefined): Promise<void> {
    const calls = Object.entries(changes).map(([student, { state, minutes }]) => {
      const seen = said(roll?.calls[student]).seen
      return { student, state, ...(minutes && { minutes }), ...(seen.length > 0 && { seen }) }
    })
    const { office, ...whose } = this.#sheet
    if (office) await this.#device.act(office, 'attendance.correct@1', { ...whose, ...this.lesson, calls })
    else
      await this.#device.act(`course:${whose.course ?? ''}`, 'attendance.roll@1', { ...this.lesson, calls })
  }
}
