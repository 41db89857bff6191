// Marks: a teacher enters them in a tunnel, publishes them to pupils and only
// then to guardians, who are told, and takes them back; the pupil sees how the
// average is made (P7, P24–P30).
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { Phone } from './chromium.ts'
import { signInAs } from './people.ts'
import { Server } from './server.ts'
import { story } from './steps.ts'

/** The machine of the tests may be busy. */

let server: Server
const desk = new Phone({ width: 1280, height: 800 })
const hand = new Phone()
const pupil = new Phone()
const parent = new Phone()
const boss = new Phone()
const step = story({ desk, hand, pupil, parent, boss })

beforeAll(async () => {
  server = await Server.start()
})
afterAll(async () => {
  await Promise.all([desk, hand, pupil, parent, boss].map((one) => one.dispose()))
  await server.stop()
})

step('the direction lets alerts of marks go at once', async () => {
  const page = await boss.open(server.url)
  await signInAs(page, 'Hélène Roussel')
  await page.goto(`${server.url}/reglages/notes`)
  await page.getByLabel('Temps pour corriger une erreur').selectOption('0')
  await page.getByText('Enregistré').waitFor()
})

step('a teacher opens an assessment', async () => {
  const page = await desk.open(server.url)
  await signInAs(page, 'Claire Garnier')
  await page.getByRole('navigation').getByRole('link', { name: 'Notes' }).click()
  await page.getByRole('heading', { level: 1, name: 'Notes' }).waitFor() // home may name the course too
  await page.getByRole('link', { name: /Français · 5e B/ }).click()
  await page.getByRole('link', { name: 'Évaluation' }).click()
  await page.getByRole('button', { name: 'Créer l’évaluation' }).click()
  await page.getByText('Il reste quelque chose à corriger').waitFor()
  await page.getByLabel('Intitulé').fill('Poésie')
  await page.getByLabel('Sur', { exact: true }).fill('10')
  await page.getByLabel('Coefficient').fill('2')
  await page.getByRole('button', { name: 'Créer l’évaluation' }).click()
  await page.getByRole('heading', { level: 1, name: 'Poésie' }).waitFor()
  await page.getByText('visible de vous seul').waitFor()
})

step('and fills the grid by keyboard, without a network', async () => {
  const page = desk.page
  await page.getByRole('link', { name: /Français · 5e B/ }).click()
  await page.getByRole('columnheader', { name: 'Poésie' }).waitFor()
  await desk.offline(true)
  await page.locator('tbody tr').first().locator('td').nth(6).click()
  for (const typed of ['9', '12']) {
    await page.keyboard.type(typed)
    await page.keyboard.press('Enter')
  }
  await page.getByText('C’est plus que 10.').waitFor()
  await page.keyboard.press('Escape')
  for (const typed of ['4,5', 'a', '8', '7', '6']) {
    await page.keyboard.type(typed)
    await page.keyboard.press('Enter')
  }
  const cells = page.locator('tbody tr td:nth-child(8)')
  await expect.poll(() => cells.allInnerTexts()).toEqual(['9', '4,5', 'Abs.', '8', '7', ''])
  await page.keyboard.press('Control+z')
  await page.keyboard.press('Control+z')
  // What was undone is kept before the page is left.
  await expect.poll(() => page.locator('td.here input').inputValue()).toBe('')
  await desk.offline(false)
  await page.reload()
  await expect.poll(async () => (await cells.allInnerTexts()).slice(1, 5)).toEqual(['4,5', 'Abs.', '8', '–'])
})

step('marks are entered under the thumb as well', async () => {
  const page = await hand.open(server.url)
  await signInAs(page, 'Claire Garnier')
  await page.goto(`${server.url}/notes`)
  await page.getByRole('link', { name: /Français · 5e B/ }).click()
  const row = page.getByRole('listitem').filter({ hasText: 'Poésie' })
  await row.getByText('4/6 saisies').waitFor()
  await row.getByRole('link').click()
  await page.getByRole('button', { name: 'Saisir les notes' }).click()
  const keys = page.getByRole('dialog')
  await keys.getByText('5 sur 6').waitFor()
  for (const key of ['6', ',', '5']) await keys.getByRole('button', { name: key, exact: true }).click()
  await keys.getByRole('button', { name: 'Élève suivant' }).click()
  await keys.getByText('6 sur 6').waitFor()
  await keys.getByRole('button', { name: 'N. rendu', exact: true }).click()
  await page.getByText('Non rendu').waitFor()
  await page.getByText('6,5').waitFor()
  const cells = desk.page.locator('tbody tr td:nth-child(8)')
  await expect.poll(async () => (await cells.allInnerTexts()).slice(4)).toEqual(['6,5', 'N. rendu'])
})

