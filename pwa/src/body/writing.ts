/** The text of a message as it is written: tidy bodies, and what a person does to them. Knows no browser. */
import type { Block, Body, Run } from '../sync/index.ts'
import { textOf } from './body.ts'

/** As much as the server takes. */
export const most = { subject: 250, text: 20_000, blocks: 1_000, indent: 6, link: 2_000 } as const

export type Style = Omit<Run, 'text'>
export type Shape = Omit<Block, 'runs'>
export type Kind = NonNullable<Block['kind']>

/** A place between two characters. */
export interface Position {
  block: number
  offset: number
}

export interface Stretch {
  from: Position
  to: Position
}

/** In the order in which the server wants them; subscript and superscript exclude each other. */
const order = ['b', 'i', 'u', 'o'] as const
export type Mark = (typeof order)[number]

/** Adds a mark to others. */
export function marked(marks: string, added: Mark): string {
  const other = added === 'u' ? 'o' : added === 'o' ? 'u' : ''
  return order.filter((one) => one === added || (marks.includes(one) && one !== other)).join('')
}

/** An address that leads out of the app and does nothing else; undefined for any other. */
export function goodLink(typed: string): string | undefined {
  const text = typed.trim()
  if (text.length > most.link || /[\s\p{Cc}]/u.test(text)) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'mailto:') return url.pathname.includes('@') ? url.href : undefined
  if (!url || !/^https?:\/\//i.test(text) || !url.hostname) return undefined
  return url.href.length > most.link ? undefined : url.href
}

