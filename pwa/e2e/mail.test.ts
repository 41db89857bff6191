// Messages: a parent reads one in the tunnel, files it, bins it, and thinks better of it.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect } from 'vitest'
import type { Page } from 'playwright-core'
import { Phone } from './chromium.ts'
import { installed, signInAs } from './people.ts'
import { Server } from './server.ts'
import { story } from './steps.ts'

let server: Server
const parent = new Phone()
let page: Page

beforeAll(async () => {
  server = await Server.start()
})
afterAll(async () => {
  await parent.dispose()
  await server.stop()
})

const subject = 'Sortie de fin de trimestre'
const step = story({ parent })

const unread = () => page.locator('nav li a[href="/messages"] b [aria-hidden]')
const row = () => page.getByRole('listitem').filter({ hasText: subject })

step('a parent has the app open', async () => {
  page = await parent.open(server.url)
  await signInAs(page, 'Nadia Benali')
  await installed(page)
  await unread().waitFor()
  expect(await unread().innerText()).toBe('2')
})

step('a teacher writes to her', async () => {
  const me = await page.evaluate(async () => (await (await fetch('/api/session')).json()) as { user: string })
  expect(await write(subject, me.user)).toContain('"ok":true')
})

step('E3, E4: it is counted, and the first of the latest at home', async () => {
  await page.getByRole('link', { name: new RegExp(subject) }).waitFor()
  expect(await unread().innerText()).toBe('3')
})

step('E10, E27: without a network it is read, and no longer new', async () => {
  await parent.offline(true)
  await page.locator('nav a[href="/messages"]').last().click()
  await page.getByRole('heading', { level: 1, name: 'Messages' }).waitFor()
  await row().waitFor()
  expect(await page.locator('main').getByRole('listitem').first().innerText()).toContain(subject)
  await page.getByRole('link', { name: new RegExp(`non lu.*${subject}`) }).click()
  await page.getByRole('heading', { level: 1, name: subject }).waitFor()
  await page.getByRole('article').getByText('Le car part à').waitFor()
  expect(await page.locator('strong').innerText()).toBe('13 h')
  await page.locator('nav li a[href="/messages"] b [aria-hidden]', { hasText: '2' }).waitFor()
})

step('E32: filed among the archives', async () => {
  await page.getByRole('button', { name: 'Plus', exact: true }).click()
  await page.getByRole('button', { name: 'Ranger', exact: true }).click()
  await page.getByRole('button', { name: 'Archives' }).click()
  await page.getByText('Rangée dans « Archives »').waitFor()
  await page.getByRole('heading', { level: 1, name: 'Messages' }).waitFor()
  await row().waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'Archives' }).click()
  await row().waitFor()
})

step('E33, E108: to the bin by a tick, and back where it was', async () => {
  await page.getByRole('button', { name: 'Sélectionner' }).click()
  await row().click()
  expect(await page.getByRole('checkbox', { name: new RegExp(subject) }).isChecked()).toBe(true)
  await page.getByRole('button', { name: 'Corbeille' }).click()
  await page.getByText('Mise à la corbeille').waitFor()
  await row().waitFor({ state: 'detached' })
  await page.getByText('Mise à la corbeille').locator('..').getByRole('button', { name: 'Annuler' }).click()
  await row().waitFor()
})

step('back on the network, the school knows where it lies', async () => {
  await parent.offline(false)
  await page.goto(`${server.url}/reglages/envois`)
  await page.getByText('Tout est parti').waitFor()
  await page.goto(`${server.url}/messages/archives`)
  await row().waitFor()
})

/** A message of the demo's teacher to somebody, sent as any device would. */
async function write(about: string, to: string): Promise<string> {
  const headers = { 'Content-Type': 'application/json', Origin: server.url }
  const post = (path: string, body: object, cookie = '') =>
    fetch(server.url + path, { method: 'POST', headers: { ...headers, cookie }, body: JSON.stringify(body) })
  const { accounts } = (await (await fetch(`${server.url}/api/demo`)).json()) as {
    accounts: { key: string; name: string }[]
  }
  const key = accounts.find((one) => one.name === 'Claire Garnier')?.key
  const session = await post('/api/session', { demo: key })
  const { user, device } = (await session.json()) as { user: string; device: string }
  const cookie = session.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ')
  const body = [{ runs: [{ text: 'Le car part à ' }, { text: '13 h', marks: 'b' }, { text: '.' }] }]
  const args = { id: randomUUID(), subject: about, mode: 'all', to: [`user:${to}`], body, files: [] }
  const mutation = { scope: `user:${user}`, k: 1, name: 'mail.send@1', at: Date.now(), args }
  const answer = await post('/api/sync', { v: 1, schema: 1, device, mutations: [mutation] }, cookie)
  return answer.text()
}
