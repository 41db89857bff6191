import { keep, kept } from './keep'

export type Theme = 'auto' | 'light' | 'dark'

/** The theme of this browser, remembered so that the next start is right from the first picture. */
export function theme(): Theme {
  return kept('theme') ?? 'auto'
}

export function dress(choice: Theme): void {
  keep('theme', choice === 'auto' ? undefined : choice)
  const root = document.documentElement
  if (choice === 'auto') delete root.dataset.theme
  else root.dataset.theme = choice
}
