// Figures of a phone, printed and not judged: how much a first visit asks for,
// how long an offline cold start takes with a processor four times slower,
// and how long a photo takes to become a page.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Page, Request } from 'playwright-core'
import { Phone } from '../chromium.ts'
import { Link } from '../link.ts'
import { installed, signInAs } from '../people.ts'
import { root, Server } from '../server.ts'

/** A real photo of 8 megapixels, which is drawn larger. */
const photo = join(process.env['PREAU_SHARED'] ?? resolve(root, '../shared'), 'data/photos/jolla.jpg')
const rounds = 7

let server: Server
let link: Link
const phone = new Phone()

beforeAll(async () => {
  server = await Server.start()
  link = await Link.to(() => server.port)
})
afterAll(async () => {
  await phone.dispose()
  await link.close()
  await server.stop()
})

const figure = (values: number[]): string => {
  const sorted = [...values].sort((a, b) => a - b)
  return `median ${(sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(0)} ms of ${sorted.map((t) => t.toFixed(0)).join(', ')}`
}

async function slow(page: Page, rate: number): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Emulation.setCPUThrottlingRate', { rate })
}

/** Notes, in every page opened from now on, when its list can be read. */
async function watchList(page: Page): Promise<void> {
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector('main li a')) return
      observer.disconnect()
      document.documentElement.dataset['readable'] = String(performance.now())
    }).observe(document, { childList: true, subtree: true })
  })
}

/** From the beginning of a navigation until the list of homework can be read, in ms. */
async function start(page: Page): Promise<number> {
  await page.goto(`${link.url}/travail`)
  const root = page.locator('html[data-readable]')
  await root.waitFor({ state: 'attached' })
  return Number(await root.getAttribute('data-readable'))
}

/** What is asked for until a screen can be read, in order. */
async function requests(page: Page, what: string, work: () => Promise<unknown>): Promise<void> {
  const asked: string[] = []
  const note = (request: Request): void => {
    asked.push(new URL(request.url()).pathname.replace(/^\/assets\/|-[\w-]{8}(?=\.\w+$)/g, ''))
  }
  page.on('request', note)
  await work()
  page.off('request', note)
  console.log(`${what}: ${String(asked.length)} requests to a readable screen: ${asked.join(' ')}`)
}

test('first visit, then offline', async () => {
  const page = await phone.open('about:blank')
  const list = page.locator('main li a').first()
  await requests(page, 'sign-in page', async () => {
    await page.goto(link.url)
    await page.getByRole('textbox').first().waitFor()
  })
  await signInAs(page, 'Inès Benali')
  await list.waitFor()
  await installed(page)
  await requests(page, 'home, second visit', async () => {
    await page.reload()
    await list.waitFor()
  })
  link.cut()
  const [fresh, again]: [number[], number[]] = [[], []]
  for (let i = 0; i < rounds; i++) {
    await phone.off()
    const page = await phone.open('about:blank')
    await phone.offline(true)
    await watchList(page)
    await slow(page, 4)
    fresh.push(await start(page))
    again.push(await start(page))
  }
  console.log(`offline cold start to list, browser just started, CPU ×4: ${figure(fresh)} (aim 500)`)
  console.log(`offline start to list, browser running, CPU ×4: ${figure(again)}`)
  expect([...fresh, ...again].every((took) => took > 0)).toBe(true)
})

/** The photo at 4032 × 3024, as the cameras of today give it. */
async function large(page: Page): Promise<{ name: string; mimeType: string; buffer: Buffer }> {
  const coded = await page.evaluate(async (source) => {
    const bytes = Uint8Array.from(atob(source), (c) => c.charCodeAt(0))
    const picture = await createImageBitmap(new Blob([bytes]))
    const canvas = new OffscreenCanvas(4032, 3024)
    canvas.getContext('2d')?.drawImage(picture, 0, 0, 4032, 3024)
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 })
    return new Promise<string>((done) => {
      const reader = new FileReader()
      reader.onload = () => done((reader.result as string).replace(/^.*,/, ''))
      reader.readAsDataURL(blob)
    })
  }, readFileSync(photo).toString('base64'))
  return { name: 'photo.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(coded, 'base64') }
}

test('a photo of 12 megapixels becomes a page', async () => {
  link.restore()
  await phone.offline(false)
  const page = phone.page
  await slow(page, 1)
  await page.goto(`${link.url}/travail`)
  await page.getByRole('link', { name: 'Écrire un conte' }).first().click()
  const camera = page.locator('input[capture]')
  await camera.waitFor({ state: 'attached' })
  const shot = await large(page)
  for (const rate of [1, 4]) {
    await slow(page, rate)
    const times: number[] = []
    for (let i = 0; i < rounds; i++) {
      const began = performance.now()
      await camera.setInputFiles(shot)
      await page.getByRole('img', { name: 'Page 1', exact: true }).waitFor()
      times.push(performance.now() - began)
      await page.getByRole('button', { name: 'Enlever la page 1' }).click()
      await page.getByRole('img', { name: 'Page 1', exact: true }).waitFor({ state: 'detached' })
    }
    console.log(
      `photo of 4032 × 3024, ${(shot.buffer.length / 1e6).toFixed(1)} MB, to ready page, CPU ×${String(rate)}: ${figure(times)}`,
    )
    expect(times).toHaveLength(rounds)
  }
})
