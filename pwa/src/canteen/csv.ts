/**
 * A week of menus typed in a spreadsheet: one line for each dish, fields apart by semicolons, tabs or commas,
 * UTF-8 or Windows-1252. It is read on the device, so that what is wrong is seen before anything is written,
 * with or without a network. Pure.
 */
import { fold } from '../mail/fold.ts'
import { tidy } from './mutators.ts'
import { monday, plusDays } from '../timetable/expand.ts'
import { kinds, type Allergen, type Dish, type Label, type TypedMenu } from './records.ts'

export const columns = ['date', 'meal', 'kind', 'name', 'labels', 'contains', 'traces'] as const
export type Column = (typeof columns)[number]

export type Fault =
  | 'empty'
  | 'long'
  | 'header'
  | 'quote'
  | 'day'
  | 'far'
  | 'meal'
  | 'kind'
  | 'name'
  | 'label'
  | 'allergen'
  | 'both'
  | 'dishes'
  | 'meals'
  | 'control'

/** What is wrong, and where: lines count from 1, as a spreadsheet shows them. */
export interface Problem {
  line: number
  column?: Column
  fault: Fault
  what: string
}

export interface Imported {
  menus: TypedMenu[]
  problems: Problem[]
}

/** As the server has them. */
export const most = { menus: 14, dishes: 24, name: 120 }
const mostLines = 600
const mostProblems = 20

