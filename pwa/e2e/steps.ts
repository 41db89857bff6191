// The steps of one story: after one that fails the rest means nothing.
// PREAU_SHOTS names a folder for what each person saw when a step failed.
import { join } from 'node:path'
import { test } from 'vitest'
import type { Phone } from './chromium.ts'

export type Step = (name: string, act: () => Promise<void>) => void

export function story(people: Record<string, Phone>): Step {
  let broken = false
  return (name, act) => {
    test(name, async (context) => {
      if (broken) context.skip()
      broken = true
      await act().catch(async (fault: unknown) => {
        await shoot(people, name)
        throw fault
      })
      broken = false
    })
  }
}

async function shoot(people: Record<string, Phone>, name: string): Promise<void> {
  const folder = process.env['PREAU_SHOTS']
  if (!folder) return
  for (const [who, one] of Object.entries(people)) {
    if (one.started) await one.page.screenshot({ path: join(folder, `${name.slice(0, 20)}-${who}.png`) })
  }
}
