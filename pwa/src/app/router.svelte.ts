/**
 * The history API, made calm: a click on a link or go() loads the screen first, then shows it,
 * sets the title, moves the focus to its heading (which announces it) and restores the scroll on return.
 */
import { tick, type Component } from 'svelte'
import { allWords } from '../i18n/index.svelte'
import { match, type Match, type Route } from './routes'

type Screen = Component<Record<string, string>>

interface Entry {
  key: number
  depth: number
}

class Router {
  current = $state.raw<Match>(match(location.pathname))
  screen = $state.raw<Screen | undefined>(undefined)
  /** The screen could not be loaded (offline before it was ever kept, or a new version is out). */
  broken = $state(false)
  query = $state.raw(new URLSearchParams(location.search))
  #positions = new Map<number, number>()
  #entry: Entry = { key: 0, depth: 0 }
  #turn = 0
  /** Somebody is known. Until then only open screens are loaded. */
  #admitted = false
  /** Takes away what lies over the screen. */
  #cover: (() => void) | undefined

  /** Listens to links and to the back button, and opens the present address. */
  start(): void {
    history.scrollRestoration = 'manual'
    this.#entry = entryOf(history.state) ?? this.#entry
    history.replaceState(this.#entry, '')
    addEventListener('popstate', (event) => void this.#pop(event))
    document.addEventListener('click', (event) => this.#click(event))
    for (const act of ['pointerdown', 'keydown']) addEventListener(act, () => (isNew = false), true)
    new MutationObserver(focusHeading).observe(document.body, { childList: true, subtree: true })
    void this.#open({ scroll: 0, first: true })
  }

  /** Somebody is known: the screen of the present address may be loaded. */
  admit(): void {
    if (this.#admitted) return
    this.#admitted = true
    if (this.#turn > 0 && !this.screen) void this.#open({ scroll: 0, first: true })
  }

  /** Goes to an address of this app. */
  async go(path: string, { replace = false } = {}): Promise<void> {
    this.#remember()
    const url = new URL(path, location.origin)
    if (this.#uncover() || replace) history.replaceState(this.#entry, '', url)
    else {
      this.#entry = { key: Date.now(), depth: this.#entry.depth + 1 }
      history.pushState(this.#entry, '', url)
    }
    await this.#open({ scroll: 0 })
  }

  /** Back to where the person came from; to `fallback` when they came from outside. */
  back(fallback: string): void {
    if (this.#entry.depth > 0) history.back()
    else void this.go(fallback, { replace: true })
  }

  /** Something lies over the screen from now on: the back button takes it away, and so does what is returned. */
  cover(away: () => void): () => void {
    this.#remember()
    this.#cover = away
    this.#entry = { key: Date.now(), depth: this.#entry.depth + 1 }
    history.pushState(this.#entry, '')
    return () => {
      if (this.#cover === away) history.back()
    }
  }

  #uncover(): boolean {
    const away = this.#cover
    this.#cover = undefined
    away?.()
    return away !== undefined
  }

  async retry(): Promise<void> {
    await this.#open({ scroll: 0 })
  }

  #remember(): void {
    this.#positions.set(this.#entry.key, scrollY)
  }

  async #pop(event: PopStateEvent): Promise<void> {
    const covered = this.#uncover()
    if (!covered) this.#remember()
    this.#entry = entryOf(event.state) ?? { key: 0, depth: 0 }
    if (covered) return
    await this.#open({ scroll: this.#positions.get(this.#entry.key) ?? 0 })
  }

  #click(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (!link || !plain(event) || !ours(link)) return
    event.preventDefault()
    void this.go(link.href)
  }

  async #open({ scroll, first = false }: { scroll: number; first?: boolean }): Promise<void> {
    const turn = ++this.#turn
    const next = match(location.pathname)
    const closed = !next.route.open && !this.#admitted
    const screen = closed ? undefined : await load(next.route)
    if (turn !== this.#turn) return
    const show = () => {
      this.current = next
      this.query = new URLSearchParams(location.search)
      this.screen = screen
      this.broken = !closed && screen === undefined
      return tick()
    }
    await (first ? show() : transition(show))
    if (!first) {
      isNew = true
      ;(document.activeElement as HTMLElement | null)?.blur()
      focusHeading()
    }
    await scrollBack(scroll)
  }
}

async function load(route: Route): Promise<Screen | undefined> {
  const words = route.early ? undefined : allWords()
  return Promise.all([route.load(), words]).then(
    ([module]) => module.default as Screen,
    () => undefined,
  )
}

function entryOf(state: unknown): Entry | undefined {
  const entry = state as Partial<Entry> | null
  return typeof entry?.key === 'number' && typeof entry.depth === 'number'
    ? { key: entry.key, depth: entry.depth }
    : undefined
}

function plain(event: MouseEvent): boolean {
  return (
    event.button === 0 &&
    !event.defaultPrevented &&
    !event.metaKey &&
    !event.ctrlKey &&
    !event.shiftKey &&
    !event.altKey
  )
}

function ours(link: HTMLAnchorElement): boolean {
  const here = link.origin === location.origin && !link.target && !link.hasAttribute('download')
  return here && !link.pathname.startsWith('/api/') && !link.getAttribute('href')?.startsWith('#')
}

async function transition(show: () => Promise<void>): Promise<void> {
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches
  if (calm || !('startViewTransition' in document)) return show()
  await document.startViewTransition(show).updateCallbackDone
}

/** A screen is new, and nobody has done anything there yet. */
let isNew = false

/** The heading may come, or come anew, with what the screen reads. */
function focusHeading(): void {
  if (!isNew || document.activeElement !== document.body) return
  const headings = [...document.querySelectorAll<HTMLElement>('main :is(h1, h2)')]
  const heading = headings.find((one) => one.offsetParent) // a copy on a phone has the list beside it hidden
  heading?.setAttribute('tabindex', '-1')
  heading?.focus({ preventScroll: true })
}

/** Lists fill from the database just after the screen is shown: try for a few frames. */
async function scrollBack(top: number): Promise<void> {
  for (let frame = 0; frame < 12; frame++) {
    scrollTo(0, top)
    if (scrollY >= top) return
    await new Promise((done) => requestAnimationFrame(done))
  }
}

export const router = new Router()
