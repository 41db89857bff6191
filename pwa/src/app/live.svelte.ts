/** Live queries of the device engine as reactive values. */
import { createSubscriber } from 'svelte/reactivity'
import type { Live } from '../sync/index.ts'

/** const rows = watch(() => device.live(query)); rows.current is undefined until the first answer. */
export function watch<T>(make: () => Live<T> | undefined): { readonly current: T | undefined } {
  const source = $derived(make())
  const signal = $derived(source && createSubscriber((update) => source.subscribe(update)))
  return {
    get current() {
      signal?.()
      return source?.current
    },
  }
}
