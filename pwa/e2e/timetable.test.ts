// A day of lessons: vie scolaire changes one, the pupil and the parent see it,
// also without a network; the teacher writes of the lesson in a tunnel and the
// class reads it, day by day and by week, with its document and its work (P3–P5,
// P14–P22). One app and one session has all of it, with its help (P1, P2, P11,
// P12, P36).
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { Phone } from './chromium.ts'
import { filled, installed, signInAs } from './people.ts'
import { Server } from './server.ts'

let server: Server
const desk = new Phone({ width: 1280, height: 800 })
const phone = new Phone()
const parent = new Phone()
const teacher = new Phone()

beforeAll(async () => {
  server = await Server.start()
})
afterAll(async () => {
  await Promise.all([desk, phone, parent, teacher].map((one) => one.dispose()))
  await server.stop()
})

/** A Tuesday of school that nothing in the demo changes. */
const day = comingTuesday()

function comingTuesday(): string {
  const date = new Date()
  do date.setUTCDate(date.getUTCDate() + 1)
  while (date.getUTCDay() !== 2 || date.getTime() < Date.now() + 7 * 86_400_000)
  return date.toISOString().slice(0, 10)
}

async function lessons(page: Page): Promise<string[]> {
  const list = page.getByRole('list', { name: 'Cours du jour' })
  await list.waitFor()
  return list.getByRole('listitem').allInnerTexts()
}

test('a lesson is cancelled, moved, added and put back by vie scolaire', async () => {
  const office = await desk.open(server.url)
  await signInAs(office, 'Thomas Lopez')
  await filled(office)
  await office.getByRole('link', { name: 'Emploi du temps' }).first().click()
  await office.goto(`${server.url}/emploi-du-temps/${day}`)
  await office.getByRole('combobox', { name: 'Classe' }).selectOption({ label: '5e B' })
  const tuesday = office.locator('section.day').nth(1)
  const first = tuesday.getByRole('listitem').first()
  await first.getByRole('button').click()
  await office.getByRole('button', { name: 'Changer ce cours' }).click()
  const dialog = office.getByRole('dialog')
  await dialog.getByText('annulé', { exact: true }).click()
  await dialog.getByLabel('À savoir').fill('Sortie au musée')
  await dialog.getByRole('button', { name: 'Enregistrer' }).click()
  await first.getByText('annulé').waitFor()

  await office.getByRole('button', { name: 'Ajouter un cours', exact: true }).click()
  const form = office.getByRole('dialog')
  await form.getByText('Une seule fois').click()
  await form.getByLabel('Nom').fill('Visite du CDI')
  await form.getByLabel('De', { exact: true }).fill('17:00')
  await form.getByLabel('À', { exact: true }).fill('17:45')
  await form.getByRole('button', { name: 'Enregistrer' }).click()
  await tuesday.getByText('Visite du CDI').waitFor()

  // What is taken at that hour is said before anything is sent.
  const second = tuesday.getByRole('listitem').nth(1)
  await second.getByRole('button').click()
  await office.getByRole('button', { name: 'Changer ce cours' }).click()
  await office.getByRole('dialog').getByLabel('De', { exact: true }).fill('17:00')
  await office.getByRole('dialog').getByLabel('À', { exact: true }).fill('17:30')
  await office.getByRole('dialog').getByRole('button', { name: 'Enregistrer', exact: true }).click()
  await office.getByText(/5e B a déjà cours/).waitFor()
  await office.locator('.toast').evaluateAll((all) => all.forEach((one) => one.classList.add('old')))
  await office.getByRole('button', { name: 'Enregistrer quand même' }).click()
  await tuesday.getByText('déplacé', { exact: true }).waitFor()
  await office.locator('.toast:not(.old)').getByRole('button', { name: 'Annuler' }).click()
  await tuesday.getByText('déplacé', { exact: true }).waitFor({ state: 'detached' })
})

