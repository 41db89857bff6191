// What the people of the stories do, in the words that are on the screen.
import type { Page } from 'playwright-core'
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Signs in to the demo in one tap, and waits for the first screen. */
export async function signInAs(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name }).click()
  await page.getByRole('heading', { level: 1, name: /Bonjour/ }).waitFor()
}

/** Reads the QR code on a screen as a camera would. */
export async function scan(page: Page): Promise<string> {
  const code = page.getByRole('img', { name: /QR code/ })
  await code.waitFor()
  const file = join(mkdtempSync(join(tmpdir(), 'preau-qr-')), 'code.png')
  await code.screenshot({ path: file })
  return execFileSync('zbarimg', ['--quiet', '--raw', file]).toString().trim()
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
