// P14: a teacher asks the guardians of a class; a mother answers in a tunnel
// and takes note; the teacher reads both. What is only read stays with her.
import { afterAll, beforeAll } from 'vitest'
import { Phone } from './chromium.ts'
import { installed, signInAs } from './people.ts'
import { Server } from './server.ts'
import { story } from './steps.ts'

let server: Server
const desk = new Phone({ width: 1280, height: 800 })
const parent = new Phone()
const step = story({ desk, parent })

beforeAll(async () => {
  server = await Server.start()
})
afterAll(async () => {
  await Promise.all([desk, parent].map((one) => one.dispose()))
  await server.stop()
})

step('a teacher publishes a survey once nothing is missing', async () => {
  const page = await desk.open(server.url)
  await signInAs(page, 'Claire Garnier')
  await page.goto(`${server.url}/informations/ecrire`)
  await page.getByRole('button', { name: 'Publier' }).click()
  await page.getByText('Donner un titre.').waitFor()
  await page.getByRole('checkbox', { name: 'Responsables' }).check()
  await page.getByRole('checkbox', { name: '5e B' }).check()
  await page.getByText(/personnes la recevront/).waitFor()
  await page.getByRole('textbox', { name: 'Titre' }).fill('Goûter de fin d’année')
  await page.getByRole('switch', { name: 'Demander de confirmer' }).check()
  await page.getByRole('button', { name: 'Choix unique' }).click()
  await page.getByRole('textbox', { name: 'Question 1' }).fill('Apportez-vous un gâteau ?')
  await page.getByRole('textbox', { name: 'Choix 1' }).fill('Oui')
  await page.getByRole('textbox', { name: 'Choix 2' }).fill('Non')
  await page.getByRole('button', { name: 'Publier' }).click()
  await page.getByRole('link', { name: 'Goûter de fin d’année' }).waitFor()
})

step('a mother answers without a network, and takes note', async () => {
  const page = await parent.open(server.url)
  await signInAs(page, 'Nadia Benali')
  await installed(page)
  await page.goto(`${server.url}/informations`)
  await page.getByRole('link', { name: 'Goûter de fin d’année' }).click()
  await page.getByText('verra votre réponse avec votre nom').waitFor()
  await parent.offline(true)
  await page.getByRole('radio', { name: 'Oui' }).check()
  await page.getByRole('button', { name: 'Envoyer la réponse' }).click()
  await page.getByText(/^Répondu/).waitFor()
  await page.getByRole('button', { name: 'J’ai pris connaissance' }).click()
  await page.getByText(/^Pris connaissance/).waitFor()
  await parent.offline(false)
})

step('the teacher reads the answer, and who took note', async () => {
  const page = desk.page
  await page.getByRole('link', { name: 'Goûter de fin d’année' }).click()
  await page.getByText(/^1 sur \d+ ont pris connaissance/).waitFor()
  await page.getByRole('row', { name: /Oui.*1.*100/ }).waitFor()
  await page.getByText('Qui a répondu (1)').click()
  await page.getByText('Mme Benali').first().waitFor()
})
