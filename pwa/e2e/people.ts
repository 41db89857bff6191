// What the people of the stories do, in the words that are on the screen.
import type { Locator, Page } from 'playwright-core'
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pause } from './server.ts'

/** Signs in to the demo in one tap, and waits for the first screen. */
export async function signInAs(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name }).click()
  await page.getByRole('heading', { level: 1, name: /Bonjour/ }).waitFor()
}

/** Reads the QR code on a screen as a camera would. */
export async function scan(page: Page): Promise<string> {
  return scanned(page.getByRole('img', { name: /QR code/ }))
}

/** The one QR code within something that is seen. */
export async function scanned(seen: Locator): Promise<string> {
  await seen.waitFor()
  const file = join(mkdtempSync(join(tmpdir(), 'preau-qr-')), 'code.png')
  for (let i = 0; ; i++) {
    await seen.screenshot({ path: file })
    try {
      const [text = ''] = codesIn(file)
      return text
    } catch (fault) {
      if (i === 40) throw fault // a picture may come some time after its place
      await pause(250)
    }
  }
}

/** Every QR code in some pictures. */
export function codesIn(...files: string[]): string[] {
  return execFileSync('zbarimg', ['--quiet', '--nodbus', '--raw', ...files])
    .toString()
    .trim()
    .split('\n')
}

/** What somebody holds to open an account: an address in a QR code, and a code apart. */
export interface Strip {
  address: string
  code: string
}

/** Opens an account with a strip and a password, up to the first screen. */
export async function activate(page: Page, { code }: Strip, password: string): Promise<void> {
  await page.getByLabel('Code du talon').fill(code)
  await page.getByText('Je choisis').click()
  await page.getByLabel('Mot de passe', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Ouvrir mon compte' }).click()
  await page.getByRole('link', { name: 'Aller à l’accueil' }).click()
  await page.getByRole('heading', { level: 1, name: /Bonjour/ }).waitFor()
}

/** Waits until all that the school has for somebody is on a device that is new. */
export async function filled(page: Page): Promise<void> {
  await page.locator('nav .fresh', { hasText: 'À jour' }).waitFor({ state: 'attached' })
}

/** The six digits that a phone shows. */
export async function digits(page: Page): Promise<string> {
  const code = page.locator('.digits .unseen')
  await code.waitFor()
  return (await code.innerText()).replace(/\D/g, '')
}

/** Waits until a page is controlled by its service worker: from here on it opens without a network. */
export async function installed(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready
    if (!navigator.serviceWorker.controller) {
      await Promise.race([
        new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', done)),
        new Promise((done) => setTimeout(done, 3000)),
      ])
    }
  })
}
