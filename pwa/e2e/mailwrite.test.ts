// E45–E72: a parent writes to a teacher in the tunnel, with a paper; it leaves when the network is back. What the
// school does not accept comes back with all that was written.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { Phone } from './chromium.ts'
import { filled, installed, signInAs } from './people.ts'
import { Remote } from './remote.ts'
import { pause, Server } from './server.ts'
import { story } from './steps.ts'

interface Message {
  subject: string
  mode: string
  from: { id: string }
  to: { key: string }[]
  body: { kind?: string; runs: { text: string; marks?: string }[] }[]
  files?: { name: string; size: number; waiting?: boolean }[]
}

let server: Server
let teacher: Remote
let page: Page
const parent = new Phone()
const step = story({ parent })

beforeAll(async () => {
  server = await Server.start()
  teacher = await Remote.signIn(server, 'claire.garnier', 'girouette-noisette-banquise-cerceau')
})
afterAll(async () => {
  await parent.dispose()
  await server.stop()
})

async function write(id: string): Promise<void> {
  await page.goto(`${server.url}/messages/ecrire/${id}`)
  await page.getByLabel('Objet').waitFor()
}

const send = (): Promise<void> => page.getByRole('button', { name: 'Envoyer', exact: true }).click()
const text = () => page.getByRole('textbox', { name: 'Message' })

/** The messages of a subject in the teacher's mailbox, once there are some. */
async function arrived(subject: string): Promise<Message[]> {
  for (let i = 0; i < 60; i++) {
    const found = (await teacher.mailbox<Message>('message')).filter((one) => one.subject === subject)
    if (found.length > 0 && found.every((one) => !one.files?.some((file) => file.waiting))) return found
    await pause(500)
  }
  return []
}

step('a phone with the app on it goes into the tunnel', async () => {
  page = await parent.open(server.url)
  await signInAs(page, 'Nadia Benali')
  await filled(page) // with the address book
  await write('0193abcd-0000-7000-8000-00000000000a')
  await installed(page)
  await parent.offline(true)
  await page.reload()
  await page.getByLabel('Objet').waitFor()
})

step('E45, E58 what is missing is said, and the first of it is where one writes', async () => {
  await send()
  await page.getByText('À qui envoyer ce message ?').waitFor()
  await page.getByText('Il manque l’objet.').waitFor()
  await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'combobox')
})

