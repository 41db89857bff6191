// A phone that is lost, sold or left behind: what is on it goes.
import type { Page } from 'playwright-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Phone } from './chromium.ts'
import { digits, installed, scan, signInAs } from './people.ts'
import { pause, Server } from './server.ts'

const removed = 'Ce compte a été retiré de cet appareil'
let server: Server
let laptop: Phone
let phone: Phone

beforeEach(async () => {
  server = await Server.start()
  laptop = new Phone({ width: 1280, height: 800 })
  phone = new Phone()
})
afterEach(async () => {
  await Promise.all([laptop.dispose(), phone.dispose()])
  await server.stop()
})

/** A laptop, and a phone that it added; the phone holds the pupil's work. */
async function two(): Promise<[desk: Page, page: Page]> {
  const desk = await laptop.open(server.url)
  await signInAs(desk, 'Inès Benali')
  await desk.goto(`${server.url}/appareils/ajouter`)
  const page = await phone.open(await scan(desk))
  await desk.getByLabel('Quels six chiffres montre ce téléphone ?').pressSequentially(await digits(page))
  await desk.getByText('Téléphone ajouté').waitFor()
  await page.getByRole('link', { name: 'Aller à l’accueil' }).click()
  await page.locator('main li a').first().waitFor()
  await installed(page)
  return [desk, page]
}

interface Left {
  databases: string[]
  words: string[]
  caches: string[]
}

/** What a browser still holds of somebody: the shell and how the app looks are nobody's. */
async function left(page: Page): Promise<Left> {
  const all = await page.evaluate(async () => ({
    databases: (await indexedDB.databases()).map((one) => one.name ?? ''),
    words: Object.keys(localStorage),
    caches: await caches.keys(),
  }))
  const nobodys = ['preau.theme', 'preau.language', 'preau.demo']
  return {
    databases: all.databases,
    words: all.words.filter((word) => !nobodys.includes(word)),
    caches: all.caches.filter((name) => !name.startsWith('preau-shell-')),
  }
}

const nothing: Left = { databases: [], words: [], caches: [] }

/** Nothing is left, as soon as the deletions under way have ended. */
async function isEmptied(page: Page): Promise<void> {
  await expect.poll(() => left(page)).toEqual(nothing)
}

async function session(page: Page): Promise<number> {
  return page.evaluate(async () => (await fetch('/api/session')).status)
}

/** The laptop's person says "not me". */
async function revoke(desk: Page): Promise<void> {
  await desk.goto(`${server.url}/appareils`)
  const answered = desk.waitForResponse((one) => one.request().method() === 'DELETE')
  await desk.getByRole('button', { name: 'Ce n’est pas moi' }).click()
  expect((await answered).status()).toBe(204)
}

test('a phone is taken off: refused at once, emptied in every tab, and it says why', async () => {
  const [desk, page] = await two()
  const other = await phone.context.newPage()
  await other.goto(`${server.url}/travail`)
  await other.locator('main li a').first().waitFor()
  expect((await left(page)).databases).not.toEqual([])
  expect((await left(page)).words).toContain('preau.me')
  expect(await session(page)).toBe(200)

  await revoke(desk)
  expect(await session(page)).toBe(401)

  for (const tab of [page, other]) {
    await tab.getByText(removed).waitFor()
    await expect.poll(() => tab.getByText('Inès', { exact: true }).count()).toBe(0)
  }
  await isEmptied(page)
  await desk.getByText(/Par prudence, change/).waitFor()
  expect(await session(desk)).toBe(200)
})

/** Somebody comes in with the pupil's password, on a device that nobody knows. */
async function takenOver(): Promise<Page> {
  const page = await phone.open(server.url)
  const status = await page.evaluate(async () => {
    const body = { login: 'ines.benali', password: 'tortue-violon-pamplemousse-marée', label: 'PC du CDI' }
    const headers = { 'Content-Type': 'application/json' }
    return (await fetch('/api/session', { method: 'POST', headers, body: JSON.stringify(body) })).status
  })
  expect(status).toBe(200)
  await page.goto(`${server.url}/appareils`)
  await page.getByText(/Pendant une semaine, il n’écrit qu’à quelques personnes/).waitFor()
  return page
}

test('a device that came in with a password is recognised on another', async () => {
  const desk = await laptop.open(server.url)
  await signInAs(desk, 'Inès Benali')
  const page = await takenOver()
  expect(await page.getByRole('button', { name: 'Je reconnais cet appareil' }).count()).toBe(0)

  await desk.goto(`${server.url}/appareils`)
  await desk.getByText('à reconnaître').waitFor()
  await desk.getByRole('button', { name: 'Je reconnais cet appareil PC du CDI' }).click()
  await desk.getByText('PC du CDI est reconnu').waitFor()
  await expect.poll(() => desk.getByText('à reconnaître').count()).toBe(0)
  await page.reload()
  await page.getByText('PC du CDI').waitFor()
  await expect.poll(() => page.getByText(/Pendant une semaine/).count()).toBe(0)
})

