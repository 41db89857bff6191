// P6: a teacher takes the roll in the basement, vie scolaire and the family hear of it at once, a parent explains with
// a photo, vie scolaire decides, and everybody sees what became of it.
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { Phone } from './chromium.ts'
import { installed, signInAs } from './people.ts'
import { Server } from './server.ts'
import { story } from './steps.ts'

let server: Server
let teacherPage: Page
let officePage: Page
let parentPage: Page
let pupilPage: Page
const teacher = new Phone()
const office = new Phone({ width: 1280, height: 900 })
const parent = new Phone()
const pupil = new Phone()
const people = { teacher, office, parent, pupil }
const step = story(people)

beforeAll(async () => {
  server = await Server.start()
  const open = async (phone: Phone, name: string): Promise<Page> => {
    const page = await phone.open(server.url)
    await signInAs(page, name)
    return page
  }
  teacherPage = await open(teacher, 'Claire Garnier')
  officePage = await open(office, 'Thomas Lopez')
  parentPage = await open(parent, 'Nadia Benali')
  pupilPage = await open(pupil, 'Inès Benali')
})
afterAll(async () => {
  await Promise.all(Object.values(people).map((one) => one.dispose()))
  await server.stop()
})

const calls = (name: string) =>
  teacherPage.getByRole('listitem').filter({ hasText: name }).getByRole('button').first()

const hour = new Date().toLocaleTimeString('en-GB', { hour: '2-digit', timeZone: 'Europe/Paris' })

/** Some days ago, as forms have it, and as the screens say it. */
const ago = (days: number) => new Date(Date.now() - days * 86_400_000)
const day = (days: number) => ago(days).toISOString().slice(0, 10)
const short = (days: number) =>
  new Intl.DateTimeFormat('fr-FR', { day: 'numeric', month: 'short', timeZone: 'UTC' })
    .format(ago(days))
    .replace(/^1 /, '1er ')

/** The absence, with what vie scolaire answered. */
const answered = (page: Page) =>
  page
    .getByRole('listitem')
    .filter({ hasText: /^\s*Absence/ })
    .filter({ hasText: 'Bon rétablissement à Inès.' })

/** What the app keeps of its own on the device. */
const onDisk = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(new Error('the database cannot be read'))
      })
    const all = await indexedDB.databases()
    const name = all.find((one) => /^preau:[^:]+$/.test(one.name ?? ''))?.name ?? ''
    const db = await done(indexedDB.open(name))
    const kept = await done(db.transaction('kv').objectStore('kv').getAll())
    db.close()
    return JSON.stringify(kept)
  })

step('a teacher takes the roll without a network, and it is kept', async () => {
  await installed(teacherPage)
  await teacherPage.goto(`${server.url}/appel`)
  await teacherPage.getByRole('link', { name: 'Français · 5e B' }).first().click()
  await calls('Benali Inès').waitFor()
  await teacherPage.getByRole('button', { name: 'Horaire' }).click() // whatever the timetable has at this hour
  await teacherPage.getByLabel('Début').fill(`${hour}:00`)
  await teacherPage.getByLabel('Fin').fill(`${hour}:59`)
  await teacherPage.getByRole('button', { name: 'Utiliser cet horaire' }).click()
  const from = `${String(Number(hour))} h`
  await teacherPage.getByText(`De ${from} à ${from} 59`).waitFor()
  await teacher.offline(true)
  await calls('Benali Inès').click()
  await teacherPage.getByText('5 présents, 1 absent').waitFor()
  await calls('Benali Inès').click()
  await calls('Benali Inès').getByText('Retard 5 min').waitFor()
  await calls('Benali Inès').click()
  await calls('Benali Inès').click()
  await expect.poll(() => onDisk(teacherPage)).toContain('"state":"absent"')
  await teacherPage.reload() // what was tapped outlives the app
  await calls('Benali Inès').getByText('Absent').waitFor()
  await teacherPage.getByRole('button', { name: 'Valider l’appel' }).click()
  await teacherPage.getByText('Appel gardé sur cet appareil. Il partira tout seul.').waitFor()
})

step('vie scolaire sees who is missing once it arrives', async () => {
  await officePage.getByRole('link', { name: 'Vie scolaire', exact: true }).first().click()
  await officePage.getByRole('heading', { name: 'Absents en ce moment' }).waitFor()
  await expect.poll(() => officePage.getByRole('row', { name: /Inès Benali/ }).count()).toBe(0)
  await teacher.offline(false)
  await teacherPage.getByText(/reçu par la vie scolaire/).waitFor()
  await officePage
    .getByRole('row', { name: /Inès Benali/ })
    .getByText('À justifier')
    .waitFor()
  await officePage.getByRole('button', { name: 'Français · 5e B' }).waitFor()
})

step('her mother is told at once, and explains with a photo', async () => {
  await parentPage.getByRole('link', { name: 'Inès : absence' }).first().click()
  await parentPage.getByRole('heading', { level: 1, name: 'Vie scolaire' }).waitFor() // home has such rows too
  await parentPage.getByRole('heading', { name: 'À faire', exact: true }).waitFor()
  const line = parentPage.getByRole('listitem').filter({ hasText: /^\s*Absence/ })
  await line.getByRole('link', { name: 'Justifier' }).first().click()
  await parentPage.getByRole('heading', { level: 1, name: 'Justifier une absence' }).waitFor()
  await parent.offline(true)
  await parentPage.getByRole('button', { name: 'Envoyer le justificatif' }).click()
  await parentPage.getByText('Choisissez un motif, ou écrivez un mot.').waitFor()
  await parentPage.getByLabel('Motif').selectOption({ label: 'Maladie' })
  await parentPage.getByLabel(/Un mot pour la vie scolaire/).fill('Elle a de la fièvre.')
  await parentPage
    .locator('input[type=file]')
    .last()
    .setInputFiles(join(import.meta.dirname, 'picture.png'))
  await parentPage.getByRole('button', { name: 'Retirer la photo 1' }).waitFor()
  await parentPage.getByRole('button', { name: 'Envoyer le justificatif' }).click()
  await parentPage.getByText('Gardé sur cet appareil', { exact: true }).waitFor()
  await parent.offline(false)
  await parentPage.getByText('Justificatif envoyé').first().waitFor()
})

