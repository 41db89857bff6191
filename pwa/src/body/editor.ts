/** A body on the screen, and what became of it under the hands of its author. */
import type { Block, Body, Run } from '../sync/index.ts'
import { lengthOf, tidy, type Position } from './writing.ts'
import { gather, type Markup, type Source } from './gather.ts'

/** A place in the page, as a selection says it. */
export interface Point {
  node: Node
  offset: number
}

/** Elements for a body; they read back as the same body. */
export function draw(body: Body, page: Document): DocumentFragment {
  const whole = page.createDocumentFragment()
  const numbers = new Numbers()
  let list: HTMLElement | undefined
  for (const block of body.length > 0 ? tidy(body) : [{ runs: [] }]) {
    const tag = block.kind === 'bullet' ? 'UL' : block.kind === 'number' ? 'OL' : undefined
    if (!tag) list = undefined
    else if (list?.tagName !== tag) whole.append((list = page.createElement(tag)))
    ;(list ?? whole).append(line(block, page, numbers.next(block)))
  }
  return whole
}

/** Counts the lines of numbered lists, one count for each step in. */
class Numbers {
  #counts: number[] = []

  next({ kind, indent = 0 }: Block): number {
    this.#counts =
      kind === 'number' ? this.#counts.slice(0, indent + 1) : kind ? this.#counts.slice(0, indent) : []
    this.#counts[indent] = (this.#counts[indent] ?? 0) + (kind === 'number' ? 1 : 0)
    return this.#counts[indent]
  }
}

function line(block: Block, page: Document, number: number): HTMLElement {
  const made = page.createElement(block.kind ? 'li' : 'p')
  if (block.indent) made.dataset.indent = String(block.indent)
  if (block.kind === 'number') made.setAttribute('value', String(number))
  made.append(...block.runs.map((run) => styled(run, page)))
  if (block.runs.length === 0) made.append(page.createElement('br'))
  return made
}

const tags: Record<string, string> = { b: 'b', i: 'i', u: 'sub', o: 'sup' }

function styled(run: Run, page: Document): Node {
  let made: Node = page.createTextNode(run.text)
  const wrap = (tag: string): HTMLElement => {
    const around = page.createElement(tag)
    around.append(made)
    made = around
    return around
  }
  if (run.formula) wrap('code').dataset.formula = ''
  for (const mark of Array.from(run.marks ?? '').reverse()) wrap(tags[mark] ?? 'span')
  if (run.link) wrap('a').setAttribute('href', run.link)
  return made
}

/** The body that stands in an element, and where some points of it are. */
export function read(root: Node, points: readonly Point[] = []): { body: Body; at: Position[] } {
  const found = new Map<Point, Position>()
  const body = gather(new Drawn(root), {
    pass: (within, index, here) => {
      if (!(within instanceof Drawn)) return
      for (const point of points) settle(found, point, within.node, index, here)
    },
  })
  return { body, at: points.map((point) => within(body, found.get(point))) }
}

function settle(found: Map<Point, Position>, point: Point, node: Node, index: number, here: Position): void {
  if (point.node === node && point.offset >= index) found.set(point, here)
  const child = node.childNodes[index]
  if (child && point.node === child && child.nodeType === Node.TEXT_NODE)
    found.set(point, { block: here.block, offset: here.offset + point.offset })
}

function within(body: Body, position: Position | undefined): Position {
  const block = Math.max(0, Math.min(position?.block ?? 0, body.length - 1))
  const length = lengthOf(body[block])
  const isPast = position !== undefined && position.block > block
  return { block, offset: isPast ? length : Math.min(position?.offset ?? 0, length) }
}

class Drawn implements Markup {
  readonly name: string
  constructor(readonly node: Node) {
    this.name = node.nodeName.toLowerCase()
  }

  attribute(name: string): string | undefined {
    return this.node instanceof Element ? (this.node.getAttribute(name) ?? undefined) : undefined
  }

  children(): Source[] {
    return [...this.node.childNodes].map((child) =>
      child.nodeType === Node.TEXT_NODE ? (child.nodeValue ?? '') : new Drawn(child),
    )
  }
}

/** Where a place of a body is, in elements that were just drawn. */
export function place(root: Element, { block, offset }: Position): Point {
  const line = root.querySelectorAll('p, li')[block] ?? root
  let left = offset
  const texts = root.ownerDocument.createTreeWalker(line, NodeFilter.SHOW_TEXT)
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const length = text.nodeValue?.length ?? 0
    if (left <= length) return { node: text, offset: left }
    left -= length
  }
  return { node: line, offset: 0 }
}
