/**
 * What each action does to the screen before the server has its say. They
 * guess; the server decides, and what it says replaces the guess.
 */
import { laid } from '../alerts/choices.ts'
import { documentMutators } from './documentmutators.ts'
import { collectMutators } from '../collect/mutators.ts'
import { agendaMutators } from '../agenda/mutators.ts'
import { timetableMutators } from '../timetable/mutators.ts'
import { transferMutators } from '../transfers/mutators.ts'
import { gradeMutators } from './grademutators.ts'
import { skillMutators } from './skillmutators.ts'
import { cardMutators } from './cardmutators.ts'
import { attendanceMutators } from './attendancemutators.ts'
import { canteenMutators } from '../canteen/mutators.ts'
import { informationMutators } from './informationmutators.ts'
import { mailMutators } from './mailmutators.ts'
import type { Stored } from '../db/database.ts'
import type {
  Actions,
  ActionName,
  Course,
  Feedback,
  FileRef,
  Homework,
  KeptDocument,
  MailPlace,
  Notice,
  Settings,
  Submission,
} from './records.ts'

export interface MutatorTx {
  get(scope: string, type: string, id: string): Promise<unknown>
  /** As the server last said, without what waits. */
  base(scope: string, type: string, id: string): Promise<unknown>
  list(scope: string, type: string): Promise<unknown[]>
  /** In whatever scope it is. */
  find(type: string, id: string): Promise<unknown>
  put(scope: string, type: string, id: string, value: unknown): Promise<void>
  /** As if it were deleted. */
  hide(scope: string, type: string, id: string): Promise<void>
  file(sha: string): Promise<Stored | undefined>
}

export interface MutatorContext {
  user: string
  /** The home scope. */
  scope: string
  /** When it was done, RFC 3339. */
  at: string
}

export type Mutator<A = Record<string, unknown>> = (
  tx: MutatorTx,
  args: A,
  context: MutatorContext,
) => Promise<void>
export type Mutators = Record<string, Mutator | undefined>

type Typed = { [N in ActionName]: Mutator<Actions[N]> }

const bare = (scope: string): string => scope.slice(scope.indexOf(':') + 1)