/** What somebody types as an address, with what they leave out. */
export function linkOf(typed: string): string | undefined {
  const text = typed.trim()
  if (/^[^\s@/:]+@[^\s@/:]+\.[^\s@/:]+$/.test(text)) return goodLink(`mailto:${text}`)
  return (
    goodLink(text) ?? (/^[\w-]+(\.[\w-]+)+([/?#]|$)/.test(text) ? goodLink(`https://${text}`) : undefined)
  )
}

export function isEmpty(body: Body): boolean {
  return textOf(body).trim() === ''
}

export function lengthOf(block: Block | undefined): number {
  return block?.runs.reduce((sum, run) => sum + run.text.length, 0) ?? 0
}

/** The same text with as few runs as can be, one line a block, nothing that the server refuses. */
export function tidy(body: Body): Body {
  return body.flatMap((block) => {
    if (block.poll) return [block]
    const lines: Run[][] = [[]]
    for (const run of block.runs) {
      const [first = '', ...more] = run.text.split('\n')
      const style = tidyStyle(run)
      lines.at(-1)?.push({ text: first, ...style })
      for (const text of more) lines.push([{ text, ...style }])
    }
    return lines.map((runs) => ({ ...shapeOf(block), runs: merge(runs) }))
  })
}

/** Without its empty ends, for sending. */
export function trimmed(body: Body): Body {
  const tidied = tidy(body)
  const isBlank = (block: Block): boolean => isEmpty([block])
  const first = tidied.findIndex((block) => !isBlank(block))
  return first < 0 ? [] : tidied.slice(first, tidied.findLastIndex((block) => !isBlank(block)) + 1)
}

/** Addresses that were typed lead somewhere. */
export function addressed(body: Body): Body {
  const address = /(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)])/
  return body.map((block) => ({
    ...block,
    runs: block.runs.flatMap((run) => {
      if (run.link || run.formula) return [run]
      return run.text
        .split(address)
        .filter(Boolean)
        .map((text) => {
          const link = address.test(text) ? goodLink(text) : undefined
          return { ...run, text, ...(link && { link }) }
        })
    }),
  }))
}

export function shapeOf({ kind, indent = 0 }: Shape): Shape {
  const steps = Math.min(most.indent, Math.max(0, Math.trunc(indent)))
  return { ...((kind === 'bullet' || kind === 'number') && { kind }), ...(steps > 0 && { indent: steps }) }
}

function tidyStyle({ marks = '', link, formula }: Style): Style {
  const sound = Array.from(marks).reduce<string>((all, one) => (isMark(one) ? marked(all, one) : all), '')
  const address = link && goodLink(link)
  return { ...(sound && { marks: sound }), ...(address && { link: address }), ...(formula && { formula }) }
}

function isMark(letter: string): letter is Mark {
  return (order as readonly string[]).includes(letter)
}

function merge(runs: readonly Run[]): Run[] {
  const merged: Run[] = []
  for (const run of runs) {
    const last = merged.at(-1)
    if (!run.text) continue
    if (last && isSameStyle(last, run)) merged[merged.length - 1] = { ...last, text: last.text + run.text }
    else merged.push(run)
  }
  return merged
}

function isSameStyle(a: Run, b: Run): boolean {
  return a.marks === b.marks && a.link === b.link && a.formula === b.formula
}

/** The runs between two places of a block. */
function cut(runs: readonly Run[], from: number, to = Infinity): Run[] {
  let at = 0
  return runs.flatMap((run) => {
    const start = at
    at += run.text.length
    const text = run.text.slice(Math.max(0, from - start), Math.max(0, to - start))
    return text ? [{ ...run, text }] : []
  })
}

/** Puts a text in the place of another; what comes back says where it ends. */
export function replace(body: Body, { from, to }: Stretch, by: Body): { body: Body; end: Position } {
  const first = body[from.block] ?? { runs: [] }
  const last = body[to.block] ?? first
  const head = cut(first.runs, 0, from.offset)
  const tail = cut(last.runs, to.offset)
  const inner = by.length === 0 ? [{ runs: [] }] : by
  // An empty paragraph takes the shape of what comes in; a line goes into the one that is there.
  const keep = inner.length === 1 || lengthOf(first) > 0 ? shapeOf(first) : shapeOf(inner[0] ?? first)
  const middle = inner.map((block, i) => ({
    ...(i === 0 ? keep : shapeOf(block)),
    runs: i === 0 ? [...head, ...block.runs] : block.runs,
  }))
  const end = { block: from.block + middle.length - 1, offset: lengthOf(middle.at(-1)) }
  const ended = middle.map((block, i) =>
    i === middle.length - 1 ? { ...block, runs: [...block.runs, ...tail] } : block,
  )
  return { body: tidy([...body.slice(0, from.block), ...ended, ...body.slice(to.block + 1)]), end }
}

/** Makes blocks lines of a list, or paragraphs again when all of them were. */
export function listed(body: Body, { from, to }: Stretch, kind: 'bullet' | 'number'): Body {
  const within = body.slice(from.block, to.block + 1)
  const isAll = within.every((block) => block.kind === kind)
  return reshaped(body, from.block, to.block, ({ kind: _, ...rest }) => (isAll ? rest : { ...rest, kind }))
}

/** Moves blocks in or out by steps. */
export function indented(body: Body, { from, to }: Stretch, steps: number): Body {
  return reshaped(body, from.block, to.block, (shape) => ({ ...shape, indent: (shape.indent ?? 0) + steps }))
}

function reshaped(body: Body, first: number, last: number, change: (shape: Shape) => Shape): Body {
  return body.map((block, i) =>
    i < first || i > last ? block : { ...shapeOf(change(shapeOf(block))), runs: block.runs },
  )
}

/** Lets a stretch lead to an address, or nowhere. */
export function linked(body: Body, { from, to }: Stretch, link: string | undefined): Body {
  return tidy(
    body.map((block, i) => {
      if (i < from.block || i > to.block) return block
      const start = i === from.block ? from.offset : 0
      const end = i === to.block ? to.offset : Infinity
      const inside = cut(block.runs, start, end).map(({ link: _, ...run }) => (link ? { ...run, link } : run))
      return { ...block, runs: [...cut(block.runs, 0, start), ...inside, ...cut(block.runs, end)] }
    }),
  )
}

/** The link that a place lies in, and how far it reaches. */
export function linkAt(
  body: Body,
  { block, offset }: Position,
): { link: string; stretch: Stretch } | undefined {
  let at = 0
  for (const run of body[block]?.runs ?? []) {
    const end = at + run.text.length
    if (run.link && offset >= at && offset <= end)
      return { link: run.link, stretch: { from: { block, offset: at }, to: { block, offset: end } } }
    at = end
  }
  return undefined
}

/** The words of a stretch. */
export function excerpt(body: Body, { from, to }: Stretch): string {
  return body
    .slice(from.block, to.block + 1)
    .map((block, i) => {
      const end = i === to.block - from.block ? to.offset : Infinity
      return textOf([{ runs: cut(block.runs, i === 0 ? from.offset : 0, end) }])
    })
    .join('\n')
}

export function isAt(a: Position, b: Position): boolean {
  return a.block === b.block && a.offset === b.offset
}
