// Every screen, for everyone who sees it: no accessibility violation that axe
// can find, in both themes, and no sideways scrolling at 320 px or with text
// twice as big. PREAU_SHOTS=folder keeps a picture of each.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Phone } from './chromium.ts'
import { signInAs } from './people.ts'
import { Server } from './server.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const tags = ['RGAAv4', 'wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const shots = process.env['PREAU_SHOTS']

interface Found {
  id: string
  help: string
  nodes: { target: unknown; failureSummary?: string }[]
}

declare global {
  interface Window {
    axe: { run: (options: object) => Promise<{ violations: Found[] }> }
  }
}

const common = [
  '/',
  '/appareils',
  '/appareils/ajouter',
  '/espaces',
  '/reglages',
  '/reglages/alertes',
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

const people: { name: string; paths: string[]; follow?: string[] }[] = [
  { name: 'Inès Benali', paths: ['/', '/emploi-du-temps', '/emploi-du-temps/2026-11-30', '/cahier', '/reglages/agenda'] },
  { name: 'Claire Garnier', paths: ['/', '/emploi-du-temps/2026-11-30', '/cahier'] },
  { name: 'Thomas Lopez', paths: ['/emploi-du-temps/2026-11-30', '/annee-scolaire'] },
  { name: 'Nadia Benali', paths: ['/', '/emploi-du-temps/2026-12-01', '/cahier'] },
]

let server: Server

beforeAll(async () => {
  server = await Server.start()
})
afterAll(() => server.stop())

async function settle(page: Page): Promise<void> {
  await page.locator('main :is(h1, h2):visible').first().waitFor()
  await page.waitForFunction(() => !document.querySelector('main [aria-busy="true"]'))
  await page.waitForTimeout(250)
}

async function inspect(page: Page, what: string): Promise<void> {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(
    (tags) => window.axe.run({ runOnly: { type: 'tag', values: tags } }),
    tags,
  )
  const told = violations.map(
    (v) =>
      `${v.id}: ${v.help}\n${v.nodes.map((n) => `  ${String(n.target)} ${n.failureSummary ?? ''}`).join('\n')}`,
  )
  expect(told, what).toEqual([])
}

async function fits(page: Page, what: string): Promise<void> {
  const over = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
  expect(over, `${what}: scrolls sideways by ${String(over)} px`).toBeLessThanOrEqual(0)
}

async function shoot(page: Page, name: string): Promise<void> {
  if (!shots) return
  mkdirSync(shots, { recursive: true })
  await page.screenshot({ path: join(shots, `${name.replace(/[^\p{L}\d]+/gu, '-')}.png`) })
}

async function visit(page: Page, path: string, who: string): Promise<void> {
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto(server.url + path)
  await settle(page)
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme })
    await page.waitForTimeout(400) // colours take a moment to change
    await inspect(page, `${who} ${path} ${theme}`)
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
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto(server.url + path)
  await settle(page)
  const links = await page
    .locator(`main :is([role=list], .card) a[href^="${path}/"]`)
    .evaluateAll((all) => all.map((a) => a.getAttribute('href') ?? ''))
  return [...new Set(links)].filter((one) => one !== '/travail/donner').slice(0, 3)
}

describe.each(people)('$name', ({ name, paths, follow = [] }) => {
  const phone = new Phone()
  afterAll(() => phone.dispose())

  test('every screen', async () => {
    const page = await phone.open(server.url)
    await signInAs(page, name)
    for (const path of paths) await visit(page, path, name)
    for (const path of follow) {
      for (const link of await inside(page, path)) {
        await visit(page, link, name)
        if (path === '/travail') continue
        for (const deeper of (await inside(page, link)).slice(0, 1)) await visit(page, deeper, name)
      }
    }
  })
})