const typed: Typed = {
  ...mailMutators,
  ...documentMutators,
  ...timetableMutators,
  ...agendaMutators,
  ...transferMutators,
  ...collectMutators,
  ...gradeMutators,
  ...skillMutators,
  ...cardMutators,
  ...attendanceMutators,
  ...canteenMutators,
  ...informationMutators,

  async 'homework.give@1'(tx, args, { user, scope, at }) {
    if (await tx.base(scope, 'homework', args.id)) return
    const course = (await tx.get(scope, 'course', bare(scope))) as Course | undefined
    const { id, students, ...rest } = args
    await tx.put(scope, 'homework', id, {
      ...rest,
      course: bare(scope),
      subject: course?.subject ?? '',
      audience: course?.audience ?? '',
      given: at,
      teacher: course?.teachers.find((teacher) => teacher.id === user) ?? { id: user, name: '' },
      ...(students && { students }),
    })
  },

  async 'homework.edit@1'(tx, { id, ...change }, { scope, at }) {
    const old = (await tx.get(scope, 'homework', id)) as Homework | undefined
    if (old) await tx.put(scope, 'homework', id, { ...old, ...change, editedAt: at })
  },

  async 'homework.withdraw@1'(tx, { id }, { scope }) {
    await tx.hide(scope, 'homework', id)
  },

  // What the server has already withdrawn comes back from there: only it still has the text.
  async 'homework.restore@1'(tx, { id }, { scope }) {
    const old = await tx.base(scope, 'homework', id)
    if (old) await tx.put(scope, 'homework', id, old)
  },

  async 'homework.submit@1'(tx, args, { user, scope, at }) {
    if (await tx.base(scope, 'submission', args.id)) return
    const pages = await Promise.all(args.pages.map((sha, i) => page(tx, user, sha, i)))
    const homework = (await tx.find('homework', args.homework)) as Homework | undefined
    const earlier = ((await tx.list(scope, 'submission')) as Submission[]).filter(
      (one) => one.homework === args.homework,
    )
    const submission: Submission = {
      homework: args.homework,
      course: homework?.course ?? '',
      version: Math.max(0, ...earlier.map((one) => one.version)) + 1,
      pages,
      text: args.text,
      state: 'queued',
      by: user,
      createdAt: at,
    }
    await tx.put(scope, 'submission', args.id, submission)
  },

  async 'homework.tick@1'(tx, args, { scope, at }) {
    await tx.put(scope, 'tick', args.homework, { ...args, at })
  },

  async 'homework.seen@1'() {},

  async 'homework.comment@1'(tx, args, context) {
    await answer(tx, args, context, 'draft')
  },

  async 'homework.return@1'(tx, args, context) {
    await answer(tx, args, context, 'returned')
  },

  async 'homework.again@1'(tx, args, context) {
    await answer(tx, { correction: [], ...args }, context, 'again')
  },

  async 'homework.remind@1'(tx, { homework, students }, { scope, at }) {
    for (const student of students)
      await tx.put(scope, 'reminder', `${homework}.${student}`, { homework, student, at })
  },

  async 'settings.set@1'(tx, change, { scope }) {
    const old = (await tx.get(scope, 'settings', 'settings')) as Settings | undefined
    await tx.put(scope, 'settings', 'settings', laid(old ?? {}, change))
  },

  async 'notice.read@1'(tx, { ids }, { scope }) {
    for (const id of ids) {
      const notice = (await tx.get(scope, 'notice', id)) as Notice | undefined
      if (notice) await tx.put(scope, 'notice', id, { ...notice, read: true })
    }
  },

  async 'notice.dismiss@1'(tx, { ids }, { scope }) {
    for (const id of ids) await tx.hide(scope, 'notice', id)
  },

  async 'notify.address@1'(tx, { address }, { scope }) {
    if (!address) return tx.hide(scope, 'address', 'address')
    await tx.put(scope, 'address', 'address', { address, confirmed: false, left: 5 })
  },

  async 'notify.mails@1'(tx, { on }, { scope }) {
    const place = (await tx.get(scope, 'address', 'address')) as MailPlace | undefined
    if (place) await tx.put(scope, 'address', 'address', { ...place, stopped: !on })
  },

  async 'notify.rules@1'(tx, rules, { scope }) {
    await tx.put(scope, 'alertRules', 'alertRules', rules)
  },

  async 'notify.confirm@1'() {
    // the server alone knows the code
  },
}

/** A page is a photo of this device, or one of the person's documents. */
async function page(tx: MutatorTx, user: string, sha: string, i: number): Promise<FileRef> {
  const own = (await tx.list(`user:${user}`, 'document')) as KeptDocument[]
  const file = own.find((one) => one.file.sha === sha)?.file ?? (await tx.file(sha))
  return {
    sha,
    name: file?.name ?? `page-${String(i + 1)}.jpg`,
    type: file?.type ?? 'image/jpeg',
    size: file?.size ?? 0,
  }
}

interface Answer {
  homework: string
  student: string
  submission?: string
  comment: string
  correction: FileRef[]
}

async function answer(
  tx: MutatorTx,
  args: Answer,
  { user, scope, at }: MutatorContext,
  state: Feedback['state'],
): Promise<void> {
  const id = `${args.homework}.${args.student}`
  const old = (await tx.get(scope, 'feedback', id)) as Feedback | undefined
  // A comment begun after the copy went back does not take it back.
  const kept =
    state === 'draft' && old && old.state !== 'draft' ? { state: old.state, at: old.at } : { state, at }
  await tx.put(scope, 'feedback', id, {
    ...old,
    ...args,
    teacher: old?.teacher ?? { id: user, name: '' },
    ...kept,
  })
}

export const mutators = typed as unknown as Mutators
