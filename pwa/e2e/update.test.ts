// The school's server is updated while people are at work: they are asked, and
// nothing that they did is lost.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { buildAs, type Build } from './build.ts'
import { Phone } from './chromium.ts'
import { installed, signInAs } from './people.ts'
import { Server } from './server.ts'
import { story } from './steps.ts'

const title = 'Lire le chapitre trois'
const news = 'Une nouvelle version est prête'
let next: Build
let server: Server
const teacher = new Phone({ width: 1280, height: 800 })
const pupil = new Phone()
const step = story({ teacher, pupil })

beforeAll(async () => {
  next = buildAs('suivante')
  server = await Server.start()
}, 500_000)

afterAll(async () => {
  await Promise.all([teacher, pupil].map((one) => one.dispose()))
  await server.stop()
  next.dispose()
})

/** Somebody whose app is installed: it runs from what the phone holds. */
async function settle(phone: Phone, name: string): Promise<Page> {
  const page = await phone.open(server.url)
  await signInAs(page, name)
  await installed(page)
  await page.reload()
  await page.getByRole('heading', { level: 1, name: /Bonjour/ }).waitFor()
  return page
}

/** The build that a page runs, as its settings say. */
async function version(page: Page): Promise<string> {
  await page.goto(`${server.url}/reglages/a-propos`)
  return page.getByRole('definition').first().innerText()
}

/** A page remembers this until it is loaded again. */
async function mark(page: Page): Promise<void> {
  await page.evaluate(() => Object.assign(window, { mark: true }))
}

async function isMarked(page: Page): Promise<boolean> {
  return page.evaluate(() => 'mark' in window)
}

/** A tunnel: the network goes and comes back. */
async function tunnel(phone: Phone): Promise<void> {
  await phone.offline(true)
  await phone.offline(false)
  await phone.page.getByText(news).waitFor({ timeout: 90_000 })
}

async function give(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Travail donné' }).first().click()
  await page.getByRole('link', { name: 'Donner un travail' }).first().click()
  await page.getByRole('combobox', { name: /Classe/ }).selectOption({ label: 'Français · 5e B' })
  await page.getByLabel('Titre').fill(title)
  await page.getByLabel('Consigne').fill('Et noter trois mots inconnus.')
  await page.getByRole('button', { name: 'Donner ce travail' }).click()
  await page.getByRole('link', { name: title }).waitFor()
}

/** The old worker ends what it does first, be it a round of sync that nobody answers. */
async function accept(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Mettre à jour' }).click()
  await expect.poll(() => isMarked(page).catch(() => true), { timeout: 150_000 }).toBe(false)
}

step('a new build is offered without a reload, and taken without losing what waits', async () => {
  const page = await settle(teacher, 'Claire Garnier')
  expect(await version(page)).toBe('dev')
  await page.getByRole('link', { name: 'Accueil' }).first().click()
  await mark(page)
  const other = await settle(pupil, 'Inès Benali')
  await mark(other)

  await server.replace(next.program)
  await Promise.all([tunnel(teacher), tunnel(pupil)])
  expect(await isMarked(page)).toBe(true)

  await teacher.offline(true)
  await give(page)
  expect(await isMarked(page)).toBe(true)
  await accept(page)
  expect(await version(page)).toBe('suivante')
  await page.goto(`${server.url}/reglages/envois`)
  await page.getByText('en attente', { exact: true }).waitFor()
  await expect.poll(() => page.getByText(title).count()).toBe(1)

  await teacher.offline(false)
  await page.getByText('Tout est parti').waitFor()
  await page.goto(`${server.url}/travail`)
  await page.getByRole('link', { name: title }).waitFor()
  await expect.poll(() => page.getByText(news).count()).toBe(0)
})

step('who ignores it goes on with the old one, all of it, and is asked again', async () => {
  const page = pupil.page
  expect(await isMarked(page)).toBe(true)
  await page.getByRole('link', { name: 'Travail' }).first().click()
  await page.getByRole('link', { name: title }).first().waitFor()
  await expect.poll(() => page.getByRole('link', { name: title }).count()).toBe(1)
  await page.getByRole('button', { name: 'Plus tard' }).click()
  await expect.poll(() => page.getByText(news).count()).toBe(0)
  for (const screen of ['Réglages', 'Appareils']) {
    await page.getByRole('link', { name: screen }).first().click()
    await page.getByRole('heading', { level: 1, name: screen }).waitFor()
  }
  expect(await isMarked(page)).toBe(true)

  expect(await version(page)).toBe('dev')
  await page.getByText(news).waitFor()
  await mark(page)
  await accept(page)
  expect(await version(page)).toBe('suivante')
})
