/** What each kind of person does on a school day, drawn at random from what their device shows. */
import { Buffer } from 'node:buffer'
import type { Device, FileRef } from '../src/sync/index.ts'
import type { Chance } from './chance.ts'
import type { Phone } from './phone.ts'

export type Habit = (phone: Phone, tab: number, chance: Chance) => Promise<void>

const day = 86_400_000
const states = ['none', 'paper', 'file'] as const

/** Everybody changes settings and reads notices. */
const common: Record<string, Habit> = {
  async settings(phone, tab, chance) {
    const lang = chance.pick(['fr', 'en'] as const) ?? 'fr'
    await phone.act(tab, `user:${phone.user}`, 'settings.set@1', { lang, phrases: [chance.id('phrase')] })
  },

  async notices(phone, tab, chance) {
    const device = await phone.tab(tab)
    const notices = await device.read((view) => view.list(`user:${phone.user}`, 'notice'))
    const ids = notices.filter(() => chance.is(0.3)).map((row) => row.id)
    if (ids.length === 0) return
    const name = chance.is(0.5) ? 'notice.read@1' : 'notice.dismiss@1'
    await phone.act(tab, `user:${phone.user}`, name, { ids: ids.slice(0, 20) })
  },
}

const student: Record<string, Habit> = {
  async submit(phone, tab, chance) {
    const device = await phone.tab(tab)
    const homework = await someHomework(device, chance)
    if (!homework) return
    const pages = chance.is(0.4) ? await photos(device, chance) : []
    await phone.act(tab, `student:${phone.user}`, 'homework.submit@1', {
      id: chance.id('copy'),
      homework,
      pages,
      text: chance.is(0.9) ? chance.id('text') : '',
    })
  },

  async tick(phone, tab, chance) {
    const homework = await someHomework(await phone.tab(tab), chance)
    if (!homework) return
    const args = { homework, student: phone.user, done: chance.is(0.6), shared: chance.is(0.5) }
    await phone.act(tab, `user:${phone.user}`, 'homework.tick@1', args)
  },
}

const guardian: Record<string, Habit> = {
  // Guardians may not hand in: it must come back, with its text.
  async submit(phone, tab, chance) {
    const device = await phone.tab(tab)
    const homework = await someHomework(device, chance)
    const children = await device.read((view) => view.all('student'))
    const child = chance.pick(children)
    if (!homework || !child) return
    const args = { id: chance.id('copy'), homework, pages: [], text: chance.id('text') }
    await phone.act(tab, child.scope, 'homework.submit@1', args)
  },
}

const teacher: Record<string, Habit> = {
  async give(phone, tab, chance) {
    const device = await phone.tab(tab)
    const course = await someCourse(device, chance)
    if (!course) return
    const roster = await device.read((view) => view.list(`course:${course}`, 'roster'))
    const chosen = chance.is(0.3) ? roster.filter(() => chance.is(0.5)).map((row) => row.id) : []
    await phone.act(tab, `course:${course}`, 'homework.give@1', {
      id: chance.id('work'),
      title: chance.id('title'),
      text: '',
      due: new Date(Date.now() + (chance.below(20) - 2) * day).toISOString(),
      return: chance.pick(states) ?? 'file',
      late: chance.is(0.7) ? 'accept' : 'refuse',
      attachments: chance.is(0.3) ? await attachments(device, chance) : [],
      ...(chosen.length > 0 && { students: chosen }),
    })
  },

  async edit(phone, tab, chance) {
    const given = await someGiven(await phone.tab(tab), chance)
    if (!given) return
    const base = given.seq > 0 && chance.is(0.7) ? given.seq : undefined
    await phone.act(tab, given.scope, 'homework.edit@1', { id: given.id, title: chance.id('title') }, base)
  },

  async withdraw(phone, tab, chance) {
    const given = await someGiven(await phone.tab(tab), chance)
    if (!given) return
    await phone.act(tab, given.scope, 'homework.withdraw@1', { id: given.id })
    if (chance.is(0.7)) await phone.act(tab, given.scope, 'homework.restore@1', { id: given.id })
  },

  async answer(phone, tab, chance) {
    const device = await phone.tab(tab)
    const course = await someCourse(device, chance)
    if (!course) return
    const scope = `course:${course}`
    const copy = chance.pick(await device.read((view) => view.list(scope, 'submission')))
    if (!copy) return
    const target = { homework: copy.value.homework, student: copy.value.student ?? '' }
    const comment = chance.id('comment')
    switch (chance.pick(['comment', 'return', 'again'] as const)) {
      case 'comment':
        return phone.act(tab, scope, 'homework.comment@1', { ...target, comment, correction: [] })
      case 'again':
        return phone.act(tab, scope, 'homework.again@1', { ...target, comment })
      default: {
        const correction = chance.is(0.3) ? await attachments(device, chance) : []
        return phone.act(tab, scope, 'homework.return@1', {
          ...target,
          submission: copy.id,
          comment,
          correction,
        })
      }
    }
  },

  async remind(phone, tab, chance) {
    const device = await phone.tab(tab)
    const given = await someGiven(device, chance)
    if (!given) return
    const roster = await device.read((view) => view.list(given.scope, 'roster'))
    const students = roster.filter(() => chance.is(0.5)).map((row) => row.id)
    if (students.length > 0)
      await phone.act(tab, given.scope, 'homework.remind@1', { homework: given.id, students })
  },
}

const habits: Record<string, Record<string, Habit>> = { student, guardian, teacher }
const weights: Record<string, number> = {
  settings: 1,
  notices: 1,
  submit: 4,
  tick: 3,
  give: 4,
  edit: 4,
  withdraw: 1,
  answer: 4,
  remind: 1,
}

/** Somebody does something in one of their tabs. */
export async function live(phone: Phone, tab: number, chance: Chance): Promise<void> {
  const own = { ...common, ...habits[phone.account] }
  const odds = Object.fromEntries(Object.keys(own).map((name) => [name, weights[name] ?? 1]))
  await own[chance.weighted(odds)]?.(phone, tab, chance)
}

async function someHomework(device: Device, chance: Chance): Promise<string | undefined> {
  const all = await device.read((view) => view.all('homework'))
  return chance.pick(all.filter((row) => !row.scope.startsWith('course:')))?.id
}

async function someCourse(device: Device, chance: Chance): Promise<string | undefined> {
  const all = await device.read((view) => view.all('course'))
  return chance.pick(all.filter((row) => row.scope === `course:${row.id}`))?.id
}

async function someGiven(
  device: Device,
  chance: Chance,
): Promise<{ scope: string; id: string; seq: number } | undefined> {
  const all = await device.read((view) => view.all('homework'))
  return chance.pick(all.filter((row) => row.scope.startsWith('course:')))
}

/** One or two pages of a copy. */
async function photos(device: Device, chance: Chance): Promise<string[]> {
  const files = await Promise.all([0, 1].slice(chance.below(2)).map(() => file(device, chance, 'submission')))
  return files.map(({ sha }) => sha)
}

async function attachments(device: Device, chance: Chance): Promise<FileRef[]> {
  return [await file(device, chance, 'homework')]
}

async function file(device: Device, chance: Chance, use: string): Promise<FileRef> {
  const name = `${chance.id('file')}.txt`
  const text = Buffer.from(`${name}\n`.repeat(1 + chance.below(40)))
  const bytes = text.buffer.slice(text.byteOffset, text.byteOffset + text.byteLength)
  const { sha } = await device.files.put(bytes, { name, type: 'text/plain', use })
  return { sha, name, type: 'text/plain', size: text.byteLength }
}
