// Competences: a teacher evaluates them in a tunnel, publishes them and turns
// them into marks; the pupil sees why (P7).
import { afterAll, beforeAll, expect } from 'vitest'
import { Phone } from './chromium.ts'
import { installed, signInAs } from './people.ts'
import { Server } from './server.ts'
import { story } from './steps.ts'

/** The machine of the tests may be busy. */

let server: Server
const desk = new Phone({ width: 1280, height: 800 })
const pupil = new Phone()
const step = story({ desk, pupil })

beforeAll(async () => {
  server = await Server.start()
})
afterAll(async () => {
  await Promise.all([desk, pupil].map((one) => one.dispose()))
  await server.stop()
})

step('a teacher evaluates competences, without a network', async () => {
  const page = await desk.open(server.url)
  await signInAs(page, 'Claire Garnier')
  await installed(page)
  await page.goto(`${server.url}/competences`)
  await page.getByRole('link', { name: /Français · 5e B/ }).click()
  await page.getByRole('link', { name: 'Évaluation' }).click()
  await page.getByLabel('Intitulé').fill('Poésie')
  await desk.offline(true)
  await page.getByLabel('Enrichir son vocabulaire').check()
  await page.getByLabel('Chercher une compétence').fill('carte mentale')
  await page.getByRole('button', { name: 'Ajouter une compétence à ce cours' }).click()
  await page.getByLabel('La compétence, en une phrase').fill('Faire une carte mentale')
  await page.getByRole('button', { name: 'Ajouter', exact: true }).click()
  await page.getByRole('button', { name: 'Créer l’évaluation' }).click()
  await page.getByRole('heading', { level: 1, name: 'Poésie' }).waitFor()
  const cells = page.locator('main td button')
  await cells.first().click()
  for (const key of ['4', '1', 'a', '3']) await page.keyboard.press(key)
  await page.keyboard.press('Control+z')
  const column = page.locator('main tbody tr td:nth-child(2)')
  await expect
    .poll(async () => (await column.allInnerTexts()).slice(0, 4).map(shown))
    .toEqual(['DP', 'NA', 'Abs.', '–'])
  await desk.offline(false)
})

step('and publishes them; nothing is seen before', async () => {
  const other = await pupil.open(server.url)
  await signInAs(other, 'Inès Benali')
  await other.goto(`${server.url}/competences`)
  await other.getByText('Par date').click()
  await other.getByText('Lecture : un portrait').waitFor()
  expect(await other.getByText('Poésie').count()).toBe(0)
  const page = desk.page
  await page.getByRole('button', { name: 'Publier' }).click()
  await page.getByRole('dialog').getByText('3 élèves voient leurs niveaux').waitFor()
  await page.getByRole('button', { name: 'Publier maintenant' }).click()
  await page.getByText('publiée', { exact: true }).waitFor()
})

step('the pupil sees them, and why', async () => {
  const page = pupil.page
  await page.getByText('Poésie').waitFor()
  await page.getByText('Par matière').click()
  await page.getByRole('button', { name: 'Pourquoi' }).nth(1).click()
  await page.getByRole('dialog').getByText('Tous les niveaux de la période comptent').waitFor()
  await page.getByRole('dialog').getByText('Poésie').waitFor()
})

step('levels become marks when the teacher says so', async () => {
  const page = desk.page
  await page.getByRole('button', { name: 'Convertir en note' }).click()
  await page.getByRole('dialog').getByText('50/50').waitFor()
  await page.getByRole('button', { name: 'Créer ces notes' }).click()
  await page.getByRole('heading', { level: 1, name: 'Poésie' }).waitFor()
  await page.getByText('visible de vous seul').waitFor()
  const first = page.getByRole('listitem').filter({ hasText: 'Benali Inès' })
  await expect.poll(() => first.innerText()).toContain('20')
})

/** What a cell shows, without what is only read aloud. */
function shown(text: string): string {
  return /DP|NA|PA|AT|Abs\.|–/.exec(text)?.[0] ?? text
}
