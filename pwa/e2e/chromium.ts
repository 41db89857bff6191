// Debian's Chromium as a phone or a laptop, with a profile on disk so that it
// can be killed and started again like the app on a real phone.
import { chromium, type BrowserContext, type Page } from 'playwright-core'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// Playwright's own, which this replaces; and the address bar's popups, which nobody sees
// and which cost two seconds of processor at every start.
const without = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsFirstBalancedModeAutoEnable',
  'HttpsUpgrades',
  'MediaRouter',
  'OptimizationHints',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'WebUIOmniboxAimPopup',
  'WebUIOmniboxPopup',
]

const quiet = [
  `--disable-features=${without.join(',')}`,
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface Look {
  width?: number
  height?: number
  dark?: boolean
  /** Extra browser switches, e.g. a fake camera. */
  switches?: string[]
  permissions?: string[]
}

/** One person's browser, with a profile that outlives its process. */
export class Phone {
  #context: BrowserContext | undefined
  readonly profile = mkdtempSync(join(tmpdir(), 'preau-phone-'))

  constructor(private readonly look: Look = {}) {}

  async open(url: string): Promise<Page> {
    const { width = 390, height = 844, dark = false, switches = [], permissions = [] } = this.look
    this.#context = await chromium.launchPersistentContext(this.profile, {
      executablePath: '/usr/bin/chromium',
      headless: true,
      args: [...quiet, ...switches],
      viewport: { width, height },
      deviceScaleFactor: process.env['PREAU_SHOTS'] ? 2 : 1, // pictures are drawn by the processor here
      isMobile: width < 900,
      hasTouch: width < 900,
      locale: 'fr-FR',
      timezoneId: 'Europe/Paris',
      colorScheme: dark ? 'dark' : 'light',
      permissions,
    })
    const page = this.#context.pages()[0] ?? (await this.#context.newPage())
    await page.goto(url)
    return page
  }

  get started(): boolean {
    return this.#context !== undefined
  }

  /** The one tab of this person. */
  get page(): Page {
    const [page] = this.context.pages()
    if (!page) throw new Error('no tab is open')
    return page
  }

  get context(): BrowserContext {
    if (!this.#context) throw new Error('phone is off')
    return this.#context
  }

  async offline(off: boolean): Promise<void> {
    await this.context.setOffline(off)
  }

  /** The process ends; what was stored stays. */
  async off(): Promise<void> {
    await this.#context?.close()
    this.#context = undefined
  }

  async dispose(): Promise<void> {
    await this.off()
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
