// An iPhone gives the installed app no storage of Safari's: the address that
// the manifest starts the app at opens its session, once (P33).
import { createHmac, hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Phone } from './chromium.ts'
import { signInAs } from './people.ts'
import { Server } from './server.ts'

const hour = 3600
let server: Server
const phones: Phone[] = []

beforeAll(async () => {
  server = await Server.start()
})
afterAll(async () => {
  await Promise.all(phones.map((one) => one.dispose()))
  await server.stop()
})
beforeEach(() => Promise.all(phones.splice(0).map((one) => one.dispose())))

async function open(path = '/'): Promise<Page> {
  const phone = new Phone()
  phones.push(phone)
  return phone.open(server.url + path)
}

interface Manifest {
  id?: string
  start_url: string
}

/** The manifest that the browser has fetched for this page, with which it would install the app. */
async function manifest(page: Page): Promise<Manifest> {
  const tools = await page.context().newCDPSession(page)
  const { data = '{}' } = await tools.send('Page.getAppManifest')
  await tools.detach()
  return JSON.parse(data) as Manifest
}

/** The address of the icon that somebody puts on the first screen of their phone. */
async function icon(page: Page): Promise<string> {
  await expect.poll(async () => (await manifest(page)).start_url).toMatch(/^\/\?h=1\./)
  return (await manifest(page)).start_url
}

async function isIn(page: Page, first: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name: `Bonjour ${first}` }).waitFor()
  expect(await session(page)).toBe(200)
}

/** The sign-in screen, without a word of blame and with the pass gone from the address. */
async function isOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Se connecter' }).waitFor()
  expect(await session(page)).toBe(401)
  expect(new URL(page.url()).search).toBe('')
}

async function session(page: Page): Promise<number> {
  return page.evaluate(async () => (await fetch('/api/session')).status)
}

async function devices(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const answer = (await (await fetch('/api/devices')).json()) as { devices: unknown[] }
    return answer.devices.length
  })
}

/** What the server would have put on an icon some hours ago. */
function older(start: string, hours: number): string {
  const [version = '', user = '', device = '', issued = ''] = start.replace('/?h=', '').split('.')
  const at = String(Number(issued) - hours * hour)
  const { accounts } = JSON.parse(readFileSync(join(server.data, 'keys.json'), 'utf8')) as {
    accounts: string
  }
  const key = hkdfSync('sha256', Buffer.from(accounts, 'base64'), '', 'preau account pass', 32)
  const mac = createHmac('sha256', Buffer.from(key)).update([user, device, at].join('|')).digest()
  return `/?h=${[version, user, device, at, mac.subarray(0, 16).toString('base64url')].join('.')}`
}

async function signOut(page: Page): Promise<void> {
  await page.goto(`${server.url}/reglages`)
  await page.getByRole('button', { name: 'Se déconnecter' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Se déconnecter' }).click()
  await page.getByRole('button', { name: 'Se connecter' }).waitFor()
  await expect.poll(() => session(page)).toBe(401)
}

test('the installed app is signed in once, beside the browser it came from', async () => {
  const safari = await open()
  await signInAs(safari, 'Inès Benali')
  const before = await devices(safari)
  const start = await icon(safari)
  expect((await manifest(safari)).id).toBe('/')

  const app = await open(start)
  await isIn(app, 'Inès')
  expect(new URL(app.url()).search).toBe('')
  expect(await devices(safari)).toBe(before + 1)
  await app.goto(server.url + start) // the icon keeps its address
  await isIn(app, 'Inès')
  expect(await devices(safari)).toBe(before + 1)
  await safari.reload()
  await isIn(safari, 'Inès')

  await isOut(await open(start))
  await signOut(app)
  await app.goto(server.url + start)
  await isOut(app)
  expect(await devices(safari)).toBe(before)
  await isIn(safari, 'Inès')
})

test('a pass lives for a day', async () => {
  const safari = await open()
  await signInAs(safari, 'Claire Garnier')
  const start = await icon(safari)
  await isOut(await open(older(start, 25)))
  await isIn(await open(older(start, 23)), 'Claire')
})

test('an altered pass opens nothing', async () => {
  const safari = await open()
  await signInAs(safari, 'Thomas Lopez')
  const start = await icon(safari)
  const [, user = '', , issued = ''] = start.split('.')
  for (const altered of [
    start.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')),
    start.replace(issued, String(Number(issued) + hour)),
    start.replace(
      user,
      user.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')),
    ),
  ]) {
    expect(altered).not.toBe(start)
    await isOut(await open(altered))
  }
  await isIn(await open(start), 'Thomas')
})

test('who has signed out hands nothing over, not even by an icon made before', async () => {
  const safari = await open()
  await expect.poll(async () => (await manifest(safari)).start_url).toBe('/')
  await signInAs(safari, 'Nadia Benali')
  const start = await icon(safari)
  await signOut(safari)
  await safari.reload()
  expect((await manifest(safari)).start_url).toBe('/')
  await isOut(await open(start))
})
