/** An information being written: what is typed lies on this device until it is published. */
import { isEmpty, tidy } from '../body/writing.ts'
import {
  newId,
  type Actions,
  type Body,
  type Broadcast,
  type Device,
  type FileRef,
  type InformationCategory,
  type InformedRole,
  type Question,
} from '../sync/index.ts'
import { choicesOf, targetsOf } from './audience.ts'
import { isChosen } from './survey.ts'

export const most = { files: 10, questions: 30, choices: 20, title: 150, question: 500, choice: 150 } as const

export type TypedQuestion = Required<Question> & { id: string }

export interface Typed {
  title: string
  category: InformationCategory
  body: Body
  files: FileRef[]
  from: string
  until: string
  acknowledge: boolean
  questions: TypedQuestion[]
  anonymous: boolean
  perChild: boolean
  roles: InformedRole[]
  places: string[]
}

export type FormFault =
  'title' | 'body' | 'days' | 'roles' | 'places' | 'nobody' | 'questions' | `question:${string}`

type Publish = Actions['information.publish@1']
export type WritingDevice = Pick<Device, 'act' | 'dismiss' | 'files' | 'local' | 'user'>

/** What a form begins with: an earlier information, a correction, or one that came back refused. */
export interface Start {
  broadcast?: Pick<Broadcast, keyof Publish & keyof Broadcast>
  /** Number of the refused act. */
  refused?: number
}

export class Writing {
  typed = $state<Typed>(blank('', ''))
  ready = $state(false)
  faults = $state.raw<FormFault[]>([])
  readonly #device: WritingDevice
  readonly #key: string
  #refused: number | undefined

  /** About: the id of what is corrected; '' for something new. Each start has a text of its own. */
  constructor(
    device: WritingDevice,
    readonly about: string,
    readonly today: string,
    start = about || 'new',
  ) {
    this.#device = device
    this.#key = `information:${start}`
  }

