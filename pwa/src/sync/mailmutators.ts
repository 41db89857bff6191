/** What the acts of messaging do to the screen before the server has its say. */
import { keyOf } from './authors.ts'
import type {
  Addressee,
  Contact,
  Draft,
  List,
  Mailing,
  MailActions,
  Message,
  Report,
  Thread,
} from './mailrecords.ts'
import type { Mutator, MutatorContext, MutatorTx } from './mutators.ts'
import type { User } from './records.ts'

type Typed = { [N in keyof MailActions]: Mutator<MailActions[N]> }

export const mailMutators: Typed = {
  async 'mail.send@1'(tx, { id, draft, to, cc, bcc, names: typed, quotes, ...rest }, context) {
    if (await tx.base(context.scope, 'message', id)) return
    const named = (keys?: string[]): Promise<Addressee[]> => names(tx, context.scope, keys, typed)
    const written = draft ? ((await tx.base(context.scope, 'draft', draft)) as Draft | undefined) : undefined
    await put(tx, context, id, draft, {
      ...rest,
      discussion: id,
      to: await named(to),
      ...(cc?.length && { cc: await named(cc) }),
      ...(bcc?.length && { bcc: await named(bcc) }),
      ...(quotes?.length && written?.quotes && { quotes: written.quotes }),
    })
  },

  async 'mail.reply@1'(tx, { id, re, all, draft, body, files }, context) {
    if (await tx.base(context.scope, 'message', id)) return
    const to = (await tx.get(context.scope, 'message', re)) as Message | undefined
    if (!to) return
    const author: Addressee = { key: keyOf(to.from), name: to.from.name }
    const others = [...to.to, ...(to.cc ?? [])].filter((one) => one.key !== `user:${context.user}`)
    const mine = to.from.id === context.user
    await put(tx, context, id, draft, {
      discussion: to.discussion,
      subject: to.subject,
      mode: to.mode,
      to: mine ? others : all ? [author, ...others] : [author],
      body,
      files,
      re,
    })
  },

  async 'mail.read@1'(tx, { upTo }, { scope }) {
    for (const [id, read] of Object.entries(upTo)) await change(tx, scope, id, (old) => ({ ...old, read }))
  },

  async 'mail.file@1'(tx, { ids, folder }, { scope, at }) {
    for (const id of ids) {
      await change(tx, scope, id, (old) => {
        if (folder !== 'bin') return { ...restored(old, at), folder }
        return old.folder === 'bin' ? old : { ...old, folder, was: old.folder ?? '', binned: at }
      })
    }
  },

  async 'mail.restore@1'(tx, { ids }, { scope, at }) {
    for (const id of ids)
      await change(tx, scope, id, (old) => (old.folder === 'bin' ? restored(old, at) : old))
  },

  async 'mail.purge@1'(tx, { ids }, { scope }) {
    for (const id of ids)
      await change(tx, scope, id, (old) => (old.folder === 'bin' ? { ...old, purged: true } : old))
  },

  async 'mail.categorize@1'(tx, { ids, add = [], remove = [] }, { scope }) {
    for (const id of ids) {
      await change(tx, scope, id, (old) => ({
        ...old,
        categories: [...new Set([...(old.categories ?? []), ...add])].filter((one) => !remove.includes(one)),
      }))
    }
  },

  async 'mail.draft@1'(tx, { id, draft }, { scope, at }) {
    await tx.put(scope, 'draft', id, { ...draft, at })
  },

  async 'mail.discard@1'(tx, { ids }, { scope }) {
    for (const id of ids) await tx.hide(scope, 'draft', id)
  },

  async 'mail.folder@1'(tx, { id, ...folder }, { scope }) {
    await tx.put(scope, 'folder', id, folder)
  },

  async 'mail.unfolder@1'(tx, { id }, { scope }) {
    await tx.hide(scope, 'folder', id)
  },

  async 'mail.category@1'(tx, { id, ...category }, { scope }) {
    await tx.put(scope, 'category', id, category)
  },

  async 'mail.uncategory@1'(tx, { id }, { scope }) {
    await tx.hide(scope, 'category', id)
  },

  async 'mail.forget@1'(tx, { ids }, { scope }) {
    for (const id of ids) await tx.hide(scope, 'contact', id)
  },

  async 'mail.report@1'(tx, { id, message, ...why }, { scope, at }) {
    if (await tx.base(scope, 'report', id)) return
    const about = (await tx.get(scope, 'message', message)) as Message | undefined
    const report: Report = { message, discussion: about?.discussion ?? '', ...why, at, state: 'open' }
    await tx.put(scope, 'report', id, report)
  },

  async 'mail.moderate@1'(tx, { id, withdraw, close, ...said }, { user, scope, at }) {
    const old = (await tx.get(scope, 'report', id)) as Report | undefined
    if (!old) return
    const decided = { state: withdraw || close ? 'acted' : 'dismissed', withdrawn: withdraw, closed: close }
    const decidedBy = { id: user, name: await ownName(tx, user) }
    await tx.put(scope, 'report', id, { ...old, ...said, ...decided, decided: at, decidedBy })
  },

  async 'mail.reopen@1'(tx, { id }, { scope }) {
    const old = (await tx.get(scope, 'report', id)) as Report | undefined
    if (old) await tx.put(scope, 'report', id, { ...old, closed: false })
  },

  async 'mail.recall@1'(tx, { message }, { scope }) {
    const old = (await tx.get(scope, 'message', message)) as Message | undefined
    if (!old) return
    const { files: _, quotes: __, due: ___, ...rest } = old
    await tx.put(scope, 'message', message, { ...rest, body: [], recalled: true })
  },

  async 'mail.mute@1'(tx, { ids, muted }, { scope }) {
    for (const id of ids) await change(tx, scope, id, (old) => ({ ...old, muted }))
  },

  async 'mail.hush@1'(tx, { people, muted }, { scope }) {
    for (const id of people) {
      if (muted) await tx.put(scope, 'muted', id, { name: await nameOf(tx, scope, id) })
      else await tx.hide(scope, 'muted', id)
    }
  },

  async 'mail.stop@1'(tx, { id }, { scope }) {
    const old = (await tx.get(scope, 'mailing', id)) as Mailing | undefined
    if (old) await tx.put(scope, 'mailing', id, { ...old, state: 'stopped' })
  },

  async 'mail.vote@1'(tx, { message, poll, choices }, { scope, at }) {
    await tx.put(scope, 'vote', `${message}.${poll}`, { choices, at })
  },

  async 'mail.policy@1'(tx, policy, { scope }) {
    await tx.put(scope, 'mail', 'mail', policy)
  },
}

