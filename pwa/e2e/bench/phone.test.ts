// Figures of a phone, printed and not judged: how much a first visit asks for,
// and how long an offline cold start takes with a processor four times slower.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Page, Request } from 'playwright-core'
import { Phone } from '../chromium.ts'
import { Link } from '../link.ts'
import { installed, signInAs } from '../people.ts'
import { Server } from '../server.ts'

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

const median = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

async function coldStart(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 })
  const started = performance.now()
  await page.goto(`${link.url}/travail`)
  await page.locator('main li a').first().waitFor()
  const took = performance.now() - started
  await session.send('Emulation.setCPUThrottlingRate', { rate: 1 })
  return took
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
  await phone.offline(true)
  const times: number[] = []
  for (let i = 0; i < 7; i++) times.push(await coldStart(page))
  console.log(
    `offline cold start to list, CPU ×4: median ${median(times).toFixed(0)} ms of ${times.map((t) => t.toFixed(0)).join(', ')}`,
  )
  expect(times).toHaveLength(7)
})
