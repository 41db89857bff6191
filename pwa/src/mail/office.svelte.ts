/** What vie scolaire and direction see of the school's messaging. Empty for everybody else. */
import { watch } from '../app/live.svelte'
import { session } from '../app/session.svelte'
import type { Actions } from '../sync/index.ts'
import { queued, standing } from './moderation.ts'

type Deed = 'mail.moderate@1' | 'mail.reopen@1' | 'mail.stop@1'

class Office {
  #cases = watch(() => {
    const { scope } = this
    return session.open && scope ? session.device.live((view) => view.list(scope, 'report')) : undefined
  })

  #mailings = watch(() => {
    const { scope } = this
    return session.open && scope ? session.device.live((view) => view.list(scope, 'mailing')) : undefined
  })

  /** What leaves first comes first; what was stopped, after it. */
  readonly mailings = $derived(standing(this.#mailings.current ?? []))

  /** Undefined until they are read. */
  readonly cases = $derived(this.#cases.current && queued(this.#cases.current))

  /** '' for who does not moderate. */
  get scope(): string {
    const school = session.me?.school ?? session.identity?.school ?? ''
    return session.is('staff', 'direction') && school ? `office:${school}` : ''
  }

  get waiting(): number {
    return this.cases?.open.length ?? 0
  }

  case(id: string) {
    return this.#cases.current?.find((row) => row.id === id)
  }

  async do<N extends Deed>(name: N, args: Actions[N]): Promise<void> {
    await session.device.act(this.scope, name, args)
  }
}

export const office = new Office()
