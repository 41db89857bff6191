/** The records of the timetable and of the cahier de textes, and what is done with them. */
import type { Body, FileRef, Named } from '../sync/records.ts'

export type SlotKind = 'lesson' | 'activity' | 'permanence' | 'detention' | 'council'

/** A lesson of every week; without teachers it is held by those of its course. */
export interface Slot {
  course?: string
  subject?: string
  title?: string
  kind: SlotKind
  audiences?: string[]
  teachers?: Named[]
  rooms?: string[]
  /** 1 is Monday. */
  weekday?: number
  /** "08:00", on the school's clock. */
  start: string
  end: string
  weeks?: 'A' | 'B'
  from?: string
  /** The last day. */
  until?: string
}

export interface Place {
  date: string
  start: string
  end: string
}

/** What becomes of one lesson, or an extra one. Its parts add up. */
export interface Change {
  slot?: string
  date: string
  cancelled?: boolean
  absent?: boolean
  absence?: string
  to?: Place
  rooms?: string[]
  teachers?: Named[]
  subject?: string
  note?: string
  extra?: Slot
  by?: Named
  at?: string
}

export interface Absence {
  teacher: Named
  from: string
  until: string
  start?: string
  end?: string
  cancels?: boolean
  note?: string
  by: Named
  at: string
}

export interface Holiday {
  name: string
  start: string
  end: string
}

export interface Calendar {
  holidays: Holiday[]
  /** The Mondays of the A weeks. */
  weeksA?: string[]
}

export type PageCategory =
  | 'lesson'
  | 'correction'
  | 'test'
  | 'oral'
  | 'exercises'
  | 'practical'
  | 'skills'
  | 'project'
  | 'support'
  | 'remote'

export interface Part {
  text?: Body
  files?: FileRef[]
}

/** The page of one lesson in the cahier de textes. */
export interface Entry {
  course: string
  subject: string
  date: string
  start: string
  end?: string
  title?: string
  category?: PageCategory
  planned?: Part
  done?: Part
  show: 'start' | 'now' | 'at'
  showAt: string
  teacher: Named
  at: string
}

export interface TimetableRecords {
  slot: Slot
  change: Change
  leave: Absence
  calendar: Calendar
  entry: Entry
}

/** Refused `overlap` with what is taken at that time, unless `despite`. */
export type ChangeArgs = Omit<Change, 'by' | 'at'> & { id?: string; despite?: boolean }

export interface TimetableActions {
  /** timetable:X; refused `overlap` */
  'timetable.slot@1': { slots: (Slot & { id: string })[]; despite?: boolean }
  /** timetable:X */
  'timetable.unslot@1': { ids: string[] }
  /** timetable:X; refused `overlap` */
  'timetable.change@1': ChangeArgs
  /** timetable:X; refused `overlap` */
  'timetable.unchange@1': { ids: string[]; despite?: boolean }
  /** timetable:X */
  'timetable.absence@1': {
    id: string
    teacher: string
    from: string
    until: string
    start?: string
    end?: string
    cancels?: boolean
    note?: string
  }
  /** timetable:X */
  'timetable.unabsence@1': { id: string }
  /** timetable:X */
  'timetable.calendar@1': Calendar
  /** course:K; refused `conflict` when the page was written since it was read */
  'notebook.write@1': {
    id: string
    date: string
    start: string
    end?: string
    title?: string
    category?: PageCategory
    planned?: Part
    done?: Part
    show: Entry['show']
    showAt?: string
  }
  /** course:K */
  'notebook.erase@1': { id: string }
  /** course:K */
  'notebook.restore@1': { id: string }
}
