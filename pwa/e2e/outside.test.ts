// E9, E24, E25, E96, E112–E115: a school lets its teachers write to people outside. A museum is written to by mail, its
// answer comes in, a virus in what it sends reaches nobody, and nobody is mixed in who may not.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { Phone } from './chromium.ts'
import { Clamd, eicar } from './clamd.ts'
import { fits, inspect, shoot } from './inspect.ts'
import { deliver, freePort, World } from './outside.ts'
import { signInAs } from './people.ts'
import { pause, Server } from './server.ts'
import { story } from './steps.ts'

const museum = 'accueil@musee.example'
const world = new World()
const clamd = new Clamd()
const teacher = new Phone()
const direction = new Phone({ width: 1280, height: 900, dark: true })
const step = story({ teacher, direction })

let server: Server
let port: number
let page: Page
let answersAt = ''

beforeAll(async () => {
  port = await freePort()
  const out = await world.start()
  await clamd.start()
  server = await Server.start({
    env: {
      PREAU_SMTP: `smtp://127.0.0.1:${String(out)}?from=nepasrepondre@ecole.example`,
      PREAU_SMTP_LISTEN: `127.0.0.1:${String(port)}`,
      PREAU_MAIL_DOMAIN: 'reponse.ecole.example',
      PREAU_CLAMD: clamd.address,
    },
  })
})
afterAll(async () => {
  await teacher.dispose()
  await direction.dispose()
  await server.stop()
  await clamd.dispose()
  await world.stop()
})

async function write(id: string): Promise<void> {
  await page.goto(`${server.url}/messages/ecrire/${id}`)
  await page.getByLabel('Objet').waitFor()
}

async function send(subject: string): Promise<void> {
  await page.getByLabel('Objet').fill(subject)
  await page.getByRole('textbox', { name: 'Message' }).fill('Bonjour, pouvons-nous venir jeudi ?')
  await page.getByRole('button', { name: 'Envoyer', exact: true }).click()
}

step('E9 before the school allows it no address is offered', async () => {
  page = await teacher.open(server.url)
  await signInAs(page, 'Claire Garnier')
  await write('0193abcd-0000-7000-8000-0000000000b1')
  await page.getByLabel('À', { exact: true }).fill(museum)
  await page.getByText('Personne de ce nom').first().waitFor()
})

step('E9 the direction allows it to teachers', async () => {
  const rules = await direction.open(server.url)
  await signInAs(rules, 'Hélène Roussel')
  await rules.goto(`${server.url}/reglages/messagerie`)
  const section = rules.locator('section', {
    has: rules.getByRole('heading', { name: 'Messagerie externe' }),
  })
  await section.getByRole('switch', { name: 'Professeurs' }).click()
  await shoot(rules, 'outside-rules')
  await inspect(rules, 'rules')
  await rules.getByRole('button', { name: 'Enregistrer', exact: true }).click()
  await rules.getByText('Règles enregistrées').waitFor()
})

step('E115 an address is typed, with a name, and written to', async () => {
  const field = page.getByLabel('À', { exact: true })
  await field.fill(`Le musée <${museum}>`)
  await page.getByRole('option', { name: `Écrire à ${museum}` }).waitFor()
  await shoot(page, 'outside-offered')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Retirer Le musée' }).waitFor()
  await page.getByText('Ce message sort de l’établissement').waitFor()
  await shoot(page, 'outside-compose')
  await inspect(page, 'compose')
  await fits(page, 'compose')
  await send('Visite du musée')
  const { raw } = await world.mail(museum)
  answersAt = /^Reply-To: <([^>]+)>/m.exec(raw)?.[1] ?? ''
  expect(answersAt).toMatch(/^r-[a-z2-7]{32}@reponse\.ecole\.example$/)
  expect(raw).toContain('pouvons-nous venir jeudi')
})

step('E24, E25 the answer comes in; where there was a virus stands a line', async () => {
  const text = `From: Le musee <${museum}>
Message-ID: <one@musee.example>
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/html; charset=utf-8

<p>Avec plaisir&nbsp;! <b>Jeudi</b> à 9 h.<img src="https://evil.example/pixel.png"><script>document.title = 'evil'</script></p>
--x
Content-Type: application/pdf; name=plan.pdf
Content-Transfer-Encoding: base64

${eicar.toString('base64')}
--x--
`
  expect(await deliver(port, museum, answersAt, text)).toMatch(/^250/)
  await page.goto(`${server.url}/messages`)
  await page.getByRole('link', { name: /Visite du musée/ }).click()
  await page.getByText('Jeudi', { exact: true }).waitFor()
  await page.getByText('externe', { exact: true }).waitFor()
  await page.getByText('Pièce jointe supprimée').waitFor()
  expect(await page.title()).not.toContain('evil')
  await shoot(page, 'outside-thread')
  await inspect(page, 'thread')
  await fits(page, 'thread')
})

step('a virus in the text, and whoever else writes there, are turned away', async () => {
  const from = `From: ${museum}\n\n`
  expect(await deliver(port, museum, answersAt, from + eicar.toString())).toMatch(/^550/)
  expect(await deliver(port, museum, answersAt, 'From: eve@musee.example\n\nBonjour')).toMatch(/^550/)
  expect(await deliver(port, museum, 'postmaster@reponse.ecole.example', `${from}Bonjour`)).toMatch(/^550/)
})

step('E96 who has no external messaging is not mixed in; the text comes back', async () => {
  await write('0193abcd-0000-7000-8000-0000000000b2')
  const field = page.getByLabel('À', { exact: true })
  await field.fill('musée')
  await page.getByRole('option', { name: /Le musée/ }).waitFor()
  await page.keyboard.press('Enter')
  await field.fill('Benali')
  await page
    .getByRole('option', { name: /Inès Benali/ })
    .first()
    .click()
  await send('À vous deux')
  await page.getByText('Le message part.').waitFor()
  await pause(5500) // until it can no longer be called back
  await page.goto(`${server.url}/reglages/envois`)
  await page.getByText('à qui n’a pas la messagerie externe').waitFor()
  await page.getByRole('link', { name: 'Reprendre le message' }).click()
  await page.getByText('n’a pas la messagerie externe : Inès Benali').waitFor()
  await shoot(page, 'outside-mixed')
  await expect.poll(() => page.getByLabel('Objet').inputValue()).toBe('À vous deux')
})

step('E112, E113 the museum stands in the address book, under the name that was typed', async () => {
  await page.goto(`${server.url}/messages/carnet`)
  await page.getByRole('radio', { name: 'Externes' }).check({ force: true })
  const row = page.getByRole('row').filter({ hasText: 'Le musée' })
  await row.getByText(museum).waitFor()
  await expect.poll(() => page.locator('tbody tr').count()).toBe(1)
  await shoot(page, 'outside-book')
  await inspect(page, 'book')
  await fits(page, 'book')
})

step('what does not arrive is said in the message', async () => {
  const report = `From: MAILER-DAEMON@musee.example
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x

Sorry.
--x
Content-Type: message/delivery-status

Action: failed
--x--
`
  expect(await deliver(port, '', answersAt, report)).toMatch(/^250/)
  await page.goto(`${server.url}/messages`)
  await page.getByRole('link', { name: /Visite du musée/ }).click()
  await page.getByText('Le musée n’a pas reçu ce message : il est revenu.').waitFor()
  await shoot(page, 'outside-returned')
})
