// E70: what comes with a message opens in the app: photos near and far, PDF files page by page, one after the other,
// and back to the message; without a network too.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { Phone } from './chromium.ts'
import { fits, inspect, shoot } from './inspect.ts'
import { fourPhotos } from './paper.ts'
import { installed, signInAs } from './people.ts'
import { Remote } from './remote.ts'
import { Server } from './server.ts'
import { story } from './steps.ts'

let server: Server
let page: Page
const pupil = new Phone()
const step = story({ pupil })
const subject = 'Sortie au volcan'

beforeAll(async () => {
  server = await Server.start()
})
afterAll(async () => {
  await pupil.dispose()
  await server.stop()
})

const dialog = () => page.getByRole('dialog')
const row = (name: string) => page.getByRole('article').getByRole('button', { name, exact: true })
const scaled = () =>
  page
    .getByRole('dialog')
    .getByRole('img')
    .evaluate((image) => new DOMMatrix(getComputedStyle(image).transform).a)

/** The picture is there, and drawn. */
async function sees(name: string): Promise<void> {
  await dialog().getByRole('heading', { name }).waitFor()
  const image = dialog().getByRole('img', { name })
  await image.waitFor()
  await expect
    .poll(() => image.evaluate((one: HTMLImageElement) => one.naturalWidth * one.width))
    .toBeGreaterThan(0)
}

step('a message comes with photos', async () => {
  page = await pupil.open(server.url)
  await signInAs(page, 'Inès Benali')
  const { user } = await page.evaluate(
    async () => (await (await fetch('/api/session')).json()) as { user: string },
  )
  const sheet = await printed(12)
  const desk = await Remote.signIn(server, 'helene.roussel', 'cascade-verveine-trapèze-hibou')
  const [portrait = '', , landscape = ''] = await fourPhotos(page)
  const files = [
    await sent(desk, 'portrait_6.jpg', readFileSync(portrait), 'image/jpeg'),
    await sent(desk, 'landscape_8.jpg', readFileSync(landscape), 'image/jpeg'),
    await sent(desk, 'programme.pdf', sheet, 'application/pdf'),
    await sent(desk, 'liste.txt', Buffer.from('Des chaussures fermées'), 'text/plain'),
  ]
  for (const [name, text] of Object.entries(hostile))
    files.push(await sent(desk, name, Buffer.from(text), 'application/pdf'))
  await desk.act(`user:${desk.user}`, 'mail.send@1', {
    ...{ id: randomUUID(), subject, mode: 'all', to: [`user:${user}`], files },
    body: [{ runs: [{ text: 'Voici les photos.' }] }],
  })
  await page.goto(`${server.url}/messages`)
  await page.getByRole('link', { name: new RegExp(subject) }).click()
  await row('portrait_6.jpg').waitFor()
  await installed(page)
})

/** A PDF as a browser prints it. */
async function printed(count: number): Promise<Buffer> {
  const tab = await pupil.context.newPage()
  const pages = Array.from(
    { length: count },
    (_, i) => `<h1>Étape ${String(i + 1)}</h1><p>Le car attend au lac.</p>`,
  )
  const link = '<a href="https://volcan.example/plan">Le plan</a>'
  await tab.setContent(link + pages.join('<div style="break-after: page"></div>'))
  const bytes = await tab.pdf({ format: 'A4' })
  await tab.close()
  return bytes
}

/** PDF files that are made to be none. */
const hostile = {
  'casse.pdf': `%PDF-1.7\n${'rien qui se lise '.repeat(9)}\nstartxref\n0\n%%EOF\n`,
  'secret.pdf': paper({
    more: `/Encrypt <</Filter/Standard/V 1/R 2/Length 40/P -4/O<${'00'.repeat(32)}>/U<${'11'.repeat(32)}>>>`,
  }),
  'annuaire.pdf': paper({ pages: 10_000 }),
  'immense.pdf': paper({ box: '0 0 1000000 3000000' }),
}

function paper({ pages = 1, box = '0 0 300 200', more = '' }): string {
  const all = Array.from({ length: pages }, (_, i) => i + 3)
  const kids = all.map((n) => `${String(n)} 0 R`).join(' ')
  const sheets = all.map((n) => `${String(n)} 0 obj<</Type/Page/Parent 2 0 R/MediaBox[${box}]>>endobj`)
  return `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[${kids}]/Count ${String(pages)}>>endobj
${sheets.join('\n')}
trailer<</Size ${String(pages + 3)}/Root 1 0 R/ID[<00><00>]${more}>>
startxref
0
%%EOF
`
}

async function sent(desk: Remote, path: string, bytes: Buffer, type: string) {
  const name = basename(path)
  return { sha: await desk.upload(bytes, 'message', name, type), name, type, size: bytes.length }
}