async function ownName(tx: MutatorTx, user: string): Promise<string> {
  return ((await tx.get(`user:${user}`, 'user', user)) as User | undefined)?.name ?? ''
}

/** Somebody as a message of theirs names them. */
async function nameOf(tx: MutatorTx, scope: string, id: string): Promise<string> {
  const written = (await tx.list(scope, 'message')) as Message[]
  return written.find(({ from }) => from.id === id)?.from.name ?? ''
}

/** Shows a message as sent by this person, in place of its draft. */
async function put(
  tx: MutatorTx,
  { user, scope, at }: MutatorContext,
  id: string,
  draft: string | undefined,
  message: Omit<Message, 'from' | 'at'>,
): Promise<void> {
  const from = { id: user, name: await ownName(tx, user) }
  await tx.put(scope, 'message', id, { ...message, from, at })
  if (draft) await tx.hide(scope, 'draft', draft)
}

/** Names addressees as this person's lists do. */
async function names(
  tx: MutatorTx,
  scope: string,
  keys: string[] = [],
  typed: Record<string, string> = {},
): Promise<Addressee[]> {
  const people = ((await tx.list(scope, 'list')) as List[]).flatMap((list) => list.people)
  return Promise.all(
    keys.map(async (key) => {
      if (key.startsWith('mail:')) {
        const met = (await tx.get(scope, 'contact', key)) as Contact | undefined
        return { key, name: met?.name ?? typed[key] ?? key.slice(5) }
      }
      const one = people.find(({ id }) => `user:${id}` === key)
      const group = one ? undefined : ((await tx.get(scope, 'list', key)) as List | undefined)
      return { key, name: one?.name ?? group?.title ?? '', ...(group && { count: group.people.length }) }
    }),
  )
}

function restored({ was, binned: _, purged: __, ...rest }: Thread, at: string): Thread {
  return { ...rest, folder: was ?? '', moved: at }
}

async function change(tx: MutatorTx, scope: string, id: string, by: (old: Thread) => Thread): Promise<void> {
  const old = ((await tx.get(scope, 'thread', id)) as Thread | undefined) ?? {}
  await tx.put(scope, 'thread', id, by(old))
}
