// A club: a teacher makes a space, fills it and shares its lead; a pupil finds it,
// reads it in the tunnel, writes to all of it, and leaves (E83).
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Phone } from './chromium.ts'
import { installed, signInAs } from './people.ts'
import { Server } from './server.ts'

let server: Server
const desk = new Phone({ width: 1280, height: 800 })
const phone = new Phone()

beforeAll(async () => {
  server = await Server.start()
})
afterAll(async () => {
  await Promise.all([desk.dispose(), phone.dispose()])
  await server.stop()
})

test('a space is made, filled, written to and left', async () => {
  const teacher = await desk.open(server.url)
  await signInAs(teacher, 'Claire Garnier')
  await teacher.goto(`${server.url}/reglages`)
  await teacher.getByRole('link', { name: 'Espaces' }).click()
  await teacher.getByRole('link', { name: 'Club théâtre' }).waitFor()
  await teacher.getByRole('button', { name: 'Nouvel espace' }).click()
  await teacher.getByRole('button', { name: 'Créer l’espace' }).click()
  await teacher.getByText('Il faut un nom').waitFor()
  await teacher.getByLabel('Nom').fill('Chorale')
  await teacher.getByRole('button', { name: 'Créer l’espace' }).click()
  await teacher.getByRole('heading', { level: 1, name: 'Chorale' }).waitFor()

  await teacher.getByRole('button', { name: 'Ajouter des personnes' }).click()
  await teacher.getByRole('searchbox', { name: 'Chercher un nom' }).fill('benali')
  await teacher.getByRole('checkbox', { name: /^Inès Benali/ }).check()
  await teacher.getByRole('checkbox', { name: /^Mme Benali/ }).check()
  await teacher.getByRole('button', { name: 'Ajouter 2 personnes' }).click()
  await teacher.getByRole('heading', { name: '3 membres' }).waitFor()

  await teacher.getByRole('button', { name: 'Ajouter des personnes' }).click()
  await teacher.getByRole('searchbox', { name: 'Chercher un nom' }).fill('lopez')
  await teacher.getByRole('checkbox', { name: /^M. Lopez/ }).check()
  await desk.offline(true)
  await teacher.getByRole('button', { name: 'Ajouter 1 personne' }).click()
  await teacher.getByText('Rien n’est perdu').waitFor()
  await teacher.getByRole('dialog').getByRole('button', { name: 'Fermer', exact: true }).click()
  await desk.offline(false)
  await teacher.getByRole('button', { name: 'Ajouter des personnes' }).click()
  await teacher.getByRole('button', { name: 'Ajouter 1 personne' }).click()
  await teacher.getByRole('heading', { name: '4 membres' }).waitFor()
  await teacher.getByRole('button', { name: 'Plus, pour M. Lopez' }).click()
  await teacher.getByRole('button', { name: 'Nommer responsable' }).click()
  await teacher.getByText('M. Lopez est responsable').waitFor()
  await teacher.getByRole('button', { name: 'Plus, pour M. Lopez' }).click()
  await teacher.getByRole('button', { name: 'N’est plus responsable, reste membre' }).click()
  await teacher.getByText('M. Lopez n’est plus responsable').waitFor()
  await expect.poll(() => teacher.getByText('Responsable', { exact: true }).count()).toBe(1)

  const pupil = await phone.open(server.url)
  await signInAs(pupil, 'Inès Benali')
  await pupil.goto(`${server.url}/espaces`)
  await pupil.getByRole('link', { name: 'Chorale' }).waitFor()
  expect(await pupil.getByRole('button', { name: 'Nouvel espace' }).count()).toBe(0)
  await pupil.getByRole('link', { name: 'Chorale' }).click()
  await pupil.getByText('Mme Garnier').waitFor()
  expect(await pupil.getByRole('button', { name: /Ajouter|Retirer|Fermer l’espace/ }).count()).toBe(0)
  await installed(pupil)
  await phone.offline(true)
  await pupil.reload()
  await pupil.getByText('Mme Garnier').waitFor()
  await pupil.getByText('Il faut du réseau pour changer l’espace').waitFor()
  await phone.offline(false)
  await pupil.getByRole('button', { name: 'Écrire à tous' }).click()
  await pupil.getByRole('button', { name: 'Choisir dans les listes' }).first().click()
  const assistant = pupil.getByRole('dialog')
  await assistant.getByRole('heading', { name: 'Mes espaces' }).waitFor()
  await assistant.getByRole('button', { name: 'Chorale' }).click()
  await expect.poll(() => assistant.getByRole('checkbox', { name: 'Tous (3)' }).isChecked()).toBe(true)
  await assistant.getByRole('button', { name: 'Fermer l’assistant' }).click()
  await pupil.goBack()
  await pupil.getByRole('button', { name: 'Quitter l’espace' }).click()
  await pupil.getByRole('dialog').getByRole('button', { name: 'Quitter l’espace' }).click()
  await pupil.getByRole('heading', { level: 1, name: 'Espaces' }).waitFor()
  await pupil.getByRole('link', { name: 'Club théâtre' }).waitFor()
  await expect.poll(() => pupil.getByRole('link', { name: 'Chorale' }).count()).toBe(0)

  await teacher.reload()
  await teacher.getByRole('heading', { name: '3 membres' }).waitFor()
})
