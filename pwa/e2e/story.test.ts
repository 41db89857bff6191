// The story that Préau exists for: a phone set up in one scan, homework read
// in a tunnel, photographed and handed in, the app killed, the network back
// for four seconds and then for good; the teacher reads and answers; the
// pupil and the parent see it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import type { Page } from 'playwright-core'
import { Phone } from './chromium.ts'
import { Link } from './link.ts'
import { fourPhotos } from './paper.ts'
import { digits, installed, scan, signInAs } from './people.ts'
import { pause, Server } from './server.ts'
import { story } from './steps.ts'

const title = 'Rédaction : portrait d’un héros'

let server: Server
let link: Link
const phone = new Phone()
const laptop = new Phone({ width: 1280, height: 800 })
const teacher = new Phone({ width: 1280, height: 800 })
const parent = new Phone()

beforeAll(async () => {
  server = await Server.start()
  link = await Link.to(() => server.port)
})

afterAll(async () => {
  await Promise.all([phone, laptop, teacher, parent].map((one) => one.dispose()))
  await link.close()
  await server.stop()
})

let desk: Page
let page: Page

const step = story({ phone, laptop, teacher, parent })

step('a teacher gives homework with a sheet', async () => {
  const sheet = join(mkdtempSync(join(tmpdir(), 'preau-sheet-')), 'Critères de réussite.pdf')
  execFileSync('sh', ['-c', `printf '%s' "$1" > "$2"`, 'sh', pdf, sheet])
  const screen = await teacher.open(server.url)
  await signInAs(screen, 'Claire Garnier')
  await screen.getByRole('link', { name: 'Travail donné' }).first().click()
  await screen.getByRole('link', { name: 'Donner un travail' }).first().click()
  await screen.getByRole('combobox', { name: /Classe/ }).selectOption({ label: 'Français · 5e B' })
  await screen.getByLabel('Titre').fill(title)
  await screen.getByLabel('Consigne').fill('Une page. Relis les critères du cours avant de déposer ta copie.')
  await screen.locator('input[type=file]').setInputFiles(sheet)
  await screen.getByText('Critères de réussite.pdf').waitFor()
  await screen.getByRole('button', { name: 'Donner ce travail' }).click()
  await screen.getByRole('link', { name: title }).waitFor()
})

step('a phone is set up in one scan and six digits', async () => {
  desk = await laptop.open(server.url)
  await signInAs(desk, 'Inès Benali')
  await desk.goto(`${server.url}/appareils/ajouter`)
  const address = await scan(desk)
  expect(address).toMatch(/\/lier#1\./)
  page = await phone.open(address.replace(server.url, link.url))
  expect(await page.evaluate(() => location.hash)).toBe('')
  await desk.getByRole('textbox').first().waitFor()
  await desk
    .getByRole('textbox')
    .first()
    .pressSequentially(await digits(page))
  await desk.getByText('Téléphone ajouté').waitFor()
  await page.getByRole('link', { name: 'Aller à l’accueil' }).click()
  await page.getByRole('link', { name: title }).first().waitFor()
  await installed(page)
})

step('in the tunnel: homework and its sheet are there, the copy is made and handed in', async () => {
  await page.getByRole('link', { name: title }).first().click()
  await page.getByText('lisible hors connexion').first().waitFor()
  link.cut()
  await phone.offline(true)
  await page.reload()
  await page.getByText('Une page. Relis les critères').waitFor()
  await page.getByText('lisible hors connexion').first().waitFor()

  const camera = page.locator('input[capture]')
  const photos = await fourPhotos(page)
  for (const [i, photo] of photos.slice(0, 3).entries()) {
    await camera.setInputFiles(photo)
    await page.getByRole('button', { name: `Page ${String(i + 1)}`, exact: true }).waitFor()
    await page.getByRole('img', { name: `Page ${String(i + 1)}`, exact: true }).waitFor()
  }
  await page.getByRole('button', { name: 'Page 2', exact: true }).click()
  await page.getByRole('button', { name: 'Tourner la page' }).click()
  await page.getByRole('button', { name: 'Fermer' }).first().click()
  await page.getByRole('button', { name: 'Enlever la page 3' }).click()
  await camera.setInputFiles(photos.slice(3))
  await page.getByRole('img', { name: 'Page 3', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Déposer ma copie' }).click()
  await page.getByText('Gardée sur ce téléphone. Elle partira').first().waitFor()
})

step(
  'the app is killed; the network comes for four seconds, then for good; the copy arrives once',
  async () => {
    await phone.off()
    link.restore()
    page = await phone.open(link.url)
    await pause(4000)
    link.cut()
    await pause(3000)
    link.restore()
    await page.goto(link.url)
    await page.getByRole('link', { name: 'Travail' }).first().click()
    await page.getByRole('link', { name: title }).first().click()
    await page.getByText(/Déposé le .* à \d\d:\d\d/).waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Voir le reçu' }).click()
    await page.getByText('Empreinte des pages').waitFor()
  },
)

step('the teacher finds one copy of three pages, reads it and hands it back', async () => {
  const screen = teacher.page
  await screen.getByRole('link', { name: 'Copies' }).first().click()
  await screen.getByRole('heading', { level: 1, name: 'Copies' }).waitFor()
  await screen.getByRole('link', { name: title }).click()
  await screen.getByText(/1 copie sur \d+/).waitFor()
  await screen.getByRole('link', { name: 'Benali Inès' }).click()
  await screen.getByText('3 pages').first().waitFor()
  await screen.getByRole('img', { name: 'Page 1' }).waitFor()
  await screen.getByRole('button', { name: 'Page suivante' }).click()
  await screen.getByRole('img', { name: 'Page 2' }).waitFor()
  await screen.getByLabel('Pour Inès').fill('Très beau portrait, vivant et précis.')
  await screen.keyboard.press('Control+Enter')
  await screen.getByText('Copie rendue à Inès').waitFor()
})

step('the pupil and the parent of two children see the answer', async () => {
  await page.getByRole('button', { name: 'Fermer' }).first().click()
  await page.getByText('Très beau portrait, vivant et précis.').waitFor({ timeout: 60_000 })

  const screen = await parent.open(server.url)
  await signInAs(screen, 'Nadia Benali')
  await screen.getByText(/Inès/).first().waitFor()
  await screen.getByText(/Sami/).first().waitFor()
  await screen.goto(`${server.url}/travail`)
  await screen.getByRole('link', { name: title }).first().click()
  await screen.getByText('Très beau portrait, vivant et précis.').waitFor()
  await expect.poll(() => screen.getByRole('button', { name: 'Déposer ma copie' }).count()).toBe(0)
})

/** The smallest PDF that readers accept. */
const pdf = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj
xref
0 4
0000000000 65535 f 
0000000009 00000 n 
0000000054 00000 n 
0000000105 00000 n 
trailer<</Size 4/Root 1 0 R>>
startxref
170
%%EOF
`
