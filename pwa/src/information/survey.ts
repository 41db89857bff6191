/** What is an answer to a survey: as the server has it (api/information/check.go), so that it is said at once. Pure. */
import type { Given, Information, Question, Response } from '../sync/index.ts'

export const mostText = 1000

/** How many choices there are, the free one included. */
export function offered({ choices = [], other = false }: Question): number {
  return choices.length + (other ? 1 : 0)
}

export function isChosen({ kind }: Question): boolean {
  return kind === 'one' || kind === 'many'
}

/** Is the free choice among these? */
export function isFree(question: Question, { choices = [] }: Given): boolean {
  return question.other === true && choices.includes(question.choices?.length ?? 0)
}

export interface Fault {
  code: 'invalid' | 'too_large' | 'too_many' | 'answer_required'
  field: string
}

/** The first thing that is wrong; undefined: nothing is. */
export function faultOf(questions: readonly Question[], given: readonly Given[]): Fault | undefined {
  if (given.length !== questions.length) return { code: 'invalid', field: 'answers' }
  for (const [i, question] of questions.entries()) {
    const fault = faultIn(question, given[i] ?? {}, `answers[${i}]`)
    if (fault) return fault
  }
  return undefined
}

/** What is wrong with the answer to one question. */
export function faultIn(question: Question, given: Given, field = ''): Fault | undefined {
  const text = given.text?.trim() ?? ''
  const { choices = [] } = given
  if (Array.from(text).length > mostText) return { code: 'too_large', field: `${field}.text` }
  if (isChosen(question)) return choiceFault(question, choices, text, field)
  if (choices.length > 0) return { code: 'invalid', field: `${field}.choices` }
  if (question.kind === 'info' && text) return { code: 'invalid', field: `${field}.text` }
  if (question.required && !text) return { code: 'answer_required', field }
  return undefined
}

function choiceFault(
  question: Question,
  choices: readonly number[],
  text: string,
  field: string,
): Fault | undefined {
  const wrong = choices.findIndex(
    (one, i) => one < 0 || one >= offered(question) || (i > 0 && one <= (choices[i - 1] ?? -1)),
  )
  if (wrong >= 0) return { code: 'invalid', field: `${field}.choices[${wrong}]` }
  const most = question.kind === 'one' ? 1 : question.most || offered(question)
  if (choices.length > most) return { code: 'too_many', field: `${field}.choices` }
  if (isFree(question, { choices: [...choices] }) !== (text !== ''))
    return { code: 'invalid', field: `${field}.text` }
  if (question.required && choices.length === 0) return { code: 'answer_required', field }
  return undefined
}

/** The choices after one was ticked, or unticked. */
export function picked(
  question: Question,
  choices: readonly number[] = [],
  one: number,
  on: boolean,
): number[] {
  if (question.kind === 'one') return on ? [one] : []
  const others = choices.filter((choice) => choice !== one)
  return (on ? [...others, one] : others).sort((a, b) => a - b)
}

/** For whom this reader answers: each child, or themselves. */
export function keysOf({
  perChild,
  children = [],
}: Pick<Information, 'perChild' | 'children'>): { key: string; name: string }[] {
  if (!perChild || children.length === 0) return [{ key: 'self', name: '' }]
  return children.map(({ id, name }) => ({ key: id, name }))
}

/** Does it still ask this reader for something? */
export function owes(information: Information, response?: Response): 'answer' | 'acknowledge' | undefined {
  const asks = (information.questions?.length ?? 0) > 0
  if (asks && keysOf(information).some(({ key }) => !response?.answers?.[key])) return 'answer'
  if (information.acknowledge && !response?.acknowledged) return 'acknowledge'
  return undefined
}
