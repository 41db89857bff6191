// Every screen, for everyone who sees it: no accessibility violation that axe
// can find, in both themes, and no sideways scrolling at 320 px or with text
// twice as big. PREAU_SHOTS=folder keeps a picture of each.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { Phone } from './chromium.ts'
import { fits, inspect, inspectColours, shoot } from './inspect.ts'
import { signInAs } from './people.ts'
import { Server } from './server.ts'

const common = [
  '/',
  '/appareils',
  '/appareils/ajouter',
  '/espaces',
  '/porte-documents',
  '/porte-documents/corbeille',
  '/reglages',
  '/reglages/courriel',
  '/reglages/envois',
  '/reglages/stockage',
  '/reglages/a-propos',
  '/accessibilite',
  '/installer',
  '/messages',
  '/messages/envoyes',
  '/messages/brouillons',
  '/messages/dossiers',
  '/messages/corbeille',
  '/messages/moderation',
  '/messages/a-qui',
  '/nulle-part',
]

/** A Monday with lessons, whenever this runs. */
const lessons = `/emploi-du-temps/${nextMonday()}`

function nextMonday(): string {
  const date = new Date()
  do date.setUTCDate(date.getUTCDate() + 1)
  while (date.getUTCDay() !== 1)
  return date.toISOString().slice(0, 10)
}

/** What Mme Garnier asks of a class. */
const collect = '8363d86f-60a6-4df2-ae59-ded506273227'

interface Person {
  name: string
  paths: string[]
  /** Lists whose first links are looked at too. */
  lists?: string[]
  /** What opens when these are pressed, one after the other: dialogs, mostly. */
  press?: { path: string; names: (string | RegExp)[] }[]
}

const people: Person[] = [
  {
    name: 'Inès Benali',
    paths: [
      ...common,
      '/travail',
      '/notes',
      '/notes/simuler',
      '/competences',
      '/vie-scolaire',
      '/agenda',
      '/emploi-du-temps',
      lessons,
      '/cahier',
      '/cahier/nulle-part',
      '/cantine',
      '/reglages/agenda',
      '/informations',
    ],
    lists: ['/travail', '/cahier', '/notes', '/porte-documents', '/informations'],
    press: [{ path: lessons, names: [/^10 h 05|10:05|Français/] }],
  },
  {
    name: 'Nadia Benali',
    paths: [
      '/',
      '/travail',
      '/reglages/alertes',
      '/messages',
      '/messages/ecrire/0193abcd-0000-7000-8000-00000000000b',
      '/messages/carnet',
      lessons,
      `/journee/${nextMonday()}`,
      `/depots/${collect}`,
      '/cahier',
      '/notes',
      '/competences',
      '/bulletins',
      '/vie-scolaire',
    ],
    lists: ['/travail', '/notes', '/bulletins', '/vie-scolaire', '/informations'],
  },
  {
    name: 'Claire Garnier',
    paths: [
      '/',
      '/travail',
      '/travail/donner',
      '/copies',
      '/reglages',
      '/messages',
      '/espaces',
      '/notes',
      '/competences',
      '/appel',
      lessons,
      '/journee',
      '/agenda/ecrire',
      '/cahier',
      '/cahier/ecrire/rien/rien',
      '/informations/ecrire',
      '/informations?vue=publiees',
      '/collectes/nouvelle',
      `/collectes/${collect}`,
      '/transferts',
    ],
    lists: [
      '/copies',
      '/transferts',
      '/messages',
      '/espaces',
      '/cahier',
      '/notes',
      '/competences',
      '/bulletins',
      '/appel',
      '/agenda',
      '/informations?vue=publiees',
    ],
    press: [{ path: '/cahier', names: ['Modifier'] }],
  },
  {
    name: 'Thomas Lopez',
    paths: [
      '/',
      '/classes',
      '/messages/moderation',
      lessons,
      '/annee-scolaire',
      '/vie-scolaire',
      '/vie-scolaire/incident',
      '/reglages/vie-scolaire',
      `/cantine/saisir/${nextMonday()}`,
    ],
    lists: ['/classes', '/vie-scolaire'],
    press: [
      { path: lessons, names: [/Français/, 'Changer ce cours'] },
      { path: '/vie-scolaire', names: ['Faire un appel'] },
      { path: '/vie-scolaire', names: ['Régler'] },
      { path: '/reglages/vie-scolaire', names: ['Ajouter un motif'] },
    ],
  },
  {
    name: 'Hélène Roussel',
    paths: [
      '/',
      '/classes',
      '/espaces',
      '/reglages/alertes/etablissement',
      '/reglages/messagerie',
      '/reglages/notes',
      '/reglages/notes/nouvelle',
      '/reglages/competences',
      '/reglages/bulletins',
      '/reglages/porte-documents',
      '/messages/a-qui',
      '/bulletins',
    ],
    lists: ['/bulletins'],
  },
  { name: 'Yann Le Goff', paths: ['/', '/classes'], lists: ['/classes'] },
]

