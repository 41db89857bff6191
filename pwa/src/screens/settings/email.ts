/** Where one stands with the address for alerts by mail. */
import type { MailPlace, Outgoing } from '../../sync/index.ts'

export type Stage = 'none' | 'code' | 'over' | 'on' | 'stopped' | 'failing'

/** `over`: the code was mistyped too often, or too much time passed. */
export function stageOf(place: MailPlace | undefined, now: Date): Stage {
  if (!place) return 'none'
  if (place.failing) return 'failing'
  if (place.confirmed) return place.stopped ? 'stopped' : 'on'
  const late = place.until !== undefined && new Date(place.until) <= now
  return late || !place.left ? 'over' : 'code'
}

const ours = ['notify.address@1', 'notify.confirm@1']

/** Why the last thing asked was refused, if it was. */
export function problemOf(outbox: readonly Outgoing[]): string | undefined {
  const last = outbox.filter((one) => ours.includes(one.name)).at(-1)
  return last?.state === 'refused' ? last.error?.code : undefined
}
