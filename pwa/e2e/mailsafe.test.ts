// E21, E39: a pupil shows vie scolaire what a classmate wrote, and hears what came of it. Messages are taken back,
// and what goes to many is stopped before it leaves.
import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { Phone } from './chromium.ts'
import { installed, signInAs } from './people.ts'
import { Remote } from './remote.ts'
import { pause, Server } from './server.ts'
import { story } from './steps.ts'

interface Message {
  discussion: string
  subject: string
  body: { runs: { text: string }[] }[]
  recalled?: boolean
  moderated?: boolean
  closed?: boolean
  due?: string
}

interface Person {
  id: string
  name: string
}

const nasty = 'Personne ne veut de toi ici'
const answer = 'Tu as bien fait de nous le dire. Passe nous voir.'

let server: Server
let classmate: Remote
let guardian: Remote
let teacher: Remote
let pupilPage: Page
let officePage: Page
let teacherPage: Page
const pupil = new Phone()
const office = new Phone({ width: 1280, height: 900 })
const desk = new Phone({ width: 1280, height: 900 })
const step = story({ pupil, office, desk })

beforeAll(async () => {
  server = await Server.start()
  const open = async (phone: Phone, name: string): Promise<Page> => {
    const page = await phone.open(server.url)
    await signInAs(page, name)
    return page
  }
  pupilPage = await open(pupil, 'Inès Benali')
  officePage = await open(office, 'Thomas Lopez')
  teacherPage = await open(desk, 'Claire Garnier')
  teacher = await Remote.signIn(server, 'claire.garnier', 'girouette-noisette-banquise-cerceau')
  guardian = await Remote.signIn(server, 'nadia.benali', 'lanterne-crocus-pirogue-safran')
})
afterAll(async () => {
  await Promise.all([pupil, office, desk].map((one) => one.dispose()))
  await server.stop()
})

/** Somebody of Inès's class who has not opened the account yet, and does it now. */
async function mate(): Promise<Remote> {
  const lists = await teacher.mailbox<{ people: Person[] }>('list')
  const inClass = lists.find(({ people }) => people.some(({ name }) => name === 'Inès Benali'))
  const sheets = await sheetsOf(inClass?.people.map(({ id }) => id) ?? [])
  const unused = sheets.find(({ url }) => url)
  if (!unused?.url || !unused.code) throw new Error('all of the class have opened their accounts')
  return Remote.activate(server, { address: unused.url, code: unused.code }, 'des chamois sous la pluie')
}

/** What vie scolaire prints for them; nothing to open for who has an account. */
async function sheetsOf(people: string[]): Promise<{ url?: string; code?: string }[]> {
  const made = await officePage.evaluate(async (body) => {
    const headers = { 'Content-Type': 'application/json' }
    const response = await fetch('/api/activations', { method: 'POST', headers, body })
    return (await response.json()) as { sheets: { url?: string; code?: string }[] }
  }, JSON.stringify({ people }))
  return made.sheets
}

async function idOn(page: Page): Promise<string> {
  return page.evaluate(async () => ((await (await fetch('/api/session')).json()) as { user: string }).user)
}

async function send(from: Remote, to: string, subject: string, text: string): Promise<void> {
  const content = { subject, mode: 'all', to: [`user:${to}`], body: [{ runs: [{ text }] }], files: [] }
  await from.act(`user:${from.user}`, 'mail.send@1', { id: randomUUID(), ...content })
}

/** Passes a message on that began its discussion. */
async function passOn(from: Remote, message: string, to: string): Promise<void> {
  const content = { subject: 'Lis ceci', mode: 'all', to: [`user:${to}`], body: [], files: [] }
  await from.act(`user:${from.user}`, 'mail.send@1', { id: randomUUID(), ...content, quotes: [{ message }] })
}

/** The one message of a mailbox that is as it should be, once it is. */
async function held(whose: Remote, is: (one: Message) => boolean): Promise<Message> {
  for (let i = 0; i < 120; i++) {
    const found = (await whose.mailbox<Message>('message')).find(is)
    if (found) return found
    await pause(250)
  }
  throw new Error('no such message came')
}

step('a classmate writes something nasty to a pupil', async () => {
  classmate = await mate()
  await send(classmate, await idOn(pupilPage), 'Toi', nasty)
  await pupilPage.getByRole('link', { name: /Toi/ }).first().click()
  await pupilPage.getByRole('article').getByText(nasty).waitFor()
  await installed(pupilPage)
})

