// W1, W2, W4, W5, W7, W9, W11, W12, W14: large files by a link. They are chosen without a network, the app is closed, and they leave by
// themselves; whoever has the link gets them without an account, until they are taken away.
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Phone } from './chromium.ts'
import { inspect } from './inspect.ts'
import { installed, scan, signInAs } from './people.ts'
import { Server } from './server.ts'

let server: Server
let link = ''
const phone = new Phone()
const film = randomBytes(3_000_000)
const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

beforeAll(async () => {
  server = await Server.start()
})
afterAll(async () => {
  await phone.dispose()
  await server.stop()
})

test('files are chosen in a tunnel, and the link is there at once', async () => {
  const page = await phone.open(server.url)
  await signInAs(page, 'Claire Garnier')
  await installed(page)
  await page.goto(`${server.url}/transferts`)
  await page.getByRole('heading', { level: 1, name: 'Transferts' }).waitFor()
  await phone.offline(true)
  await page
    .locator('input[type=file]')
    .first()
    .setInputFiles([
      { name: 'film.bin', mimeType: 'application/octet-stream', buffer: film },
      { name: 'lisez-moi.txt', mimeType: 'text/plain', buffer: Buffer.from('Bonne projection !') },
    ])
  await page.getByLabel('Titre').fill('Le film du voyage')
  await inspect(page, 'a transfer being made')
  await page.getByRole('button', { name: 'Obtenir un lien' }).click()
  await page.getByRole('heading', { level: 1, name: 'Le film du voyage' }).waitFor()
  link = (await page.locator('.link').innerText()).trim()
  expect(link).toMatch(/\/t\/[\w-]{22}$/)
})

test('after the app was closed they leave by themselves', async () => {
  await phone.page.goto(`${server.url}/transferts`)
  await phone.offline(false)
  await phone.page.getByRole('link', { name: /Le film du voyage/ }).click()
  await phone.page.getByText('Les 2 fichiers sont là').waitFor()
  expect(await scan(phone.page)).toBe(link)
  await inspect(phone.page, 'a transfer')
})

test('whoever has the link gets them, without an account', async () => {
  const page = await (await fetch(link)).text()
  expect(page).toContain('Le film du voyage')
  expect(page).toContain('Mme Garnier')
  const whole = new Uint8Array(await (await fetch(`${link}/0`)).arrayBuffer())
  expect(sum(whole)).toBe(sum(film))
  const rest = await fetch(`${link}/0`, { headers: { Range: 'bytes=2999000-' } })
  expect([rest.status, (await rest.arrayBuffer()).byteLength]).toEqual([206, 1000])
  const all = await (await fetch(`${link}/all.zip`)).arrayBuffer()
  expect(all.byteLength).toBeGreaterThan(3_000_000)
  await phone.page.getByText(/Téléchargé 2 fois/).waitFor()
  const stranger = await phone.page.context().newPage()
  await stranger.goto(link)
  await stranger.getByRole('link', { name: 'Tout télécharger' }).waitFor()
  await inspect(stranger, 'the page of a transfer')
  await stranger.close()
})

test('taken away, the link leads nowhere', async () => {
  await phone.page.getByRole('button', { name: 'Retirer les fichiers' }).click()
  await phone.page.getByRole('dialog').getByRole('button', { name: 'Retirer les fichiers' }).click()
  await phone.page.getByRole('heading', { level: 1, name: 'Transferts' }).waitFor()
  await expect.poll(async () => (await fetch(link)).status).toBe(404)
  expect((await fetch(`${link}/0`)).status).toBe(404)
})
