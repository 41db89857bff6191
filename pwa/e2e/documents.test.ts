// E71, W7–W10: a pupil keeps the teacher's sheet, adds a file in the tunnel, sends it by a message, reads it on
// another device without a network, throws it away and takes it back. What finds no room comes back.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { Phone } from './chromium.ts'
import { installed, signInAs } from './people.ts'
import { Remote } from './remote.ts'
import { Server } from './server.ts'
import { story } from './steps.ts'

let server: Server
let office: Remote
let page: Page
let desk: Page
let slate: Page
const pupil = new Phone()
const teacher = new Phone({ width: 1280, height: 800 })
const tablet = new Phone({ width: 820, height: 1180 })
const step = story({ pupil, teacher, tablet })
const words = 'Les volcans de l’Auvergne dorment depuis sept mille ans.'

beforeAll(async () => {
  server = await Server.start()
  office = await Remote.signIn(server, 'helene.roussel', 'cascade-verveine-trapèze-hibou')
})
afterAll(async () => {
  await Promise.all([pupil.dispose(), teacher.dispose(), tablet.dispose()])
  await server.stop()
})

async function addText(name: string, text: string): Promise<void> {
  await page
    .locator('main input[type="file"][multiple]')
    .setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) })
}

async function shelf(on: Page): Promise<void> {
  await on.goto(`${server.url}/porte-documents`)
  await on.getByRole('heading', { level: 1, name: 'Porte-documents' }).waitFor()
}

/** Opens the menu of a document and does something there. */
async function act(on: Page, name: string, what: string): Promise<void> {
  await on.getByRole('button', { name: `Plus d’actions pour ${name}` }).click()
  await on.getByRole('dialog').getByRole('button', { name: what, exact: true }).click()
}

async function quotas(pupils: number): Promise<void> {
  const others = { guardian: 200, staff: 2000 }
  await office.act(`school:${office.school}`, 'document.quotas@1', { pupil: pupils, ...others })
}

const row = (on: Page, name: string) => on.getByRole('listitem').filter({ hasText: name })

step('a teacher sends a sheet', async () => {
  desk = await teacher.open(server.url)
  await signInAs(desk, 'Claire Garnier')
  await desk.goto(`${server.url}/messages/ecrire/0193abcd-0000-7000-8000-0000000000d1`)
  await desk.getByRole('combobox', { name: 'À' }).fill('ines ben')
  await desk
    .getByRole('option', { name: /Inès Benali/ })
    .first()
    .click()
  await desk.getByLabel('Objet').fill('Fiche de révision')
  await desk.getByRole('textbox', { name: 'Message' }).fill('Voici la fiche.')
  await desk
    .locator('input[type="file"][multiple]')
    .setInputFiles({ name: 'fiche.pdf', mimeType: 'application/pdf', buffer: Buffer.from(pdf) })
  await desk.getByText('fiche.pdf').waitFor()
  await desk.getByRole('button', { name: 'Envoyer', exact: true }).click()
  await desk.getByText('Le message part.').waitFor()
})

step('the pupil keeps it, from the message', async () => {
  page = await pupil.open(server.url)
  await signInAs(page, 'Inès Benali')
  await page.goto(`${server.url}/messages`)
  await page.getByText('Fiche de révision').click()
  await page.getByRole('button', { name: 'Garder fiche.pdf dans le porte-documents' }).click()
  await page.getByText('Gardé dans le porte-documents').waitFor()
  await page.getByRole('button', { name: /^Garder fiche/ }).waitFor({ state: 'detached' })
  await shelf(page)
  await row(page, 'fiche.pdf').first().waitFor()
})

step('in the tunnel a file is added: it is there at once, and says where', async () => {
  await installed(page)
  await pupil.offline(true)
  await page.reload()
  await page.getByRole('heading', { level: 1, name: 'Porte-documents' }).waitFor()
  await addText('exposé volcans.txt', words)
  await page.getByText('1 fichier gardé. Il partira').waitFor()
  await row(page, 'exposé volcans').getByText('gardé sur cet appareil').waitFor()
  await page.reload()
  await row(page, 'exposé volcans').getByText('gardé sur cet appareil').waitFor()
})

