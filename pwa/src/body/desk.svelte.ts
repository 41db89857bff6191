/** The hands of the editor: what keys, buttons and the clipboard do to the text, and how it is undone. */
import { draw, place, read, type Point } from './editor.ts'
import { fromHtml, fromText } from './paste.ts'
import {
  excerpt,
  indented,
  isAt,
  lengthOf,
  linkAt,
  linked,
  listed,
  replace,
  shapeOf,
  tidy,
  type Mark,
  type Position,
  type Shape,
  type Stretch,
} from './writing.ts'
import type { Body } from '../sync/index.ts'

interface Moment {
  body: Body
  stretch: Stretch
}

interface Change {
  body: Body
  stretch?: Stretch
}

/** What the browser does itself, by its own name. */
const commands: Record<Mark, string> = { b: 'bold', i: 'italic', u: 'subscript', o: 'superscript' }
const marks = Object.keys(commands) as Mark[]
/** Styles that a message does not have. */
const foreign = /^format(?!Bold|Italic|Subscript|Superscript)|^insertHorizontalRule|^insertLink/
const start: Stretch = { from: { block: 0, offset: 0 }, to: { block: 0, offset: 0 } }
/** Letters typed without a longer pause are undone together. */
const pause = 800
const mostUndone = 200

export class Desk {
  pressed = $state.raw<readonly Mark[]>([])
  shape = $state.raw<Shape>({})
  link = $state.raw<string | undefined>(undefined)
  canUndo = $state(false)
  canRedo = $state(false)
  readonly #changed: (body: Body) => void
  #root: HTMLElement | undefined
  #now: Moment = { body: [], stretch: start }
  #past: Moment[] = []
  #future: Moment[] = []
  #typedAt = 0
  #stretch = start

  constructor(changed: (body: Body) => void) {
    this.#changed = changed
  }

