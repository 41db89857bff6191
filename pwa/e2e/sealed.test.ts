// W3, W4: files that are encrypted from end to end. They leave over cuts, whoever has the whole link gets them as they were,
// under their names, and on the school's disk lies nothing that anybody could read.
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesIn } from './build.ts'
import { Phone } from './chromium.ts'
import { inspect } from './inspect.ts'
import { scan, signInAs } from './people.ts'
import { Server } from './server.ts'

let server: Server
let link = ''
const phone = new Phone()
const guest = new Phone({ dark: true })
const marker = 'les secrets du conseil'
const film = Buffer.concat([Buffer.from(marker), randomBytes(3_000_000)])
const picture = readFileSync(join(import.meta.dirname, 'picture.png'))
const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

beforeAll(async () => {
  server = await Server.start()
})
afterAll(async () => {
  await phone.dispose()
  await guest.dispose()
  await server.stop()
})

test('they are sealed while they leave, over cuts', async () => {
  const page = await phone.open(server.url)
  await signInAs(page, 'Claire Garnier')
  let pieces = 0
  await phone.context.route('**/api/uploads/*', (route) =>
    route.request().method() === 'PATCH' && ++pieces === 2 ? route.abort() : route.continue(),
  )
  await page.goto(`${server.url}/transferts`)
  await page
    .locator('input[type=file]')
    .first()
    .setInputFiles([
      { name: 'Étretat, la falaise.mp4', mimeType: 'video/mp4', buffer: film },
      { name: 'photo.png', mimeType: 'image/png', buffer: picture },
      { name: 'vide.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) },
    ])
  await page.getByLabel('Titre').fill('Voyage à Étretat')
  await page.getByRole('switch', { name: 'Chiffrer de bout en bout' }).check()
  await inspect(page, 'a transfer being sealed')
  await page.getByRole('button', { name: 'Obtenir un lien' }).click()
  await page.getByRole('heading', { level: 1, name: 'Voyage à Étretat' }).waitFor()
  link = (await page.locator('.link').innerText()).trim()
  expect(link).toMatch(/\/t\/[\w-]{22}#[\w-]{43}$/)
  await page.getByText('Les 3 fichiers sont là').waitFor()
  expect(pieces).toBeGreaterThan(3)
  expect(await scan(page)).toBe(link)
  await expect.poll(() => page.getByRole('button', { name: 'Mettre dans un message' }).count()).toBe(0)
  await inspect(page, 'a sealed transfer')
})

test('whoever has the whole link gets them as they were', async () => {
  const page = await guest.open(link)
  await page.getByRole('heading', { level: 1, name: 'Voyage à Étretat' }).waitFor()
  await page.getByRole('link', { name: 'Télécharger Étretat, la falaise.mp4' }).waitFor()
  await expect
    .poll(() => page.locator('.name').allInnerTexts())
    .toEqual(['Étretat, la falaise.mp4', 'photo.png', 'vide.txt'])
  await page.locator('.thumb img').waitFor()
  await inspect(page, 'the page of a sealed transfer')
  const one = await saved(page, 'Télécharger Étretat, la falaise.mp4')
  expect([one.name, sum(one.bytes)]).toEqual(['Étretat, la falaise.mp4', sum(film)])
  const all = await saved(page, 'Tout télécharger')
  expect(all.name).toBe('Voyage à Étretat.zip')
  expect(all.bytes.includes(film)).toBe(true) // they are stored as they are
  expect(all.bytes.includes(picture)).toBe(true)
  expect(all.bytes.includes('vide.txt')).toBe(true)
  await phone.page.getByText(/Téléchargé 2 fois/).waitFor()
})

/** What a link saves. */
async function saved(page: Page, name: string): Promise<{ name: string; bytes: Buffer }> {
  const coming = page.waitForEvent('download')
  await page.getByRole('link', { name }).click()
  const download = await coming
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) }
}

test('the school holds nothing that it could read', () => {
  const [secret = '', key = ''] = link.split('/t/')[1]?.split('#') ?? []
  const told = Buffer.concat(filesIn(server.data).map((file) => readFileSync(join(server.data, file))))
  expect(told.includes(secret)).toBe(true)
  for (const plain of [marker, key, 'tretat', 'photo.png', picture.subarray(100, 200)])
    expect(told.includes(plain)).toBe(false)
})

test('half a link, and another key, are told apart from nothing', async () => {
  const { page } = guest
  await page.goto(link.replace(/#.*/, `#${'A'.repeat(43)}`))
  await page.getByText('n’est pas la bonne').waitFor()
  await page.goto(link.replace(/.{5}$/, ''))
  await page.getByText('Il manque la fin du lien').waitFor()
  await expect.poll(() => page.locator('#list').isVisible()).toBe(false)
  await inspect(page, 'a sealed transfer without its key')
})

test('a password does not lose the key', async () => {
  const { page } = phone
  await page.getByRole('button', { name: 'Mettre un mot de passe' }).click()
  await page.getByRole('dialog').getByLabel('Mot de passe').fill('tulipe')
  await page.getByRole('dialog').getByRole('button', { name: 'Enregistrer' }).click()
  await page.getByText('Un mot de passe sera demandé').waitFor()
  const stranger = await guest.context.newPage()
  await expect.poll(async () => (await fetch(link)).status).toBe(401)
  await stranger.goto(link)
  await stranger.getByLabel('Mot de passe').fill('rose')
  await stranger.getByRole('button', { name: 'Ouvrir' }).click()
  await stranger.getByText('pas le bon mot de passe').waitFor()
  await stranger.getByLabel('Mot de passe').fill('tulipe')
  await stranger.getByRole('button', { name: 'Ouvrir' }).click()
  await stranger.getByRole('heading', { level: 1, name: 'Voyage à Étretat' }).waitFor()
})