step('vie scolaire reads it, looks at the photo and decides', async () => {
  const line = officePage.getByRole('listitem').filter({ hasText: 'Elle a de la fièvre.' }).first()
  await line.getByRole('button', { name: 'Page 1' }).click()
  const photo = officePage.getByRole('dialog', { name: 'Page 1' })
  await photo.getByRole('img', { name: 'Page 1' }).waitFor()
  await photo.getByRole('button', { name: 'Fermer' }).click()
  await photo.waitFor({ state: 'hidden' })
  await line.getByRole('button', { name: 'Régler' }).click()
  const dialog = officePage.getByRole('dialog', { name: 'Inès Benali' })
  await dialog.getByLabel(/Réponse à la famille/).fill('Bon rétablissement à Inès.')
  await dialog.getByLabel(/Note interne/).fill('SECRET troisième fois')
  await dialog.getByRole('button', { name: 'Régler' }).click()
  await line.waitFor({ state: 'detached' })
})

step('mother and daughter see what became of it, and no more', async () => {
  await pupilPage.getByRole('link', { name: 'Vie scolaire', exact: true }).click()
  for (const page of [parentPage, pupilPage]) {
    await answered(page).getByText('Justifiée', { exact: true }).waitFor()
    expect(await page.getByText('SECRET').count()).toBe(0)
  }
  expect(await pupilPage.getByRole('link', { name: 'Justifier' }).count()).toBe(0)
})

step('a mistake is taken back politely', async () => {
  await calls('Benali Inès').click()
  await calls('Benali Inès').click()
  await teacherPage.getByText('6 présents').waitFor()
  await teacherPage.getByRole('button', { name: 'Enregistrer 1 correction' }).click()
  await parentPage.getByRole('link', { name: 'Accueil' }).click()
  await parentPage.getByText('Erreur d’appel : Inès est bien en classe').first().waitFor()
  await answered(pupilPage).waitFor({ state: 'detached' })
})

step('a teacher praises, a guardian takes note', async () => {
  await teacherPage.getByRole('button', { name: 'Autres choix pour Benali Inès' }).click()
  await teacherPage.getByRole('link', { name: 'Écrire une observation' }).click()
  await teacherPage.getByLabel('Nature').selectOption({ label: 'Encouragement' })
  await teacherPage.getByLabel(/Texte pour la famille/).fill('Belle participation à l’oral.')
  await teacherPage.getByRole('switch', { name: /prendre connaissance/ }).click()
  await teacherPage.getByRole('button', { name: 'Enregistrer' }).click()
  await parentPage.getByRole('link', { name: 'Inès : encouragement' }).first().click()
  const line = parentPage.getByRole('listitem').filter({ hasText: 'Belle participation à l’oral.' })
  await line.getByRole('button', { name: 'J’en ai pris connaissance' }).click()
  await line.getByText(/Vu par .*Benali/).waitFor()
})

step('vie scolaire notes an absence over several days, and it stays whole', async () => {
  await officePage.getByLabel('Chercher un élève').fill('benali ines')
  await officePage.getByRole('link', { name: 'Inès Benali' }).first().click()
  await officePage.getByRole('button', { name: 'Noter' }).click()
  const dialog = officePage.getByRole('dialog', { name: 'Noter' })
  await dialog.getByLabel('Début').fill(`${day(40)}T08:00`)
  await dialog.getByLabel('Fin').fill(`${day(41)}T17:30`)
  await dialog.getByRole('button', { name: 'Enregistrer' }).click()
  await dialog.getByText('La fin vient après le début.').waitFor()
  await dialog.getByLabel('Fin').fill(`${day(38)}T17:30`)
  await dialog.getByRole('button', { name: 'Enregistrer' }).click()
  for (const page of [officePage, parentPage])
    await page
      .getByText(new RegExp(`du ${short(40)}, 8.h, au ${short(38)}, 17.h.30`))
      .first()
      .waitFor()
})

step('of an incident each family reads its part', async () => {
  await officePage.getByRole('link', { name: 'Vie scolaire' }).first().click()
  await officePage.getByRole('link', { name: 'Incident' }).click()
  await officePage.getByLabel('Ce qui s’est passé').fill('SECRET une bousculade entre deux élèves')
  await officePage.getByLabel('Ajouter un élève').fill('benali ines')
  await officePage.getByRole('button', { name: 'Inès Benali' }).click()
  await officePage.getByLabel('Ce que lira la famille de Inès Benali').fill('A été bousculée, sans mal.')
  await officePage.getByRole('button', { name: 'Enregistrer' }).click()
  await officePage.getByRole('heading', { level: 1, name: 'Vie scolaire' }).waitFor()
  await parentPage.getByText('A été bousculée, sans mal.').first().waitFor()
  expect(await parentPage.getByText('SECRET').count()).toBe(0)
})
