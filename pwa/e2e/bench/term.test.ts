// Figures of a pupil's term on a phone that has just signed in, printed and not judged: how long it takes on a slow
// line until home, the timetable and the marks can be read, with 600 lessons, 120 pieces of work and 90 marks.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { Phone } from '../chromium.ts'
import { installed } from '../people.ts'
import { Remote } from '../remote.ts'
import { pause, Server } from '../server.ts'

const rounds = 5
const slots = 28
const works = 120
const marks = 90

let server: Server
let kept: string

/** Fills the week of a class: one lesson more for each that the demo has not. */
async function fillWeek(pupil: Remote, count: number): Promise<void> {
  const office = await Remote.signIn(server, 'thomas.lopez', 'boussole-myrtille-escargot-tambour')
  const courses = await pupil.records('course')
  const own = courses.find(({ scope }) => scope.startsWith('class:'))
  const lessons = Array.from({ length: count }, (_, i) => ({
    ...{ id: `bench-slot-${String(i)}`, kind: 'activity', title: `Atelier ${String(i)}`, teachers: [] },
    ...{ audiences: [own?.scope ?? ''], rooms: [`Salle ${String(i)}`], weekday: 1 + (i % 5) },
    ...{
      start: `${String(13 + Math.floor(i / 5)).padStart(2, '0')}:00`,
      end: `${String(13 + Math.floor(i / 5))}:55`,
    },
  }))
  await office.act(`timetable:${office.school}`, 'timetable.slot@1', { slots: lessons, despite: true })
}

/** Gives the pupil work and marks until there is a term's worth of both. */
async function fill(): Promise<string> {
  const teacher = await Remote.signIn(server, 'claire.garnier', 'girouette-noisette-banquise-cerceau')
  const pupil = await Remote.signIn(server, 'ines.benali', 'tortue-violon-pamplemousse-marée')
  const places = await teacher.records<{ first: string }>('roster')
  const scope = places.find(({ id }) => id === pupil.user)?.scope ?? ''
  const count = async (type: string): Promise<number> => (await pupil.records(type)).length
  await fillWeek(pupil, slots - (await count('slot')))
  const today = new Date().toISOString().slice(0, 10)
  const given = Array.from({ length: works - (await count('homework')) }, (_, i) => ({
    ...{ id: `bench-work-${String(i).padStart(4, '0')}`, return: 'paper', late: 'accept', attachments: [] },
    ...{ title: `Exercices ${String(i)} à ${String(i + 3)}`, text: `Page ${String(i * 7)}, en détaillant.` },
    due: new Date(Date.now() + (1 + i) * 86_400_000).toISOString().replace(/\.\d+/, ''),
  }))
  await teacher.acts(scope, 'homework.give@1', given)
  const ids = Array.from({ length: marks - (await count('grade')) }, (_, i) => `bench-test-${String(i)}`)
  const tests = ids.map((id, i) => ({
    ...{ id, title: `Contrôle ${String(i)}`, date: today, period: '', type: 'test', coefficient: '1' },
    ...{ outOf: '20', about: '', papers: [], corrections: [] },
  }))
  await teacher.acts(scope, 'grades.assess@1', tests)
  const entered = ids.map((id, i) => ({
    assessment: id,
    cells: [{ student: pupil.user, value: String(6 + ((i * 7) % 15)), was: '' }],
  }))
  await teacher.acts(scope, 'grades.enter@1', entered)
  await teacher.acts(
    scope,
    'grades.publish@1',
    ids.map((id) => ({ id })),
  )
  const wanted: [string, number][] = [
    ['grade', marks],
    ['homework', works],
    ['slot', slots],
  ]
  for (const [type, least] of wanted) while ((await count(type)) < least) await pause(500)
  return `${String(await count('slot'))} slots, ${String(await count('homework'))} pieces of work, ${String(await count('grade'))} marks`
}

beforeAll(async () => {
  server = await Server.start({ args: ['demo'] })
  kept = await fill()
}, 240_000)
afterAll(() => server.stop())

/** Opens a screen and says when something of it can be read, in ms. */
async function readable(page: Page, began: number, link: string): Promise<number> {
  await page.getByRole('link', { name: link, exact: true }).first().click()
  await page.getByRole('heading', { level: 1, name: link }).waitFor()
  await page.locator('main li').first().waitFor()
  return performance.now() - began
}

/** A new phone, from the tap that signs in. */
async function firstDay(rate: number): Promise<number[]> {
  const phone = new Phone()
  try {
    const page = await phone.open(server.url)
    await page.getByRole('button', { name: 'Inès Benali' }).waitFor()
    await installed(page)
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Emulation.setCPUThrottlingRate', { rate })
    await cdp.send('Network.enable')
    await cdp.send('Network.emulateNetworkConditions', {
      ...{ offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 },
    })
    const began = performance.now()
    await page.getByRole('button', { name: 'Inès Benali' }).click()
    await page.getByRole('heading', { level: 1, name: /Bonjour/ }).waitFor()
    await page.locator('main li').first().waitFor()
    const home = performance.now() - began
    return [home, await readable(page, began, 'Emploi du temps'), await readable(page, began, 'Notes')]
  } finally {
    await phone.dispose()
  }
}

test('the first day on slow 3G', async () => {
  for (const rate of [1, 4]) {
    const all: number[][] = []
    for (let i = 0; i < rounds; i++) all.push(await firstDay(rate))
    const medians = [0, 1, 2].map(
      (at) => all.map((one) => one[at] ?? 0).sort((a, b) => a - b)[rounds >> 1] ?? 0,
    )
    const [home = 0, week = 0, grades = 0] = medians
    console.log(
      `${kept}; slow 3G (400 ms, 400 kbit/s), CPU ×${String(rate)}, from signing in, median of ${String(rounds)}: home after ${home.toFixed(0)} ms, the timetable after ${week.toFixed(0)}, the marks after ${grades.toFixed(0)}`,
    )
    expect(home).toBeGreaterThan(0)
  }
}, 300_000)
