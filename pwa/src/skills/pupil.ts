/** What a pupil showed, by period, subject and domain. Pure: records in, a view for the screens out. */
import { currentOf, periodsOf } from '../grades/pupil.ts'
import type { Outcome, Period, Position, SkillSettings, Subject, View } from '../sync/index.ts'
import { usual } from './framework.ts'
import { standingOf, type Given, type Standing } from './position.ts'

export interface Entry {
  id: string
  outcome: Outcome
  subject: Subject
  /** The guardians do not see it yet. */
  early: boolean
}

/** One competence over the evaluations, oldest first. */
export interface Trail {
  skill: string
  text: string
  domain: string
  given: Given[]
}

export interface SubjectView {
  course: string
  subject: Subject
  trails: Trail[]
  standing: Standing
  /** Newest first. */
  entries: Entry[]
}

export interface DomainView {
  id: string
  name: string
  trails: Trail[]
}

/** One period as a pupil sees it. */
export interface SkillTerm {
  id: string
  period: Period | undefined
  /** Newest first. */
  entries: Entry[]
  subjects: SubjectView[]
  domains: DomainView[]
}

export interface SkillTerms {
  terms: SkillTerm[]
  current: SkillTerm
  settings: SkillSettings
}

const unknown: Subject = { name: '?', hue: 265 }

export async function skillTermsOf(view: View, student: string, today: string): Promise<SkillTerms> {
  const [entries, positions, periods, settings, me] = await Promise.all([
    entriesOf(view, student),
    positionsOf(view, student),
    view.all('period'),
    view.all('skills'),
    view.get(`student:${student}`, 'student', student),
  ])
  const decided = settings[0]?.value ?? usual
  const used = entries.map(({ outcome }) => outcome.period ?? '')
  const terms = periodsOf(periods, used, me?.value, today).map((id) =>
    termOf(id, periods.find((row) => row.id === id)?.value, entries, positions, decided),
  )
  const current = currentOf(terms, today) ?? termOf('', undefined, [], [], decided)
  return { terms, current, settings: decided }
}

/** What guardians read as well wins over what only the pupil does. */
async function entriesOf(view: View, student: string): Promise<Entry[]> {
  const [shared, own, subjects] = await Promise.all([
    view.list(`student:${student}`, 'outcome'),
    view.list(`user:${student}`, 'outcome'),
    view.all('subject'),
  ])
  const named = new Map(subjects.map((row) => [row.id, row.value]))
  const there = new Set(shared.map((row) => row.id))
  return [...shared, ...own.filter((row) => !there.has(row.id))]
    .map((row) => ({
      ...{ id: row.id, outcome: row.value, early: !there.has(row.id) },
      subject: named.get(row.value.subject) ?? unknown,
    }))
    .sort((a, b) => b.outcome.date.localeCompare(a.outcome.date) || b.id.localeCompare(a.id))
}

async function positionsOf(view: View, student: string): Promise<Position[]> {
  const [shared, own] = await Promise.all([
    view.list(`student:${student}`, 'position'),
    view.list(`user:${student}`, 'position'),
  ])
  return [...new Map([...shared, ...own].map((row) => [row.id, row.value])).values()]
}

function termOf(
  id: string,
  period: Period | undefined,
  all: Entry[],
  positions: Position[],
  settings: SkillSettings,
): SkillTerm {
  const entries = all.filter(({ outcome }) => (outcome.period ?? '') === id)
  const set = positions.filter((one) => (one.period ?? '') === id)
  return {
    ...{ id, period, entries },
    subjects: subjectsOf(entries, set, settings),
    domains: domainsOf(entries, settings),
  }
}

function subjectsOf(entries: Entry[], set: Position[], settings: SkillSettings): SubjectView[] {
  const courses = [...new Set(entries.map(({ outcome }) => outcome.course))]
  return courses
    .map((course) => {
      const mine = entries.filter(({ outcome }) => outcome.course === course)
      const hand = set.find((one) => one.course === course)
      return {
        ...{ course, entries: mine, subject: mine[0]?.subject ?? unknown, trails: trailsOf(mine) },
        standing: standingOf(givenIn(mine), settings, hand),
      }
    })
    .sort((a, b) => a.subject.name.localeCompare(b.subject.name))
}

function domainsOf(entries: Entry[], settings: SkillSettings): DomainView[] {
  const trails = trailsOf(entries)
  return settings.domains
    .map(({ id, name }) => ({ id, name, trails: trails.filter(({ domain }) => domain === id) }))
    .filter((domain) => domain.trails.length > 0)
}

/** Oldest first. */
function givenIn(entries: Entry[]): Given[] {
  return [...entries]
    .reverse()
    .flatMap(({ id, outcome }) =>
      outcome.shown.map((one) => ({ evaluation: id, title: outcome.title, date: outcome.date, ...one })),
    )
}

/** By the words of the competence, which has those of its last evaluation. */
function trailsOf(entries: Entry[]): Trail[] {
  const trails = new Map<string, Trail>()
  for (const { id, outcome } of [...entries].reverse()) {
    for (const one of outcome.shown) {
      const trail = trails.get(one.skill) ?? { ...one, given: [] }
      const now = { evaluation: id, title: outcome.title, date: outcome.date, ...one }
      trails.set(one.skill, {
        ...{ skill: one.skill, text: one.text, domain: one.domain },
        given: [...trail.given, now],
      })
    }
  }
  return [...trails.values()].sort((a, b) => a.text.localeCompare(b.text))
}