  /** Shows a body in an element and listens there; what it returns ends that. */
  open(root: HTMLElement, body: Body): () => void {
    this.#root = root
    this.show(body)
    const leaving = new AbortController()
    const { signal } = leaving
    root.addEventListener('beforeinput', (event) => this.#before(event), { signal })
    root.addEventListener('input', () => this.#typed(), { signal })
    root.addEventListener('paste', (event) => this.#pasted(event, event.clipboardData), { signal })
    root.addEventListener('drop', (event) => this.#pasted(event, event.dataTransfer), { signal })
    document.addEventListener('selectionchange', () => this.#moved(), { signal })
    return () => leaving.abort()
  }

  /** Replaces what is shown; nothing is undone across it. */
  show(body: Body): void {
    this.#now = { body: tidy(body), stretch: start }
    this.#past = []
    this.#future = []
    this.#stretch = start
    this.#root?.replaceChildren(draw(this.#now.body, document))
    this.#count()
  }

  focus(): void {
    this.#root?.focus()
  }

  /** Bold, italic, sub or sup: of what is selected, or of what is typed next. */
  mark(mark: Mark): void {
    this.#return()
    command('styleWithCSS', 'false')
    command(commands[mark])
    this.#moved()
  }

  list(kind: 'bullet' | 'number'): void {
    this.#apply(({ body, stretch }) => ({ body: listed(body, stretch, kind) }))
  }

  indent(steps: number): void {
    this.#apply(({ body, stretch }) => ({ body: indented(body, stretch, steps) }))
  }

  /** The words that a link would stand on, and where it leads now. */
  linkable(): { text: string; link: string } {
    const { body, stretch } = this.#read()
    const found = isAt(stretch.from, stretch.to) ? linkAt(body, stretch.from) : undefined
    return { text: excerpt(body, found?.stretch ?? stretch), link: found?.link ?? this.link ?? '' }
  }

  /** Makes a link of what is selected, of the link at the caret, or of new words. */
  setLink(link: string | undefined, text: string): void {
    this.#apply(({ body, stretch }) => {
      const found = isAt(stretch.from, stretch.to) ? linkAt(body, stretch.from) : undefined
      const at = found?.stretch ?? stretch
      if (excerpt(body, at) === text || !link)
        return { body: linked(body, at, link), stretch: { from: at.to, to: at.to } }
      const put = replace(body, at, [{ runs: [{ text: text || link, link }] }])
      return { body: put.body, stretch: { from: put.end, to: put.end } }
    })
  }

  /** Puts paragraphs of their own where one writes; at the end, where nobody wrote yet. */
  insert(more: Body): void {
    const isNew = this.#stretch === start
    this.#apply(({ body, stretch }) => {
      const at = isNew ? endOf(body) : stretch.to
      const isEmptyLine = lengthOf(body[at.block]) === 0
      const put = replace(body, { from: at, to: at }, [
        ...(isEmptyLine ? [] : [{ runs: [] }]),
        ...more,
        { runs: [] },
      ])
      return { body: put.body, stretch: { from: put.end, to: put.end } }
    })
  }

  /** Puts a formula, in TeX, in the place of what is selected; what is typed next is not part of it. */
  setFormula(text: string): void {
    this.#apply(({ body, stretch }) => {
      const put = replace(body, stretch, [{ runs: [{ text, formula: true }, { text: ' ' }] }])
      return { body: put.body, stretch: { from: put.end, to: put.end } }
    })
  }

  undo(): void {
    this.#travel(this.#past, this.#future)
  }

  redo(): void {
    this.#travel(this.#future, this.#past)
  }

  /** Shortcuts; true when the key was one. */
  key(event: KeyboardEvent): boolean {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return false
    const shortcuts: Record<string, (() => void) | undefined> = {
      b: () => this.mark('b'),
      i: () => this.mark('i'),
      ',': () => this.mark('u'),
      '.': () => this.mark('o'),
      ']': () => this.indent(1),
      '[': () => this.indent(-1),
      y: () => this.redo(),
      z: () => (event.shiftKey ? this.redo() : this.undo()),
      ...(event.shiftKey && { Digit7: () => this.list('number'), Digit8: () => this.list('bullet') }),
    }
    const act = shortcuts[event.code] ?? shortcuts[event.key.toLowerCase()]
    if (!act) return false
    event.preventDefault()
    act()
    return true
  }

  #before(event: InputEvent): void {
    const { inputType } = event
    if (inputType === 'historyUndo' || inputType === 'historyRedo') {
      event.preventDefault()
      if (inputType === 'historyUndo') this.undo()
      else this.redo()
    } else if (foreign.test(inputType)) event.preventDefault()
    else if (inputType === 'deleteContentBackward' && this.#leavesList()) event.preventDefault()
  }

  /** Deleting backwards at the beginning of a line of a list, or of one that is set in, takes it out. */
  #leavesList(): boolean {
    const { body, stretch } = this.#read()
    const block = body[stretch.from.block]
    if (!isAt(stretch.from, stretch.to) || stretch.from.offset > 0 || !(block?.kind ?? block?.indent))
      return false
    this.#apply(() => ({ body: body.map((one) => (one === block ? lessOf(one) : one)), stretch }))
    return true
  }

  #typed(): void {
    const root = this.#root
    if (!root) return
    const now = this.#read()
    const isPause = Date.now() - this.#typedAt > pause
    this.#typedAt = Date.now()
    this.#commit(now, isPause)
    if (root.childNodes.length === 0 || !root.firstElementChild) this.#draw(now)
    this.#moved()
  }

  #pasted(event: ClipboardEvent | DragEvent, data: DataTransfer | null): void {
    event.preventDefault()
    if (!data || data.files.length > 0) return
    const html = data.getData('text/html')
    const body = html ? fromHtml(html) : fromText(data.getData('text/plain'))
    if (body.length === 0) return
    this.#apply((now) => {
      const put = replace(now.body, now.stretch, body)
      return { body: put.body, stretch: { from: put.end, to: put.end } }
    })
  }

  #apply(change: (now: Moment) => Change): void {
    this.#return()
    const before = this.#read()
    const { body, stretch = before.stretch } = change({ ...before, body: atLeastOne(before.body) })
    const after = { body, stretch }
    this.#draw(after)
    this.#typedAt = 0
    this.#commit(after, true)
    this.#moved()
  }

  #travel(from: Moment[], to: Moment[]): void {
    const moment = from.pop()
    if (!moment) return
    to.push(this.#now)
    this.#now = moment
    this.#typedAt = 0
    this.#draw(moment)
    this.#count()
    this.#changed(moment.body)
  }

  #commit(now: Moment, isStep: boolean): void {
    if (isStep) this.#past = [...this.#past.slice(-mostUndone), this.#now]
    this.#now = now
    this.#future = []
    this.#count()
    this.#changed(now.body)
  }

  #count(): void {
    this.canUndo = this.#past.length > 0
    this.canRedo = this.#future.length > 0
  }

  #draw({ body, stretch }: Moment): void {
    const root = this.#root
    if (!root) return
    root.replaceChildren(draw(body, document))
    this.#stretch = stretch
    if (root.contains(document.activeElement)) this.#select()
  }

  #select(): void {
    const root = this.#root
    if (!root) return
    const [from, to] = [place(root, this.#stretch.from), place(root, this.#stretch.to)]
    getSelection()?.setBaseAndExtent(from.node, from.offset, to.node, to.offset)
  }

  /** Back into the text, where the hands were before a button or a dialog was used. */
  #return(): void {
    const root = this.#root
    if (!root || root.contains(document.activeElement)) return
    const kept = this.#stretch
    root.focus()
    this.#stretch = kept
    this.#select()
  }

  #read(): Moment {
    const root = this.#root
    if (!root) return this.#now
    const points = this.#points(root)
    const { body, at } = read(root, points)
    const [from, to] = at
    return { body, stretch: from && to ? { from, to } : this.#stretch }
  }

  #points(root: HTMLElement): Point[] {
    const selection = getSelection()
    const range = selection && selection.rangeCount > 0 ? selection.getRangeAt(0) : undefined
    if (!range || !root.contains(range.commonAncestorContainer)) return []
    return [
      { node: range.startContainer, offset: range.startOffset },
      { node: range.endContainer, offset: range.endOffset },
    ]
  }

  /** The caret moved: the buttons say what is there. */
  #moved(): void {
    const root = this.#root
    if (!root || this.#points(root).length === 0) return
    const { body, stretch } = this.#read()
    this.#stretch = stretch
    this.pressed = marks.filter((mark) => isOn(commands[mark]))
    this.shape = shapeOf(body[stretch.from.block] ?? {})
    this.link = linkAt(body, stretch.from)?.link
  }
}

function lessOf(block: Body[number]): Body[number] {
  const { runs, indent = 0 } = block
  return block.kind ? { ...shapeOf({ indent }), runs } : { ...shapeOf({ indent: indent - 1 }), runs }
}

function endOf(body: Body): Position {
  return { block: body.length - 1, offset: lengthOf(body.at(-1)) }
}

function atLeastOne(body: Body): Body {
  return body.length > 0 ? body : [{ runs: [] }]
}

/** Old and everywhere: it keeps the style for what is typed next, on every keyboard. */
interface OldCommands {
  execCommand?: (name: string, ui: boolean, value?: string) => boolean
  queryCommandState?: (name: string) => boolean
}

function command(name: string, value?: string): void {
  ;(document as OldCommands).execCommand?.(name, false, value)
}

function isOn(name: string): boolean {
  return (document as OldCommands).queryCommandState?.(name) ?? false
}
