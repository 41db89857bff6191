/**
 * The signed-in side: shows a code, waits for a phone, takes the six digits that the phone shows.
 *
 *   open → claimed → confirmed
 *      ↘ conflict · expired · failed · limited · doubted · offline
 */
import { api, codeOf } from '../../app/api'

export type Stage =
  | 'making'
  | 'open'
  | 'claimed'
  | 'confirmed'
  | 'conflict'
  | 'expired'
  | 'failed'
  | 'limited'
  | 'doubted'
  | 'offline'
  | 'broken'

interface Made {
  id: string
  url: string
  code: string
  expires: string
}

interface Seen {
  state: 'open' | 'claimed' | 'confirmed' | 'conflict' | 'expired' | 'failed'
  label?: string
  tries?: number
}

const every = 1500

export class Add {
  stage = $state<Stage>('making')
  made = $state.raw<Made | undefined>(undefined)
  label = $state('')
  tries = $state(3)
  wrong = $state(false)
  digits = $state('')
  busy = $state(false)
  #timer: ReturnType<typeof setTimeout> | undefined
  #turn = 0

  get until(): number {
    return this.made ? Date.parse(this.made.expires) : 0
  }

  async start(): Promise<void> {
    const turn = ++this.#turn
    this.stage = 'making'
    this.wrong = false
    this.digits = ''
    try {
      this.made = await api<Made>('pairings', { method: 'POST', body: {} })
    } catch (thrown) {
      const { code, status } = codeOf(thrown)
      const why: Partial<Record<string, Stage>> = { offline: 'offline', quarantine: 'doubted' }
      this.stage = why[code] ?? (status === 429 ? 'limited' : 'broken')
      return
    }
    this.stage = 'open'
    this.#later(turn)
  }

  async confirm(code: string): Promise<void> {
    if (!this.made || this.busy) return
    this.busy = true
    this.wrong = false
    try {
      await api(`pairings/${this.made.id}/confirm`, { method: 'POST', body: { code } })
      this.stage = 'confirmed'
    } catch {
      this.digits = ''
      this.wrong = true
      this.busy = false // the next digits may be typed at once
      await this.#look(this.#turn)
    } finally {
      this.busy = false
    }
  }

  /** Leaves: nobody can use the code any more. */
  stop(): void {
    this.#turn++
    clearTimeout(this.#timer)
    const live = this.stage === 'open' || this.stage === 'claimed'
    if (live && this.made) void api(`pairings/${this.made.id}`, { method: 'DELETE' }).catch(() => undefined)
  }

  #later(turn: number): void {
    this.#timer = setTimeout(() => void this.#look(turn).then(() => this.#again(turn)), every)
  }

  #again(turn: number): void {
    if (turn === this.#turn && (this.stage === 'open' || this.stage === 'claimed')) this.#later(turn)
  }

  async #look(turn: number): Promise<void> {
    if (!this.made) return
    const seen = await api<Seen>(`pairings/${this.made.id}`).catch(codeOf)
    if (turn !== this.#turn || this.stage === 'confirmed') return
    if (seen instanceof Error) {
      if (seen.status === 404 || seen.status === 410 || Date.now() > this.until) this.stage = 'expired'
      return
    }
    this.stage = seen.state
    this.label = seen.label ?? this.label
    this.tries = seen.tries ?? this.tries
  }
}
