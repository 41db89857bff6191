// Messages: a parent reads one in the tunnel, files it, bins it, and thinks better of it.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect } from 'vitest'
import type { Locator, Page } from 'playwright-core'
import { Phone } from './chromium.ts'
import { installed, signInAs } from './people.ts'
import { PostOffice } from './postoffice.ts'
import { pause, Server } from './server.ts'
import { story } from './steps.ts'

let server: Server
let post: PostOffice
const parent = new Phone()
const laptop = new Phone({ width: 1280, height: 800 })
let page: Page
let desk: Page

beforeAll(async () => {
  post = await PostOffice.open()
  server = await Server.start({ env: { PREAU_SMTP: post.address } })
})
afterAll(async () => {
  await Promise.all([parent.dispose(), laptop.dispose()])
  await server.stop()
  await post.close()
})

const subject = 'Sortie de fin de trimestre'
const step = story({ parent, laptop })

const unread = () => page.locator('nav li a[href="/messages"] b [aria-hidden]')
const row = () => page.getByRole('listitem').filter({ hasText: subject })

step('a parent has the app open', async () => {
  page = await parent.open(server.url)
  await signInAs(page, 'Nadia Benali')
  await installed(page)
  await unread().waitFor()
  await expect.poll(() => unread().innerText()).toBe('2')
})

step('a teacher writes to her', async () => {
  const me = await page.evaluate(async () => (await (await fetch('/api/session')).json()) as { user: string })
  expect(await write(subject, me.user)).toContain('"ok":true')
})

step('E3, E4: it is counted, and the first of the latest at home', async () => {
  await page.getByRole('link', { name: new RegExp(subject) }).waitFor()
  await expect.poll(() => unread().innerText()).toBe('3')
})

step('E2, E10, E27: without a network it is read, and no longer new', async () => {
  await parent.offline(true)
  await page.locator('nav a[href="/messages"]').last().click()
  await page.getByRole('heading', { level: 1, name: 'Messages' }).waitFor()
  await row().waitFor()
  await expect.poll(() => page.locator('main').getByRole('listitem').first().innerText()).toContain(subject)
  await page.getByRole('link', { name: new RegExp(`non lu.*${subject}`) }).click()
  await page.getByRole('heading', { level: 1, name: subject }).waitFor()
  await page.getByRole('article').getByText('Le car part à').waitFor()
  await expect.poll(() => page.locator('strong').innerText()).toBe('13 h')
  await page.locator('nav li a[href="/messages"] b [aria-hidden]', { hasText: '2' }).waitFor()
})