step('E53 the teacher is found by a few letters, without a network', async () => {
  await page.keyboard.type('gar')
  await page.getByRole('option', { name: /Mme Garnier/ }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Retirer Mme Garnier' }).waitFor()
})

step('E59–E63 the text, with a list and a word in bold, and what a page brought along', async () => {
  await page.getByLabel('Objet').fill('Rendez-vous mardi')
  await text().click()
  await page.keyboard.type('Bonjour ')
  await page.keyboard.press('Control+b')
  await page.keyboard.type('madame')
  await page.keyboard.press('Control+b')
  await page.keyboard.type(',')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Liste à puces' }).click()
  await page.keyboard.type('mardi')
  await text().evaluate((root) => {
    const data = new DataTransfer()
    data.setData(
      'text/html',
      '<p><img src="https://x.invalid/a.png" onerror="document.title = 1"> ou <i>jeudi</i></p>',
    )
    root.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
  })
  await expect.poll(() => text().locator('li').innerText()).toBe('mardiou jeudi')
  await expect.poll(() => text().locator('img').count()).toBe(0)
  await page.keyboard.press('Control+z')
  await expect.poll(() => text().locator('li').innerText()).toBe('mardi')
})

step('E67, E71 a paper is attached; the app is closed and opened again, and all is there', async () => {
  await page.locator('input[type="file"][multiple]').setInputFiles({
    name: 'certificat.pdf',
    mimeType: 'application/pdf',
    buffer: Buffer.from(pdf),
  })
  await page.getByText('certificat.pdf').waitFor()
  await page.getByText('brouillon gardé').waitFor()
  await page.reload()
  await page.getByText('certificat.pdf').waitFor()
  await page.getByRole('button', { name: 'Retirer Mme Garnier' }).waitFor()
  await expect.poll(() => page.getByLabel('Objet').inputValue()).toBe('Rendez-vous mardi')
  await expect.poll(() => text().innerText()).toContain('Bonjour madame,')
})

step('sent, called back, sent again: it waits on the phone', async () => {
  await send()
  await page.getByText('Message gardé. Il partira').waitFor()
  await page.getByRole('heading', { level: 1, name: 'Messages', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Annuler' }).click()
  await page.getByLabel('Objet').waitFor()
  await send()
  await page.getByText('Message gardé. Il partira').waitFor()
  await pause(5500)
  await page.goto(`${server.url}/reglages/envois`)
  await page.getByText('Message : Rendez-vous mardi').waitFor()
})

step('back on the network: it arrives, once, with its file and its list', async () => {
  await parent.offline(false)
  const [message, ...others] = await arrived('Rendez-vous mardi')
  expect(others).toEqual([])
  expect(message?.to).toEqual([expect.objectContaining({ key: `user:${teacher.user}` })])
  expect(message?.body).toEqual([
    { runs: [{ text: 'Bonjour ' }, { text: 'madame', marks: 'b' }, { text: ',' }] },
    { kind: 'bullet', runs: [{ text: 'mardi' }] },
  ])
  expect(message?.files?.map((file) => file.name)).toEqual(['certificat.pdf'])
  await page.getByText('Tout est parti').first().waitFor()
})

step(
  'E52, E114–E118 the teacher is in the address book, found by a letter, and written to from there',
  async () => {
    await page.goto(`${server.url}/messages/carnet`)
    await page.getByRole('searchbox', { name: 'Chercher dans le carnet' }).fill('n')
    await page.getByRole('checkbox', { name: 'Choisir Mme Garnier' }).check()
    await page.getByRole('button', { name: 'Écrire', exact: true }).click()
    await page.getByRole('button', { name: 'Retirer Mme Garnier' }).waitFor()
  },
)

step('the school closes this way while a message is on it: it comes back whole', async () => {
  await page.getByLabel('Objet').fill('Question')
  await text().fill('Peut-on se voir ?')
  await parent.offline(true)
  await send()
  await page.getByText(/^(Message gardé|Le message part)\./).waitFor()
  await pause(5500)
  const office = await Remote.signIn(server, 'helene.roussel', 'cascade-verveine-trapèze-hibou')
  const rules = {
    studentToTeacher: true,
    studentToStudent: true,
    studentToStaff: true,
    guardianToTeacher: false,
  }
  const others = { guardianToStaff: true, teacherToStudent: true, teacherToGuardian: true, most: 200 }
  await office.act(`school:${office.school}`, 'mail.policy@1', { ...rules, ...others })
  await parent.offline(false)
  await page.goto(`${server.url}/reglages/envois`)
  await page.getByText('Message : Question').waitFor()
  await page.getByText('ne peut pas, ou plus, écrire').waitFor()
  await page.getByText('Peut-on se voir ?').waitFor()
  await page.getByRole('link', { name: 'Reprendre le message' }).click()
  await page.getByText('ne peut pas, ou plus, écrire à Mme Garnier').waitFor()
  await expect.poll(() => page.getByLabel('Objet').inputValue()).toBe('Question')
  await expect.poll(() => text().innerText()).toContain('Peut-on se voir ?')
})

step('sent to somebody else instead, it leaves', async () => {
  await page.getByRole('button', { name: 'Retirer Mme Garnier' }).click()
  await page.getByRole('combobox', { name: 'À' }).fill('lopez')
  await page.getByRole('option', { name: /M\. Lopez/ }).click()
  await send()
  await page.getByText('Le message part.').waitFor()
  await pause(5500)
  await page.goto(`${server.url}/reglages/envois`)
  await page.getByText('Tout est parti').first().waitFor()
})

/** The smallest PDF that readers accept. */
const pdf = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj
trailer<</Size 4/Root 1 0 R>>
startxref
170
%%EOF
`