  get #scope(): string {
    return `user:${this.#device.user}`
  }

  async load({ broadcast, refused }: Start, week: string): Promise<void> {
    const kept = await this.#device.local.get<Typed>(this.#key)
    const begun = broadcast
      ? typedOf(broadcast, this.about || refused ? broadcast : { from: this.today, until: week })
      : {}
    this.typed = { ...blank(this.today, week), ...begun, ...kept }
    this.#refused = refused
    this.ready = true
  }

  /** After each change. */
  keep(): void {
    this.faults = []
    void this.#device.local.set(this.#key, $state.snapshot(this.typed))
  }

  change(part: Partial<Typed>): void {
    Object.assign(this.typed, part)
    this.keep()
  }

  ask(kind: Question['kind']): void {
    this.typed.questions.push(newQuestion(kind))
    this.keep()
  }

  drop(id: string): void {
    this.change({ questions: this.typed.questions.filter((one) => one.id !== id) })
  }

  /** One place up, or down. */
  move(id: string, by: -1 | 1): void {
    const all = [...this.typed.questions]
    const at = all.findIndex((one) => one.id === id)
    const [one] = all.splice(at, 1)
    if (one) all.splice(Math.max(0, at + by), 0, one)
    this.change({ questions: all })
  }

  async attach(files: Iterable<File>): Promise<void> {
    for (const file of files) {
      if (this.typed.files.length >= most.files) break
      const as = { name: file.name, type: file.type, use: 'information' }
      const { sha } = await this.#device.files.put(await file.arrayBuffer(), as)
      const others = this.typed.files.filter((one) => one.sha !== sha)
      this.change({ files: [...others, { sha, name: file.name, type: file.type, size: file.size }] })
    }
  }

  /** Publishes it, if nothing is missing; what it returns takes it back. */
  async publish(): Promise<{ id: string; undo: () => Promise<unknown> } | undefined> {
    const typed: Typed = $state.snapshot(this.typed)
    this.faults = faultsOf(typed, this.today)
    if (this.faults.length > 0) return undefined
    const id = newId()
    await this.#device.act(this.#scope, 'information.publish@1', argsOf(id, typed))
    if (this.#refused !== undefined) await this.#device.dismiss(this.#refused)
    await this.forget()
    return { id, undo: () => this.#device.act(this.#scope, 'information.withdraw@1', { id }) }
  }

  /** Corrects what was published; base is the commit that its author saw. */
  async correct(base: number): Promise<boolean> {
    const typed: Typed = $state.snapshot(this.typed)
    this.faults = faultsOf({ ...typed, questions: [] }, this.today).filter(
      (fault) => fault !== 'body' || typed.questions.length === 0,
    )
    if (this.faults.length > 0) return false
    const { title, category, files, until } = typed
    const told = { id: this.about, title: title.trim(), category, body: tidy(typed.body), files, until }
    await this.#device.act(this.#scope, 'information.correct@1', told, { base })
    if (this.#refused !== undefined) await this.#device.dismiss(this.#refused)
    await this.forget()
    return true
  }

  async forget(): Promise<void> {
    await this.#device.local.delete(this.#key)
  }
}

function blank(from: string, until: string): Typed {
  return {
    ...{ title: '', category: 'life', body: [], files: [], from, until, acknowledge: false },
    ...{ questions: [], anonymous: false, perChild: false, roles: [], places: [] },
  }
}

export function newQuestion(kind: Question['kind']): TypedQuestion {
  const choices = kind === 'one' || kind === 'many' ? ['', ''] : []
  return { id: newId(), kind, title: '', choices, other: false, most: 0, required: false }
}

function typedOf(of: NonNullable<Start['broadcast']>, days: { from: string; until: string }): Typed {
  const { title, category, body, files = [], acknowledge = false, anonymous = false, perChild = false } = of
  return {
    ...{ title, category, body, files, acknowledge, anonymous, perChild, from: days.from, until: days.until },
    ...choicesOf(of.audience),
    questions: (of.questions ?? []).map((question) => ({ ...newQuestion('info'), ...question })),
  }
}

/** What is missing, in the order of the screen. */
export function faultsOf(typed: Typed, today: string): FormFault[] {
  const faults: FormFault[] = []
  if (typed.roles.length === 0) faults.push('roles')
  const places = typed.places.length > 0 || typed.roles.join() === 'staff'
  if (!places) faults.push('places')
  if (!typed.title.trim()) faults.push('title')
  if (isEmpty(typed.body) && typed.files.length === 0 && typed.questions.length === 0) faults.push('body')
  for (const question of typed.questions) if (isWrong(question)) faults.push(`question:${question.id}`)
  const { questions } = typed
  if (questions.length > 0 && questions.every(({ kind }) => kind === 'info')) faults.push('questions')
  if (!typed.from || !typed.until || typed.until < typed.from || typed.until < today) faults.push('days')
  return faults
}

function isWrong(question: TypedQuestion): boolean {
  if (!question.title.trim()) return true
  if (!isChosen(question)) return false
  const choices = question.choices.map((one) => one.trim()).filter(Boolean)
  return (
    new Set(choices).size < choices.length ||
    choices.length === 0 ||
    choices.length + (question.other ? 1 : 0) < 2
  )
}

/** What the server is told: without blanks, and without what is off. */
export function argsOf(id: string, typed: Typed): Publish {
  const { category, files, from, until, acknowledge, anonymous, perChild, roles, places } = typed
  const asks = typed.questions.length > 0
  return {
    ...{ id, title: typed.title.trim(), category, body: tidy(typed.body), from, until },
    ...(files.length > 0 && { files }),
    ...(acknowledge && { acknowledge }),
    ...(asks && { questions: typed.questions.map(questionOf) }),
    ...(asks && anonymous && { anonymous }),
    ...(asks && perChild && roles.includes('guardians') && { perChild }),
    audience: targetsOf(roles, places),
  }
}

function questionOf({ kind, title, choices, other, most: limit, required }: TypedQuestion): Question {
  const offers = kind === 'one' || kind === 'many'
  const kept = choices.map((one) => one.trim()).filter(Boolean)
  return {
    ...{ kind, title: title.trim() },
    ...(offers && { choices: kept }),
    ...(offers && other && { other }),
    ...(kind === 'many' && limit > 0 && { most: Math.min(limit, kept.length + (other ? 1 : 0)) }),
    ...(kind !== 'info' && required && { required }),
  }
}
