// The tabs count what waits, on whatever screen the app is opened.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Phone } from './chromium.ts'
import { signInAs } from './people.ts'
import { Server } from './server.ts'

let server: Server
const phone = new Phone()

beforeAll(async () => {
  server = await Server.start()
})
afterAll(async () => {
  await phone.dispose()
  await server.stop()
})

test('opened on its settings, the app counts as it does at home', async () => {
  const page = await phone.open(server.url)
  await signInAs(page, 'Inès Benali')
  const count = (path: string) => page.locator(`nav li a[href="${path}"] b [aria-hidden]`)
  await count('/travail').waitFor()
  const counts = async () => [await count('/').innerText(), await count('/travail').innerText()]
  const atHome = await counts()
  await page.goto(`${server.url}/reglages`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await count('/travail').waitFor()
  expect(await counts()).toEqual(atHome)
  await phone.offline(true)
  await page
    .getByRole('link', { name: /Accueil/ })
    .first()
    .click()
  await page.getByRole('button', { name: 'Tout marquer comme lu' }).click()
  await count('/').waitFor({ state: 'detached' })
})
