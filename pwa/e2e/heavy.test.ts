// E68, W5, W13: a link goes into a message, and its reader sees what it leads to; what is too heavy for a message
// leaves by a link by itself, without a network as well.
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { Phone } from './chromium.ts'
import { inspect, shoot } from './inspect.ts'
import { installed, signInAs } from './people.ts'
import { Server } from './server.ts'
import { story } from './steps.ts'

const film = randomBytes(12_000_000)
const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
let server: Server
let page: Page
let reader: Page
const teacher = new Phone()
const parent = new Phone({ dark: true })
const theatre = join(teacher.profile, 'théâtre.mp4')
const step = story({ teacher, parent })

beforeAll(async () => {
  writeFileSync(theatre, film)
  server = await Server.start()
  ;[page, reader] = await Promise.all([teacher.open(server.url), parent.open(server.url)])
  await Promise.all([signInAs(page, 'Claire Garnier'), signInAs(reader, 'Nadia Benali')])
  await Promise.all([installed(page), installed(reader)])
})
afterAll(async () => {
  await Promise.all([teacher.dispose(), parent.dispose()])
  await server.stop()
})

async function address(): Promise<void> {
  await page.getByLabel('Objet').waitFor()
  await page.getByRole('combobox', { name: 'À' }).fill('benali')
  await page.getByRole('option', { name: /Mme Benali/ }).click()
}

async function send(): Promise<void> {
  await page.getByRole('button', { name: 'Envoyer', exact: true }).click()
  await page.getByText(/Le message part|Message gardé/).waitFor()
}

step('W13 the link of a transfer begins a message', async () => {
  await page.goto(`${server.url}/transferts`)
  await page.getByText(/Il reste .* sur 10.Go/).scrollIntoViewIfNeeded()
  await shoot(page, 'quota')
  await page
    .locator('input[type=file]')
    .first()
    .setInputFiles([{ name: 'film.bin', mimeType: 'video/mp4', buffer: randomBytes(2000) }])
  await page.getByLabel('Titre').fill('Le film du voyage')
  await page.getByRole('button', { name: 'Obtenir un lien' }).click()
  await page.getByText('Le fichier est là').waitFor()
  await page.getByRole('button', { name: 'Mettre dans un message' }).click()
  await address()
  await shoot(page, 'message with a link')
  await send()
})

step('its reader sees what it leads to, without a network as well', async () => {
  await reader.goto(`${server.url}/messages`)
  await reader.getByRole('link', { name: /Le film du voyage/ }).click()
  const card = reader.getByRole('group', { name: 'Le film du voyage' })
  await card.getByText(/1 fichier, 2.ko, jusqu’au/).waitFor()
  await shoot(reader, 'card')
  await inspect(reader, 'a card')
  const link = await card.getByRole('link', { name: /^Ouvrir/ }).getAttribute('href')
  expect(await (await fetch(`${String(link)}/0`)).arrayBuffer()).toHaveProperty('byteLength', 2000)
  await parent.offline(true)
  await reader.reload()
  await card.getByText(/1 fichier, 2.ko/).waitFor()
  await parent.offline(false)
})

step('W5 another is chosen while one writes', async () => {
  await page.goto(`${server.url}/messages/ecrire/0193abcd-0000-7000-8000-00000000000e`)
  await address()
  await page.getByLabel('Objet').fill('Encore le film')
  await page.getByRole('textbox', { name: 'Message' }).click()
  await page.keyboard.type('Le voici')
  await page.getByRole('button', { name: 'Un transfert…' }).click()
  await shoot(page, 'picker')
  await inspect(page, 'the transfers to choose from')
  await page.getByRole('dialog').getByRole('button', { name: 'Le film du voyage' }).click()
  await page.getByRole('textbox', { name: 'Message' }).getByRole('link').waitFor()
  await shoot(page, 'chosen')
  await page.keyboard.type('Bonne projection')
  expect(
    (await page.getByRole('textbox', { name: 'Message' }).innerText()).split('\n').filter(Boolean),
  ).toEqual(['Le voici', expect.stringMatching(/^Le film du voyage, à télé/), 'Bonne projection'])
})

step('E68 what is too heavy is chosen in a tunnel, and stays in the draft', async () => {
  await page.goto(`${server.url}/messages/ecrire/0193abcd-0000-7000-8000-00000000000f`)
  await address()
  await teacher.offline(true)
  await page.getByLabel('Objet').fill('La pièce de théâtre')
  await page.locator('input.pick').setInputFiles(theatre)
  await page.getByText('12 Mo · partira par un lien, 7 jours').waitFor()
  await page.getByRole('button', { name: 'Joindre', exact: true }).waitFor() // it is kept
  await page.getByText('brouillon gardé').waitFor()
  await page.reload()
  await page.getByText('12 Mo · partira par un lien, 7 jours').waitFor()
  await page.getByText('12 Mo · partira par un lien, 7 jours').scrollIntoViewIfNeeded()
  await shoot(page, 'heavy')
  await inspect(page, 'a message with what is too heavy')
})

step('it leaves when there is a network, once, from one of two tabs', async () => {
  const begun: string[] = []
  teacher.context.on('response', (one) => {
    if (one.request().method() === 'POST' && one.url().endsWith('/api/uploads')) begun.push(one.url())
  })
  const other = await teacher.context.newPage()
  await other.goto(`${server.url}/transferts`)
  await page.bringToFront()
  await send()
  await other.getByRole('link', { name: 'théâtre.mp4' }).waitFor()
  await teacher.offline(false)
  await reader.goto(`${server.url}/messages`)
  await reader.getByRole('link', { name: /La pièce de théâtre/ }).click()
  const card = reader.getByRole('group', { name: 'théâtre.mp4' })
  const link = String(await card.getByRole('link', { name: /^Ouvrir/ }).getAttribute('href'))
  await expect.poll(async () => (await fetch(`${link}/0`)).status, { timeout: 90_000 }).toBe(200)
  expect(sum(new Uint8Array(await (await fetch(`${link}/0`)).arrayBuffer()))).toBe(sum(film))
  const row = other.getByRole('listitem').filter({ hasText: 'théâtre.mp4' })
  await row.getByText('Tout est là').waitFor()
  expect(begun).toHaveLength(1)
})
