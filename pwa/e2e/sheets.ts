// The printed sheets that open accounts, as they lie on a screen.
import type { Page } from 'playwright-core'
import { scanned, type Strip } from './people.ts'

/** Opens a page of strips in a tab of its own, as a click on "print" does. */
export async function sheetPage(screen: Page, link: RegExp): Promise<Page> {
  const opening = screen.context().waitForEvent('page')
  await screen.getByRole('link', { name: link }).click()
  const sheets = await opening
  await sheets.getByRole('heading', { level: 1, name: /Fiches d’activation/ }).waitFor()
  return sheets
}

/** What one person cuts out. */
export async function strip(sheets: Page, name: string): Promise<Strip> {
  const cut = sheets.locator('section').filter({ has: sheets.getByRole('heading', { name, exact: true }) })
  return { address: await scanned(cut.locator('.qr')), code: await cut.locator('.code').innerText() }
}