let server: Server

beforeAll(async () => {
  server = await Server.start()
})
afterAll(() => server.stop())

async function settle(page: Page): Promise<void> {
  await page.locator('main :is(h1, h2):visible').first().waitFor()
  await page.waitForFunction(() => !document.querySelector('main [aria-busy="true"]'))
  await page.waitForTimeout(100)
}

/** A page that was as wide as a laptop's stays drawn near otherwise. */
async function asPhone(page: Page): Promise<void> {
  await page.setViewportSize({ width: 390, height: 844 })
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Emulation.resetPageScaleFactor')
  await devtools.detach()
}

/** By a link, as people do: the app is not started anew for each screen, and says where one is by the focus. */
async function follow(page: Page, path: string): Promise<void> {
  await asPhone(page)
  await page.evaluate((path) => {
    const link = document.createElement('a')
    link.href = path
    link.textContent = path
    document.body.append(link)
    link.focus()
    link.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true })) // or the old heading takes the focus back
    link.click()
    link.remove()
  }, path)
  await page
    .waitForFunction(() => document.activeElement?.matches('main :is(h1, h2)'))
    .catch(() => {
      throw new Error(`${path}: its heading has not the focus`)
    })
  await settle(page)
}

async function visit(page: Page, path: string, who: string): Promise<void> {
  await follow(page, path)
  await look(page, path, who)
}

async function press(page: Page, path: string, names: (string | RegExp)[], who: string): Promise<void> {
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto(server.url + path)
  await settle(page)
  for (const name of names) {
    const button = page.getByRole('button', { name }).or(page.getByRole('link', { name }))
    await button.filter({ visible: true }).first().click()
  }
  await settle(page)
  await look(page, `${path} ${names.join(' ')}`.replaceAll(/[/|^]/g, ' '), who)
}

async function look(page: Page, path: string, who: string): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' }) // colours change at once
    await page.waitForTimeout(50)
    await (theme === 'light' ? inspect : inspectColours)(page, `${who} ${path} ${theme}`)
    await shoot(page, `${who} ${path} ${theme}`)
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 320, height: 640 })
  await fits(page, `${who} ${path} at 320`)
  await page.evaluate(() => (document.documentElement.style.fontSize = '200%'))
  await page.setViewportSize({ width: 640, height: 900 })
  await fits(page, `${who} ${path} at 200 %`)
  await page.evaluate(() => (document.documentElement.style.fontSize = ''))
  await page.setViewportSize({ width: 1280, height: 800 })
  await fits(page, `${who} ${path} on a laptop`)
  await shoot(page, `${who} ${path} laptop`)
}

/** The first links of a list: a homework, a collection of copies, a class. */
async function inside(page: Page, path: string): Promise<string[]> {
  await follow(page, path)
  const links = await page
    .locator(`main :is([role=list], .card) a[href^="${path.replace(/\?.*/, '')}/"]`)
    .evaluateAll((all) => all.map((a) => a.getAttribute('href') ?? ''))
  return [...new Set(links)].filter((one) => one !== '/travail/donner').slice(0, 3)
}

describe('outside', () => {
  const phone = new Phone()
  afterAll(() => phone.dispose())

  test.each(['/', '/lier', '/lier/code', '/activer', '/accessibilite'])('%s', async (path) => {
    const page = phone.started ? phone.page : await phone.open(server.url)
    await page.goto(server.url + path)
    await settle(page)
    await look(page, path, 'personne')
  })
})

describe.each(people)('$name', ({ name, paths, lists = [], press: pressed = [] }) => {
  const phone = new Phone()
  afterAll(() => phone.dispose())

  test('every screen', { timeout: 900_000 }, async () => {
    const page = await phone.open(server.url)
    await signInAs(page, name)
    for (const path of paths) await visit(page, path, name)
    for (const one of pressed) await press(page, one.path, one.names, name)
    for (const path of lists) {
      for (const link of (await inside(page, path)).slice(0, path === '/bulletins' ? 2 : 3)) {
        await visit(page, link, name)
        if (path === '/travail') continue
        if (/^\/(notes|competences)\/cours\//.test(link)) await visit(page, `${link}/nouveau`, name)
        for (const deeper of (await inside(page, link)).slice(0, 1)) await visit(page, deeper, name)
      }
    }
  })
})
