/** What links in messages lead to, as far as this device has heard: it is kept until they end, and no longer. */
import type { Local } from '../sync/local.ts'

export interface About {
  title: string
  from: string
  files: number
  size: number
  until: string
  /** More is on its way. */
  arriving?: boolean
}

/** A locked one says nothing of itself; of one that is gone there is nothing to say. */
export type Told = About | 'locked' | 'gone'

type Known = Record<string, About>

const key = 'transfers:about'
/** One change of what is known after the other. */
let turn: Promise<unknown> = Promise.resolve()

export async function knownOf(local: Local, secret: string, now = Date.now()): Promise<About | undefined> {
  const known = await amend(local, now, (all) => all)
  return known[secret]
}

/** Asks the school, as the page of the link does; undefined when it does not answer. */
export async function askOf(
  local: Local,
  secret: string,
  { ask = fetch, now = Date.now() }: { ask?: typeof fetch; now?: number } = {},
): Promise<Told | undefined> {
  const answer = await ask(`/t/${secret}/about`).catch(() => undefined)
  const about = answer?.ok ? await parsed(answer) : undefined
  if (about) await amend(local, now, (all) => ({ ...all, [secret]: about }))
  if (about ?? answer?.status !== 404) return about
  await amend(local, now, ({ [secret]: _, ...others }) => others)
  const page = await ask(`/t/${secret}`, { method: 'HEAD' }).catch(() => undefined)
  if (page?.status === 401) return 'locked'
  return page?.status === 404 ? 'gone' : undefined
}

async function parsed(answer: Response): Promise<About | undefined> {
  const said = (await answer.json().catch(() => undefined)) as Partial<About> | undefined
  const { title, from, files, size, until, arriving } = said ?? {}
  if (typeof title !== 'string' || typeof files !== 'number' || typeof size !== 'number') return undefined
  if (typeof until !== 'string' || Number.isNaN(Date.parse(until))) return undefined
  return { title, files, size, until, from: from ?? '', ...(arriving && { arriving }) }
}

/** Changes what is known; what has ended is known no more. */
function amend(local: Local, now: number, change: (all: Known) => Known): Promise<Known> {
  const run = turn.then(async () => {
    const before = (await local.get<Known>(key)) ?? {}
    const running = Object.entries(change(before)).filter(([, { until }]) => Date.parse(until) > now)
    const after = Object.fromEntries(running)
    if (JSON.stringify(after) !== JSON.stringify(before)) await local.set(key, after)
    return after
  })
  turn = run.catch(() => undefined)
  return run
}
