import type { View } from '../sync/index.ts'

/** How many evaluations of competences a pupil can read. */
export async function outcomesOf(view: View, student: string): Promise<number> {
  const [shared, own] = await Promise.all([
    view.list(`student:${student}`, 'outcome'),
    view.list(`user:${student}`, 'outcome'),
  ])
  return shared.length + own.length
}
