// Figures of a mailbox of 5,000 discussions on a phone, printed and not judged: the first sync, ten new messages on
// a slow line, and frames while the list scrolls with a processor four times slower.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CDPSession, Page } from 'playwright-core'
import { Phone } from '../chromium.ts'
import { installed } from '../people.ts'
import { Remote } from '../remote.ts'
import { pause, Server } from '../server.ts'

const count = Number(process.env['PREAU_BENCH_MESSAGES'] ?? 5000)
const words =
  'réunion élève forêt sortie musée contrôle jeudi classe parents bonjour cahier évaluation demain merci'.split(
    ' ',
  )

let server: Server
let teacher: Remote
let parent: Remote
let seed = 1
const phone = new Phone()

const word = (): string => words[(seed = (seed * 48271) % 2147483647) % words.length] ?? ''
const line = (length: number): string => Array.from({ length }, word).join(' ')

function letter(id: string, subject: string, length: number) {
  return {
    ...{ id, subject, mode: 'sender', to: [`user:${parent.user}`], files: [] },
    body: [{ runs: [{ text: line(length) }] }],
  }
}

beforeAll(async () => {
  server = await Server.start()
  teacher = await Remote.signIn(server, 'claire.garnier', 'girouette-noisette-banquise-cerceau')
  parent = await Remote.signIn(server, 'nadia.benali', 'lanterne-crocus-pirogue-safran')
  const all = Array.from({ length: count }, (_, i) =>
    letter(`bench-${String(i).padStart(6, '0')}`, line(4), 60),
  )
  await teacher.acts(`user:${teacher.user}`, 'mail.send@1', all)
  while ((await parent.mailbox('message')).length < count) await pause(500)
})
afterAll(async () => {
  await phone.dispose()
  await server.stop()
})

const list = (page: Page) => page.locator('main a[href^="/messages/lire/"]')
const since = (began: number): string => `${(performance.now() - began).toFixed(0)} ms`

/** How many messages this browser keeps. */
function kept(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const [first] = (await indexedDB.databases()).filter(({ name }) => name?.startsWith('preau'))
    if (!first?.name) return 0
    const open = indexedDB.open(first.name)
    await new Promise((done) => (open.onsuccess = done))
    const ask = open.result.transaction('rec').objectStore('rec').count()
    await new Promise((done) => (ask.onsuccess = done))
    open.result.close()
    return ask.result
  })
}

test('first sync', async () => {
  const page = await phone.open(`${server.url}/messages`)
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 })
  const began = performance.now()
  await page.getByRole('button', { name: 'Nadia Benali' }).click()
  await list(page).first().waitFor()
  console.log(`first sync of ${String(count)} messages, CPU ×4: a list after ${since(began)}`)
  while ((await kept(page)) < count) await pause(200)
  console.log(`first sync of ${String(count)} messages, CPU ×4: all of them after ${since(began)}`)
  await installed(page)
}, 300_000)

/** What the answers of the sync weigh, as they come over the line. */
async function weighed(cdp: CDPSession): Promise<{ count: number; bytes: number }> {
  const seen = { count: 0, bytes: 0 }
  const ours = new Set<string>()
  await cdp.send('Network.enable')
  cdp.on('Network.requestWillBeSent', ({ requestId, request }) => {
    if (request.url.endsWith('/api/sync')) ours.add(requestId)
  })
  cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (!ours.has(requestId)) return
    seen.count++
    seen.bytes += encodedDataLength
  })
  return seen
}

test('ten new messages on slow 3G', async () => {
  const page = phone.page
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 1 })
  await page.goto(`${server.url}/messages`)
  await list(page).first().waitFor()
  await pause(2000)
  const times: number[] = []
  const answers: string[] = []
  for (let round = 0; round < 5; round++) {
    await phone.offline(true)
    const some = Array.from({ length: 10 }, (_, i) =>
      letter(
        `new-${String(round)}-${String(i).padStart(4, '0')}`,
        `Nouveau ${String(round)} ${String(i)}`,
        12,
      ),
    )
    await teacher.acts(`user:${teacher.user}`, 'mail.send@1', some)
    await pause(1500)
    const seen = await weighed(cdp)
    await cdp.send('Network.emulateNetworkConditions', {
      ...{ offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 },
    })
    const began = performance.now()
    await phone.offline(false)
    await page
      .getByText(`Nouveau ${String(round)} 9`)
      .first()
      .waitFor()
    times.push(performance.now() - began)
    answers.push(`${String(seen.count)} answers of ${String(seen.bytes)} bytes`)
    await cdp.send('Network.emulateNetworkConditions', {
      ...{ offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 },
    })
  }
  console.log(
    `ten new messages, slow 3G (400 ms, 400 kbit/s): shown after ${times.map((t) => t.toFixed(0)).join(', ')} ms; ${answers.join('; ')}`,
  )
  expect(times).toHaveLength(5)
}, 120_000)

test('scroll', async () => {
  const page = phone.page
  const cdp = await page.context().newCDPSession(page)
  await page.goto(`${server.url}/messages`)
  await list(page).first().waitFor()
  for (const rate of [1, 4]) {
    await cdp.send('Emulation.setCPUThrottlingRate', { rate })
    await page.evaluate(() => {
      const gaps: number[] = []
      let last = performance.now()
      const tick = (now: number): void => {
        gaps.push(now - last)
        last = now
        requestAnimationFrame(tick)
      }
      requestAnimationFrame(tick)
      Object.assign(globalThis, { gaps })
    })
    for (let i = 0; i < 5; i++)
      await cdp.send('Input.synthesizeScrollGesture', {
        ...{ x: 190, y: 600, yDistance: -6000, speed: 3000, gestureSourceType: 'touch' },
      })
    const gaps = await page.evaluate(() => (globalThis as unknown as { gaps: number[] }).gaps.slice(5))
    const late = gaps.filter((gap) => gap > 25)
    const worst = Math.max(...gaps)
    console.log(
      `scroll over ${String(count)} discussions, CPU ×${String(rate)}: ${String(late.length)} of ${String(gaps.length)} frames late (> 25 ms), the worst ${worst.toFixed(0)} ms`,
    )
    expect(gaps.length).toBeGreaterThan(100)
  }
}, 120_000)
