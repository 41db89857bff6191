// @vitest-environment node
import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { holding } from '../../mail/holding.ts'
import { spacesIn } from './held.ts'

const club = [
  [1, 'space', 'club', { name: 'Club théâtre', description: 'Le mardi' }],
  [2, 'member', 'me', { name: 'Mme Garnier', link: 'm1', lead: true, works: true }],
  [3, 'member', 'ines', { name: 'Inès Benali', link: 'm2' }],
]
const choir = [
  [1, 'space', 'choir', { name: 'Chorale' }],
  [2, 'member', 'me', { name: 'Mme Garnier', link: 'm3', works: true }],
]

test('E83: spaces are read from what the device holds, with who leads them', async () => {
  const device = await holding({ 'space:club': club, 'space:choir': choir })
  const found = await device.read((view) => spacesIn(view, 'me', false))
  expect(found.map(({ name, leads, link }) => ({ name, leads, link }))).toEqual([
    { name: 'Chorale', leads: false, link: 'm3' },
    { name: 'Club théâtre', leads: true, link: 'm1' },
  ])
  expect(found[1]?.members.map(({ id, lead, works }) => ({ id, lead, works }))).toEqual([
    { id: 'ines', lead: false, works: false },
    { id: 'me', lead: true, works: true },
  ])
  device.close()
})

test('direction leads all of them', async () => {
  const device = await holding({ 'space:choir': choir })
  const [one] = await device.read((view) => spacesIn(view, 'me', true))
  expect(one?.leads).toBe(true)
  device.close()
})
