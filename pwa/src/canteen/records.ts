/** The menus of the canteen, and the allergens of which a person wants to be warned. */
import type { FileRef, Named } from '../sync/records.ts'

export type Meal = 'lunch' | 'dinner'

/** In the order of a meal. */
export const kinds = ['entry', 'main', 'side', 'cheese', 'dessert', 'drink'] as const
export type DishKind = (typeof kinds)[number]

export const labels = ['organic', 'local', 'vegetarian', 'homemade', 'red', 'aop', 'msc'] as const
export type Label = (typeof labels)[number]

/** The fourteen of Regulation (EU) No 1169/2011, annex II, in its order. */
export const allergens = [
  ...(['gluten', 'crustaceans', 'eggs', 'fish', 'peanuts', 'soy', 'milk', 'nuts'] as const),
  ...(['celery', 'mustard', 'sesame', 'sulphites', 'lupin', 'molluscs'] as const),
]
export type Allergen = (typeof allergens)[number]

/** Where neither allergens nor `none` is said, nothing is known of them. */
export interface Dish {
  kind: DishKind
  name: string
  labels?: Label[]
  contains?: Allergen[]
  /** That it may contain. */
  traces?: Allergen[]
  /** The kitchen declares that there are none. */
  none?: boolean
}

/** school:X, id "2026-11-24.lunch" */
export interface Menu {
  date: string
  meal: Meal
  note?: string
  dishes: Dish[]
  at: string
}

/** school:X, id of the Monday: the menu of a week as PDF or photos. */
export interface MenuFile {
  files: FileRef[]
  by: Named
  at: string
}

/** user:U, id of the person or of a child. */
export interface Watched {
  allergens: Allergen[]
}

export interface CanteenRecords {
  menu: Menu
  menuFile: MenuFile
  watched: Watched
}

export type TypedMenu = Pick<Menu, 'date' | 'meal' | 'dishes'> & { note: string }

export interface CanteenActions {
  /** school:X; a meal without note and dishes is taken away. Refused `conflict`. */
  'canteen.menu@1': { menus: TypedMenu[] }
  /** school:X; no files take it away. Refused `conflict`. */
  'canteen.file@1': { week: string; files: FileRef[] }
  /** user:U; none forgets. Refused `not_found`. */
  'canteen.watch@1': { person: string; allergens: Allergen[] }
}
