// The tabs count what waits, on whatever screen the app is opened.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Phone } from './chromium.ts'
import { installed, signInAs } from './people.ts'
import { pause, Server } from './server.ts'

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
  await page.getByText(/^À jour à \d+\sh/).waitFor()
  const counts = async () => [await count('/').innerText(), await count('/travail').innerText()]
  const atHome = await counts()
  await installed(page)
  await page.goto(`${server.url}/reglages`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await count('/travail').waitFor()
  await expect.poll(counts).toEqual(atHome)
  await phone.offline(true)
  await page.evaluate(() => {
    Object.assign(navigator, {
      setAppBadge: (count: number) => Promise.resolve(void (document.title = `badge ${String(count)}`)),
    })
  })
  await page
    .getByRole('link', { name: /Accueil/ })
    .first()
    .click()
  await page.getByRole('button', { name: 'Tout marquer comme lu' }).click()
  await count('/').waitFor({ state: 'detached' })
  await expect.poll(() => page.title()).toMatch(/^badge \d+$/) // of messages alone, on the icon of the app
})

test('an alert that is tapped opens its screen in the window that is there', async () => {
  await phone.offline(false)
  const { page } = phone
  const context = page.context()
  await context.grantPermissions(['notifications'], { origin: server.url })
  const session = await context.newCDPSession(page)
  let registrationId = ''
  session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    registrationId = registrations.find((one) => !one.isDeleted)?.registrationId ?? registrationId
  })
  await session.send('ServiceWorker.enable')
  const data = JSON.stringify({
    web_push: 8030,
    notification: { title: 'Une copie est revenue', navigate: `${server.url}/travail`, tag: 'copy' },
    app_badge: 3,
  })
  // The worker as a tap would have it: its own words, which this file's types do not know. The browser may stop a
  // worker and start another at any time, so each attempt asks the one that is there.
  const tap = `(async () => {
    const [notification] = await registration.getNotifications()
    if (notification) dispatchEvent(new NotificationEvent('notificationclick', { notification }))
    return notification !== undefined
  })()`
  const tapped = async () => {
    if (registrationId)
      await session.send('ServiceWorker.deliverPushMessage', { origin: server.url, registrationId, data })
    await pause(200)
    return Promise.race([context.serviceWorkers().at(-1)?.evaluate<boolean>(tap), pause(3000)]).catch(
      () => false,
    )
  }
  await expect.poll(tapped, { timeout: 60_000 }).toBe(true)
  await page.waitForURL(`${server.url}/travail`)
  expect(context.pages()).toHaveLength(1)
})
