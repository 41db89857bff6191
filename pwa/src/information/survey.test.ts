// P14: the app and the server accept the same answers (api/information).
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Given, Information, Question } from '../sync/index.ts'
import { faultOf, owes, picked } from './survey.ts'

interface Case {
  name: string
  questions: Question[]
  given: Given[]
  want: string
}

const cases = JSON.parse(readFileSync('../api/information/testdata/answers.json', 'utf8')) as Case[]

describe('answers', () => {
  test.each(cases)('$name', ({ questions, given, want }) => {
    const fault = faultOf(questions, given)
    expect(fault ? `${fault.code} ${fault.field}` : '').toBe(want)
  })
})

test('one choice takes the place of another; of several they stay in order', () => {
  expect(picked({ kind: 'one', title: '' }, [0], 2, true)).toEqual([2])
  expect(picked({ kind: 'many', title: '' }, [0, 3], 1, true)).toEqual([0, 1, 3])
  expect(picked({ kind: 'many', title: '' }, [0, 3], 0, false)).toEqual([3])
})

test('what it still asks for: an answer for each child, then to be acknowledged', () => {
  const children = ['ines', 'noe'].map((id) => ({ id, name: id }))
  const asked = { acknowledge: true, questions: [{ kind: 'text', title: '' }], perChild: true, children }
  const information = asked as unknown as Information
  const answered = { ines: { at: '' }, noe: { at: '' } }
  expect(owes(information)).toBe('answer')
  expect(owes(information, { answers: { ines: { at: '' } } })).toBe('answer')
  expect(owes(information, { answers: answered })).toBe('acknowledge')
  expect(owes(information, { answers: answered, acknowledged: '2026' })).toBeUndefined()
})
