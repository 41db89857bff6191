// W10, W11: a teacher asks a class for files. A pupil drops some in a tunnel, and they arrive by themselves; a grandfather
// without an account drops one by the link; the teacher has both, by name, and downloads all.
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Phone } from './chromium.ts'
import { inspect } from './inspect.ts'
import { installed, signInAs } from './people.ts'
import { Server } from './server.ts'

let server: Server
let link = ''
const [teacher, pupil] = [new Phone(), new Phone()]
const file = (name: string, text: string) => ({ name, mimeType: 'image/jpeg', buffer: Buffer.from(text) })

beforeAll(async () => {
  server = await Server.start()
})
afterAll(async () => {
  await Promise.all([teacher.dispose(), pupil.dispose()])
  await server.stop()
})

test('a teacher asks a class, and the link is there at once', async () => {
  const page = await teacher.open(server.url)
  await signInAs(page, 'Claire Garnier')
  await page.goto(`${server.url}/collectes/nouvelle`)
  await page.getByLabel('Que demandez-vous ?').fill('Vos exposés')
  await page.getByLabel('5e B', { exact: true }).check()
  await inspect(page, 'a collect being made')
  await page.getByRole('button', { name: 'Ouvrir la collecte' }).click()
  await page.getByRole('heading', { level: 1, name: 'Vos exposés' }).waitFor()
  link = (await page.locator('.link').innerText()).trim()
  expect(link).toMatch(/\/c\/[\w-]{22}$/)
  await expect.poll(async () => (await fetch(link)).status).toBe(200)
})

test('a pupil drops files in a tunnel; they leave by themselves', async () => {
  const page = await pupil.open(server.url)
  await signInAs(page, 'Inès Benali')
  await installed(page)
  await page.getByRole('link', { name: /Vos exposés/ }).click()
  await page.getByText('Mme Garnier demande des fichiers').waitFor()
  await pupil.offline(true)
  await page.getByText(/Hors connexion\./).waitFor()
  await page
    .locator('input[type=file]')
    .first()
    .setInputFiles([file('image.jpg', 'le volcan'), file('image.jpg', 'le séisme')])
  await page.getByRole('button', { name: 'Déposer' }).click()
  await page.getByText('Gardé ici').waitFor()
  await page.getByText('image (2).jpg').waitFor()
  await pupil.offline(false)
  await expect.poll(() => page.getByText('Déposé', { exact: true }).count()).toBe(2)
})

/** Closes the page of the link; the next one may keep what is chosen once this one has let go of its lock. */
async function close(page: Page): Promise<void> {
  await page.close()
  const isHeld = async () =>
    (await navigator.locks.query()).held?.some(({ name }) => name?.startsWith('/c/')) ?? false
  await expect.poll(() => pupil.page.evaluate(isHeld)).toBe(false)
}

/** How many files the page of the link has put on the disk. */
function filesKept(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((done) => {
        const opening = indexedDB.open('preau-guest')
        opening.onsuccess = () => {
          const drops = opening.result.transaction('drops').objectStore('drops').getAll()
          drops.onsuccess = () => {
            opening.result.close()
            done((drops.result as { files: unknown[] }[]).reduce((sum, { files }) => sum + files.length, 0))
          }
        }
      }),
  )
}

test('whoever has the link drops a file without an account', async () => {
  const page = await pupil.page.context().newPage()
  await page.goto(link)
  await page.getByRole('button', { name: 'Déposer' }).click()
  await page.getByText('Écrivez votre nom.').waitFor()
  await page.getByLabel('Votre nom').fill('Papi Léon')
  await page.getByLabel(/Nom de l’élève/).fill('Inès')
  await page.locator('#files').setInputFiles(file('carte.jpg', 'la carte'))
  await inspect(page, 'the page of a collect')
  await expect.poll(() => filesKept(page)).toBe(1)
  await close(page)
})

test('a page that was closed has what was chosen, and one closed while sending goes on', async () => {
  const { context } = pupil
  const piece = '**/c/*/*/*'
  const page = await context.newPage()
  await page.goto(link)
  await page.getByText('carte.jpg').waitFor()
  await expect.poll(() => page.getByLabel('Votre nom').inputValue()).toBe('Papi Léon')
  await page.route(piece, (route) => route.abort())
  await page.getByRole('button', { name: 'Déposer' }).click()
  await page.getByText('Connexion perdue').waitFor()
  await close(page)

  const later = await context.newPage()
  await later.goto(link)
  await later.getByRole('heading', { name: 'C’est déposé' }).waitFor()
  await later.getByRole('button', { name: 'Déposer autre chose' }).waitFor()
  await later.reload()
  await expect.poll(() => later.getByText('carte.jpg').count()).toBe(0)
  await later.close()
})

/** What pages of the first kind kept: a file lay in its row. */
async function keptBefore(page: Page, at: string): Promise<void> {
  await page.evaluate(
    (at) =>
      new Promise<void>((done) => {
        const opening = indexedDB.open('preau-guest', 1)
        opening.onupgradeneeded = () => opening.result.createObjectStore('drops', { keyPath: 'at' })
        opening.onsuccess = () => {
          const body = new File(['avant'], 'avant.jpg', { type: 'image/jpeg' })
          const files = [{ name: body.name, type: body.type, size: body.size, body }]
          const said = { drop: 'A'.repeat(22), named: false, name: 'Mamie Jo', child: 'Inès' }
          const writing = opening.result.transaction('drops', 'readwrite')
          writing.objectStore('drops').put({ at, on: Date.now(), files, ...said })
          writing.oncomplete = () => {
            opening.result.close()
            done()
          }
        }
      }),
    at,
  )
}

test('what was chosen before the app was updated is still there', async () => {
  const page = await teacher.context.newPage()
  await page.goto(`${server.url}/accessibilite`)
  await keptBefore(page, new URL(link).pathname)
  await page.goto(link)
  await page.getByText('avant.jpg').waitFor()
  await expect.poll(() => page.getByLabel('Votre nom').inputValue()).toBe('Mamie Jo')
  await page.locator('#files').setInputFiles(file('après.jpg', 'après'))
  await page.getByText('après.jpg').waitFor()
  await expect.poll(() => filesKept(page)).toBe(2)
  await page.reload()
  await page.getByText('avant.jpg').waitFor()
  await page.getByText('après.jpg').waitFor()
  await page.close()
})

test('the teacher sees both, and downloads all', async () => {
  const { page } = teacher
  await page.getByText('Dit s’appeler Papi Léon').waitFor()
  await page.getByText('1 élève sur 6 a déposé').first().waitFor()
  await inspect(page, 'a collect')
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Tout télécharger (3 fichiers)' }).click(),
  ])
  const path = join(mkdtempSync(join(tmpdir(), 'preau-collect-')), 'all.zip')
  await download.saveAs(path)
  const list = execFileSync('python3', ['-m', 'zipfile', '-l', path]).toString()
  for (const name of [
    'Inès Benali/image.jpg',
    'Inès Benali/image (2).jpg',
    'Inès (déposé par Papi Léon)/carte.jpg',
  ])
    expect(list).toContain(name)
})

test('closed, the link leads nowhere', async () => {
  await teacher.page.getByRole('button', { name: 'Terminer' }).click()
  await teacher.page.getByText('On ne peut plus rien déposer.').waitFor()
  await expect.poll(async () => (await fetch(link)).status).toBe(404)
})
