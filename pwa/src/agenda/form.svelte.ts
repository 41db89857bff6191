/** An event being written, or changed: what is typed is kept on the device until it is saved. */
import {
  newId,
  type Actions,
  type AgendaEvent,
  type Calendar,
  type Device,
  type FileRef,
  type Outgoing,
} from '../sync/index.ts'
import { holidayOn } from '../timetable/expand.ts'
import type { Known } from './events.ts'
import { linkOf } from './link.ts'
import { clockOf, dayOf, daysOf } from './occurrences.ts'

type Put = Actions['agenda.put@1']

export interface Typed {
  scope: string
  title: string
  whole: boolean
  day: string
  last: string
  start: string
  end: string
  weekly: boolean
  until: string
  except: string[]
  place: string
  text: string
  link: string
  lesson: string
  files: FileRef[]
}

export type Fault = 'title' | 'day' | 'last' | 'hours' | 'until' | 'many' | 'link'

export class EventForm {
  typed = $state<Typed>({} as Typed)
  readonly #device: Device
  readonly #edited: Known | undefined
  readonly #refused: Outgoing | undefined

  /** A change that was refused is taken up where it was left. */
  constructor(device: Device, fresh: Typed, edited?: Known, refused?: Outgoing) {
    this.#device = device
    this.#edited = edited
    this.#refused = refused
    if (refused) this.typed = typedOf(refused.args as unknown as Put, refused.scope)
    else this.typed = edited ? typedOf({ ...edited.event, id: edited.id }, edited.scope) : fresh
  }

  get #key(): string {
    return `event:${this.#edited?.id ?? ''}`
  }

  async load(): Promise<this> {
    const kept = this.#refused ? undefined : await this.#device.local.get<Typed>(this.#key)
    if (kept) this.typed = { ...this.typed, ...kept }
    return this
  }

  /** After each change. */
  keep(): void {
    void this.#device.local.set(this.#key, $state.snapshot(this.typed))
  }

  async forget(): Promise<void> {
    await this.#device.local.delete(this.#key)
  }

  /** The days of an event of every week, those that were taken out too. */
  get days(): string[] {
    const { weekly, day, until } = this.typed
    return weekly && day && until >= day ? daysOf({ start: day, until }) : []
  }

  /** Days in the holidays are none of it. */
  skipHolidays(calendar: Calendar): void {
    this.typed.except = this.days.filter((day) => holidayOn(calendar, day))
    this.keep()
  }

  /** The fields that are wrong. */
  faults(): Fault[] {
    const { title, whole, day, last, start, end, weekly, until, link } = this.typed
    const days = this.days
    const held = days.filter((one) => !this.typed.except.includes(one))
    const wrong: [Fault, boolean][] = [
      ['title', title.trim() === ''],
      ['day', day === ''],
      ['last', last !== '' && last < day],
      ['hours', !whole && (start === '' || end === '' || (last || day) + end <= day + start)],
      ['until', weekly && held.length === 0],
      ['many', weekly && tooMany(day, until)],
      ['link', link.trim() !== '' && linkOf(link) === ''],
    ]
    return wrong.filter(([, is]) => is).map(([field]) => field)
  }

  /** Writes it; what it returns takes that back. */
  async save(): Promise<{ id: string; undo: () => Promise<unknown> }> {
    const typed = $state.snapshot(this.typed)
    const id = this.#edited?.id ?? newId()
    await this.#device.act(typed.scope, 'agenda.put@1', { id, ...written(typed) }, this.#base)
    await this.forget()
    if (this.#refused) await this.#device.dismiss(this.#refused.n)
    const before = this.#edited
    if (!before) return { id, undo: () => this.#device.act(typed.scope, 'agenda.remove@1', { id }) }
    const old = written(typedOf({ ...before.event, id }, before.scope))
    return { id, undo: () => this.#device.act(before.scope, 'agenda.put@1', { id, ...old }) }
  }

  get #base(): { base?: number } {
    return this.#edited?.seq ? { base: this.#edited.seq } : {}
  }
}

function tooMany(day: string, until: string): boolean {
  return Date.parse(until) - Date.parse(day) >= 60 * 7 * 86_400_000
}

export function freshEvent(scope: string, day: string, more: Partial<Typed> = {}): Typed {
  return {
    ...{
      scope,
      title: '',
      whole: false,
      day,
      last: '',
      start: '',
      end: '',
      weekly: false,
      until: '',
      except: [],
    },
    ...{ place: '', text: '', link: '', lesson: '', files: [] },
    ...more,
  }
}

export function typedOf(event: Put | AgendaEvent, scope: string): Typed {
  const whole = clockOf(event.start) === ''
  const [day, last] = [dayOf(event.start), dayOf(event.end)]
  return freshEvent(scope, day, {
    ...{ title: event.title, whole, last: last === day ? '' : last },
    ...{ start: clockOf(event.start), end: clockOf(event.end) },
    ...{ weekly: Boolean(event.until), until: event.until ?? '', except: event.except ?? [] },
    ...{ place: event.place ?? '', text: event.text ?? '', link: event.link ?? '' },
    ...{ lesson: event.lesson ?? '', files: event.files ?? [] },
  })
}

export function written(typed: Typed): Omit<Put, 'id'> {
  const { title, whole, day, last, start, end, weekly, until, except, place, text, link, lesson, files } =
    typed
  const days = weekly ? daysOf({ start: day, until }) : []
  const out = except.filter((one) => days.includes(one))
  return {
    title: title.trim(),
    start: whole ? day : `${day}T${start}`,
    end: whole ? last || day : `${last || day}T${end}`,
    ...(weekly && { until }),
    ...(out.length > 0 && { except: out }),
    ...(place.trim() && { place: place.trim() }),
    ...(text.trim() && { text: text.trim() }),
    ...(link.trim() && { link: linkOf(link) }),
    ...(lesson && { lesson }),
    ...(files.length > 0 && { files }),
  }
}

/** A change of this event that the server refused, to be taken up again. */
export function refusedOf(outbox: readonly Outgoing[], id: string): Outgoing | undefined {
  return outbox.find((one) => one.state === 'refused' && one.name === 'agenda.put@1' && one.args.id === id)
}
