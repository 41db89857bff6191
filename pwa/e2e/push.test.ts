// A real alert, end to end and without the internet: Firefox subscribes to a
// push service on loopback, Préau encrypts, Firefox decrypts and shows it.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Phone } from './chromium.ts'
import { Firefox } from './firefox.ts'
import { signInAs } from './people.ts'
import { pause, root, Server } from './server.ts'

let service: ChildProcess
let server: Server
let firefox: Firefox
const teacher = new Phone({ width: 1280, height: 800 })

beforeAll(async () => {
  const [origin, child] = await pushService()
  service = child
  server = await Server.start({ env: { PREAU_PUSH_HOSTS: origin } })
  firefox = await Firefox.launch(origin.replace('http', 'ws') + '/')
})

afterAll(async () => {
  await (firefox as Firefox | undefined)?.close()
  await teacher.dispose()
  await server.stop()
  service.kill()
})

async function pushService(): Promise<[string, ChildProcess]> {
  const child = spawn(join(root, 'bin/pushtest'), ['-listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [first] = (await once(child.stdout, 'data')) as [Buffer]
  return [first.toString().trim(), child]
}

/** Clicks what bears a text, once it is there. */
async function click(text: string): Promise<void> {
  await firefox.run(`async () => {
    for (let i = 0; i < 300; i++) {
      const all = [...document.querySelectorAll('button, a, label')]
      const found = all.find((one) => one.textContent.includes(${JSON.stringify(text)}))
      if (found) { found.click(); return }
      await new Promise((done) => setTimeout(done, 100))
    }
    throw new Error('nothing says ' + ${JSON.stringify(text)} + ' in ' + document.body.innerText)
  }`)
}

async function says(text: string): Promise<boolean> {
  return firefox.run<boolean>(`async () => {
    for (let i = 0; i < 300; i++) {
      if (document.body.innerText.includes(${JSON.stringify(text)})) return true
      await new Promise((done) => setTimeout(done, 100))
    }
    return false
  }`)
}

interface Shown {
  title: string
  body: string
  data: string
}

/** What the worker has shown. */
async function shown(wanted: string): Promise<Shown[]> {
  for (let i = 0; i < 60; i++) {
    const list = await firefox.run<Shown[]>(`async () => {
      const registration = await navigator.serviceWorker.ready
      const all = await registration.getNotifications()
      return all.map(({ title, body, data }) => ({ title, body, data: String(data) }))
    }`)
    if (list.some((one) => `${one.title} ${one.body}`.includes(wanted))) return list
    await pause(500)
  }
  throw new Error(`no notification says ${wanted}\n${server.log.slice(-2000)}`)
}

/** The moment at which a notification with some words was there, looked for every ten milliseconds. */
function firstShown(wanted: string): Promise<number> {
  return firefox.run<number>(`async () => {
    const registration = await navigator.serviceWorker.ready
    for (let i = 0; i < 6000; i++) {
      const all = await registration.getNotifications()
      if (all.some((one) => (one.title + one.body).includes(${JSON.stringify(wanted)}))) return Date.now()
      await new Promise((done) => setTimeout(done, 10))
    }
    throw new Error('nothing was shown')
  }`)
}

test('a pupil switches alerts on, and a test alert is shown', async () => {
  await firefox.allowNotifications(server.url)
  await firefox.open(server.url)
  await click('Inès Benali')
  expect(await says('Bonjour Inès')).toBe(true)
  await firefox.open(`${server.url}/reglages/alertes`)
  await click('Activer les alertes')
  expect(await says('Les alertes sont en marche')).toBe(true)
  // The night is quiet unless one says otherwise, and tests run at night too.
  await click('Ne rien faire sonner la nuit')
  await click('Envoyer un essai')
  expect((await shown('alertes')).length).toBeGreaterThan(0)
})

test('new homework is told, without its text', async () => {
  const screen = await teacher.open(server.url)
  await signInAs(screen, 'Claire Garnier')
  await screen.goto(`${server.url}/travail/donner`)
  await screen.getByRole('combobox', { name: /Classe/ }).selectOption({ label: 'Français · 5e B' })
  await screen.getByLabel('Titre').fill('Lire la fable du corbeau')
  await screen.getByLabel('Consigne').fill('Un secret que l’écran verrouillé ne dit pas.')
  const seen = firstShown('français')
  await screen.getByRole('button', { name: 'Donner ce travail' }).click()
  const given = Date.now()
  console.log(`given → shown by Firefox: ${String((await seen) - given)} ms`)
  const list = await shown('français')
  expect(JSON.stringify(list)).not.toContain('Un secret')
  expect(list.some((one) => one.data.includes('/travail'))).toBe(true)
})

test('a browser that unsubscribed by itself is forgotten once its service says so', async () => {
  const held = () =>
    firefox.run<number>(`async () => (await (await fetch('/api/push')).json()).subscriptions.length`)
  expect(await held()).toBe(1)
  await firefox.run(`async () => {
    const registration = await navigator.serviceWorker.ready
    await (await registration.pushManager.getSubscription()).unsubscribe()
  }`)
  const screen = teacher.page
  await screen.goto(`${server.url}/travail/donner`)
  await screen.getByRole('combobox', { name: /Classe/ }).selectOption({ label: 'Français · 5e B' })
  await screen.getByLabel('Titre').fill('Relire la fable')
  await screen.getByRole('button', { name: 'Donner ce travail' }).click()
  await expect.poll(held).toBe(0) // 410 is what ends a subscription here
})