step('a search finds it without its accents; an empty file is left out, and said', async () => {
  await page.getByRole('searchbox', { name: 'Chercher un fichier' }).fill('EXPOSE')
  await row(page, 'exposé volcans').waitFor()
  await row(page, 'fiche.pdf').waitFor({ state: 'detached' })
  await page.getByRole('searchbox', { name: 'Chercher un fichier' }).fill('')
  await addText('vide.txt', '')
  await page.getByText('Vide, donc laissé de côté : vide.txt.').waitFor()
})

step('back on the network it leaves', async () => {
  await pupil.offline(false)
  await row(page, 'exposé volcans').getByText('gardé sur cet appareil').waitFor({ state: 'detached' })
})

step('E71 it is chosen there for a message', async () => {
  await page.goto(`${server.url}/messages/ecrire/0193abcd-0000-7000-8000-0000000000d2`)
  await page.getByRole('combobox', { name: 'À' }).fill('gar')
  await page.getByRole('option', { name: /Mme Garnier/ }).click()
  await page.getByLabel('Objet').fill('Mon exposé')
  await page.getByRole('textbox', { name: 'Message' }).fill('Le voici.')
  await page.getByRole('button', { name: 'Porte-documents', exact: true }).click()
  await page.getByRole('dialog').getByRole('searchbox').fill('volcan')
  await page
    .getByRole('dialog')
    .getByRole('checkbox', { name: /exposé volcans/ })
    .check()
  await page.getByRole('button', { name: 'Joindre 1 fichier' }).click()
  await page.getByRole('button', { name: 'Retirer exposé volcans.txt' }).waitFor()
  await page.getByRole('button', { name: 'Envoyer', exact: true }).click()
  await page.getByText('Le message part.').waitFor()
})

step('the teacher opens it', async () => {
  await desk.goto(`${server.url}/messages`)
  await desk.getByText('Mon exposé').first().click()
  const coming = desk.waitForEvent('download')
  await desk.getByRole('button', { name: 'exposé volcans.txt', exact: true }).click()
  expect(await textOf(await coming)).toBe(words)
})

step('a tablet of hers pins it, and reads it without a network', async () => {
  slate = await tablet.open(server.url)
  await signInAs(slate, 'Inès Benali')
  await shelf(slate)
  await act(slate, 'exposé volcans.txt', 'Garder hors ligne')
  await row(slate, 'exposé volcans').getByText('hors ligne', { exact: true }).waitFor()
  await installed(slate)
  await tablet.offline(true)
  await slate.reload()
  await row(slate, 'exposé volcans').getByText('hors ligne', { exact: true }).waitFor()
  const coming = slate.waitForEvent('download')
  await act(slate, 'exposé volcans.txt', 'Télécharger')
  expect(await textOf(await coming)).toBe(words)
  await act(slate, 'fiche.pdf', 'Télécharger')
  await slate.getByText('Ce fichier n’est pas encore sur cet appareil').waitFor()
})

step('there it is renamed and put into a folder, offline; the phone sees it', async () => {
  await act(slate, 'exposé volcans.txt', 'Renommer')
  await slate.getByRole('dialog').getByLabel('Nom').fill('Volcans')
  await slate.getByRole('dialog').getByRole('button', { name: 'Enregistrer' }).click()
  await act(slate, 'Volcans.txt', 'Déplacer')
  await slate.getByRole('dialog').getByRole('button', { name: 'Nouveau dossier' }).click()
  await slate.getByRole('dialog').getByLabel('Nom').fill('Géographie')
  await slate.getByRole('dialog').getByRole('button', { name: 'Enregistrer' }).click()
  await slate.getByRole('link', { name: 'Géographie' }).click()
  await row(slate, 'Volcans.txt').waitFor()
  await tablet.offline(false)
  await shelf(page)
  await page.getByRole('link', { name: 'Géographie' }).click()
  await row(page, 'Volcans.txt').waitFor()
})

step('thrown away, taken back, thrown away again and found in the bin', async () => {
  await act(page, 'Volcans.txt', 'Mettre à la corbeille')
  await page.getByText('Ce dossier est vide').waitFor()
  await page.getByRole('button', { name: 'Annuler' }).click()
  await row(page, 'Volcans.txt').waitFor()
  await act(page, 'Volcans.txt', 'Mettre à la corbeille')
  await page.getByText('Ce dossier est vide').waitFor()
  await shelf(page)
  await page.getByRole('link', { name: 'Corbeille' }).click()
  await row(page, 'Volcans.txt').getByText('supprimé dans 30 jours').waitFor()
  await page.getByRole('button', { name: 'Vider la corbeille' }).click()
  await page.getByRole('dialog').getByText('1 fichier sera supprimé pour toujours.').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Vider la corbeille' }).click()
  await page.getByText('Ce qui est jeté reste ici 30 jours').waitFor()
})

