// E70: what comes with a message opens in the app: photos near and far, one after the other, and back to the message.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { Phone } from './chromium.ts'
import { fits, inspect, shoot } from './inspect.ts'
import { installed, signInAs } from './people.ts'
import { Remote } from './remote.ts'
import { root, Server } from './server.ts'
import { story } from './steps.ts'

let server: Server
let page: Page
const pupil = new Phone()
const step = story({ pupil })
const shared = process.env['PREAU_SHARED'] ?? join(root, '../shared')
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
  const desk = await Remote.signIn(server, 'helene.roussel', 'cascade-verveine-trapèze-hibou')
  const files = [
    await sent(
      desk,
      'portrait_6.jpg',
      readFileSync(join(shared, 'data/photos/portrait_6.jpg')),
      'image/jpeg',
    ),
    await sent(
      desk,
      'landscape_8.jpg',
      readFileSync(join(shared, 'data/photos/landscape_8.jpg')),
      'image/jpeg',
    ),
    await sent(desk, 'liste.txt', Buffer.from('Des chaussures fermées'), 'text/plain'),
  ]
  await desk.act(`user:${desk.user}`, 'mail.send@1', {
    ...{ id: randomUUID(), subject, mode: 'all', to: [`user:${user}`], files },
    body: [{ runs: [{ text: 'Voici les photos.' }] }],
  })
  await page.goto(`${server.url}/messages`)
  await page.getByRole('link', { name: new RegExp(subject) }).click({ timeout: 30_000 })
  await row('portrait_6.jpg').waitFor()
  await installed(page)
})

async function sent(desk: Remote, path: string, bytes: Buffer, type: string) {
  const name = basename(path)
  return { sha: await desk.upload(bytes, 'message', name, type), name, type, size: bytes.length }
}

step('a photo opens; it comes near by keys, and the next one is beside it', async () => {
  await row('portrait_6.jpg').click()
  await sees('portrait_6.jpg')
  await dialog().getByText('1 sur 3').waitFor()
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
  await page.touchscreen.tap(x + width / 2, y + height / 2)
  await page.touchscreen.tap(x + width / 2, y + height / 2)
  await expect.poll(scaled).toBeCloseTo(2.5)
  await page.keyboard.press('0')
  await page.mouse.move(x + width / 2, y + height / 2)
  await page.mouse.down()
  await page.mouse.move(x + width / 2 + 120, y + height / 2, { steps: 3 })
  await page.mouse.up()
  await sees('portrait_6.jpg')
})

step('it reads well: light, dark, narrow', async () => {
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme })
    await inspect(page, `viewer ${theme}`)
    await shoot(page, `viewer ${theme}`)
  }
  await page.setViewportSize({ width: 320, height: 568 })
  await fits(page, 'viewer, narrow')
  await shoot(page, 'viewer narrow')
  await page.setViewportSize({ width: 390, height: 844 })
  await page.emulateMedia({ colorScheme: 'light' })
})

step('what the app does not show is said, and can be saved', async () => {
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  await dialog().getByText('Ce type de fichier ne s’affiche pas ici').waitFor()
  const coming = page.waitForEvent('download')
  await dialog().getByRole('button', { name: 'Enregistrer' }).first().click()
  expect((await coming).suggestedFilename()).toBe('liste.txt')
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

step('without a network a photo that was kept is there', async () => {
  await pupil.offline(true)
  await row('portrait_6.jpg').click()
  await sees('portrait_6.jpg')
  await dialog().getByRole('button', { name: 'Fermer' }).click()
  await dialog().waitFor({ state: 'hidden' })
  await pupil.offline(false)
})
