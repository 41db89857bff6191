// Adding a phone, and all that can go wrong while two screens face each other
// (P34: the QR code of the computer sets the phone up).
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Phone, type Look } from './chromium.ts'
import { digits, scan, signInAs } from './people.ts'
import { pause, Server } from './server.ts'

let server: Server
const phones: Phone[] = []
const patience = new Phone({ width: 1280, height: 800 })
let stale = { address: '', until: 0 }

beforeAll(async () => {
  server = await Server.start()
  stale = await forgotten()
})

afterAll(async () => {
  await Promise.all([patience, ...phones].map((one) => one.dispose()))
  await server.stop()
})

beforeEach(() => Promise.all(phones.splice(0).map((one) => one.dispose())))

function take(look?: Look): Phone {
  const phone = new Phone(look)
  phones.push(phone)
  return phone
}

/** A laptop whose person asks for a code. */
async function showCode(name: string, laptop = take({ width: 1280, height: 800 })): Promise<Page> {
  const page = await laptop.open(server.url)
  await signInAs(page, name)
  await page.goto(`${server.url}/appareils/ajouter`)
  return page
}

/** A code that nobody scans in time: the last test comes back to it. */
async function forgotten(): Promise<typeof stale> {
  const page = await showCode('Claire Garnier', patience)
  return { address: await scan(page), until: Date.now() + 125_000 }
}

async function typeDigits(page: Page, typed: string): Promise<void> {
  const field = page.getByLabel('Quels six chiffres montre ce téléphone ?')
  await expect.poll(() => field.isEditable()).toBe(true) // not while others are being checked
  await field.pressSequentially(typed)
}

function wrong(right: string): string {
  return Array.from(right, (digit) => String((Number(digit) + 1) % 10)).join('')
}

async function devices(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const answer = (await (await fetch('/api/devices')).json()) as { devices: unknown[] }
    return answer.devices.length
  })
}

test('six wrong digits, three times: nothing is added, and both screens say so', async () => {
  const desk = await showCode('Inès Benali')
  const phone = await take().open(await scan(desk))
  const right = await digits(phone)
  for (const left of ['Encore 2 essais', 'Encore un essai']) {
    await typeDigits(desk, wrong(right))
    await desk.getByText(left).waitFor()
  }
  await typeDigits(desk, wrong(right))
  await desk.getByText('Trop d’essais').waitFor()
  await phone.getByRole('heading', { name: 'Ce téléphone n’a pas été ajouté' }).waitFor()
  expect(await devices(desk)).toBe(1)
  await desk.goto(server.url)
  await desk.getByText('Les chiffres étaient faux trois fois').first().waitFor()
})

test('one wrong digit forgives: the right ones still open the phone', async () => {
  const desk = await showCode('Inès Benali')
  const phone = await take().open(await scan(desk))
  const right = await digits(phone)
  await typeDigits(desk, wrong(right))
  await desk.getByText('Encore 2 essais').waitFor()
  await typeDigits(desk, right)
  await desk.getByText('Téléphone ajouté').waitFor()
  await phone.getByRole('link', { name: 'Aller à l’accueil' }).click()
  await phone.getByRole('heading', { level: 1, name: 'Bonjour Inès' }).waitFor()
})

test('a second phone scans the same code: neither is added, everybody is warned', async () => {
  const desk = await showCode('Thomas Lopez')
  const address = await scan(desk)
  const first = await take().open(address)
  const right = await digits(first)
  const second = await take().open(address)
  await second.getByRole('heading', { name: 'Un autre téléphone a scanné ce code' }).waitFor()
  await first.getByRole('heading', { name: 'Un autre téléphone a scanné ce code' }).waitFor()
  await desk.getByText('Quelqu’un d’autre a photographié ce code').waitFor()
  expect(right).toMatch(/^\d{6}$/)
  expect(await devices(desk)).toBe(1)
  await desk.goto(server.url)
  await desk.getByText('Quelqu’un d’autre a photographié ce code').first().waitFor()
})

test('without a camera: the eight characters are typed', async () => {
  const desk = await showCode('Nadia Benali')
  const shown = desk.locator('.typed [aria-hidden]')
  await shown.waitFor()
  const phone = await take().open(server.url)
  await phone.getByRole('link', { name: 'Scanner un code' }).click()
  await phone.getByText('On peut taper les huit caractères').waitFor()
  await phone.getByLabel('Code à 8 caractères').fill('AAAA AAAA')
  await phone.getByRole('button', { name: 'Continuer' }).click()
  await phone.getByText('Ce code n’existe pas, ou n’est plus valable.').waitFor()
  await phone.getByLabel('Code à 8 caractères').fill((await shown.innerText()).toLowerCase())
  await phone.getByRole('button', { name: 'Continuer' }).click()
  await typeDigits(desk, await digits(phone))
  await phone.getByRole('link', { name: 'Aller à l’accueil' }).click()
  await phone.getByRole('heading', { level: 1, name: /Bonjour/ }).waitFor()
})

/** A film of the code on a screen, for a camera that is not there. */
async function film(desk: Page): Promise<string> {
  const picture = await desk
    .getByRole('img', { name: /QR code/ })
    .evaluate(async (code: HTMLImageElement) => {
      await code.decode()
      const canvas = document.createElement('canvas')
      canvas.width = 640
      canvas.height = 480
      const pen = canvas.getContext('2d')
      if (!pen) throw new Error('no canvas')
      pen.fillStyle = '#ddd'
      pen.fillRect(0, 0, 640, 480)
      pen.drawImage(code, 170, 90, 300, 300)
      return canvas.toDataURL('image/jpeg', 0.9)
    })
  const file = join(mkdtempSync(join(tmpdir(), 'preau-film-')), 'code.mjpeg')
  writeFileSync(file, Buffer.from(picture.split(',')[1] ?? '', 'base64'))
  return file
}

test('with the camera inside the app', async () => {
  const desk = await showCode('Nadia Benali')
  const camera = take({
    permissions: ['camera'],
    switches: [
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${await film(desk)}`,
    ],
  })
  const phone = await camera.open(server.url)
  await phone.getByRole('link', { name: 'Scanner un code' }).click()
  await typeDigits(desk, await digits(phone))
  await desk.getByText('Téléphone ajouté').waitFor()
  await phone.getByRole('link', { name: 'Aller à l’accueil' }).click()
  await phone.getByRole('heading', { level: 1, name: /Bonjour/ }).waitFor()
})

test('two minutes later the code is of no use', async () => {
  const desk = patience.page
  await pause(Math.max(0, stale.until - Date.now()))
  await desk.getByText('Le code n’est plus valable').waitFor()
  const phone = await take().open(stale.address)
  await phone.getByRole('heading', { name: 'Le code n’est plus valable' }).waitFor()
  expect(await devices(desk)).toBe(1)
  await desk.getByRole('button', { name: 'Nouveau code' }).click()
  expect(await scan(desk)).not.toBe(stale.address)
})
