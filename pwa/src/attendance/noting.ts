/** What a note of each kind asks for. Pure. */
import type { FileRef, Note, NoteArgs, NoteType } from '../sync/index.ts'

export type NotingType = NoteType | 'absence' | 'lateness'

export const observationKinds = ['observation', 'encouragement', 'booklet', 'other'] as const
export const punishmentKinds = [
  ...(['work', 'detention', 'lesson-exclusion', 'warning', 'blame', 'exclusion', 'measure'] as const),
]

/** Asks for an end; an exemption needs one. */
export const hasEnd = (type: NotingType): boolean =>
  ['absence', 'lateness', 'exemption', 'infirmary', 'exit'].includes(type)

export interface Draft {
  kind: string
  from: string
  to: string
  subject: string
  text: string
  private: string
  reasons: string
  work: string
  sessions: { from: string; minutes: number }[]
  attends: boolean
  acknowledge: boolean
  /** Of the work, and of the circumstances. */
  files: FileRef[]
  papers: FileRef[]
}

export const maxFiles = 5

export function newDraft(type: NotingType, now: string): Draft {
  const kinds: Partial<Record<NotingType, string>> = { observation: 'observation', punishment: 'work' }
  const end = type === 'exit' || type === 'infirmary' ? '' : `${now.slice(0, 10)}T17:30`
  return {
    ...{
      kind: kinds[type] ?? '',
      from: now,
      to: hasEnd(type) ? end : '',
      subject: '',
      text: '',
      private: '',
    },
    ...{ reasons: '', work: '', sessions: [], attends: false, files: [], papers: [] },
    acknowledge: type === 'punishment',
  }
}

/** What stands in a note, to be changed. */
export function draftOf(type: NotingType, note: Note): Draft {
  const { kind = '', from, to = '', subject = '', text = '', private: hidden = '', work = '' } = note
  const { sessions = [], attends = false, acknowledge = false, files = [], papers = [] } = note
  return {
    ...newDraft(type, from),
    ...{ kind, to, subject, text, private: hidden, reasons: (note.reasons ?? []).join(', '), work },
    ...{ sessions: [...sessions], attends, acknowledge, files: [...files], papers: [...papers] },
  }
}

const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/

export type Fault = 'from' | 'to' | 'text' | 'sessions' | 'files' | 'papers'

/** What the server would refuse. */
export function faultOf(type: NotingType, draft: Draft): Fault | undefined {
  if (!moment.test(draft.from)) return 'from'
  const needsEnd = type === 'absence' || type === 'lateness' || type === 'exemption'
  if ((needsEnd || draft.to !== '') && (!moment.test(draft.to) || draft.to <= draft.from)) return 'to'
  if (type === 'observation' && draft.text.trim() === '') return 'text'
  if (draft.sessions.some((one) => !moment.test(one.from) || !(one.minutes >= 5 && one.minutes <= 720)))
    return 'sessions'
  if (draft.files.length > maxFiles) return 'files'
  if (draft.papers.length > maxFiles) return 'papers'
  return undefined
}

/** As the server takes it; what a kind does not ask for is left out. */
export function argsOf(type: NoteType, id: string, student: string, draft: Draft): NoteArgs {
  const reasons = draft.reasons.split(/[,;\n]/).map((one) => one.trim())
  const punished = type === 'punishment'
  return {
    ...{ type, id, student, from: draft.from, acknowledge: draft.acknowledge },
    ...(draft.kind && { kind: draft.kind }),
    ...(draft.to && hasEnd(type) && { to: draft.to }),
    ...(draft.subject && { subject: draft.subject }),
    ...(draft.text.trim() && { text: draft.text.trim() }),
    ...(draft.private.trim() && { private: draft.private.trim() }),
    ...(punished && { reasons: reasons.filter(Boolean).slice(0, 10), sessions: draft.sessions }),
    ...(punished && draft.work.trim() && { work: draft.work.trim() }),
    ...(punished && draft.files.length > 0 && { files: draft.files }),
    ...((punished || type === 'incident') && draft.papers.length > 0 && { papers: draft.papers }),
    ...(type === 'exemption' && { attends: draft.attends }),
  }
}
