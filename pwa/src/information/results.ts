/** What was answered to a survey, as its author reads it, and as a table for a spreadsheet. Pure. */
import type { Broadcast, Given, Question, SurveyAnswer, SurveyResult } from '../sync/index.ts'
import { isChosen, offered } from './survey.ts'

export interface Outcome {
  question: Question
  counts: number[]
  /** Texts, with the name of who wrote them where names are shown. */
  texts: { text: string; by: string }[]
}

/** Each question with what was answered to it. */
export function outcomes(
  questions: readonly Question[],
  answers: readonly SurveyAnswer[],
  result?: SurveyResult,
): Outcome[] {
  return questions.map((question, i) => {
    const counts = Array<number>(isChosen(question) ? offered(question) : 0).fill(0)
    for (const [choice, count] of (result?.questions[i]?.counts ?? []).entries()) counts[choice] = count
    for (const { given } of answers)
      for (const choice of given[i]?.choices ?? []) counts[choice] = (counts[choice] ?? 0) + 1
    const texts = answers.flatMap((one) => {
      const text = one.given[i]?.text
      return text ? [{ text, by: nameOf(one) }] : []
    })
    const unnamed = (result?.questions[i]?.texts ?? []).map((text) => ({ text, by: '' }))
    return { question, counts, texts: [...unnamed, ...texts] }
  })
}

export function nameOf({ by, child }: SurveyAnswer): string {
  return child ? `${by.name} (${child.name})` : by.name
}

/** An answer in words. */
export function words(question: Question, { choices = [], text = '' }: Given): string {
  if (!isChosen(question)) return text
  return choices.map((choice) => question.choices?.[choice] ?? text).join(', ')
}

export interface Headings {
  by: string
  child: string
  at: string
  question: string
  answer: string
  count: string
  other: string
}

/** Rows of a table: of answers with names, or of counts without. */
export function table(
  survey: Pick<Broadcast, 'questions' | 'anonymous' | 'perChild'>,
  answers: readonly SurveyAnswer[],
  result: SurveyResult | undefined,
  say: Headings,
): string[][] {
  const questions = survey.questions ?? []
  if (survey.anonymous) return counted(questions, result, say)
  const asked = questions.flatMap((question, i) => (question.kind === 'info' ? [] : [{ question, i }]))
  return [
    [say.by, ...(survey.perChild ? [say.child] : []), say.at, ...asked.map(({ question }) => question.title)],
    ...answers.map((one) => [
      one.by.name,
      ...(survey.perChild ? [one.child?.name ?? ''] : []),
      one.at.slice(0, 10),
      ...asked.map(({ question, i }) => words(question, one.given[i] ?? {})),
    ]),
  ]
}

function counted(
  questions: readonly Question[],
  result: SurveyResult | undefined,
  say: Headings,
): string[][] {
  const rows = outcomes(questions, [], result).flatMap(({ question, counts, texts }) => [
    ...counts.map((count, i) => [question.title, question.choices?.[i] ?? say.other, String(count)]),
    ...texts.map(({ text }) => [question.title, text, '']),
  ])
  return [[say.question, say.answer, say.count], ...rows]
}

/** For the spreadsheets of a French school: semicolons, and nothing that would be taken for a formula. */
export function csv(rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => `"${text.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`
  return `\uFEFF${rows.map((row) => row.map(cell).join(';')).join('\r\n')}\r\n`
}
