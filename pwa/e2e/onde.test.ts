// From a school's own register to a copy handed back, by what README says: the
// files of ONDE are imported, an administrator is named, sheets are printed,
// and everybody comes in by what is on paper.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { Phone } from './chromium.ts'
import { activate, codesIn, installed, type Strip } from './people.ts'
import { preau, root, Server } from './server.ts'
import { sheetPage, strip } from './sheets.ts'
import { story } from './steps.ts'

const shared = join(process.env['PREAU_SHARED'] ?? resolve(root, '../shared'), 'data')
const register = join(shared, 'roster/onde')
const present = existsSync(register)
if (!present && process.env['CI']) throw new Error(`no register in ${register}`)

const title = 'Mesurer la cour de récréation'
const password = 'des chamois sous la pluie'
const laptop = { width: 1280, height: 800 }

describe.runIf(present)('a school from its register', () => {
  const data = mkdtempSync(join(tmpdir(), 'preau-onde-'))
  const paper = mkdtempSync(join(tmpdir(), 'preau-paper-'))
  const people = {
    head: new Phone(laptop),
    teacher: new Phone(laptop),
    nursery: new Phone(laptop),
    pupil: new Phone(),
    mother: new Phone(),
  }
  const { head, teacher, nursery, pupil, mother } = people
  const step = story(people)
  let server: Server
  let first: Strip
  const strips = new Map<string, Strip>()

  beforeAll(async () => {
    preau(data, 'import', 'onde', register, '-name', 'École Beaucour')
    first = printed(preau(data, 'admin', 'Martine', 'Pallise'))
    server = await Server.start({ args: ['serve'], data })
  })

  afterAll(async () => {
    await Promise.all(Object.values(people).map((one) => one.dispose()))
    await server.stop()
    for (const folder of [data, paper]) rmSync(folder, { recursive: true, force: true })
  })

  /** The address and the code that `preau admin` prints; the port is the server's. */
  function printed(text: string): Strip {
    const [, fragment = '', code = ''] = /\/activer(#\S+)\s+code (\S+)/.exec(text) ?? []
    return { address: `/activer${fragment}`, code }
  }

  function take(name: string): Strip {
    const found = strips.get(name)
    if (!found) throw new Error(`nobody printed the strip of ${name}`)
    return found
  }

  async function comeIn(phone: Phone, name: string): Promise<Page> {
    const page = await phone.open(new URL(take(name).address, server.url).href)
    await activate(page, take(name), password)
    return page
  }

  async function give(screen: Page, course: string, what: string): Promise<void> {
    await screen.goto(`${server.url}/travail/donner`)
    await screen.getByRole('combobox', { name: /Classe/ }).selectOption({ label: course })
    await screen.getByLabel('Titre').fill(what)
    await screen.getByLabel('Consigne').fill('Avec un mètre, ou en comptant tes pas.')
    await screen.getByRole('button', { name: 'Donner ce travail' }).click()
    await screen.getByRole('link', { name: what }).waitFor()
  }

  step('the head opens her account and finds her classes', async () => {
    const screen = await head.open(server.url + first.address)
    await activate(screen, first, password)
    await screen.getByRole('link', { name: 'Classes' }).first().click()
    await screen
      .getByRole('listitem')
      .filter({ hasText: /CM2\s*24\sélèves/ })
      .waitFor()
    const classes = screen.locator('main li').filter({ hasText: /\d+\sélèves/ })
    await expect.poll(() => classes.count()).toBe(10)
  })

  step('sheets of a class are printed on A4: a strip a pupil and a guardian', async () => {
    const screen = head.page
    await screen.getByRole('link', { name: 'CM2', exact: true }).click()
    await screen.getByRole('heading', { level: 1, name: 'CM2' }).waitFor()
    const rows = await screen.locator('tbody th').allInnerTexts()
    const names = new Set(rows.filter((row) => !row.includes('Professeur')).map((row) => row.split('\n')[0]))
    await screen.getByRole('button', { name: /Préparer \d+ fiches/ }).click()
    const sheets = await sheetPage(screen, /Imprimer \d+ fiches/)
    await expect.poll(() => sheets.locator('section').count()).toBe(names.size)

    const file = join(paper, 'cm2.pdf')
    await sheets.pdf({ path: file, preferCSSPageSize: true })
    expect(execFileSync('pdfinfo', [file]).toString()).toMatch(
      /Page size: +59[45](\.\d+)? x 84[12](\.\d+)? pts \(A4\)/,
    )
    execFileSync('pdftoppm', ['-r', '120', '-gray', file, join(paper, 'page')])
    const pictures = readdirSync(paper).filter((name) => name.endsWith('.pgm'))
    const codes = codesIn(...pictures.map((name) => join(paper, name)))
    expect(new Set(codes).size).toBe(names.size)

    for (const name of ['Alexandre Le Garreres', 'Mme Le Garreres']) {
      strips.set(name, await strip(sheets, name))
      expect(codes).toContain(take(name).address)
    }
    await sheets.close()
  })

  step('the sheets of two teachers are printed, each alone', async () => {
    const screen = head.page
    for (const [room, name, shown] of [
      ['CM2', 'Fargeau Antoine', 'M. Fargeau'],
      ['PS', 'Briaud Simon', 'M. Briaud'],
    ] as const) {
      await screen.goto(`${server.url}/classes`)
      await screen.getByRole('link', { name: room, exact: true }).click()
      await screen.getByRole('button', { name: `Agir pour ${name}` }).click()
      await screen.getByRole('button', { name: 'Nouvelle fiche' }).click()
      const sheets = await sheetPage(screen, /Imprimer 1 fiche/)
      await expect.poll(() => sheets.locator('section').count()).toBe(1)
      strips.set(shown, await strip(sheets, shown))
      await sheets.close()
    }
  })

  step('both teachers come in and give work to their class', async () => {
    await give(await comeIn(teacher, 'M. Fargeau'), 'Classe · CM2', title)
    await give(await comeIn(nursery, 'M. Briaud'), 'Classe · PS', 'Apporter une feuille d’automne')
  })

  step('the pupil comes in by the paper and hands in a photo', async () => {
    const page = await comeIn(pupil, 'Alexandre Le Garreres')
    await installed(page)
    await page.getByRole('link', { name: title }).first().click()
    await page.locator('input[capture]').setInputFiles(join(shared, 'photos/portrait_6.jpg'))
    await page.getByRole('img', { name: 'Page 1', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Déposer ma copie' }).click()
    await page.getByText(/Déposé le .* à \d\d:\d\d/).waitFor({ timeout: 60_000 })
  })

  step('the teacher hands it back', async () => {
    const screen = teacher.page
    await screen.getByRole('link', { name: 'Copies' }).first().click()
    await screen.getByRole('heading', { level: 1, name: 'Copies' }).waitFor()
    await screen.getByRole('link', { name: title }).click()
    await screen.getByText(/1 copie sur 24/).waitFor()
    await screen.getByRole('link', { name: 'Le Garreres Alexandre' }).click()
    await screen.getByRole('img', { name: 'Page 1' }).waitFor()
    await screen.getByLabel('Pour Alexandre').fill('Quarante-deux pas, bravo.')
    await screen.keyboard.press('Control+Enter')
    await screen.getByText('Copie rendue à Alexandre').waitFor()
  })

  step('the pupil reads it, and a mother of two in two classes', async () => {
    await pupil.page.getByText('Quarante-deux pas, bravo.').waitFor({ timeout: 60_000 })

    const page = await comeIn(mother, 'Mme Le Garreres')
    await page.goto(`${server.url}/travail`)
    await page.getByRole('radio', { name: 'Esra' }).waitFor()
    await page.getByRole('link', { name: 'Apporter une feuille d’automne' }).first().waitFor()
    await page.getByRole('link', { name: title }).first().click()
    await page.getByText('Quarante-deux pas, bravo.').waitFor()
    await expect.poll(() => page.getByRole('button', { name: 'Déposer ma copie' }).count()).toBe(0)
  })

  step('the head sees who came in', async () => {
    const screen = head.page
    await screen.goto(`${server.url}/classes`)
    await screen.getByRole('link', { name: 'CM2', exact: true }).click()
    await screen.getByText(/2 comptes ouverts sur/).waitFor()
  })
})
