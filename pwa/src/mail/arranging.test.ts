// @vitest-environment node
import { describe, expect, test } from 'vitest'
import { deedOf, moved, spotOf, stepped, type Step, type Tree } from './arranging.ts'
import { tree } from './discussions.ts'

const folder = (id: string, order: number, parent = '') => ({
  id,
  value: { name: id, order, ...(parent && { parent }) },
})
const all = tree([folder('a', 0), folder('b', 1), folder('b1', 0, 'b'), folder('b2', 1, 'b'), folder('c', 2)])

const said = (some: Tree) =>
  some
    .map(({ id, below }) => id + (below.length > 0 ? `(${below.map((one) => one.id).join(' ')})` : ''))
    .join(' ')

describe('E22: order and one level below', () => {
  test.each([
    ['a', { parent: '', index: 1 }, 'b(b1 b2) a c'],
    ['c', { parent: '', index: 0 }, 'c a b(b1 b2)'],
    ['a', { parent: 'b', index: 1 }, 'b(b1 a b2) c'],
    ['b1', { parent: '', index: 0 }, 'b1 a b(b2) c'],
    ['b', { parent: 'a', index: 0 }, 'a b(b1 b2) c'],
    ['a', { parent: 'a', index: 0 }, 'a b(b1 b2) c'],
    ['a', { parent: 'b1', index: 0 }, 'a b(b1 b2) c'],
    ['x', { parent: '', index: 0 }, 'a b(b1 b2) c'],
  ])('%s to %o', (id, spot, wanted) => {
    expect(said(moved(all, id, spot))).toBe(wanted)
  })

  test.each<[string, Step[], string]>([
    ['a', ['down'], 'b(b1 b2) a c'],
    ['a', ['up'], 'a b(b1 b2) c'],
    ['c', ['down'], 'a b(b1 b2) c'],
    ['c', ['in'], 'a b(b1 b2 c)'],
    ['c', ['in', 'up', 'up', 'up'], 'a b(c b1 b2)'],
    ['c', ['in', 'out'], 'a b(b1 b2) c'],
    ['b2', ['out'], 'a b(b1) b2 c'],
    ['b', ['in'], 'a b(b1 b2) c'],
    ['a', ['in'], 'a b(b1 b2) c'],
    ['b1', ['in'], 'a b(b1 b2) c'],
  ])('%s by the keyboard: %s', (id, steps, wanted) => {
    expect(said(steps.reduce((now: Tree, step) => stepped(now, id, step), all))).toBe(wanted)
  })

  test('only what changed is sent, and sent back it is as before', () => {
    const after = moved(all, 'c', { parent: 'b', index: 0 })
    const { acts, undo } = deedOf(after)
    expect(acts.map(({ args }) => args)).toEqual([
      { id: 'c', name: 'c', order: 0, parent: 'b' },
      { id: 'b1', name: 'b1', order: 1, parent: 'b' },
      { id: 'b2', name: 'b2', order: 2, parent: 'b' },
    ])
    expect(undo.map(({ args }) => args)).toEqual([
      { id: 'c', name: 'c', order: 2 },
      { id: 'b1', name: 'b1', order: 0, parent: 'b' },
      { id: 'b2', name: 'b2', order: 1, parent: 'b' },
    ])
    expect(deedOf(all).acts).toEqual([])
    expect(said(moved(after, 'c', { parent: '', index: 2 }))).toBe(said(all))
    expect(spotOf(after, 'c')).toEqual({ parent: 'b', index: 0 })
  })
})
