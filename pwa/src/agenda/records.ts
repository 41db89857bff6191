/**
 * The agenda: what happens beside the lessons. An event lives in the scope of those whom it concerns: school:X,
 * class:C, group:G, class:C/staff, user:U. Moments are those of the school's clock, "2026-11-24T08:00"; whole days
 * are written "2026-11-24", and `end` is then the last of them.
 */
import type { FileRef, Named } from '../sync/records.ts'

export interface AgendaEvent {
  title: string
  start: string
  end: string
  /** Every week, until then. */
  until?: string
  /** Of every week: days without it. */
  except?: string[]
  /** Of every week: days on which it was cancelled. */
  off?: string[]
  /** All of it. */
  cancelled?: boolean
  place?: string
  text?: string
  /** Of a virtual class. */
  link?: string
  /** Id of the lesson that is held there. */
  lesson?: string
  files?: FileRef[]
  by: Named
  made: string
  at: string
  changed?: string
}

export interface AgendaRecords {
  event: AgendaEvent
}

export interface AgendaActions {
  /** refused `conflict` when somebody else wrote it since it was read, `too_many` */
  'agenda.put@1': {
    id: string
    title: string
    start: string
    end: string
    until?: string
    except?: string[]
    place?: string
    text?: string
    link?: string
    lesson?: string
    files?: FileRef[]
  }
  /** all of an event, or one day of an event of every week */
  'agenda.cancel@1': { id: string; day?: string; cancelled: boolean }
  /** It can be restored for a day. */
  'agenda.remove@1': { id: string }
  'agenda.restore@1': { id: string }
}
