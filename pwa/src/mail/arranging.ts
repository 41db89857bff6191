/** One's own folders put into another order, one level deep. Pure: it says which acts to send. */
import type { Folder } from '../sync/index.ts'
import type { Act, Deed } from './deeds.ts'
import type { Branch } from './discussions.ts'

export type Tree = readonly Branch<Folder>[]

/** Among the folders of the first level, or of one of them ('' : the first). */
export interface Spot {
  parent: string
  index: number
}

export type Step = 'up' | 'down' | 'in' | 'out'

interface Leaf {
  id: string
  value: Folder
}

export function spotOf(tree: Tree, id: string): Spot | undefined {
  for (const [parent, beside] of levels(tree)) {
    const index = beside.findIndex((one) => one.id === id)
    if (index >= 0) return { parent, index }
  }
  return undefined
}

/** How many folders are where a spot is. */
export function besides(tree: Tree, { parent }: Spot): number {
  return levels(tree).find(([name]) => name === parent)?.[1].length ?? 0
}

function levels(tree: Tree): [string, readonly Leaf[]][] {
  return [['', tree], ...tree.map((one): [string, readonly Leaf[]] => [one.id, one.below])]
}

/** The same folders with one of them elsewhere; as they were where it cannot go there. */
export function moved(tree: Tree, id: string, { parent, index }: Spot): Tree {
  const one = tree.find((branch) => branch.id === id)
  const leaf = one ?? tree.flatMap(({ below }) => below).find((inner) => inner.id === id)
  const isTooDeep = parent !== '' && (parent === id || (one?.below.length ?? 0) > 0)
  if (!leaf || isTooDeep || (parent !== '' && !tree.some((branch) => branch.id === parent))) return tree
  const without = tree
    .filter((branch) => branch.id !== id)
    .map((branch) => ({ ...branch, below: branch.below.filter((inner) => inner.id !== id) }))
  if (parent === '') return inserted(without, index, { ...leaf, below: one?.below ?? [] })
  return without.map((branch) =>
    branch.id === parent ? { ...branch, below: inserted(branch.below, index, leaf) } : branch,
  )
}

function inserted<T>(all: readonly T[], index: number, one: T): T[] {
  return [...all.slice(0, index), one, ...all.slice(index)]
}

/** One step by the keyboard. */
export function stepped(tree: Tree, id: string, step: Step): Tree {
  const spot = spotOf(tree, id)
  if (!spot) return tree
  const { parent, index } = spot
  if (step === 'up') return index > 0 ? moved(tree, id, { parent, index: index - 1 }) : tree
  if (step === 'down')
    return index + 1 < besides(tree, spot) ? moved(tree, id, { parent, index: index + 1 }) : tree
  if (step === 'out')
    return parent
      ? moved(tree, id, { parent: '', index: tree.findIndex((one) => one.id === parent) + 1 })
      : tree
  const above = parent ? undefined : tree[index - 1]
  return above ? moved(tree, id, { parent: above.id, index: above.below.length }) : tree
}

/** What makes the folders stand as in a tree that was made of them, and what takes it back. */
export function deedOf(to: Tree): Deed {
  const put = (id: string, { name, order, parent }: Folder): Act => ({
    name: 'mail.folder@1',
    args: { id, name, order, ...(parent && { parent }) },
  })
  const changed = levels(to).flatMap(([parent, beside]) =>
    beside
      .map(({ id, value }, order) => ({ id, value, now: { ...value, parent, order } }))
      .filter(({ value, now }) => value.order !== now.order || (value.parent ?? '') !== parent),
  )
  return {
    acts: changed.map(({ id, now }) => put(id, now)),
    undo: changed.map(({ id, value }) => put(id, value)),
  }
}
