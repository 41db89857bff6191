// The canteen and home: vie scolaire types a menu without a network and imports
// another; a mother is warned of what her daughter does not bear, and sees all
// her children at once (P13, P14, P29).
import { afterAll, beforeAll, expect } from 'vitest'
import { Phone } from './chromium.ts'
import { installed, signInAs } from './people.ts'
import { Server } from './server.ts'
import { story } from './steps.ts'

let server: Server
const desk = new Phone({ width: 1280, height: 800 })
const parent = new Phone()
const step = story({ desk, parent })

beforeAll(async () => {
  server = await Server.start()
})
afterAll(async () => {
  await Promise.all([desk, parent].map((one) => one.dispose()))
  await server.stop()
})

/** The Monday after so many weeks; after two, the menu of the demo is a file. */
function monday(weeks: number): string {
  const date = new Date()
  date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7) + 7 * weeks)
  return date.toISOString().slice(0, 10)
}

step('vie scolaire types a day without a network, with its allergens', async () => {
  const page = await desk.open(server.url)
  await signInAs(page, 'Thomas Lopez')
  await installed(page)
  await page.goto(`${server.url}/cantine/saisir/${monday(3)}`)
  const dish = page.getByLabel('Plat', { exact: true }).first()
  await dish.waitFor()
  await desk.offline(true)
  await dish.fill('Tajine aux amandes')
  await page.getByRole('button', { name: /Labels et allergènes\s: Tajine/ }).click()
  const dialog = page.getByRole('dialog', { name: /Tajine/ })
  await dialog.getByText('À choisir').click()
  await dialog
    .getByRole('group', { name: /^Contient/ })
    .getByLabel('fruits à coque')
    .check()
  await dialog
    .getByRole('group', { name: /^Peut contenir/ })
    .getByLabel('lait')
    .check()
  await dialog.getByRole('button', { name: 'Terminé' }).click()
  await page.getByRole('button', { name: 'Enregistrer' }).click()
  await page.getByText('Menus enregistrés').waitFor()
  await desk.offline(false)
})

step('and imports a week: what is wrong has a line and a column', async () => {
  const page = desk.page
  const day = monday(4).split('-').reverse().join('/')
  await page.getByRole('button', { name: 'Importer un tableau' }).click()
  const lines = page.getByLabel('Lignes du tableur')
  await lines.fill(`date;type;plat;allergènes\n${day};plat;Riz;licorne`)
  await page.getByText('Ligne 2, colonne « allergènes » : « licorne »').waitFor()
  await expect.poll(() => page.getByRole('button', { name: 'Importer', exact: true }).isDisabled()).toBe(true)
  await lines.fill(`date;type;plat;allergènes\n${day};plat;Riz cantonais;œufs`)
  await page.getByRole('button', { name: 'Importer', exact: true }).click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' }) // it is on disk
  await page.goto(`${server.url}/cantine/${monday(4)}`)
  await page.getByText('Riz cantonais').waitFor()
})

step('a guardian is warned, in words; the school knows nothing of it', async () => {
  const page = await parent.open(server.url)
  await signInAs(page, 'Nadia Benali')
  await page.goto(`${server.url}/cantine/${monday(3)}`)
  await page.getByText('Contient : fruits à coque.').waitFor()
  await page.getByRole('button', { name: 'Signaler des allergènes' }).click()
  await page.getByRole('dialog').getByLabel('fruits à coque').check()
  await page.getByRole('dialog').getByLabel('lait').check()
  await page.getByRole('button', { name: 'Terminé' }).click()
  await page.getByText('Contient : fruits à coque (Inès)').waitFor()
  await page.getByText('Peut contenir : lait (Inès)').waitFor()
})

step('home shows the whole family, the menu and how fresh it is, without a network too', async () => {
  const page = parent.page
  await page.getByRole('link', { name: 'Accueil' }).first().click()
  await page.getByText('Toute la famille').waitFor()
  await page.getByText(/^À jour à \d+\sh/).waitFor()
  for (const child of ['Inès', 'Sami']) await page.getByRole('heading', { level: 2, name: child }).waitFor()
  await installed(page)
  await parent.offline(true)
  await page.reload()
  await page.getByRole('heading', { level: 2, name: 'Sami' }).waitFor()
  await page.getByRole('heading', { level: 2, name: /À la cantine/ }).waitFor()
  await page.getByRole('radio', { name: 'Inès' }).check({ force: true })
  await page.getByRole('heading', { level: 2, name: 'À rendre' }).waitFor()
})
