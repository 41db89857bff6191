// Headless devices live random school days with the real server, over real
// HTTP, and in the end every device holds exactly what the server holds.
//
//   PREAU_HISTORIES=1000 npm run oracle     more of them
//   PREAU_FROM=123456 npm run oracle        the ones from there
//   PREAU_SEED=123456 npm run oracle        one again
import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { Ledger } from './ledger.ts'

const { PREAU_SEED: one, PREAU_FROM: from, PREAU_HISTORIES: many = '150' } = process.env
const total = one === undefined ? Number(many) : 1
const first = Number(one ?? from ?? Date.now() % 2 ** 31)
const week = 604_800_000

test(
  `${String(total)} histories from seed ${String(first)}`,
  async () => {
    const ledger = new Ledger(first, total)
    await ledger.fill()
    expect(ledger.failed).toEqual([])
  },
  week,
)
