/** What a browser remembers outside the databases: a few words of localStorage, or nothing when it is refused. */
import type { Language } from '../i18n/index.svelte'
import type { Identity } from './session.svelte'
import type { Theme } from './theme'

interface Words {
  me: Identity
  theme: Theme
  language: Language
  child: string
  push: boolean
  demo: boolean
  signs: boolean
  /** Files of transfers wait on this device. */
  sending: boolean
  /** Somebody signed out here, and the server may not know it yet. */
  left: boolean
}

export function keep<K extends keyof Words>(key: K, value: Words[K] | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(`preau.${key}`)
    else localStorage.setItem(`preau.${key}`, JSON.stringify(value))
  } catch {
    // private browsing or a full disk: the app works without
  }
}

/** What was kept, as it was: only this file's keep() writes it. */
export function kept<K extends keyof Words>(key: K): Words[K] | undefined {
  try {
    const text = localStorage.getItem(`preau.${key}`)
    return text === null ? undefined : (JSON.parse(text) as Words[K])
  } catch {
    return undefined
  }
}

export function forgetAll(): void {
  for (const key of ['me', 'child', 'push'] as const) keep(key, undefined)
}