step('what finds no room comes back, with its file; once there is room it is kept', async () => {
  await page.goto(`${server.url}/reglages/envois`)
  await page.getByText('Tout est parti').first().waitFor()
  const asked = page.waitForResponse(/\/api\/sync/)
  await shelf(page)
  await asked
  await pupil.offline(true)
  await page.locator('main').getByText('Hors connexion').waitFor()
  await addText('Roman.txt', 'Il était une fois.')
  await page.getByText('1 fichier gardé. Il partira').waitFor()
  await quotas(0)
  await pupil.offline(false)
  await page.getByText('Il ne reste que 0').waitFor()
  await page.getByRole('heading', { name: 'Pas encore rangés' }).waitFor()
  await quotas(500)
  await page.getByRole('button', { name: 'Réessayer' }).click()
  await page.getByRole('heading', { name: 'Pas encore rangés' }).waitFor({ state: 'detached' })
  await row(page, 'Roman.txt').waitFor()
  await row(page, 'Roman.txt').getByText('gardé sur cet appareil').waitFor({ state: 'detached' })
})

step('a teacher gives work with a sheet that she has kept', async () => {
  await desk.goto(`${server.url}/travail/donner`)
  await desk.getByRole('combobox', { name: /Classe/ }).selectOption({ label: 'Français · 5e B' })
  await desk.getByLabel('Titre').fill('Un conte à moi')
  await desk.getByRole('button', { name: 'Porte-documents', exact: true }).click()
  await desk
    .getByRole('dialog')
    .getByRole('checkbox', { name: /Fiche - le conte/ })
    .check()
  await desk.getByRole('button', { name: 'Joindre 1 fichier' }).click()
  await desk.getByText('Fiche - le conte.pdf').first().waitFor()
  await desk.getByRole('button', { name: 'Donner ce travail' }).click()
  await desk.getByRole('link', { name: 'Un conte à moi' }).waitFor()
})

step('the pupil reads it, and hands in a page that she had kept', async () => {
  await page.goto(`${server.url}/travail`)
  await page.getByRole('link', { name: 'Un conte à moi' }).first().click()
  await page.getByRole('button', { name: 'Fiche - le conte.pdf', exact: true }).click()
  await page.getByRole('group', { name: /^Page 1 sur/ }).waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Fermer' }).click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Porte-documents', exact: true }).click()
  await page
    .getByRole('dialog')
    .getByRole('checkbox', { name: /Notes de SVT/ })
    .check()
  await page.getByRole('button', { name: 'Joindre 1 fichier' }).click()
  await page.getByRole('button', { name: 'Déposer ma copie' }).click()
  await page
    .getByText(/Déposé le/)
    .first()
    .waitFor()
})

step('the teacher reads the copy', async () => {
  await desk.goto(`${server.url}/copies`)
  await desk.getByRole('link', { name: 'Un conte à moi' }).click()
  await desk.getByRole('link', { name: 'Benali Inès' }).click()
  await desk.getByRole('img', { name: 'Page 1' }).first().waitFor()
})

step('signing out leaves nothing on the tablet', async () => {
  await slate.goto(`${server.url}/reglages`)
  await slate.getByRole('button', { name: 'Se déconnecter' }).click()
  await slate
    .getByRole('dialog')
    .getByRole('button', { name: /Se déconnecter/ })
    .click()
  await slate.getByRole('button', { name: 'Inès Benali' }).waitFor()
  const left = () => slate.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))
  await expect.poll(left).toEqual([])
})

async function textOf(download: { createReadStream(): Promise<NodeJS.ReadableStream> }): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of await download.createReadStream()) parts.push(Buffer.from(part))
  return Buffer.concat(parts).toString()
}

/** The smallest PDF that readers accept. */
const pdf = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj
trailer<</Size 4/Root 1 0 R>>
startxref
170
%%EOF
`
