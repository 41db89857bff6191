/** Whether keys of one sign do something in messages; each device decides for itself. */
import { keep, kept } from '../../app/keep'

let signs = $state(kept('signs') ?? true)

export function hasSigns(): boolean {
  return signs
}

export function setSigns(on: boolean): void {
  signs = on
  keep('signs', on)
}
