/** The menus of a week, and what somebody is warned of. Pure: records in, days for the screens out. */
import { plusDays } from '../timetable/expand.ts'
import type { Row, View } from '../sync/index.ts'
import { kinds, type Allergen, type Dish, type Menu, type MenuFile, type TypedMenu } from './records.ts'

export interface Day {
  date: string
  /** Lunch first. */
  meals: Row<Menu>[]
}

export interface Week {
  monday: string
  days: Day[]
  file: Row<MenuFile> | undefined
  /** The latest commit that the person has seen: base of what is written. */
  seen: number
}

/** The five days of school, and those of a weekend on which something is served. */
export async function weekOf(view: View, school: string, monday: string): Promise<Week> {
  const scope = `school:${school}`
  const [menus, file, info] = await Promise.all([
    view.list(scope, 'menu'),
    view.get(scope, 'menuFile', monday),
    view.get(scope, 'school', school),
  ])
  const days = [0, 1, 2, 3, 4, 5, 6].map((n) => dayOf(menus, plusDays(monday, n)))
  return {
    ...{ monday, file },
    days: days.filter(({ meals }, n) => n < 5 || meals.length > 0),
    seen: Math.max(0, info?.seq ?? 0, file?.seq ?? 0, ...menus.map((row) => row.seq)),
  }
}

/** When lunch is over. */
const afternoon = '14:00'
const ahead = 3

/** The lunch of today; once it is over, that of the next day on which one is known. */
export async function nextMeal(
  view: View,
  school: string,
  today: string,
  clock: string,
): Promise<Row<Menu> | undefined> {
  const from = clock < afternoon ? today : plusDays(today, 1)
  const until = plusDays(from, ahead)
  return (await view.list(`school:${school}`, 'menu'))
    .filter(({ value }) => value.meal === 'lunch' && from <= value.date && value.date <= until)
    .sort((a, b) => (a.value.date < b.value.date ? -1 : 1))[0]
}

function dayOf(menus: readonly Row<Menu>[], date: string): Day {
  const meals = menus.filter((row) => row.value.date === date)
  return { date, meals: meals.sort((a, b) => (a.value.meal < b.value.meal ? 1 : -1)) }
}

export const isEmpty = ({ days, file }: Week): boolean => !file && days.every((day) => day.meals.length === 0)

/** In the order of a meal, whatever the order in which they were typed. */
export function inOrder(dishes: readonly Dish[]): Dish[] {
  return [...dishes].sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind))
}

/** Somebody who eats here, and what they want to be warned of. */
export interface Watcher {
  person: string
  name: string
  allergens: readonly Allergen[]
}

export async function watchersOf(
  view: View,
  user: string,
  people: readonly { id: string; name: string }[],
): Promise<Watcher[]> {
  const rows = await view.list(`user:${user}`, 'watched')
  return people.map(({ id, name }) => ({
    ...{ person: id, name },
    allergens: rows.find((row) => row.id === id)?.value.allergens ?? [],
  }))
}

export interface Warning {
  kind: 'contains' | 'traces' | 'unknown'
  allergens: Allergen[]
  /** Whom it concerns. */
  names: string[]
}

/**
 * What those who are to be warned should know of a dish. Where nothing is declared this is said as well: silence
 * is no "without".
 */
export function warningsOf(dish: Dish, watchers: readonly Watcher[]): Warning[] {
  const careful = watchers.filter((one) => one.allergens.length > 0)
  if (!dish.none && !dish.contains?.length && !dish.traces?.length)
    return careful.length > 0
      ? [{ kind: 'unknown', allergens: [], names: careful.map((one) => one.name) }]
      : []
  return (['contains', 'traces'] as const).flatMap((kind) => {
    const concerned = careful
      .map((one) => ({ name: one.name, found: (dish[kind] ?? []).filter((a) => one.allergens.includes(a)) }))
      .filter(({ found }) => found.length > 0)
    if (concerned.length === 0) return []
    const found = [...new Set(concerned.flatMap((one) => one.found))]
    return [{ kind, allergens: found, names: concerned.map((one) => one.name) }]
  })
}

/** As it is typed anew, on another day. */
export function typed({ value }: Row<Menu>, days = 0): TypedMenu {
  const { date, meal, note, dishes } = value
  return { date: plusDays(date, days), meal, note: note ?? '', dishes }
}

/** What takes back that meals were written: those before, and nothing where there were none. */
export function undoing(written: readonly TypedMenu[], before: readonly Row<Menu>[]): TypedMenu[] {
  return written.map(({ date, meal }) => {
    const old = before.find((row) => row.id === `${date}.${meal}`)
    return old ? typed(old) : { date, meal, note: '', dishes: [] }
  })
}