step('E34: printed, the discussion stands alone', async () => {
  await page.evaluate(() => (window.print = () => (document.documentElement.dataset['printed'] = 'yes')))
  await page.getByRole('button', { name: 'Plus', exact: true }).click()
  await page.getByRole('button', { name: 'Imprimer', exact: true }).click()
  await page.locator('html[data-printed]').waitFor()
  await page.emulateMedia({ media: 'print' })
  await page.getByRole('article').getByText('Le car part à').waitFor()
  await expect.poll(() => page.locator('nav:visible, main button:visible').count()).toBe(0)
  await page.emulateMedia({ media: null })
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
  await expect.poll(() => page.getByRole('checkbox', { name: new RegExp(subject) }).isChecked()).toBe(true)
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

step('E32: a finger that rests on a row ticks it; others are tapped, and all are filed', async () => {
  await page.goto(`${server.url}/messages`)
  const rows = page.locator('main [data-talk]')
  await rows.nth(1).waitFor()
  await touch(page, rows.first(), { rests: page.getByText('1 sélectionnée') })
  await page.getByText('1 sélectionnée').waitFor()
  await rows.nth(1).tap()
  await page.getByText('2 sélectionnées').waitFor()
  await page.getByRole('toolbar').getByRole('button', { name: 'Ranger' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Archives' }).click()
  await page.getByText('2 rangées dans « Archives »').waitFor()
  await page.goto(`${server.url}/messages/archives`)
  await rows.nth(2).waitFor()
})

step('E12: a swipe turns to the one before and the one after; a short one does nothing', async () => {
  const title = page.getByRole('heading', { level: 1 })
  const first = await page.locator('main [data-talk] a').first().innerText()
  const second = await page.locator('main [data-talk] a').nth(1).innerText()
  await page.locator('main [data-talk] a').first().tap()
  await title.filter({ hasText: first }).waitFor()
  await touch(page, page.locator('.thread'), { by: -40 })
  await expect.poll(() => title.innerText()).toContain(first)
  await touch(page, page.locator('.thread'), { by: -180 })
  await title.filter({ hasText: second }).waitFor()
  await touch(page, page.locator('.thread'), { by: 180 })
  await title.filter({ hasText: first }).waitFor()
})

step(
  'E15, E32: at a laptop five folders are there, and all that are ticked are dragged to a folder together, and come back',
  async () => {
    desk = await laptop.open(server.url)
    await signInAs(desk, 'Nadia Benali')
    await desk.goto(`${server.url}/messages/archives`)
    for (const folder of ['Reçus', 'Envoyés', 'Brouillons', 'Archives', 'Corbeille']) {
      await desk
        .getByRole('navigation')
        .getByRole('link', { name: new RegExp(`^${folder}`) })
        .waitFor()
    }
    const rows = desk.locator('main [data-talk]')
    await rows.nth(2).waitFor()
    await desk.keyboard.press('j')
    await desk.keyboard.press('x')
    await desk.keyboard.press('ArrowDown')
    await desk.keyboard.press('x')
    await desk.getByText('2 sélectionnées').waitFor()
    await rows.nth(1).dragTo(desk.getByRole('navigation').getByRole('link', { name: /^Reçus/ }))
    await desk.getByText('2 rangées dans « Reçus »').waitFor()
    await expect.poll(() => rows.count()).toBe(1)
    await desk.getByRole('button', { name: 'Annuler' }).click()
    await rows.nth(2).waitFor()
    await expect.poll(() => desk.getByRole('toolbar').count()).toBe(0)
  },
)

step('the same by the keyboard alone, which explains itself', async () => {
  const rows = desk.locator('main [data-talk]')
  const chosen = () =>
    desk.waitForFunction(() => Boolean(document.activeElement?.closest('main [data-talk]')))
  await rows.first().getByRole('link').focus()
  await desk.keyboard.press('d')
  await desk.getByRole('dialog').getByRole('button', { name: 'Reçus' }).press('Enter')
  await desk.getByText('Rangée dans « Reçus »').waitFor()
  await expect.poll(() => rows.count()).toBe(2)
  await chosen()
  await desk.keyboard.press('Enter')
  await desk.getByRole('button', { name: 'Répondre', exact: true }).waitFor()
  await desk.keyboard.press('?')
  await desk.getByRole('heading', { name: 'Raccourcis clavier' }).waitFor()
  await desk.getByLabel('Touches d’un seul signe').uncheck()
  await desk.keyboard.press('Escape')
  await desk.keyboard.press('r')
  await desk.keyboard.press('Delete')
  await desk.getByText('Mise à la corbeille').waitFor()
  await expect.poll(() => rows.count()).toBe(1)
  await desk.evaluate(() => localStorage.removeItem('preau.signs'))
  await desk.reload()
  await rows.first().waitFor()
  await desk.keyboard.press('j')
  await chosen()
  await desk.keyboard.press('Enter')
  await desk.getByRole('button', { name: 'Répondre', exact: true }).waitFor()
  await desk.keyboard.press('r')
  await desk.getByRole('textbox', { name: 'Message' }).waitFor()
})

step('E6: she gives an address, types the code that a mail brings, and is told there', async () => {
  const to = 'nadia@maison.test'
  await page.goto(`${server.url}/reglages/alertes`)
  await page.getByLabel('Ne rien faire sonner la nuit').uncheck() // or the mail waits for the morning
  await page.locator('.hours').waitFor({ state: 'detached' })
  await page.goto(`${server.url}/reglages/courriel`)
  await page.getByLabel('Adresse de courriel').fill(to)
  await page.getByRole('button', { name: 'Envoyer le code' }).click()
  const code = /\d{6}/.exec(await post.text(to))?.[0] ?? ''
  await page.getByLabel('Code reçu').fill(code === '000000' ? '111111' : '000000')
  await page.getByRole('button', { name: 'Confirmer' }).click()
  await page.getByText('Ce n’est pas le bon code').waitFor()
  await page.getByLabel('Code reçu').fill(code)
  await page.getByRole('button', { name: 'Confirmer' }).click()
  await page.getByText(`Les nouvelles sont annoncées à ${to}.`).waitFor()
})

step('E6: the mail names who wrote and not what; its link opens the discussion', async () => {
  const me = await page.evaluate(async () => (await (await fetch('/api/session')).json()) as { user: string })
  await write('Carnet oublié', me.user)
  const text = await post.text('nadia@maison.test', 1)
  expect(text).toContain('Garnier')
  expect(text).not.toMatch(/Carnet|car part/)
  await page.goto(/https?:\/\/\S+/.exec(text)?.[0] ?? '')
  await page.getByRole('heading', { level: 1, name: 'Carnet oublié' }).waitFor()
})

interface Way {
  /** Until this is seen. */
  rests?: Locator
  by?: number
}

/** A finger that rests where something is, or moves sideways by so much, as the browser hears it. */
async function touch(on: Page, what: Locator, { rests, by = 0 }: Way): Promise<void> {
  await on.waitForFunction(() => !document.documentElement.matches(':active-view-transition'))
  const box = await what.boundingBox()
  if (!box) throw new Error('there is nothing to touch')
  const [x, y] = [box.x + box.width / 2 - by / 2, box.y + Math.min(box.height / 2, 200)]
  const finger = await on.context().newCDPSession(on)
  const at = (type: string, ...touchPoints: { x: number; y: number }[]) =>
    finger.send('Input.dispatchTouchEvent', { type: type as 'touchStart', touchPoints })
  await at('touchStart', { x, y })
  await rests?.waitFor()
  for (let part = 1; by !== 0 && part <= 6; part++) await at('touchMove', { x: x + (by * part) / 6, y })
  await at('touchEnd')
  await finger.detach()
  await pause(400) // the page turns
}

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