step('and published: pupils first', async () => {
  const page = hand.page
  await page.getByRole('button', { name: 'Publier' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('6 élèves voient leur note').waitFor()
  await dialog.getByText('la moyenne, la plus basse et la plus haute note').waitFor()
  await dialog.getByText('Autre moment').last().click()
  await dialog.getByLabel('Date et heure').fill(inDays(2))
  await dialog.getByRole('button', { name: 'Publier maintenant' }).click()
  await page.getByText(/élèves\s; parents/).waitFor()
})

step('the pupil reads it before the parents', async () => {
  const page = await pupil.open(server.url)
  await signInAs(page, 'Inès Benali')
  await page.goto(`${server.url}/notes`)
  await page.getByText('pas encore vue des parents').waitFor()
  await page.getByRole('link', { name: 'Poésie' }).click()
  await page.getByText('Tes parents ne voient pas encore cette note').waitFor()
  await page.getByText('Médiane').waitFor()
  await page.getByRole('listitem').filter({ hasText: 'de 8 à 10 : 2 élèves' }).waitFor()

  const other = await parent.open(server.url)
  await signInAs(other, 'Nadia Benali')
  await other.goto(`${server.url}/notes`)
  await other.getByRole('link', { name: 'Dictée n° 4' }).waitFor()
  expect(await other.getByRole('link', { name: 'Poésie' }).count()).toBe(0)
})

step('and sees how the average is made', async () => {
  const page = pupil.page
  await page.goto(`${server.url}/notes`)
  await page.getByText('Par matière').click()
  await page.getByRole('button', { name: 'Français' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Voir le calcul' }).click()
  const line = dialog.getByRole('row').filter({ hasText: 'Poésie' })
  await line.getByText('9/10').waitFor()
  await line.getByText('× 2').waitFor()
  await dialog.getByText('÷').waitFor()
})

step('the parents read it when the teacher says so', async () => {
  const page = hand.page
  await page.getByRole('button', { name: 'Changer la publication' }).click()
  await page.getByRole('dialog').getByText('En même temps').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Publier maintenant' }).click()
  await parent.page.getByRole('link', { name: 'Poésie' }).waitFor()
  await pupil.page.getByText('pas encore vue des parents').waitFor({ state: 'detached' })
})

step('and are told so, without the mark', async () => {
  const page = parent.page
  await page.goto(server.url)
  const news = page.getByRole('listitem').filter({ hasText: 'Inès – nouvelle note' })
  await news.filter({ hasText: 'Poésie' }).getByRole('link').click()
  await page.getByRole('heading', { level: 1, name: 'Poésie' }).waitFor()
  await page.goto(`${server.url}/notes`)
  await page.getByRole('link', { name: 'Poésie' }).waitFor()
})

step('and nobody once it is taken back', async () => {
  await keepToasts(hand.page)
  await hand.page.getByRole('button', { name: 'Retirer' }).click()
  await parent.page.getByRole('link', { name: 'Poésie' }).waitFor({ state: 'detached' })
  await hand.page.getByText(/^Les élèves ne voient plus/).waitFor()
  await hand.page.getByRole('button', { name: 'Annuler' }).last().click()
  await parent.page.getByRole('link', { name: 'Poésie' }).waitFor()
})

step('a simulation is marked as one, and keeps nothing', async () => {
  const page = pupil.page
  await page.goto(`${server.url}/notes/simuler`)
  await page.getByText('Ces notes n’existent pas').waitFor()
  await page.getByLabel('Matière').selectOption({ label: 'Français' })
  await page.getByLabel('Note imaginée').fill('20')
  await page.getByRole('button', { name: 'Ajouter' }).click()
  await page.getByText(/Français\s: .* → /).waitFor()
  await page.reload()
  await page.getByText('Ces notes n’existent pas').waitFor()
  await expect.poll(() => page.getByText(/Français\s: .* → /).count()).toBe(0)
})

/** What offers to undo goes after nine seconds: too soon where another browser is looked at first. */
function keepToasts(page: Page): Promise<void> {
  return page.evaluate(() => {
    const wait = window.setTimeout.bind(window)
    const patient = (act: () => void, ms = 0) => wait(act, ms === 9000 ? 120_000 : ms)
    Object.assign(window, { setTimeout: patient })
  })
}

function inDays(days: number): string {
  const then = new Date(Date.now() + days * 86_400_000)
  return `${then.toISOString().slice(0, 10)}T09:00`
}
