// Report cards: a teacher appraises in a tunnel, the council concludes, the direction publishes, and a guardian
// reads, prints and takes note (P8, P30, P31).
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, expect } from 'vitest'
import { Phone } from './chromium.ts'
import { installed, signInAs } from './people.ts'
import { Server } from './server.ts'
import { story } from './steps.ts'

/** The machine of the tests may be busy. */
const praise = 'Des progrès réguliers, bravo.'
const overall = 'Un trimestre dont Inès peut être fière.'

let server: Server
const desk = new Phone({ width: 1280, height: 800 })
const office = new Phone({ width: 1280, height: 800 })
const parent = new Phone()
const step = story({ desk, office, parent })

beforeAll(async () => {
  server = await Server.start()
})
afterAll(async () => {
  await Promise.all([desk, office, parent].map((one) => one.dispose()))
  await server.stop()
})

step('a teacher appraises without a network, by keyboard', async () => {
  const page = await desk.open(server.url)
  await signInAs(page, 'Claire Garnier')
  await installed(page)
  await page.goto(`${server.url}/bulletins`)
  await page.getByRole('link', { name: 'Français · 5e B' }).click()
  const field = page.getByRole('textbox', { name: /Benali Inès/ })
  await field.waitFor()
  await desk.offline(true)
  await field.fill(praise)
  await field.press('Control+Enter')
  await expect.poll(() => page.locator('textarea:focus').count()).toBe(1)
  await page.getByText(`${String(praise.length)} sur 400 signes`).waitFor()
  await page.reload()
  await expect.poll(() => field.inputValue()).toBe(praise)
  await desk.offline(false)
})

step('and concludes as the main teacher, pupil after pupil', async () => {
  const page = desk.page
  await page.goto(`${server.url}/bulletins`)
  await page.getByRole('link', { name: '5e B', exact: true }).click()
  await page.getByText('Ce qui manque').waitFor()
  await expect.poll(() => page.getByRole('button', { name: 'Publier les bulletins' }).count()).toBe(0)
  await page.getByRole('link', { name: 'Benali Inès' }).click()
  await page.getByText(praise).waitFor()
  await page.getByLabel('Appréciation générale').fill(overall)
  await page.getByLabel('Mention ou avertissement').selectOption({ label: 'Félicitations' })
  await page.getByRole('button', { name: 'Élève suivant' }).click()
  await page.getByText('2 sur 6').waitFor()
  await page.getByRole('heading', { level: 1 }).click()
  await page.keyboard.press('ArrowLeft')
  await page.getByText('1 sur 6').waitFor()
  await expect.poll(() => page.getByLabel('Appréciation générale').inputValue()).toBe(overall)
})

step('nothing is with the family before the direction publishes', async () => {
  const page = await parent.open(server.url)
  await signInAs(page, 'Nadia Benali')
  await page.goto(`${server.url}/bulletins`)
  await page.getByText(/Visible après le conseil de classe du/).waitFor()

  const desk = await office.open(server.url)
  await signInAs(desk, 'Hélène Roussel')
  await desk.goto(`${server.url}/bulletins`)
  await desk.getByRole('link', { name: '5e B', exact: true }).click()
  await desk.getByRole('listitem').filter({ hasText: overall }).getByText('Félicitations').waitFor()
  await desk.getByRole('button', { name: 'Publier les bulletins' }).click()
  const dialog = desk.getByRole('dialog')
  await dialog.getByText(/Le conseil de classe est le/).waitFor()
  await dialog.getByRole('button', { name: 'Publier quand même' }).click()
  await desk.getByText(/Publiés le/).waitFor()
})

step('a guardian reads the card, prints it and takes note', async () => {
  const page = parent.page
  const own = page.locator('section', { has: page.getByRole('heading', { name: 'Inès' }) })
  const cards = own.locator('a[href^="/bulletins/"]:not([href*="/releve/"])')
  await cards.filter({ hasText: 'Trimestre' }).first().click()
  await page.getByText(overall).waitFor()
  await page.getByText('Félicitations').waitFor()
  const file = join(tmpdir(), `preau-card-${String(process.pid)}.pdf`)
  writeFileSync(file, await page.pdf({ preferCSSPageSize: true }))
  const text = execFileSync('pdftotext', ['-layout', file, '-']).toString()
  for (const said of ['Bulletin scolaire', 'Collège Joseph-Collard', 'Inès Benali', praise, overall])
    expect(text.replace(/\s+/g, ' ')).toContain(said)
  expect(execFileSync('pdfinfo', [file]).toString()).toMatch(/Pages:\s+1\n[^]*\(A4\)/)
  await page.getByRole('button', { name: 'J’ai pris connaissance du bulletin' }).click()
  await page.getByText(/Vous en avez pris connaissance/).waitFor()
  await office.page.getByText('Pas encore : M. Benali', { exact: true }).first().waitFor()
})
