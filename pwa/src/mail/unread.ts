/** What is new in a mailbox. Small: the tabs count with it. */
import type { Device, Message, Row, Thread, View } from '../sync/index.ts'

/** Where a discussion lies: '' (the inbox), 'archive', 'bin' or one's own folder. One that is gone is the inbox. */
export function folderOf(thread: Thread | undefined, own: ReadonlySet<string>): string {
  const folder = thread?.folder ?? ''
  return folder === 'archive' || folder === 'bin' || own.has(folder) ? folder : ''
}

export function isUnread(message: Message, thread: Thread | undefined, me: string): boolean {
  return message.from.id !== me && Date.parse(message.at) > (thread?.read ?? 0)
}

/** Is it new, and does its reader want to hear of it? */
export function isCounted(
  message: Message,
  thread: Thread | undefined,
  me: string,
  hushed: ReadonlySet<string>,
): boolean {
  return isUnread(message, thread, me) && !thread?.muted && !hushed.has(message.from.id)
}

/** Tells how much is new, reports that wait for the office among it, again and again until it is stopped. */
export function follow(device: Device, me: string, tell: (count: number) => void): () => void {
  const count = async (view: View) => (await unreadIn(view, me)) + (await openIn(view))
  return device.live(count).subscribe(tell)
}

/** Reports that the office has not looked at; only its own people have any. */
async function openIn(view: View): Promise<number> {
  const reports = await view.all('report')
  return reports.filter(({ scope, value }) => scope.startsWith('office:') && value.state === 'open').length
}

/** How many discussions of the inbox hold something unread. */
export async function unreadIn(view: View, me: string): Promise<number> {
  const scope = `user:${me}`
  const [messages, threads, folders, hushed] = await Promise.all([
    view.list(scope, 'message'),
    view.list(scope, 'thread'),
    view.list(scope, 'folder'),
    view.list(scope, 'muted'),
  ])
  return countUnread(messages, threads, { me, own: idsOf(folders), hushed: idsOf(hushed) })
}

function idsOf(rows: readonly Row[]): Set<string> {
  return new Set(rows.map((row) => row.id))
}

function countUnread(
  messages: readonly Row<Message>[],
  threads: readonly Row<Thread>[],
  { me, own, hushed }: { me: string; own: ReadonlySet<string>; hushed: ReadonlySet<string> },
): number {
  const done = new Map(threads.map((row) => [row.id, row.value]))
  const found = new Set<string>()
  for (const { value } of messages) {
    const thread = done.get(value.discussion)
    if (isCounted(value, thread, me, hushed) && !thread?.purged && folderOf(thread, own) === '')
      found.add(value.discussion)
  }
  return found.size
}