step('a photo opens; it comes near by keys, and the next one is beside it', async () => {
  await row('portrait_6.jpg').click()
  await sees('portrait_6.jpg')
  await dialog().getByText('1 sur 8').waitFor()
  await page.keyboard.press('+')
  await page.keyboard.press('+')
  await expect.poll(scaled).toBeCloseTo(2.25)
  await page.keyboard.press('0')
  await page.keyboard.press('ArrowRight')
  await sees('landscape_8.jpg')
})

step('fingers: two taps come near, a swipe goes on', async () => {
  const box = await dialog().getByRole('img').boundingBox()
  const { x, y, width, height } = box ?? { x: 0, y: 0, width: 0, height: 0 }
  const tap = () => page.touchscreen.tap(x + width / 2, y + height / 2)
  await Promise.all([tap(), tap()]) // within a third of a second
  await expect.poll(scaled).toBeCloseTo(2.5)
  await page.keyboard.press('0')
  await page.mouse.move(x + width / 2, y + height / 2)
  await page.mouse.down()
  await page.mouse.move(x + width / 2 + 120, y + height / 2, { steps: 3 })
  await page.mouse.up()
  await sees('portrait_6.jpg')
})

async function looks(what: string): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' }) // colours change at once
    await inspect(page, `${what} ${theme}`)
    await shoot(page, `${what} ${theme}`)
  }
  await page.setViewportSize({ width: 320, height: 568 })
  await fits(page, `${what}, narrow`)
  await shoot(page, `${what} narrow`)
  await page.setViewportSize({ width: 390, height: 844 })
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: null })
}

const sheet = (n: number) => dialog().getByRole('group', { name: `Page ${String(n)} sur 12` })

step('a PDF is next: its text is there, its links lead out, and it goes page by page', async () => {
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  await sheet(1).getByText('Le car attend au lac.').waitFor()
  const link = sheet(1).getByRole('link', { name: 'Lien vers https://volcan.example/plan' })
  await expect.poll(() => link.getAttribute('rel')).toBe('noopener noreferrer')
  await dialog().getByText('1 / 12').waitFor()
  for (const n of [2, 3]) {
    await page.keyboard.press('PageDown')
    await dialog()
      .getByText(`${String(n)} / 12`)
      .waitFor()
  }
  await sheet(3).getByText('Étape 3').waitFor()
  await page.keyboard.press('End')
  await sheet(12).getByText('Étape 12').waitFor()
  await expect.poll(() => dialog().locator('canvas').count()).toBeLessThan(5)
  await page.keyboard.press('+')
  await page.keyboard.press('Home')
  await sheet(1).getByText('Étape 1', { exact: true }).waitFor()
  await page.keyboard.press('0')
  await looks('viewer of PDF')
})

step('what the app does not show is said, and can be saved', async () => {
  await page.keyboard.press('ArrowRight')
  await dialog().getByText('Ce type de fichier ne s’affiche pas ici').waitFor()
  const coming = page.waitForEvent('download')
  await dialog().getByRole('button', { name: 'Enregistrer' }).first().click()
  expect((await coming).suggestedFilename()).toBe('liste.txt')
})

step('a PDF that is broken, locked, endless or immense does no harm, and it is said', async () => {
  await page.keyboard.press('ArrowRight')
  await dialog().getByText('Ce PDF est abîmé').waitFor()
  await page.keyboard.press('ArrowRight')
  await dialog().getByText('protégé par un mot de passe').waitFor()
  await page.keyboard.press('ArrowRight')
  await dialog().getByText('plus de 2 000 pages').waitFor()
  await page.keyboard.press('ArrowRight')
  await dialog().getByRole('group', { name: 'Page 1 sur 1' }).locator('canvas').waitFor()
  await shoot(page, 'viewer immense')
})

step('Escape closes it, and the focus is where it was; the back button does so too', async () => {
  const address = page.url()
  await page.keyboard.press('Escape')
  await dialog().waitFor({ state: 'hidden' })
  expect(await row('portrait_6.jpg').evaluate((one) => one === document.activeElement)).toBe(true)
  expect(page.url()).toBe(address)
  await row('landscape_8.jpg').click()
  await sees('landscape_8.jpg')
  await page.goBack()
  await dialog().waitFor({ state: 'hidden' })
  await page.getByRole('heading', { level: 1, name: subject }).waitFor()
  expect(page.url()).toBe(address)
})

/** Does the device have what reads PDF files? */
const held = () => page.evaluate(async () => (await (await caches.open('preau-reader')).keys()).length >= 6)

step('without a network what was kept is there', async () => {
  await expect.poll(held).toBe(true)
  await pupil.offline(true)
  await page.reload()
  await row('portrait_6.jpg').click()
  await sees('portrait_6.jpg')
  await dialog().getByRole('button', { name: 'Fermer' }).click()
  await dialog().waitFor({ state: 'hidden' })
  await row('programme.pdf').click()
  await sheet(1).getByText('Le car attend au lac.').waitFor()
  await dialog().getByRole('button', { name: 'Fermer' }).click()
  await dialog().waitFor({ state: 'hidden' })
  await pupil.offline(false)
})
