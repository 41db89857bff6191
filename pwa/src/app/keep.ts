/** What a browser remembers outside the databases: a few words of localStorage, or nothing when it is refused. */
export type Kept = 'me' | 'theme' | 'language' | 'child' | 'push' | 'install' | 'demo'

export function keep(key: Kept, value: unknown): void {
  try {
    if (value === undefined) localStorage.removeItem(`preau.${key}`)
    else localStorage.setItem(`preau.${key}`, JSON.stringify(value))
  } catch {
    // private browsing or a full disk: the app works without
  }
}

export function kept<T>(key: Kept): T | undefined {
  try {
    const text = localStorage.getItem(`preau.${key}`)
    return text === null ? undefined : (JSON.parse(text) as T)
  } catch {
    return undefined
  }
}

export function forgetAll(): void {
  for (const key of ['me', 'child', 'push', 'install'] as const) keep(key, undefined)
}
