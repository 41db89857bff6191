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

test('an alert that is tapped opens its screen in the window that is there', async () => {
  await phone.offline(false)
  const { page } = phone
  const context = page.context()
  await context.grantPermissions(['notifications'], { origin: server.url })
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'))
  const session = await context.newCDPSession(page)
  const registered = new Promise<string>((done) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations: [one] }) => {
      if (one) done(one.registrationId)
    })
  })
  await session.send('ServiceWorker.enable')
  await session.send('ServiceWorker.deliverPushMessage', {
    origin: server.url,
    registrationId: await registered,
    data: JSON.stringify({
      web_push: 8030,
      notification: { title: 'Une copie est revenue', navigate: `${server.url}/travail` },
      app_badge: 3,
    }),
  })
  // The worker as a tap would have it: its own words, which this file's types do not know.
  await worker.evaluate(`(async () => {
    for (;;) {
      const [notification] = await registration.getNotifications()
      if (notification) return dispatchEvent(new NotificationEvent('notificationclick', { notification }))
      await new Promise((done) => setTimeout(done, 20))
    }
  })()`)
  await page.waitForURL(`${server.url}/travail`)
  expect(context.pages()).toHaveLength(1)
})
