/**
 * Full text over subject, people and body, blind to accents and case. Each message is folded once and kept as
 * one line of plain letters; a search is then a look through these lines.
 */
import { fold } from './fold.ts'
import type { Letter } from './discussions.ts'

export function wordsIn(query: string): string[] {
  return fold(query).split(/\s+/).filter(Boolean)
}

interface Line {
  seq: number
  discussion: string
  text: string
}

export class Finder {
  #lines = new Map<string, Line>()

  /** Takes in what is new, at most so many, and forgets what is gone; true when nothing new is left. */
  update(letters: readonly Letter[], most = Infinity): boolean {
    const lines = new Map<string, Line>()
    let fresh = 0
    for (const letter of letters) {
      const known = this.#lines.get(letter.id)
      if (known?.seq === letter.seq) lines.set(letter.id, known)
      else if (fresh++ < most) lines.set(letter.id, lineOf(letter))
    }
    this.#lines = lines
    return fresh <= most
  }

  /** The same, little by little, while somebody thinks of what to search for. */
  async warm(letters: readonly Letter[]): Promise<void> {
    while (!this.update(letters, 200)) await new Promise((done) => setTimeout(done, 5))
  }

  /** Discussions with a message that holds every word of the query, wherever. */
  find(query: string): Set<string> {
    const words = wordsIn(query)
    const found = new Set<string>()
    if (words.length === 0) return found
    for (const { discussion, text } of this.#lines.values())
      if (!found.has(discussion) && words.every((word) => text.includes(word))) found.add(discussion)
    return found
  }
}

function lineOf({ seq, value }: Letter): Line {
  const { subject, from, to, cc = [], bcc = [], files = [], quotes = [] } = value
  const body = value.recalled ? [] : value.body
  const people = [from, ...to, ...cc, ...bcc].map(({ name }) => name)
  const bodies = [body, ...quotes.map((quote) => quote.body)].flatMap((one) =>
    one.map((block) => block.runs.map((run) => run.text).join('')),
  )
  const quoted = quotes.flatMap((quote) => [quote.from, quote.subject])
  const text = [subject, ...people, ...bodies, ...quoted, ...files.map(({ name }) => name)].join('\n')
  return { seq, discussion: value.discussion, text: fold(text) }
}

/** The place in a text where a word was found, with a little around it; undefined when it is not there. */
export function around(
  text: string,
  query: string,
  reach = 60,
): [before: string, hit: string, after: string] | undefined {
  const flat = text.replace(/\s+/g, ' ')
  const { plain, from } = foldedWithPlaces(flat)
  const word = wordsIn(query).find((one) => plain.includes(one))
  if (!word) return undefined
  const found = plain.indexOf(word)
  const start = from[found] ?? 0
  const end = from[found + word.length] ?? flat.length
  const begin = Math.max(0, start - reach / 2)
  return [
    (begin > 0 ? '…' : '') + flat.slice(begin, start),
    flat.slice(start, end),
    flat.slice(end, end + 2 * reach),
  ]
}

/** The folded text, and for each of its letters where it came from. */
function foldedWithPlaces(text: string): { plain: string; from: number[] } {
  let plain = ''
  const from: number[] = []
  let i = 0
  for (const letter of text) {
    for (const one of fold(letter)) {
      plain += one
      from.push(i)
    }
    i += letter.length
  }
  return { plain, from }
}
