/** Signing in: what was typed, what went wrong, how long to wait. */
import { api, codeOf, type ApiError } from '../../app/api'
import { keep, kept } from '../../app/keep'
import { href } from '../../app/routes'
import { router } from '../../app/router.svelte'
import { session, type Identity, type Role } from '../../app/session.svelte'
import { deviceLabel } from '../../app/label'

export interface DemoAccount {
  key: string
  name: string
  role: Role
  detail?: string
}

/** A device of the account, when there are too many and one has to go. */
export interface Held {
  id: string
  label: string
  lastSeen: string
}

export class SignIn {
  login = $state('')
  password = $state('')
  busy = $state<string | undefined>(undefined)
  /** The code of the refusal; `throttled` counts down in `wait`. */
  problem = $state<string | undefined>(undefined)
  wait = $state(0)
  demo = $state.raw<DemoAccount[]>([])
  /** Too many devices: one of these has to leave first. */
  held = $state.raw<Held[]>([])
  #timer: ReturnType<typeof setInterval> | undefined

  /** The demo offers one tap per role; elsewhere the address does not exist. */
  async look(): Promise<void> {
    if (kept('demo') === false) return
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

  /** Signs in and ends another device, to make room. */
  instead(end: string): Promise<void> {
    return this.#enter(end, { login: this.login.trim(), password: this.password, end })
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
      const identity = await api<Identity>('session', {
        method: 'POST',
        body: { ...body, label: deviceLabel() },
      })
      await session.enter(identity)
      if (identity.mustChange) await router.go(href('password'))
    } catch (thrown) {
      this.#explain(codeOf(thrown))
    } finally {
      this.busy = undefined
    }
  }

  #explain({ code, status, wait, body }: ApiError): void {
    this.problem = status === 401 ? 'wrong' : code
    this.held = code === 'too_many_devices' ? ((body as { devices?: Held[] }).devices ?? []) : []
    if (status === 429) this.#count(wait || 30)
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