/** The text of a file, in whichever of the two alphabets it is. */
export function textOf(bytes: ArrayBuffer | Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

/** What a spreadsheet says, as of a day. */
export function read(text: string, today: string): Imported {
  const { rows, unclosed } = rowsOf(text.replace(/^\uFEFF/, ''))
  if (unclosed) return failed(unclosed, 'quote')
  const [head, ...lines] = rows.filter((row) => row.cells.some((cell) => cell.trim()))
  if (!head) return failed(1, 'empty')
  if (lines.length > mostLines) return failed(mostLines + 1, 'long')
  const places = columns.map((column) =>
    head.cells.findIndex((cell) => names[column].includes(fold(tidy(cell)))),
  )
  const lost = columns.find((column, i) => needed.has(column) && (places[i] ?? -1) < 0)
  if (lost) return { menus: [], problems: [{ line: head.line, column: lost, fault: 'header', what: '' }] }
  return gather(
    today,
    lines.map((row) => ({
      line: row.line,
      cell: (column) => tidy(row.cells[places[columns.indexOf(column)] ?? -1]),
    })),
  )
}

function failed(line: number, fault: Fault): Imported {
  return { menus: [], problems: [{ line, fault, what: '' }] }
}

interface Line {
  line: number
  cell: (column: Column) => string
}

function gather(today: string, lines: readonly Line[]): Imported {
  const problems: Problem[] = []
  const menus = new Map<string, TypedMenu>()
  for (const one of lines) {
    if (isBlank(one)) continue
    const wrong = (column: Column, fault: Fault, what = one.cell(column)) =>
      problems.push({ line: one.line, column, fault, what: what.slice(0, 60) })
    const date = dayOf(one.cell('date'))
    const meal = mealOf(one.cell('meal'))
    if (!date) wrong('date', 'day')
    else if (!isNear(date, today)) wrong('date', 'far')
    if (!meal) wrong('meal', 'meal')
    const dish = dishOf(one, wrong)
    if (!date || !meal || !dish) continue
    const id = `${date}.${meal}`
    const menu = menus.get(id) ?? { date, meal, note: '', dishes: [] }
    menus.set(id, menu)
    if (menu.dishes.push(dish) === most.dishes + 1) wrong('name', 'dishes')
    if (menus.size === most.menus + 1 && menu.dishes.length === 1) wrong('date', 'meals')
  }
  if (menus.size === 0 && problems.length === 0) problems.push({ line: 1, fault: 'empty', what: '' })
  const good = problems.length === 0
  return {
    menus: good ? [...menus.values()].sort((a, b) => key(a).localeCompare(key(b))) : [],
    problems: problems.slice(0, mostProblems),
  }
}

/** Lunch before dinner. */
const key = ({ date, meal }: TypedMenu): string => `${date}${meal === 'lunch' ? '0' : '1'}`

/** A line of the template that nobody filled in. */
const isBlank = ({ cell }: Line): boolean =>
  (['name', 'labels', 'contains', 'traces'] as const).every((column) => cell(column) === '')

function dishOf(
  { cell }: Line,
  wrong: (column: Column, fault: Fault, what?: string) => void,
): Dish | undefined {
  const name = cell('name')
  const kind = kindOf(cell('kind'))
  const none = nothing.has(fold(cell('contains')))
  const said = wordsOf<Label>(cell('labels'), labelNames, (what) => wrong('labels', 'label', what))
  const contains = none
    ? []
    : wordsOf<Allergen>(cell('contains'), allergenNames, (what) => wrong('contains', 'allergen', what))
  const traces = nothing.has(fold(cell('traces')))
    ? []
    : wordsOf<Allergen>(cell('traces'), allergenNames, (what) => wrong('traces', 'allergen', what))
  const twice = traces.filter((one) => contains.includes(one))
  if (twice.length > 0) wrong('traces', 'both', cell('traces'))
  if (!kind) wrong('kind', 'kind')
  if (!name || Array.from(name).length > most.name) wrong('name', 'name')
  else if (/\p{Cc}/u.test(name)) wrong('name', 'control')
  if (!kind) return undefined
  return {
    kind,
    name,
    ...(said.length > 0 && { labels: said }),
    ...(contains.length > 0 && { contains }),
    ...(traces.length > 0 && { traces }),
    ...(none && traces.length === 0 && { none }),
  }
}

interface Cells {
  line: number
  cells: string[]
}

/** Fields between quotes may hold anything, a quote twice. */
function rowsOf(text: string): { rows: Cells[]; unclosed?: number } {
  const between = separatorOf(text)
  const rows: Cells[] = []
  let row: Cells = { line: 1, cells: [] }
  let cell = ''
  let line = 1
  let opened = 0
  for (let i = 0; i < text.length; i++) {
    const sign = text.charAt(i)
    if (sign === '\n') line++
    if (opened > 0) {
      if (sign !== '"') cell += sign
      else if (text.charAt(i + 1) === '"') cell += text.charAt(++i)
      else opened = 0
    } else if (sign === '"' && cell.trim() === '') {
      opened = line
      cell = ''
    } else if (sign === between) {
      row.cells.push(cell)
      cell = ''
    } else if (sign === '\n') {
      rows.push({ ...row, cells: [...row.cells, cell] })
      row = { line, cells: [] }
      cell = ''
    } else cell += sign
  }
  rows.push({ ...row, cells: [...row.cells, cell] })
  return opened > 0 ? { rows, unclosed: opened } : { rows }
}

/** The sign that the first line has most of. */
function separatorOf(text: string): string {
  const head = text.trimStart().split('\n', 1)[0] ?? ''
  const count = (sign: string) => head.split(sign).length
  return [';', '\t', ','].reduce((best, sign) => (count(sign) > count(best) ? sign : best))
}

/** "2026-11-24", "24/11/2026". */
function dayOf(text: string): string | undefined {
  const european = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$/.exec(text)
  const two = (part: string | undefined) => (part ?? '').padStart(2, '0')
  const day = european ? `${european[3] ?? ''}-${two(european[2])}-${two(european[1])}` : text
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return undefined
  const parsed = new Date(`${day}T12:00Z`)
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(day) ? day : undefined
}

/** Neither forgotten nor too far away, as the server has it. */
export function isNear(day: string, today: string): boolean {
  return plusDays(monday(day), 37) > today && day <= plusDays(today, 200)
}

const nothing = new Set(['aucun', 'none', 'sans', 'neant'])

function mealOf(text: string): TypedMenu['meal'] | undefined {
  const word = fold(text)
  if (['', 'midi', 'dejeuner', 'lunch'].includes(word)) return 'lunch'
  return ['soir', 'diner', 'dinner'].includes(word) ? 'dinner' : undefined
}

function kindOf(text: string): Dish['kind'] | undefined {
  const word = singular(text)
  return kinds.find((kind) => kind === word || kindNames[kind].includes(word))
}

/** Words apart by commas, slashes or plus signs; what is not known is told. */
function wordsOf<W extends string>(
  text: string,
  known: Readonly<Record<W, readonly string[]>>,
  wrong: (what: string) => void,
): W[] {
  const found: W[] = []
  for (const part of text
    .split(/[,/+|]/)
    .map(tidy)
    .filter(Boolean)) {
    const word = singular(part)
    const code = (Object.keys(known) as W[]).find((one) => one === fold(part) || known[one].includes(word))
    if (!code) wrong(part)
    else if (!found.includes(code)) found.push(code)
  }
  return found
}

/** Without accents, capitals and the s of plurals. */
function singular(text: string): string {
  return fold(tidy(text))
    .split(' ')
    .map((word) => word.replace(/s$/, ''))
    .join(' ')
}

const needed = new Set<Column>(['date', 'kind', 'name'])

const names: Record<Column, readonly string[]> = {
  date: ['date', 'jour', 'day'],
  meal: ['repas', 'meal', 'service'],
  kind: ['type', 'categorie', 'kind', 'course'],
  name: ['plat', 'nom', 'libelle', 'dish', 'name'],
  labels: ['labels', 'label', 'mentions'],
  contains: ['allergenes', 'contient', 'allergens', 'contains'],
  traces: ['traces', 'peut contenir', 'may contain'],
}

const kindNames: Record<Dish['kind'], readonly string[]> = {
  entry: ['entree', "hor d'oeuvre", 'starter'],
  main: ['plat', 'plat principal', 'main course'],
  side: ['garniture', 'accompagnement', 'legume', 'side dish'],
  cheese: ['fromage', 'laitage', 'produit laitier'],
  dessert: ['dessert'],
  drink: ['boisson'],
}

const labelNames: Record<Label, readonly string[]> = {
  organic: ['bio', 'ab', 'agriculture biologique', 'organic'],
  local: ['local', 'locaux', 'circuit court'],
  vegetarian: ['vegetarien', 'vegetarienne', 'vege', 'vegetarian'],
  homemade: ['fait maison', 'maison', 'homemade'],
  red: ['label rouge', 'red'],
  aop: ['aop', 'aoc', 'igp'],
  msc: ['msc', 'peche durable'],
}

const allergenNames: Record<Allergen, readonly string[]> = {
  gluten: ['gluten', 'ble', 'cereale', 'cereale contenant du gluten', 'wheat'],
  crustaceans: ['crustace', 'crustacean', 'crevette'],
  eggs: ['oeuf', 'egg'],
  fish: ['poisson', 'fish'],
  peanuts: ['arachide', 'cacahuete', 'cacahouete', 'peanut'],
  soy: ['soja', 'soy', 'soya'],
  milk: ['lait', 'lactose', 'milk'],
  nuts: ['fruit a coque', 'fruit a coque dure', 'noix', 'noisette', 'amande', 'nut'],
  celery: ['celeri', 'celery'],
  mustard: ['moutarde', 'mustard'],
  sesame: ['sesame', 'graine de sesame'],
  sulphites: ['sulfite', 'sulphite', 'anhydride sulfureux', 'anhydride sulfureux et sulfite', 'so2'],
  lupin: ['lupin'],
  molluscs: ['mollusque', 'mollusc'],
}

/** A week to be filled in, as a spreadsheet opens it: with the mark that says UTF-8. */
export function template(monday: string, dayAfter: (day: string, n: number) => string): string {
  const head = 'date;repas;type;plat;labels;allergènes;peut contenir'
  const examples = [
    'entrée;Carottes râpées;bio, local;aucun;',
    'plat;Lasagnes;fait maison;gluten, lait;céleri',
    'dessert;Pomme;;;',
  ]
  const lines = [0, 1, 2, 3, 4].flatMap((n) => {
    const day = dayAfter(monday, n).split('-').reverse().join('/')
    return n === 0
      ? examples.map((example) => `${day};midi;${example}`)
      : ['entrée', 'plat', 'garniture', 'fromage', 'dessert'].map((kind) => `${day};midi;${kind};;;;`)
  })
  return `\uFEFF${[head, ...lines].join('\r\n')}\r\n`
}
