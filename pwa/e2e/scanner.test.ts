// E24, E25: a virus reaches nobody, and all concerned see why. While the scanner is away messages arrive and copies
// count; only their files wait, and nobody has to do anything.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { Phone } from './chromium.ts'
import { Clamd, eicar } from './clamd.ts'
import { fits, inspect, shoot } from './inspect.ts'
import { installed, signInAs } from './people.ts'
import { Remote } from './remote.ts'
import { Server } from './server.ts'
import { story } from './steps.ts'

const clamd = new Clamd()
const pupil = new Phone()
const teacher = new Phone({ width: 1280, height: 800 })
const step = story({ pupil, teacher })
const claire = ['claire.garnier', 'girouette-noisette-banquise-cerceau'] as const
let server: Server
let desk: Remote // the teacher's
let other: Remote // the pupil's
let page: Page
let screen: Page
let work = ''

beforeAll(async () => {
  await clamd.start()
  server = await Server.start({ env: { PREAU_CLAMD: clamd.address } })
  desk = await Remote.signIn(server, ...claire)
  other = await Remote.signIn(server, 'ines.benali', 'tortue-violon-pamplemousse-marée')
})
afterAll(async () => {
  await pupil.dispose()
  await teacher.dispose()
  await server.stop()
  await clamd.dispose()
})

/** A message of the teacher to the pupil with one file. */
async function write(subject: string, name: string, bytes: Buffer): Promise<void> {
  const sha = await desk.upload(bytes, 'message', name, 'text/plain')
  await desk.act(`user:${desk.user}`, 'mail.send@1', {
    ...{ id: randomUUID(), subject, mode: 'all', to: [`user:${other.user}`] },
    body: [{ runs: [{ text: 'Voici le plan.' }] }],
    files: [{ sha, name, type: 'text/plain', size: bytes.length }],
  })
}

/** The screen in both themes, narrow and with large text. */
async function look(tab: Page, what: string): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await tab.emulateMedia({ colorScheme: theme })
    await tab.evaluate(async () => {
      const colours = document.getAnimations().filter((one) => one instanceof CSSTransition)
      await Promise.allSettled(colours.map((one) => one.finished))
    })
    await inspect(tab, `${what} ${theme}`)
    await shoot(tab, `scanner ${what} ${theme}`)
  }
  await tab.emulateMedia({ colorScheme: 'light' })
  const size = tab.viewportSize() ?? { width: 390, height: 844 }
  await tab.setViewportSize({ width: 320, height: 640 })
  await fits(tab, `${what} at 320`)
  await tab.setViewportSize(size)
}

const read = async (subject: string): Promise<void> => {
  await page.goto(`${server.url}/messages`)
  await page.getByRole('link', { name: new RegExp(subject) }).click()
  await page.getByRole('article').getByText('Voici le plan.').waitFor()
}
const file = (name: string) => page.getByRole('article').getByRole('listitem').filter({ hasText: name })

step('E25 the reader gets the message, and a line in the place of the virus', async () => {
  page = await pupil.open(server.url)
  await signInAs(page, 'Inès Benali')
  await installed(page)
  await write('Plan de la sortie', 'plan.txt', eicar)
  await read('Plan de la sortie')
  await file('plan.txt').getByText('Pièce jointe supprimée : un virus a été trouvé').waitFor()
  await expect.poll(() => file('plan.txt').getByRole('button').count()).toBe(0)
  await expect.poll(() => file('plan.txt').locator('.gone').innerText()).toBe('plan.txt')
  await look(page, 'removed')
})

step('E25 whoever sent it is told, and led to it', async () => {
  screen = await teacher.open(server.url)
  await signInAs(screen, 'Claire Garnier')
  await screen.getByText('Un virus a été trouvé dans « plan.txt »').waitFor()
  await shoot(screen, 'scanner notice')
  await screen.getByRole('link', { name: /Une pièce jointe a été supprimée/ }).click()
  await screen.getByText('Pièce jointe supprimée : un virus a été trouvé').waitFor()
  await look(screen, 'removed at a desk')
})

step('E24 without the scanner a message arrives; its file is being checked', async () => {
  await clamd.stop()
  await write('Horaires', 'horaires.txt', Buffer.from('Départ à 8 h.\n'))
  await read('Horaires')
  await file('horaires.txt').getByText('En cours de vérification antivirus').waitFor()
  await expect.poll(() => file('horaires.txt').getByRole('button').count()).toBe(0)
  await look(page, 'checking')
})

step('E24 without the scanner a copy is handed in; it is being checked', async () => {
  work = randomUUID()
  const due = new Date(Date.now() + 3 * 86_400_000).toISOString()
  const given = await Remote.signIn(server, ...claire)
  await given.act('course:gvpu37l4sp2t', 'homework.give@1', {
    ...{
      id: work,
      title: 'Carnet de lecture',
      text: '',
      due,
      return: 'file',
      late: 'refuse',
      attachments: [],
    },
  })
  await page.goto(`${server.url}/travail/${work}`)
  await page.locator('input[type="file"][multiple]').setInputFiles(join(import.meta.dirname, 'picture.png'))
  await page.getByRole('button', { name: 'Déposer ma copie' }).click()
  await page.getByText('Elle est vérifiée avant d’être lue').waitFor({ timeout: 60_000 })
  await page.getByText('en vérification').first().waitFor()
  await look(page, 'copy checking')
})

step('E24 the scanner is back: nobody did anything, and all is there', async () => {
  await clamd.start()
  await page.getByText('Déposé le').waitFor({ timeout: 120_000 })
  await read('Horaires')
  await page.getByRole('button', { name: 'horaires.txt', exact: true }).waitFor({ timeout: 120_000 })
})

step('E25 a page of a copy with a virus is to be replaced, and the teacher never gets it', async () => {
  const sha = await other.upload(eicar, 'submission', 'page.txt', 'text/plain')
  await other.act(`student:${other.user}`, 'homework.submit@1', {
    ...{ id: randomUUID(), homework: work, pages: [sha], text: '' },
  })
  await page.goto(`${server.url}/travail/${work}`)
  await page.getByText('Une page n’a pas pu être acceptée').waitFor()
  await page.getByText('supprimée', { exact: true }).waitFor()
  await page.getByText('à reprendre', { exact: true }).waitFor()
  await look(page, 'copy broken')
  await page.getByRole('button', { name: 'Remplacer ma copie' }).click()
  await page.getByRole('button', { name: 'Photographier une page' }).waitFor()
  await expect.poll(() => page.getByRole('button', { name: 'Enlever la page 1' }).count()).toBe(0)

  await screen.goto(`${server.url}/copies/gvpu37l4sp2t/${work}/${other.user}`)
  await screen.getByText('une page n’a pas pu être acceptée').waitFor()
  await screen.getByText('Pièce jointe supprimée : un virus a été trouvé').waitFor()
  await look(screen, 'copy broken at a desk')
})
