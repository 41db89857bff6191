import { untrack } from 'svelte'

/** Begins a dialog when it opens, and only then: what is typed is not overtaken by what arrives meanwhile. */
export function opened(isOpen: () => boolean, begin: () => void): void {
  let was = false
  $effect.pre(() => {
    const is = isOpen()
    if (is && !was) untrack(begin)
    was = is
  })
}
