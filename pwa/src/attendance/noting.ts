/** What a note of each kind asks for. Pure. */
import type { NoteArgs, NoteType } from '../sync/index.ts'

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
}

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
    ...{ reasons: '', work: '', sessions: [], attends: false },
    acknowledge: type === 'punishment',
  }
}

const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/

export type Fault = 'from' | 'to' | 'text' | 'sessions'

/** What the server would refuse. */
export function faultOf(type: NotingType, draft: Draft): Fault | undefined {
  if (!moment.test(draft.from)) return 'from'
  const needsEnd = type === 'absence' || type === 'lateness' || type === 'exemption'
  if ((needsEnd || draft.to !== '') && (!moment.test(draft.to) || draft.to <= draft.from)) return 'to'
  if (type === 'observation' && draft.text.trim() === '') return 'text'
  if (draft.sessions.some((one) => !moment.test(one.from) || !(one.minutes >= 5 && one.minutes <= 720)))
    return 'sessions'
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
    ...(type === 'exemption' && { attends: draft.attends }),
  }
}
