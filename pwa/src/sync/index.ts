/**
 * The device engine: what a person may read, kept on the device and followed
 * from the server; what the person does, kept until the server has answered.
 * It has no DOM: it runs in a window, in a service worker and in Node.
 *
 * ```ts
 * const device = await openDevice({ user, device, fresh })   // once per person and tab
 * device.start()                                              // in the window: triggers, timers, live channel
 *
 * // Read. A query re-runs by itself when what it read changes, from any tab.
 * const homework = device.live((view) => view.list('class:5b9', 'homework'))
 * const stop = homework.subscribe((rows) => { … })            // the Svelte store contract; homework.current too
 * //   rows: { scope, type, id, seq, value, pending }[]       pending: this device did it, not yet confirmed
 * //   view.get(scope, type, id) · view.list(scope, type) · view.all(type) · view.scopes() · view.outbox()
 * //   Await only the view inside a query: then all reads see one moment.
 *
 * // Act. On the screen at once, sent when there is a network, kept until answered.
 * const n = await device.act('student:k8', 'homework.submit@1', { id: newId(), homework, pages, text: '' })
 *
 * // What became of it: waiting → (gone from the list), or refused with its arguments.
 * device.outbox()            // Live<Outgoing[]>: { n, scope, name, args, at, state: 'waiting' | 'refused', error? }
 * device.dismiss(n)          // forget a refused action
 * device.resend(n, args)     // do it again, edited
 *
 * // How it goes: { online, syncing, updating, pending, refused, uploads, lastSync, problem }
 * device.status.subscribe((s) => { … })
 *
 * // Files. Stored first; sent in pieces once an action names them (or after files.upload).
 * const { sha } = await device.files.put(bytes, { name: 'page-1.jpg', type: 'image/jpeg', use: 'submission' })
 * const blob = await device.files.get(sha, { keep: true })    // local, else fetched
 * await device.files.keep(shas)                               // for offline: never evicted
 * device.files.uploads()     // Live<Upload[]>: { sha, name, size, sent, state, error? }
 *
 * await device.local.set('draft', value)                      // this device only: drafts
 *
 * await device.sync()        // "refresh": one round now; never rejects, see status
 * device.close()             // leave this tab; the data stay
 * await device.wipe()        // sign-out: delete everything of this person, in every tab
 * ```
 *
 * Names are scopes of the protocol (`class:5b9`, `student:k8`, `user:u3`…).
 * Record and argument shapes are in records.ts. Codes of `status.problem` and
 * of refusals are stable and for the screens to translate.
 */
export { openDevice } from './device.ts'
export type { Device, DeviceOptions } from './device.ts'
export type { Files, Held, Upload } from './files.ts'
export { talk } from './late.ts'
export type { Local } from './local.ts'
export type { Outgoing, Refusal } from './outbox.ts'
export type { Problem, Status } from './status.ts'
export { newId } from './ids.ts'
export type * from './records.ts'
export type { Live, Row, ScopeInfo, View } from '../db/view.ts'