step('E21 she reports it without a network, and it is kept until there is one', async () => {
  await pupil.offline(true)
  await pupilPage
    .getByRole('article')
    .getByRole('button', { name: /que faire/ })
    .click()
  await pupilPage.getByRole('dialog').getByRole('button', { name: 'Signaler' }).click()
  const dialog = pupilPage.getByRole('dialog', { name: 'Signaler ce message' })
  await dialog.getByRole('button', { name: 'Signaler' }).click()
  await dialog.getByText('Il faut choisir ce qui se passe.').waitFor()
  await dialog.getByText('Insultes ou moqueries').click()
  await dialog.getByLabel('Ce qu’il faut savoir').fill('C’est la troisième fois.')
  await dialog.getByRole('button', { name: 'Signaler' }).click()
  await pupilPage.getByText('Gardé : le signalement partira').waitFor()
  await pupil.offline(false)
  await pupilPage.getByRole('link', { name: 'Signalé à la vie scolaire' }).click()
  await pupilPage.getByText('en cours', { exact: true }).waitFor()
})

step('vie scolaire has the case, with what was said and its fingerprint, also after a reload', async () => {
  await officePage.goto(`${server.url}/messages/moderation`)
  const waiting = officePage.getByRole('listitem').filter({ hasText: 'Insultes · Inès Benali' })
  await waiting.getByRole('link', { name: 'Toi' }).click()
  await officePage.getByText('C’est la troisième fois.').waitFor()
  await installed(officePage)
  const caseAddress = officePage.url()
  expect(new URL(caseAddress).pathname).toMatch(/^\/messages\/moderation\/./)
  expect((await office.context.request.get(caseAddress)).status()).toBe(200) // without the service worker
  const reloaded = await officePage.reload()
  expect(reloaded?.status()).toBe(200)
  await officePage.getByRole('article').getByText(nasty).waitFor()
  await officePage.getByText(/Empreinte [0-9a-f]{4} /).waitFor()
})

step('it takes the message away, closes the discussion, and answers', async () => {
  await officePage.getByRole('button', { name: 'Retirer le message' }).click()
  const dialog = officePage.getByRole('dialog', { name: 'Retirer le message' })
  await dialog.getByRole('switch', { name: 'Fermer aussi la discussion' }).check()
  await dialog.getByLabel('Réponse à Inès Benali').fill(answer)
  await dialog.getByLabel('Note de la vie scolaire').fill('Parents appelés.')
  await dialog.getByRole('button', { name: 'Confirmer' }).click()
  await officePage.getByText('Le message a été retiré et la discussion fermée.').waitFor()
  await officePage.getByRole('article').getByText(nasty).waitFor()
})

step('the pupil reads the answer; the message is gone, and nobody answers it', async () => {
  await pupilPage.getByText(answer).waitFor()
  await pupilPage.getByText('Le message a été retiré et la discussion fermée.').waitFor()
  expect(await pupilPage.getByText('Parents appelés.').count()).toBe(0)
  await pupilPage.getByRole('list', { name: 'Discussions fermées' }).getByRole('link').click()
  await pupilPage.getByRole('heading', { level: 1, name: 'Message retiré' }).waitFor()
  await pupilPage.getByRole('article').getByText('Ce message a été retiré par la vie scolaire.').waitFor()
  await pupilPage.getByText('Cette discussion a été fermée par la vie scolaire').waitFor()
  expect(await pupilPage.getByText(nasty).count()).toBe(0)
  await expect.poll(() => pupilPage.getByRole('button', { name: /^Répondre/ }).count()).toBe(0)
})

step('nor does its author get it any more', async () => {
  const message = await held(classmate, ({ recalled }) => recalled === true)
  expect(message).toMatchObject({ subject: '', moderated: true, closed: true })
  expect(message.body).toEqual([])
  expect(JSON.stringify(await classmate.mailbox('message'))).not.toContain(nasty)
})

step('a teacher takes a message of hers back, and keeps its text', async () => {
  await send(teacher, guardian.user, 'Un mot', 'Écrit trop vite')
  const { discussion } = await held(guardian, ({ body }) => JSON.stringify(body).includes('Écrit trop vite'))
  await passOn(guardian, discussion, await idOn(pupilPage))
  await pupilPage.goto(`${server.url}/messages`)
  await pupilPage.getByRole('link', { name: /Lis ceci/ }).click()
  await pupilPage.getByRole('article').getByText('Écrit trop vite').waitFor()
  await teacherPage.goto(`${server.url}/messages/envoyes`)
  await teacherPage.getByRole('link', { name: /Un mot/ }).click()
  await teacherPage.getByRole('button', { name: 'Votre message : que faire' }).click()
  await teacherPage.getByRole('button', { name: 'Reprendre le message' }).click()
  await teacherPage.getByRole('dialog').getByRole('button', { name: 'Reprendre', exact: true }).click()
  await teacherPage.getByRole('article').getByText('Vous avez repris ce message').waitFor()
  const message = await held(guardian, ({ subject, recalled }) => subject === 'Un mot' && recalled === true)
  expect(message.body).toEqual([])
  expect(message.moderated).toBeUndefined()
  await expect
    .poll(async () => JSON.stringify(await guardian.mailbox('message')))
    .not.toContain('Écrit trop vite')
})

