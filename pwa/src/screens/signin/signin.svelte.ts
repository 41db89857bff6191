/** Signing in: what was typed, what went wrong, how long to wait. */
import { api, codeOf } from '../../app/api'
import { keep, kept } from '../../app/keep'
import { session, type Identity, type Role } from '../../app/session.svelte'
import { deviceLabel } from '../pairing/label'

export interface DemoAccount {
  key: string
  name: string
  role: Role
  detail?: string
}

export class SignIn {
  login = $state('')
  password = $state('')
  busy = $state<string | undefined>(undefined)
  /** The code of the refusal; `throttled` counts down in `wait`. */
  problem = $state<string | undefined>(undefined)
  wait = $state(0)
  demo = $state.raw<DemoAccount[]>([])
  #timer: ReturnType<typeof setInterval> | undefined

  /** The demo offers one tap per role; elsewhere the address does not exist. */
  async look(): Promise<void> {
    if (kept<boolean>('demo') === false) return
    const answer = await api<{ accounts: DemoAccount[] }>('demo').catch(codeOf)
    if (answer instanceof Error) {
      if (answer.status === 404) keep('demo', false)
      return
    }
    this.demo = answer.accounts
  }

  submit(): Promise<void> {
    this.problem = this.login.trim() ? (this.password ? undefined : 'no_password') : 'no_login'
    if (this.problem) return Promise.resolve()
    return this.#enter('form', { login: this.login.trim(), password: this.password })
  }

  tryAs(key: string): Promise<void> {
    return this.#enter(key, { demo: key })
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #enter(busy: string, body: Record<string, string>): Promise<void> {
    this.busy = busy
    this.problem = undefined
    try {
      await session.enter(await api<Identity>('session', { method: 'POST', body: { ...body, label: deviceLabel() } }))
    } catch (thrown) {
      const { code, status, wait } = codeOf(thrown)
      this.problem = status === 401 ? 'wrong' : code
      if (status === 429) this.#count(wait || 30)
    } finally {
      this.busy = undefined
    }
  }

  #count(seconds: number): void {
    this.problem = 'throttled'
    this.wait = seconds
    clearInterval(this.#timer)
    this.#timer = setInterval(() => {
      this.wait--
      if (this.wait > 0) return
      clearInterval(this.#timer)
      this.problem = undefined
    }, 1000)
  }
}
