// @vitest-environment node
import { describe, expect, test } from 'vitest'
import type { Body, Poll } from '../sync/index.ts'
import { lineOf, pieces, textOf } from '../body/body.ts'
import { beginning } from './discussions.ts'
import { trimmed } from '../body/writing.ts'
import { chosen, faultOf, join, newPoll, split, tidied } from './polls.ts'

const poll: Poll = { id: 'poll-0001', question: 'Qui vient ?', options: ['Moi', 'Pas moi'] }
const text: Body = [{ runs: [{ text: 'Bonjour,' }] }]

describe('E66: polls of a message', () => {
  test('stand apart from its text, which stays the same one', () => {
    const body = join(text, [poll])
    expect(split(body).text).toBe(text)
    expect(split(body).polls).toEqual([poll])
    expect(split(JSON.parse(JSON.stringify(body)) as Body)).toEqual({ text, polls: [poll] })
    expect(split(text).text).toBe(text)
  })

  test('are sent with it', () => {
    expect(trimmed(join([...text, { runs: [] }], [poll]))).toEqual([
      ...text,
      { runs: [] },
      { kind: 'poll', runs: [], poll },
    ])
  })

  test('are part of what is read, searched and shown in the list', () => {
    const body = join(text, [poll])
    expect(textOf(body)).toBe('Bonjour,\nQui vient ?\nMoi\nPas moi')
    expect(beginning({ body: join([], [poll]) })).toBe('Qui vient ? Moi Pas moi')
    expect(pieces(body)[1]).toEqual({ kind: 'poll', poll })
    expect(lineOf(body[1] ?? { runs: [] })).toContain('Qui vient ?')
  })

  test('are tidied, and say what is missing', () => {
    const made = tidied({
      ...newPoll(),
      question: ' Quand ? ',
      options: ['Lundi', ' ', 'Mardi '],
      many: false,
    })
    expect(made).toEqual({ id: made.id, question: 'Quand ?', options: ['Lundi', 'Mardi'] })
    expect(made.id).toMatch(/^[\w-]{8,20}$/)
    expect(faultOf(made)).toBeUndefined()
    expect(faultOf({ ...made, question: '' })).toBe('question')
    expect(faultOf({ ...made, options: ['Lundi'] })).toBe('options')
    expect(faultOf({ ...made, options: ['Lundi', 'Lundi'] })).toBe('twice')
  })

  test('take one answer, or several', () => {
    expect(chosen(poll, [0], 1, true)).toEqual([1])
    expect(chosen({ ...poll, many: true }, [1], 0, true)).toEqual([0, 1])
    expect(chosen({ ...poll, many: true }, [0, 1], 0, false)).toEqual([1])
    expect(chosen(poll, [1], 1, false)).toEqual([])
  })
})