step('it is gone where it was passed on, too', async () => {
  await pupilPage.getByRole('article').getByText('Message retiré : il n’y a plus rien à lire.').waitFor()
  expect(await pupilPage.getByText('Écrit trop vite').count()).toBe(0)
})

step('the school lets what goes to more than four people wait', async () => {
  const direction = await Remote.signIn(server, 'helene.roussel', 'cascade-verveine-trapèze-hibou')
  const ways = {
    ...{ studentToTeacher: true, studentToStudent: true, studentToStaff: true },
    ...{ guardianToTeacher: true, guardianToStaff: true, teacherToStudent: true, teacherToGuardian: true },
  }
  const numbers = { most: 200, quota: 100, alike: 30, pair: 20, large: 5, hold: 10 }
  const kept = { keepInbox: 90, keepIdle: 0, keepBin: 30, keepCases: 365 }
  await direction.act(`school:${direction.school}`, 'mail.policy@1', { ...ways, ...numbers, ...kept })
})

step('so what a teacher writes to the parents of a class does not leave at once', async () => {
  await teacherPage.goto(`${server.url}/messages/ecrire/${randomUUID()}`)
  await teacherPage.getByRole('combobox', { name: 'À' }).fill('5e B')
  await teacherPage.getByRole('option', { name: /parents de 5e B/i }).click()
  await teacherPage.getByLabel('Objet').fill('Sortie annulée')
  await teacherPage.getByRole('textbox', { name: 'Message' }).fill('La sortie de vendredi est annulée.')
  await teacherPage.getByRole('button', { name: 'Envoyer', exact: true }).click()
  await teacherPage.getByText('Le message part.').waitFor()
  await teacherPage.goto(`${server.url}/messages/envoyes`)
  await teacherPage.getByRole('link', { name: /Sortie annulée/ }).click()
  await teacherPage
    .getByRole('article')
    .getByText(/Part dans (10|9)\s?min/)
    .waitFor()
  await teacherPage.getByText('Personne ne l’a encore reçu.').waitFor()
})

step('vie scolaire stops it: no parent gets it, and the teacher has her text', async () => {
  await officePage.goto(`${server.url}/messages/moderation`)
  const mailing = officePage.getByRole('listitem').filter({ hasText: 'Sortie annulée' })
  await mailing.getByText(/Part dans (10|9)\s?min/).waitFor()
  await mailing.getByRole('button', { name: 'Arrêter' }).click()
  await officePage.getByRole('dialog').getByRole('button', { name: 'Arrêter' }).click()
  await mailing.getByText('arrêté', { exact: true }).waitFor()
  await teacherPage.getByRole('article').getByText('La vie scolaire a retiré votre message.').waitFor()
  await teacherPage.goto(`${server.url}/messages/brouillons`)
  await teacherPage.getByRole('link', { name: /Sortie annulée/ }).click()
  await teacherPage.getByLabel('Objet').waitFor()
  await expect
    .poll(() => teacherPage.getByRole('textbox', { name: 'Message' }).innerText())
    .toContain('vendredi')
  expect(JSON.stringify(await guardian.mailbox('message'))).not.toContain('Sortie annulée')
})

step('she sends it to one parent instead, and that leaves at once', async () => {
  await teacherPage.getByRole('button', { name: /^Retirer .*parents? de 5e B/i }).click()
  await teacherPage.getByRole('combobox', { name: 'À' }).fill('benali')
  await teacherPage.getByRole('option', { name: /Mme Benali/ }).click()
  await teacherPage.getByRole('button', { name: 'Envoyer', exact: true }).click()
  await teacherPage.getByText('Le message part.').waitFor()
  const message = await held(guardian, ({ subject }) => subject === 'Sortie annulée')
  expect(message.recalled).toBeUndefined()
  expect(message.body).toEqual([{ runs: [{ text: 'La sortie de vendredi est annulée.' }] }])
})
