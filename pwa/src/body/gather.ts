/** Reads marked-up text, of the editor or of a clipboard, into the blocks that a message may have. Nothing else passes. */
import type { Body, Run } from '../sync/index.ts'
import {
  goodLink,
  marked,
  shapeOf,
  tidy,
  type Mark,
  type Position,
  type Shape,
  type Style,
} from './writing.ts'

/** An element, wherever it comes from. */
export interface Markup {
  /** In small letters. */
  name: string
  attribute(name: string): string | undefined
  children(): Source[]
}

export type Source = string | Markup

export interface GatherOptions {
  /** White space as a page shows it, and no lines that an empty element would be. */
  foreign?: boolean
  /** Told of each place that the reading comes by: before the child of that index, or the character. */
  pass?: (within: Source, index: number, here: Position) => void
}

interface Around {
  style: Style
  shape: Shape
  /** How many lists and quotes lie around. */
  depth: number
  exact: boolean
}

const marks: Record<string, Mark | undefined> = { b: 'b', strong: 'b', i: 'i', em: 'i', sub: 'u', sup: 'o' }
const lines = new Set(
  'p div li h1 h2 h3 h4 h5 h6 pre tr dt dd figcaption address article section header footer'.split(' '),
)
const frames = new Set('ul ol blockquote table tbody thead tfoot dl figure main aside nav form'.split(' '))
const silent = new Set(
  'head title style script noscript template meta link base iframe object embed svg math img picture video audio canvas input select textarea button'.split(
    ' ',
  ),
)
const deepest = 200

export function gather(source: Source, options: GatherOptions = {}): Body {
  const reading = new Reading(options)
  reading.read(source, { style: {}, shape: {}, depth: 0, exact: !options.foreign }, 0)
  return reading.end()
}

class Reading {
  readonly #body: Body = []
  #runs: Run[] = []
  #length = 0
  #shape: Shape = {}
  constructor(private readonly options: GatherOptions) {}

  read(source: Source, around: Around, level: number): void {
    if (typeof source === 'string') {
      this.#text(source, around)
      return
    }
    if (silent.has(source.name) || level > deepest) return
    if (source.name === 'br') {
      this.#finish()
      return
    }
    const within = inside(source, around)
    const isLine = lines.has(source.name)
    const isBlock = isLine || frames.has(source.name)
    if (isBlock && this.#runs.length > 0) this.#finish()
    const before = this.#body.length
    if (isBlock) this.#shape = within.shape
    this.#children(source, within, level)
    if (!isBlock) return
    if (this.#runs.length > 0) this.#finish()
    else if (isLine && this.#body.length === before && !this.options.foreign) this.#finish()
    this.#shape = around.shape
  }

  end(): Body {
    if (this.#runs.length > 0) this.#finish()
    return tidy(this.#body)
  }

  #children(source: Markup, within: Around, level: number): void {
    const children = source.children()
    for (const [i, child] of children.entries()) {
      this.options.pass?.(source, i, this.#here())
      this.read(child, within, level + 1)
      // A line that was finished inside leaves its shape to what follows.
      this.#shape = within.shape
    }
    this.options.pass?.(source, children.length, this.#here())
  }

  #here(): Position {
    return { block: this.#body.length, offset: this.#length }
  }

  #text(text: string, { style, exact, shape }: Around): void {
    this.#shape = shape
    const shown = exact ? text : this.#collapsed(text)
    for (const [i, line] of shown.split('\n').entries()) {
      if (i > 0) this.#finish()
      if (!line) continue
      this.#runs.push({ text: line, ...style })
      this.#length += line.length
    }
  }

  /** White space in a page is one space, and none at the beginning of a line. */
  #collapsed(text: string): string {
    const one = text.replace(/[ \t\n\r\f]+/g, ' ')
    const last = this.#runs.at(-1)?.text ?? ' '
    return last.endsWith(' ') ? one.replace(/^ /, '') : one
  }

  #finish(): void {
    const last = this.#runs.at(-1)
    if (this.options.foreign && last) last.text = last.text.replace(/ $/, '')
    this.#body.push({ ...shapeOf(this.#shape), runs: this.#runs })
    this.#runs = []
    this.#length = 0
  }
}

function inside(source: Markup, around: Around): Around {
  const { name } = source
  const depth = around.depth + (name === 'ul' || name === 'ol' || name === 'blockquote' ? 1 : 0)
  return {
    depth,
    style: styleIn(source, around.style),
    shape: shapeIn(source, around, depth),
    exact: around.exact || name === 'pre',
  }
}

function shapeIn(source: Markup, { shape }: Around, depth: number): Shape {
  const { name } = source
  if (name === 'ul') return { kind: 'bullet', indent: depth - 1 }
  if (name === 'ol') return { kind: 'number', indent: depth - 1 }
  if (name === 'blockquote') return { indent: depth }
  const step = Number(source.attribute('data-indent') ?? Number.NaN)
  return Number.isInteger(step) ? { ...shape, indent: step } : shape
}

function styleIn(source: Markup, style: Style): Style {
  const css = source.attribute('style') ?? ''
  let found = style.marks ?? ''
  const mark = marks[source.name]
  if (mark && !isUndone(mark, css)) found = marked(found, mark)
  for (const said of marksIn(css)) found = marked(found, said)
  const link = source.name === 'a' ? goodLink(source.attribute('href') ?? '') : style.link
  const formula = style.formula ?? source.attribute('data-formula') !== undefined
  return { ...(found && { marks: found }), ...(link && { link }), ...(formula && { formula }) }
}

/** Google Docs wraps all that it copies in a <b> that is not bold. */
function isUndone(mark: Mark, css: string): boolean {
  return (
    (mark === 'b' && /font-weight:\s*(normal|[1-5]00)/i.test(css)) ||
    (mark === 'i' && /font-style:\s*normal/i.test(css))
  )
}

function marksIn(css: string): Mark[] {
  const found: Mark[] = []
  if (/font-weight:\s*(bold|bolder|[6-9]00)/i.test(css)) found.push('b')
  if (/font-style:\s*(italic|oblique)/i.test(css)) found.push('i')
  if (/vertical-align:\s*sub/i.test(css)) found.push('u')
  if (/vertical-align:\s*super/i.test(css)) found.push('o')
  return found
}
