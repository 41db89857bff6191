// Headless devices live random school days with the real server, over real
// HTTP, and in the end every device holds exactly what the server holds.
//
//   PREAU_HISTORIES=1000 npm run oracle     more of them
//   PREAU_SEED=123456 npm run oracle        one again
import 'fake-indexeddb/auto'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { Chance } from './chance.ts'
import { History } from './history.ts'
import { School } from './school.ts'

const one = process.env['PREAU_SEED']
const total = one === undefined ? Number(process.env['PREAU_HISTORIES'] ?? 200) : 1
const perSchool = 25
const first = one === undefined ? Date.now() % 2 ** 31 : Number(one)

describe.each(schools())('school %#', ({ seeds }) => {
  const school = new School()
  beforeAll(() => school.start(), 120_000)
  afterAll(() => school.end())

  test(`${String(seeds.length)} histories from seed ${String(seeds[0])}`, async () => {
    for (const seed of seeds) await history(school, seed)
  })
})

function schools(): { seeds: number[] }[] {
  const seeds = Array.from({ length: total }, (_, i) => (first + i * 7919) % 2 ** 31)
  return Array.from({ length: Math.ceil(total / perSchool) }, (_, i) => ({
    seeds: seeds.slice(i * perSchool, (i + 1) * perSchool),
  }))
}

async function history(school: School, seed: number): Promise<void> {
  const life = await History.begin(school, new Chance(seed))
  try {
    await life.run()
  } catch (fault) {
    console.error(`PREAU_SEED=${String(seed)}\n${life.trace.join('\n')}\n${school.log.slice(-4000)}`)
    throw fault
  }
  await life.end()
}
