// A printed sheet in the wrong hands, in a hurry, and a second time; by hand, at
// the address of the school (P10, P35).
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Phone } from './chromium.ts'
import { activate, signInAs, type Strip } from './people.ts'
import { Server } from './server.ts'
import { sheetPage, strip } from './sheets.ts'

const password = 'des chamois sous la pluie'
const wrong = 'Ce n’est pas le code de cette fiche. Vérifier le talon, puis essayer encore.'
const used = 'Cette fiche a déjà servi, ou n’est plus valable. La vie scolaire peut en imprimer une autre.'
const blocked =
  'Cinq codes étaient faux : cette fiche est bloquée. La vie scolaire peut en imprimer une autre.'

let server: Server
let desk: Page
/** Pupils whose account nobody has opened, as the class list names them. */
const names: string[] = []
const strips: Strip[] = []
const office = new Phone({ width: 1280, height: 800 })
const phones: Phone[] = []

beforeAll(async () => {
  server = await Server.start()
  desk = await office.open(server.url)
  await signInAs(desk, 'Thomas Lopez')
  await openClass()
  await desk.getByRole('button', { name: /Préparer \d+ fiches/ }).click()
  const sheets = await sheetPage(desk, /Imprimer \d+ fiches/)
  await sheets.waitForLoadState() // all of them
  const pupils = sheets.locator('section').filter({ hasText: 'Élève ·' })
  for (const pupil of (await pupils.all()).slice(0, 3)) {
    const name = await pupil.getByRole('heading').innerText()
    names.push(name)
    strips.push(await strip(sheets, name))
  }
  await sheets.close()
})

afterAll(async () => {
  await Promise.all([office, ...phones].map((one) => one.dispose()))
  await server.stop()
})

beforeEach(() => Promise.all(phones.splice(0).map((one) => one.dispose())))

async function openClass(): Promise<void> {
  await desk.goto(`${server.url}/classes`)
  await desk.getByRole('link', { name: '5e B', exact: true }).click()
  await desk.getByRole('heading', { level: 1, name: '5e B' }).waitFor()
}

function take<T>(from: T[], which: number): T {
  const found = from[which]
  if (found === undefined) throw new Error('the office printed too few sheets')
  return found
}

/** A phone of somebody who scans the sheet. */
async function scan(which: number): Promise<Page> {
  const phone = new Phone()
  phones.push(phone)
  const page = await phone.open(take(strips, which).address)
  await page.getByRole('heading', { level: 1, name: 'Bienvenue' }).waitFor()
  return page
}

async function tryCode(page: Page, code: string): Promise<void> {
  await page.getByLabel('Code du talon').fill(code)
  const answered = page.waitForResponse((one) => one.url().endsWith('/open'))
  await page.getByRole('button', { name: 'Ouvrir mon compte' }).click()
  await answered
}

async function session(page: Page): Promise<number> {
  return page.evaluate(async () => (await fetch('/api/session')).status)
}

/** A sentence is said where it is seen, and nobody has come in. */
async function says(page: Page, sentence: string): Promise<void> {
  const said = page.getByText(sentence)
  await said.waitFor()
  await expect.poll(() => isInView(page, sentence)).toBe(true)
  expect(await session(page)).toBe(401)
}

async function isInView(page: Page, sentence: string): Promise<boolean> {
  const box = await page.getByText(sentence).boundingBox()
  const height = page.viewportSize()?.height ?? 0
  return box !== null && box.y >= 0 && box.y + box.height <= height
}

test('a sheet opens the account once, and lands on the first screen', async () => {
  const page = await scan(0)
  expect(await page.evaluate(() => location.hash)).toBe('')
  const [first = ''] = take(names, 0).split(' ')
  await activate(page, { ...take(strips, 0), code: take(strips, 0).code.toLowerCase() }, password)
  await page.getByRole('heading', { level: 1, name: `Bonjour ${first}` }).waitFor()
  expect(new URL(page.url()).pathname).toBe('/')
  expect(await session(page)).toBe(200)

  const finder = await scan(0)
  await tryCode(finder, take(strips, 0).code)
  await says(finder, used)
  expect(await session(page)).toBe(200)

  await page.goto(take(strips, 0).address)
  await page.getByText(/utilise déjà ce téléphone/).waitFor()
  expect(await session(page)).toBe(200)
})

test('a wrong code is refused with what to do next, and the right one still opens', async () => {
  const page = await scan(1)
  await page.getByLabel('Code du talon').fill('ABC')
  await page.getByRole('button', { name: 'Ouvrir mon compte' }).click()
  await says(page, 'Le code du talon a huit lettres et chiffres.')
  for (let i = 0; i < 4; i++) {
    await tryCode(page, take(strips, 0).code)
    await says(page, wrong)
  }
  await expect.poll(() => page.getByLabel('Code du talon').getAttribute('aria-invalid')).toBe('true')
  await activate(page, take(strips, 1), password)
  expect(await session(page)).toBe(200)
})

test('after five wrong codes the sheet is blocked and says so; the office prints another', async () => {
  const page = await scan(2)
  for (let i = 0; i < 4; i++) {
    await tryCode(page, take(strips, 1).code)
    await says(page, wrong)
  }
  await tryCode(page, take(strips, 1).code)
  await says(page, blocked)
  await tryCode(page, take(strips, 2).code)
  await says(page, blocked)
  const other = await scan(2)
  await tryCode(other, take(strips, 2).code)
  await says(other, blocked)

  await openClass()
  const [first = '', ...last] = take(names, 2).split(' ')
  const name = `${last.join(' ')} ${first}`
  await desk.getByRole('row', { name }).first().getByText('fiche bloquée').waitFor()
  await desk.getByRole('button', { name: `Agir pour ${name}` }).click()
  await desk.getByRole('button', { name: 'Nouvelle fiche' }).click()
  const sheets = await sheetPage(desk, /Imprimer 1 fiche/)
  strips[2] = await strip(sheets, take(names, 2))
  await sheets.close()
  await activate(await scan(2), take(strips, 2), password)
})