test('a pupil sees the day without a network, and what is new', async () => {
  const page = await phone.open(server.url)
  await signInAs(page, 'Inès Benali')
  await filled(page)
  await page.getByRole('link', { name: 'Emploi du temps', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Emploi du temps' }).waitFor()
  await installed(page)
  await phone.offline(true)
  // P1, P2, P11: lessons, work, marks and messages are tabs of one app; P12: so is the help.
  for (const name of ['Messages', 'Travail', 'Notes'])
    await page.getByRole('navigation').getByRole('link', { name }).first().waitFor()
  await page.goto(`${server.url}/aide`)
  await page.getByText('Déposer une copie').click()
  await page.getByText(/Le reçu dit à quelle heure/).waitFor()
  await page.goto(`${server.url}/emploi-du-temps/${day}`)
  const seen = await lessons(page)
  expect(seen[0]).toContain('annulé')
  expect(seen[0]).toContain('Sortie au musée')
  expect(seen.at(-1)).toContain('Visite du CDI')
  await page.getByRole('button', { name: 'Jour suivant' }).click()
  await page.getByRole('heading', { name: /mercredi/ }).waitFor()
  await page.getByRole('button', { name: 'Jour précédent' }).click()
  await page.getByRole('heading', { name: /mardi/ }).waitFor()
  await page.getByRole('list', { name: 'Cours du jour' }).getByRole('button').first().click()
  await page
    .getByRole('dialog')
    .getByText(/Dit par M\. Lopez/)
    .waitFor()
  await phone.offline(false)

  const office = desk.page
  await office.locator('section.day').nth(1).getByRole('listitem').nth(1).getByRole('button').click()
  await office.getByRole('button', { name: 'Changer ce cours' }).click()
  await office.getByRole('dialog').getByLabel('Salle').fill('B12')
  await office.getByRole('dialog').getByRole('button', { name: 'Enregistrer', exact: true }).click()
  await office.locator('section.day').nth(1).getByText('B12').first().waitFor()
  await page.goto(`${server.url}/emploi-du-temps`)
  await page.getByRole('heading', { name: 'Nouveau depuis ta dernière visite' }).waitFor()
  await page.getByText('salle B12').first().waitFor()
})

test('a parent chooses the child', async () => {
  const page = await parent.open(server.url)
  await signInAs(page, 'Nadia Benali')
  await page.goto(`${server.url}/emploi-du-temps/${day}`)
  await page.getByRole('heading', { name: 'Inès' }).waitFor()
  await page.getByRole('heading', { name: 'Sami' }).waitFor()
  await page.getByText('Sami', { exact: true }).first().click()
  await page.getByRole('heading', { name: 'Inès' }).waitFor({ state: 'detached' })
  expect((await lessons(page)).join()).not.toContain('Visite du CDI')
})

test('a teacher writes of a lesson in a tunnel, the class reads it', async () => {
  const page = await teacher.open(server.url)
  await signInAs(page, 'Claire Garnier')
  await filled(page)
  await installed(page)
  await teacher.offline(true)
  await page.goto(`${server.url}/emploi-du-temps/${day}`)
  const row = page.getByRole('listitem').filter({ hasText: 'Français' }).filter({ hasText: '5e B' }).first()
  const other = page.getByRole('button', { name: 'Jour suivant' })
  const title = page.locator('.turn h2')
  while (!(await lessons(page)).some((text) => text.includes('Français\n5e B'))) {
    const before = await title.innerText()
    await other.click()
    await expect.poll(() => title.innerText()).not.toBe(before)
  }
  const begun = Date.now()
  await row.getByRole('button').first().click()
  await page.getByRole('link', { name: 'Écrire la séance' }).click()
  const text = page.getByRole('textbox', { name: 'Ce qui a été fait' })
  await text.pressSequentially('Le portrait moral : https://example.org/portrait.')
  await text.press('Enter')
  await page.getByRole('button', { name: 'Liste à puces' }).click()
  await page.getByRole('button', { name: 'Gras' }).click()
  await text.pressSequentially('Relire le texte')
  await page.getByText('tout de suite').click()
  const notes = { name: 'portrait.txt', mimeType: 'text/plain', buffer: Buffer.from('Un portrait moral.') }
  await page.locator('input[type=file]').setInputFiles(notes)
  await page.getByRole('button', { name: 'Enlever portrait.txt' }).waitFor()
  await page.getByRole('button', { name: 'Enregistrer' }).click()
  await page.getByText('Gardé sur cet appareil, envoyé').waitFor()
  expect(Date.now() - begun).toBeLessThan(60_000)
  await teacher.offline(false)

  const pupil = phone.page
  await pupil.goto(`${server.url}/cahier`)
  await pupil.getByRole('link', { name: 'https://example.org/portrait' }).waitFor()
  await pupil.getByRole('listitem').locator('strong', { hasText: 'Relire le texte' }).waitFor()
  // P18, P19, P20: the document is in the cell, and opens by its name.
  await pupil.getByText('portrait.txt').first().waitFor()
  // P16, P21: so is the work that is to be handed in.
  await pupil.getByRole('link', { name: 'Déposer ma copie' }).first().waitFor()
  // P15: the other view.
  await pupil.getByText('Semaine', { exact: true }).click()
  await pupil.getByRole('heading', { name: /Lundi/ }).waitFor()
})

test('the feed opens without a session until it is taken back', async () => {
  const page = phone.page
  await page.goto(`${server.url}/reglages/agenda`)
  await page.getByRole('button', { name: 'Créer l’adresse' }).click()
  const address = await page.locator('code').innerText()
  const got = await fetch(address)
  expect(got.headers.get('content-type')).toContain('text/calendar')
  expect(await got.text()).toContain('Sortie au musée')
  await page.getByRole('button', { name: 'Ne plus partager' }).click()
  await page.getByText('L’adresse ne marche plus').waitFor()
  expect((await fetch(address)).status).toBe(404)
})