test('until then it puts nobody out, brings nobody in and locks nobody out', async () => {
  const desk = await laptop.open(server.url)
  await signInAs(desk, 'Inès Benali')
  const page = await takenOver()
  await page.getByText(/ne change ni le mot de passe/).waitFor()
  expect(await page.getByRole('button', { name: /^Retirer|Ce n’est pas moi/ }).count()).toBe(0)
  expect(await page.getByRole('link', { name: 'Ajouter un téléphone' }).count()).toBe(0)

  await page.goto(`${server.url}/appareils/ajouter`)
  await page.getByText('Cet appareil est trop nouveau').waitFor()
  await page.goto(`${server.url}/reglages/mot-de-passe`)
  await page.getByLabel('Mot de passe actuel').fill('tortue-violon-pamplemousse-marée')
  await page.getByLabel('Nouveau mot de passe').fill('des loutres dans la neige')
  await page.getByRole('button', { name: 'Enregistrer' }).click()
  await page
    .getByRole('status')
    .getByText(/Cet appareil est nouveau/)
    .waitFor()
  await desk.reload()
  await desk.getByRole('heading', { level: 1, name: /Bonjour/ }).waitFor()
})

test('vie scolaire recognises the device of a pupil who has no other', async () => {
  const desk = await laptop.open(server.url)
  await signInAs(desk, 'Inès Benali')
  await desk.goto(`${server.url}/reglages`)
  await desk.getByRole('button', { name: 'Se déconnecter' }).click()
  await desk.getByRole('dialog').getByRole('button', { name: 'Se déconnecter' }).click()
  await desk.getByRole('button', { name: 'Se connecter' }).waitFor()
  const page = await takenOver()

  await desk.goto(server.url)
  await signInAs(desk, 'Thomas Lopez')
  await desk.goto(`${server.url}/classes`)
  await desk.getByRole('link', { name: '5e B', exact: true }).click()
  await desk.getByRole('button', { name: 'Agir pour Benali Inès' }).click()
  await desk.getByText(/PC du CDI, ajouté/).waitFor()
  await desk.getByRole('button', { name: 'C’est bien l’appareil de l’élève PC du CDI' }).click()
  await desk.getByText('L’appareil est reconnu.').waitFor()
  await page.reload()
  await page.getByText('PC du CDI').waitFor()
  await expect.poll(() => page.getByText(/Pendant une semaine/).count()).toBe(0)
})

test('a phone that was off is emptied when it is next opened', async () => {
  const [desk] = await two()
  await phone.off()
  await revoke(desk)
  const page = await phone.open(server.url)
  await page.getByText(removed).waitFor()
  await isEmptied(page)
  await page.goto(`${server.url}/travail`)
  await page.getByRole('button', { name: 'Se connecter' }).waitFor()
})

test('a phone without a network keeps its work until it is told', async () => {
  const [desk, page] = await two()
  await phone.offline(true)
  await revoke(desk)
  await page.reload()
  await page.locator('main li a').first().waitFor()
  await phone.offline(false)
  await page.getByText(removed).waitFor()
  await isEmptied(page)
})

test('signing out leaves nothing behind, in no tab, and another person can come in', async () => {
  const [desk, page] = await two()
  const other = await phone.context.newPage()
  await other.goto(`${server.url}/travail`)
  await other.locator('main li a').first().waitFor()
  await page.goto(`${server.url}/reglages`)
  const answered = page.waitForResponse((one) => one.request().method() === 'DELETE')
  await page.getByRole('button', { name: 'Se déconnecter' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Se déconnecter' }).click()
  await page.getByRole('button', { name: 'Se connecter' }).waitFor()
  await other.getByRole('button', { name: 'Se connecter' }).waitFor()
  await expect.poll(() => page.getByText(removed).count()).toBe(0)
  await answered
  await isEmptied(page)
  await page.reload()
  await page.getByRole('button', { name: 'Se connecter' }).waitFor()
  await isEmptied(page)
  await pause(1500) // what another tab had under way must not write again
  expect(await left(other)).toEqual(nothing)
  expect(await session(page)).toBe(401)
  expect((await phone.context.cookies()).map((one) => one.name)).not.toContain('__Host-preau')
  expect(await session(desk)).toBe(200)

  await page.goto(server.url)
  await signInAs(page, 'Nadia Benali')
  await page.getByText(/Sami/).first().waitFor()
})

test('signing out without a network ends the session once there is one', async () => {
  const [, page] = await two()
  await page.goto(`${server.url}/reglages`)
  await phone.offline(true)
  await page.getByRole('button', { name: 'Se déconnecter' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Se déconnecter' }).click()
  await page.getByRole('button', { name: 'Se connecter' }).waitFor()
  await phone.offline(false)
  expect(await session(page)).toBe(200)
  await page.reload()
  await page.getByRole('button', { name: 'Se connecter' }).waitFor()
  expect(await session(page)).toBe(401)
  await isEmptied(page)
})
