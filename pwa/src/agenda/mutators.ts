/** What the acts on the agenda do to the screen before the server has its say. */
import type { Mutator } from '../sync/mutators.ts'
import type { User } from '../sync/records.ts'
import { daysOf } from './occurrences.ts'
import type { AgendaActions, AgendaEvent } from './records.ts'

export const agendaMutators: { [N in keyof AgendaActions]: Mutator<AgendaActions[N]> } = {
  async 'agenda.put@1'(tx, { id, ...written }, { scope, user, at }) {
    const old = (await tx.get(scope, 'event', id)) as AgendaEvent | undefined
    const me = (await tx.find('user', user)) as User | undefined
    const off = old?.off?.filter((day) => written.until && daysOf(written).includes(day))
    await tx.put(scope, 'event', id, {
      by: { id: user, name: me?.name ?? '' },
      made: at,
      ...(old && { by: old.by, made: old.made, changed: old.changed, cancelled: old.cancelled }),
      ...(off?.length && { off }),
      ...written,
      at,
    })
  },

  async 'agenda.cancel@1'(tx, { id, day, cancelled }, { scope, at }) {
    const old = (await tx.get(scope, 'event', id)) as AgendaEvent | undefined
    if (!old) return
    const off = old.off?.filter((one) => one !== day) ?? []
    const change = day ? { off: cancelled ? [...off, day].sort() : off } : { cancelled }
    await tx.put(scope, 'event', id, { ...old, ...change, at })
  },

  async 'agenda.remove@1'(tx, { id }, { scope }) {
    await tx.hide(scope, 'event', id)
  },

  // What the server has already taken out comes back from there: only it still has the text.
  async 'agenda.restore@1'(tx, { id }, { scope }) {
    const old = await tx.base(scope, 'event', id)
    if (old) await tx.put(scope, 'event', id, old)
  },
}
