/**
 * What comes from a clipboard, as a body. The markup of others is read as text, letter by letter: a browser never
 * sees it, so nothing in it is loaded, run or kept.
 */
import type { Body } from '../sync/index.ts'
import { linkOf, most } from './writing.ts'
import { gather, type Markup, type Source } from './gather.ts'

/** More than this is not a letter. */
const largest = 2_000_000

const single = new Set('area base br col embed hr img input link meta source track wbr'.split(' '))
/** What stands in these is not markup. */
const raw = new Set(['script', 'style', 'title', 'textarea', 'noscript', 'iframe', 'xmp'])
/** Those that end where the next of their kind begins. */
const closes: Record<string, string | undefined> = { p: 'p', li: 'li', tr: 'tr', td: 'td' }

export function fromHtml(html: string): Body {
  return limited(gather(parse(html.slice(0, largest)), { foreign: true }))
}

/** Lines become paragraphs; an address alone becomes a link. */
export function fromText(text: string): Body {
  const lines = text.slice(0, largest).replace(/\r\n?/g, '\n').split('\n')
  return limited(
    lines.map((line) => {
      const link = /^(https?:\/\/|mailto:)\S+$/i.test(line.trim()) ? linkOf(line) : undefined
      return { runs: line ? [{ text: line, ...(link && { link }) }] : [] }
    }),
  )
}

function limited(body: Body): Body {
  return body.slice(0, most.blocks)
}

class Element implements Markup {
  readonly inner: Source[] = []
  constructor(
    readonly name: string,
    private readonly attributes: string = '',
  ) {}

  attribute(name: string): string | undefined {
    for (const [, key = '', double, single, bare] of this.attributes.matchAll(
      /([^\s"'>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/g,
    )) {
      if (key.toLowerCase() === name) return decoded(double ?? single ?? bare ?? '')
    }
    return undefined
  }

  children(): Source[] {
    return this.inner
  }
}

/** A tree of tags, as forgiving as a browser where it matters. */
export function parse(html: string): Markup {
  const root = new Element('root')
  const open = [root]
  const top = (): Element => open.at(-1) ?? root
  const token = /<!--[\s\S]*?(?:-->|$)|<!?\/?([a-z][\w:-]*)((?:"[^"]*"|'[^']*'|[^"'>])*)>|<[!?][^>]*>/gi
  let at = 0
  for (let found = token.exec(html); found; found = token.exec(html)) {
    if (found.index > at) top().inner.push(decoded(html.slice(at, found.index)))
    at = token.lastIndex
    const name = found[1]?.toLowerCase()
    if (!name || found[0].startsWith('<!')) continue
    if (found[0].startsWith('</')) close(open, name)
    else if (raw.has(name)) at = token.lastIndex = endOf(html, name, at)
    else begin(open, new Element(name, found[2]), found[0].endsWith('/>'))
  }
  if (at < html.length) top().inner.push(decoded(html.slice(at)))
  return root
}

function begin(open: Element[], made: Element, isClosed: boolean): void {
  if (closes[made.name] && closes[made.name] === open.at(-1)?.name) open.pop()
  open.at(-1)?.inner.push(made)
  if (!isClosed && !single.has(made.name)) open.push(made)
}

function close(open: Element[], name: string): void {
  const i = open.findLastIndex((one) => one.name === name)
  if (i > 0) open.length = i
}

function endOf(html: string, name: string, from: number): number {
  const end = new RegExp(`</${name}\\s*>`, 'gi')
  end.lastIndex = from
  return end.exec(html) ? end.lastIndex : html.length
}

const named: Record<string, string | undefined> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0', rsquo: '’', lsquo: '‘' },
  ...{ laquo: '«', raquo: '»', hellip: '…', ndash: '–', mdash: '—', eacute: 'é', egrave: 'è', agrave: 'à' },
  ...{ ecirc: 'ê', ccedil: 'ç', euro: '€', deg: '°', middot: '·', bull: '•', ldquo: '“', rdquo: '”' },
}

function decoded(text: string): string {
  return text.replace(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (typeof name === 'string') return named[name] ?? named[name.toLowerCase()] ?? whole
    const code = typeof hex === 'string' ? Number.parseInt(hex, 16) : Number(decimal)
    return code > 31 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
      ? String.fromCodePoint(code)
      : ' '
  })
}
