/** A body as paragraphs and lists, ready to be drawn. */
import type { Block, Body, Poll, Run } from '../sync/index.ts'

export type Piece =
  | { kind: 'text'; indent: number; runs: Run[] }
  | { kind: 'poll'; poll: Poll }
  | { kind: 'bullet' | 'number'; indent: number; start: number; items: Run[][] }

/** Lines of a list that follow each other become one; a numbered list goes on after a deeper one within it. */
export function pieces(body: Body): Piece[] {
  const made: Piece[] = []
  let counts: number[] = []
  for (const { kind, indent = 0, runs, poll } of body) {
    if (!kind || kind === 'poll') {
      counts = []
      made.push(poll ? { kind: 'poll', poll } : { kind: 'text', indent, runs })
      continue
    }
    const last = made[made.length - 1]
    counts = [
      ...counts.slice(0, indent),
      ...Array<number>(Math.max(0, indent - counts.length)).fill(0),
      (counts[indent] ?? 0) + 1,
    ]
    if (last && last.kind === kind && last.indent === indent) last.items.push(runs)
    else made.push({ kind, indent, start: kind === 'number' ? (counts[indent] ?? 1) : 1, items: [runs] })
  }
  return made
}

/** Nothing but a way out of the app: whatever else a link says, it is text. */
export function isLink(link: string | undefined): link is string {
  return link !== undefined && /^(https?:\/\/|mailto:)/i.test(link)
}

export function textOf(body: readonly Block[]): string {
  return body.map(lineOf).join('\n')
}

/** The text of a paragraph; of a poll, what it asks. */
export function lineOf({ runs, poll }: Block): string {
  return poll ? [poll.question, ...poll.options].join('\n') : runs.map((run) => run.text).join('')
}
