// A virtual class: given without a network, joined in one tap, and cancelled
// before everybody's eyes (P9, P14, P32); and the day of a family on one page (P13).
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Phone } from './chromium.ts'
import { installed, signInAs } from './people.ts'
import { Server } from './server.ts'

let server: Server
const teacher = new Phone()
const parent = new Phone()

beforeAll(async () => {
  server = await Server.start()
})
afterAll(async () => {
  await Promise.all([teacher, parent].map((one) => one.dispose()))
  await server.stop()
})

const day = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10)

test('a virtual class is joined in one tap, and crossed out once it is cancelled', async () => {
  const page = await teacher.open(server.url)
  await signInAs(page, 'Claire Garnier')
  await installed(page)
  await page.goto(`${server.url}/agenda/ecrire?jour=${day}`)
  await page.getByLabel('Quoi').waitFor()
  await teacher.context.setOffline(true)
  await page.getByLabel('Quoi').fill('Révisions en visio')
  await page.getByLabel('Pour qui').selectOption({ label: '5e B' })
  await page.getByLabel('Début').fill('18:00')
  await page.getByLabel('Fin').fill('17:00')
  await page.getByLabel('Lien de la classe virtuelle').fill('visio.exаmple.org/5b') // the fourth letter is Cyrillic
  await page.getByText('xn--').waitFor()
  await page.getByLabel('Lien de la classe virtuelle').fill('visio.example.org/5b')
  await page.getByRole('button', { name: 'Ajouter à l’agenda' }).click()
  await page.getByText('Un début, et une fin après le début').waitFor()
  await page.getByLabel('Fin').fill('18:30')
  await page.getByRole('button', { name: 'Ajouter à l’agenda' }).click()
  await page.getByRole('heading', { level: 1, name: 'Révisions en visio' }).waitFor()
  await teacher.context.setOffline(false)

  const home = await parent.open(server.url)
  await signInAs(home, 'Nadia Benali')
  await home.getByRole('link', { name: /La journée de la famille/ }).click()
  await home.getByRole('heading', { level: 1, name: 'La journée de la famille' }).waitFor()
  await home.goto(`${server.url}/journee/${day}`)
  const row = home.getByRole('listitem').filter({ hasText: 'Révisions en visio' })
  await row.getByText('Inès').waitFor()
  await home.getByText('Sami', { exact: true }).first().click()
  await row.waitFor({ state: 'detached' })
  await home.getByText('Tous', { exact: true }).click()
  await row.getByRole('link').click()
  const join = home.getByRole('link', { name: 'Rejoindre la classe virtuelle' })
  await expect.poll(() => join.getAttribute('href')).toBe('https://visio.example.org/5b')
  await expect.poll(() => join.getAttribute('rel')).toContain('noopener')
  await home.getByText('S’ouvre sur visio.example.org').waitFor()

  await page.getByRole('button', { name: 'Annuler l’événement' }).click()
  await home.locator('h1').locator('..').getByText('annulé').waitFor()
  await join.waitFor({ state: 'detached' })
})
