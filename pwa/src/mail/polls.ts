/** Polls of a message being written: they stand below its text, and travel at the end of it. Pure. */
import { newId, type Block, type Body, type Poll } from '../sync/index.ts'

export const most = { polls: 3, options: 10, question: 250, option: 100 } as const
export const fewest = 2

/** What was joined, so that a text that nobody changed stays the same one for the editor. */
const parts = new WeakMap<Body, { text: Body; polls: Poll[] }>()

export function split(body: Body): { text: Body; polls: Poll[] } {
  const known = parts.get(body)
  if (known) return known
  const polls = body.flatMap((block) => block.poll ?? [])
  const made = { text: polls.length > 0 ? body.filter((block) => !block.poll) : body, polls }
  parts.set(body, made)
  return made
}

export function join(text: Body, polls: readonly Poll[]): Body {
  const asked = polls.map((poll): Block => ({ kind: 'poll', runs: [], poll }))
  const body = [...text, ...asked]
  parts.set(body, { text, polls: [...polls] })
  return body
}

export function newPoll(): Poll {
  return { id: newId().replaceAll('-', '').slice(-16), question: '', options: ['', ''] }
}

/** Without empty options and blanks; what is off is left out. */
export function tidied({ id, question, options, many, secret }: Poll): Poll {
  return {
    ...{ id, question: question.trim(), options: options.map((one) => one.trim()).filter(Boolean) },
    ...(many && { many }),
    ...(secret && { secret }),
  }
}

/** What is missing in a poll that was tidied. */
export function faultOf(poll: Poll): 'question' | 'options' | 'twice' | undefined {
  if (!poll.question) return 'question'
  if (poll.options.length < fewest) return 'options'
  return new Set(poll.options).size < poll.options.length ? 'twice' : undefined
}

/** The choices after one was ticked, or unticked. */
export function chosen(poll: Poll, choices: readonly number[], one: number, on: boolean): number[] {
  if (!poll.many) return on ? [one] : []
  const others = choices.filter((choice) => choice !== one)
  return (on ? [...others, one] : others).sort((a, b) => a - b)
}
