import { describe, expect, test } from 'vitest'
import { canonical, parse, typed } from './typing.ts'

describe('what a teacher types', () => {
  test.each([
    ['14', { value: '14' }],
    ['14,5', { value: '14.5' }],
    [' 14.50 ', { value: '14.5' }],
    ['08', { value: '8' }],
    ['0', { value: '0' }],
    ['20', { value: '20' }],
    ['', { value: '' }],
    ['a', { value: 'A' }],
    ['D', { value: 'E' }],
    ['r', { value: 'S' }],
    ['z', { value: 'Z' }],
    ['20,5', { problem: 'above' }],
    ['14,123', { problem: 'wrong' }],
    ['-3', { problem: 'wrong' }],
    ['1,2,3', { problem: 'wrong' }],
    ['x', { problem: 'wrong' }],
    ['douze', { problem: 'wrong' }],
  ])('%j', (text, read) => {
    expect(parse(text, '20', false)).toEqual(read)
  })

  test('above the scale where the school lets it be', () => {
    expect(parse('20,5', '20', true)).toEqual({ value: '20.5' })
  })

  test('shows what it read as it was typed', () => {
    expect(typed(canonical('014,50'), true)).toBe('14,5')
    expect(typed('A', true)).toBe('A')
  })
})
