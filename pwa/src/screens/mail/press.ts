/** A finger that rests on a row, as a way to begin ticking. It scrolls when it moves, and opens when it leaves. */
const rest = 450
const reach = 10

export class Press {
  #timer: ReturnType<typeof setTimeout> | undefined
  #at = { x: 0, y: 0 }
  #held = false

  /** Told the row's discussion. */
  constructor(private readonly held: (talk: string) => void) {}

  down(event: PointerEvent): void {
    this.end()
    this.#held = false
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-talk]') : null
    const talk = row?.dataset.talk
    if (!talk || event.pointerType !== 'touch' || !event.isPrimary) return
    this.#at = { x: event.clientX, y: event.clientY }
    this.#timer = setTimeout(() => this.#rested(talk), rest)
  }

  move(event: PointerEvent): void {
    if (Math.hypot(event.clientX - this.#at.x, event.clientY - this.#at.y) > reach) this.end()
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** What a browser makes of a finger that rests: a menu of the link, dragging it, or a click when it leaves. */
  keep(event: Event): void {
    if (this.#timer === undefined && !this.#held) return
    event.preventDefault()
    event.stopPropagation()
  }

  click(event: Event): void {
    if (this.#held) this.keep(event)
    this.#held = false
  }

  #rested(talk: string): void {
    this.end()
    this.#held = true
    this.held(talk)
  }
}
