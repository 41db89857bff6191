/** A week of menus being typed: kept on the device until it is written. */
import { plusDays } from '../timetable/expand.ts'
import type { Device, Row } from '../sync/index.ts'
import { tidy } from './mutators.ts'
import { kinds, type Dish, type DishKind, type Meal, type Menu, type TypedMenu } from './records.ts'
import { typed, undoing, type Week } from './week.ts'

/** What is in the form of one meal. */
interface Sheet {
  note: string
  dishes: Dish[]
}

interface Draft {
  sheets: Record<string, Sheet>
  seen: number
}

export class Plan {
  /** By the id of the meal: those that were touched. */
  sheets = $state<Record<string, Sheet>>({})
  #seen = 0
  readonly #device: Device
  readonly #scope: string

  constructor(
    device: Device,
    school: string,
    readonly monday: string,
  ) {
    this.#device = device
    this.#scope = `school:${school}`
  }

  get #key(): string {
    return `menu:${this.monday}`
  }

  /** Takes up what was typed here before. */
  async load(): Promise<void> {
    const kept = await this.#device.local.get<Draft>(this.#key)
    if (!kept) return
    this.sheets = kept.sheets
    this.#seen = kept.seen
  }

  /** The form of a meal: what is stored, and an empty line for each kind that is usual. */
  sheet(date: string, meal: Meal, stored: Row<Menu> | undefined): Sheet {
    return this.sheets[`${date}.${meal}`] ?? lined(stored && typed(stored))
  }

  /** Puts something into the form, and keeps it. */
  put(week: Week, date: string, meal: Meal, sheet: Sheet): void {
    if (Object.keys(this.sheets).length === 0) this.#seen = week.seen
    this.sheets[`${date}.${meal}`] = sheet
    this.#keep()
  }

  /** Takes over whole meals, as those of the week before. */
  fill(week: Week, menus: readonly TypedMenu[]): void {
    for (const menu of menus) this.put(week, menu.date, menu.meal, lined(menu))
  }

  get isEmpty(): boolean {
    return Object.keys(this.sheets).length === 0
  }

  async discard(): Promise<void> {
    this.sheets = {}
    await this.#device.local.delete(this.#key)
  }

  /** Those that differ from what is stored. */
  changed(week: Week): TypedMenu[] {
    const rows = week.days.flatMap((day) => day.meals)
    return Object.entries($state.snapshot(this.sheets)).flatMap(([id, sheet]) => {
      const [date = '', meal] = id.split('.')
      const menu: TypedMenu = {
        date,
        meal: meal as Meal,
        note: tidy(sheet.note),
        dishes: named(sheet.dishes),
      }
      const old = rows.find((row) => row.id === id)
      const before = old ? typed(old) : { ...menu, note: '', dishes: [] }
      return same(menu, before) ? [] : [menu]
    })
  }

  /** Writes what changed; what it returns takes that back. */
  async save(week: Week): Promise<(() => Promise<unknown>) | undefined> {
    const menus = this.changed(week)
    const undo = undoing(
      menus,
      week.days.flatMap((day) => day.meals),
    )
    if (menus.length > 0)
      await this.#device.act(this.#scope, 'canteen.menu@1', { menus }, { base: this.#seen || week.seen })
    await this.discard()
    if (menus.length === 0) return undefined
    return () => this.#device.act(this.#scope, 'canteen.menu@1', { menus: undo })
  }

  #keep(): void {
    const draft: Draft = { sheets: $state.snapshot(this.sheets), seen: this.#seen }
    void this.#device.local.set(this.#key, draft)
  }
}

const usual: readonly DishKind[] = kinds.filter((kind) => kind !== 'drink')

function lined(menu: TypedMenu | undefined): Sheet {
  const dishes = menu?.dishes ?? []
  const missing = usual.filter((kind) => !dishes.some((dish) => dish.kind === kind))
  const all = [...dishes, ...missing.map((kind) => ({ kind, name: '' }))]
  return {
    note: menu?.note ?? '',
    dishes: all.sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind)),
  }
}

const named = (dishes: readonly Dish[]): Dish[] =>
  dishes.filter((dish) => tidy(dish.name)).map((dish) => ({ ...dish, name: tidy(dish.name) }))

function same(a: TypedMenu, b: TypedMenu): boolean {
  const flat = ({ note, dishes }: TypedMenu) =>
    JSON.stringify([
      note,
      ...lined({ ...a, dishes }).dishes.map((one) => [
        ...[one.kind, one.name, one.labels ?? [], one.contains ?? [], one.traces ?? [], one.none ?? false],
      ]),
    ])
  return flat(a) === flat(b)
}

/** A week of meals, a number of days later. */
export function moved(week: Week, days: number): TypedMenu[] {
  return week.days.flatMap((day) => day.meals.map((row) => typed(row, days)))
}

export const before = (monday: string): string => plusDays(monday, -7)
