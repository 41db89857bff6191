import type * as Talk from './talk.ts'

let loading: Promise<typeof Talk | undefined> | undefined

/**
 * What is needed to talk with the server, had once there is something to say or to hear. Undefined where it cannot
 * be had, which is no other state than having no network; asked for again, it is tried again.
 */
export function talk(): Promise<typeof Talk | undefined> {
  loading ??= import('./talk.ts').catch((fault: unknown) => {
    loading = undefined
    console.error('what talks with the server', fault)
    return undefined
  })
  return loading
}
